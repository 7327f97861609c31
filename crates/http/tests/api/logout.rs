//! Logging out, and what an operator does to a user: what ends with a login.

use serde_json::{Value, json};
use trialogue_domain::{ConferenceId, FinishReason, Kind, State};
use trialogue_storage::{UserRole, hash_secret};

use crate::world::{Call, SPANISH, World};

const CLIENT: &str = "client@example.org";
const PROVIDER: &str = "provider@example.org";

async fn log_out(world: &World, side: &str, token: &str) {
    world.post(&format!("{side}/Logout"), token, Value::Null).await.empty();
}

async fn status_code(world: &World, token: &str) -> i32 {
    world.post("Client/Request/Status", token, Value::Null).await.ok().number("RequestStatusCodeId")
}

/// How the newest participant of a kind ended; none if it is live.
async fn ending(world: &World, call: &Call, kind: Kind) -> Option<FinishReason> {
    match world.view(call).await.conference.current(kind)?.state {
        State::Finished { reason, .. } => Some(reason),
        _ => None,
    }
}

/// The media account that an answer hands out opens a socket.
async fn account_opens(world: &World, call: &Call, number: &Value) -> bool {
    let (identity, secret) = number.as_str().unwrap().split_once('.').unwrap();
    let participant = trialogue_domain::ParticipantId(identity[1..].parse().unwrap());
    let conference = ConferenceId(call.session);
    world.store.is_bound(conference, participant, hash_secret(secret)).await.unwrap()
        && world.conferences.has_account(conference, participant, world.clock.now()).await.unwrap()
}

#[actix_web::test]
async fn a_token_is_dead_after_logging_out_and_no_other() {
    let world = World::new().await;
    let (gone, kept) = (world.client("nora").await, world.login("Client", "nora").await);
    log_out(&world, "Client", &gone).await;
    for path in ["Client/Request/Status", "Client/Logout", "Client/Request/VideoEngineAccounts"] {
        world.post(path, &gone, Value::Null).await.fails(401, "invalid_token");
    }
    world.post("Client/Request/Status", &kept, Value::Null).await.fails(409, "no_request");
    // Each side has its own route.
    world.post("Provider/Logout", &kept, Value::Null).await.fails(403, "wrong_role");
    world.post("Client/Logout", "", Value::Null).await.fails(401, "missing_token");
    // It takes no body, so it judges none.
    world.post("Client/Logout", &kept, json!({"x": 1})).await.empty();
}

#[actix_web::test]
async fn what_waits_ends_with_its_client() {
    let world = World::new().await;
    let searching = world.requested("1").await;
    let accepted = world.accepted("2").await;
    let ringing = world.ringing("3").await;
    let confirmed = world.confirmed("4").await;
    for (tag, call) in [("1", searching), ("2", accepted), ("3", ringing), ("4", confirmed)] {
        let other = world.login("Client", &format!("client{tag}")).await;
        log_out(&world, "Client", &call.client).await;
        assert_eq!(status_code(&world, &other).await, 4, "{tag}");
        let offers = world.post("Provider/Task/Offers", &call.provider, Value::Null).await.ok().json();
        assert_eq!(offers, json!([]), "{tag}");
    }
}

#[actix_web::test]
async fn a_call_ends_with_the_login_that_joined_it() {
    let world = World::new().await;
    let call = world.connected("").await;
    let other = world.login("Client", "client").await;
    log_out(&world, "Client", &other).await;
    assert_eq!(status_code(&world, &call.client).await, 2, "the call belongs to the first login");
    let other = world.login("Client", "client").await;
    log_out(&world, "Client", &call.client).await;
    assert_eq!(status_code(&world, &other).await, 3);
    assert_eq!(ending(&world, &call, Kind::Client).await, Some(FinishReason::Left));
    assert_eq!(ending(&world, &call, Kind::Provider).await, Some(FinishReason::Completed));
}

#[actix_web::test]
async fn an_interpreter_that_logs_out_leaves_the_others_in_the_call() {
    let world = World::new().await;
    let call = world.connected("").await;
    let guest = world.joined(&call, "Rosa").await;
    let pair = world.provider_pair(&call).await;
    assert!(account_opens(&world, &call, &pair["Listener"]["AccountNumber"]).await);
    log_out(&world, "Provider", &call.provider).await;
    assert!(!account_opens(&world, &call, &pair["Listener"]["AccountNumber"]).await);
    assert_eq!(ending(&world, &call, Kind::Provider).await, Some(FinishReason::Left));
    assert_eq!(ending(&world, &call, Kind::Client).await, None);
    world.post("Guest/VideoEngineAccounts", &guest.token, Value::Null).await.ok();
}

#[actix_web::test]
async fn an_interpreter_without_a_login_is_offline() {
    let world = World::new().await;
    let first = world.provider("sofia").await;
    let second = world.login("Provider", "sofia").await;
    log_out(&world, "Provider", &first).await;
    let client = world.client("nora").await;
    let ask = async || {
        let wanted = json!({"NeedHelpLanguageId": SPANISH});
        world.post("Client/Request/New", &client, wanted).await.ok().json()["providerList"].clone()
    };
    assert_eq!(ask().await.as_array().unwrap().len(), 1, "another login is left");
    world.post("Client/Request/CallFinishedNew", &client, json!({"IsSuccessful": false})).await.empty();
    log_out(&world, "Provider", &second).await;
    assert_eq!(ask().await, json!([]));
}

#[actix_web::test]
async fn whatever_an_operator_does_to_a_user_ends_its_logins_and_accounts() {
    for what in ["disable", "password", "remove"] {
        for role in [UserRole::Client, UserRole::Provider] {
            let world = World::new().await;
            let call = world.connected("").await;
            let now = world.clock.now();
            let (email, token, path, kind) = match role {
                UserRole::Client => (CLIENT, &call.client, "Client/Request/Status", Kind::Client),
                UserRole::Provider => (PROVIDER, &call.provider, "Provider/Task/Status", Kind::Provider),
            };
            let (pair, own) = match role {
                UserRole::Client => (world.client_pair(&call).await, "Caller"),
                UserRole::Provider => (world.provider_pair(&call).await, "Listener"),
            };
            assert!(account_opens(&world, &call, &pair[own]["AccountNumber"]).await);
            let known = match what {
                "disable" => world.conferences.disable_user(role, email, now).await,
                "password" => world.conferences.set_password(role, email, "$argon2".to_owned(), now).await,
                _ => world.conferences.remove_user(role, email, now).await,
            };
            assert!(known.unwrap());
            world.post(path, token, Value::Null).await.fails(401, "invalid_token");
            assert!(!account_opens(&world, &call, &pair[own]["AccountNumber"]).await, "{what}");
            assert_eq!(ending(&world, &call, kind).await, Some(FinishReason::Revoked), "{what}");
        }
    }
}

#[actix_web::test]
async fn a_disabled_user_comes_back_when_enabled_and_a_removed_one_never() {
    let world = World::new().await;
    world.client("nora").await;
    let (store, now, email) = (&world.store, world.clock.now(), "nora@example.org");
    let body = json!({"Email": email, "Password": crate::world::PASSWORD});
    assert!(world.conferences.disable_user(UserRole::Client, email, now).await.unwrap());
    world.post("Client/Login/1", "", body.clone()).await.fails(401, "wrong_credentials");
    assert!(store.enable_user(UserRole::Client, "NORA@example.org").await.unwrap());
    world.post("Client/Login/1", "", body.clone()).await.ok();
    assert!(world.conferences.remove_user(UserRole::Client, email, now).await.unwrap());
    world.post("Client/Login/1", "", body.clone()).await.fails(401, "wrong_credentials");
    assert!(!store.enable_user(UserRole::Client, email).await.unwrap());
    // The address is free again.
    world.client("nora").await;
    assert_eq!(store.users().await.unwrap().len(), 1);
}
