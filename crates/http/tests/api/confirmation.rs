//! The confirmation rule over the wire: no account before the listener's yes; and what the flags of the pair say when.

use std::time::Duration;

use serde_json::{Value, json};
use trialogue_domain::{ConferenceId, Observation, ParticipantId};
use trialogue_storage::hash_secret;

use crate::world::{Call, INSTANT, PRESENCE, World, just_before};

const RING: Duration = Duration::from_mins(1);

fn flags(pair: &Value) -> [bool; 4] {
    ["IsCallerOffline", "IsListenerOffline", "Killed", "Disconnected"]
        .map(|flag| pair[flag].as_bool().unwrap())
}

fn account(pair: &Value, side: &str) -> String {
    pair[side]["AccountNumber"].as_str().unwrap_or_else(|| panic!("no {side}: {pair}")).to_owned()
}

#[track_caller]
fn assert_waiting(pair: &Value) {
    assert!(pair["Caller"].is_null() && pair["Listener"].is_null(), "{pair}");
    assert_eq!(flags(pair)[2..], [false, false], "{pair}");
}

#[track_caller]
fn assert_killed(pair: &Value) {
    assert!(pair["Caller"].is_null() && pair["Listener"].is_null(), "{pair}");
    assert_eq!(flags(pair)[2..], [true, false], "{pair}");
}

async fn assert_nobody_has_an_identity(world: &World, call: &Call) {
    for participant in world.participants(call).await {
        assert!(participant["VideoAccountIdentity"].is_null(), "{participant}");
    }
}

#[actix_web::test]
async fn no_account_exists_before_the_listeners_yes() {
    let world = World::new().await;
    let call = world.requested("").await;
    assert_waiting(&world.client_pair(&call).await);

    world.post("Provider/Task/Accept", &call.provider, json!({"RequestId": call.session})).await.empty();
    assert_waiting(&world.client_pair(&call).await);
    assert_waiting(&world.provider_pair(&call).await);

    world.post("Client/Request/StartVideoProcess", &call.client, Value::Null).await.empty();
    for _ in 0..3 {
        assert_waiting(&world.client_pair(&call).await);
        assert_waiting(&world.provider_pair(&call).await);
    }
    assert_nobody_has_an_identity(&world, &call).await;

    world.post("Provider/Task/ConfirmVideo", &call.provider, Value::Null).await.empty();
    assert_nobody_has_an_identity(&world, &call).await;
    let pair = world.client_pair(&call).await;
    assert!(pair["Caller"].is_object() && pair["Listener"].is_object(), "{pair}");
    assert_eq!(flags(&pair), [false; 4]);
}

/// Who asks first makes both accounts.
#[actix_web::test]
async fn the_listener_may_ask_first() {
    let world = World::new().await;
    let call = world.confirmed("").await;
    let pair = world.provider_pair(&call).await;
    assert!(pair["Caller"].is_object() && pair["Listener"].is_object(), "{pair}");
}

#[actix_web::test]
async fn a_guest_waits_for_the_listeners_yes_and_for_its_own() {
    let world = World::new().await;
    let call = world.ringing("").await;
    let eager = world.invited(&call, "Eager").await;
    let slow = world.invited(&call, "Slow").await;
    let ask =
        async |token: &str| world.post("Guest/VideoEngineAccounts", token, Value::Null).await.ok().json();

    world.post("Guest/Confirm", &eager.token, Value::Null).await.empty();
    assert_waiting(&ask(&eager.token).await);
    assert_waiting(&ask(&slow.token).await);

    world.post("Provider/Task/ConfirmVideo", &call.provider, Value::Null).await.empty();
    let pair = ask(&eager.token).await;
    assert!(account(&pair, "Listener").starts_with(&format!("p{}.", eager.participant)), "{pair}");
    assert!(pair["Caller"].is_null(), "a guest is told of nobody else: {pair}");
    assert_waiting(&ask(&slow.token).await);

    world.post("Guest/Confirm", &slow.token, Value::Null).await.empty();
    assert!(account(&ask(&slow.token).await, "Listener").starts_with(&format!("p{}.", slow.participant)));
}

#[actix_web::test]
async fn a_refused_call_is_killed_until_another_interpreter_is_called() {
    let world = World::new().await;
    let other = world.provider("other").await;
    let call = world.ringing("").await;
    world.post("Provider/Task/RefuseVideo", &call.provider, Value::Null).await.empty();
    assert_killed(&world.client_pair(&call).await);
    assert_killed(&world.provider_pair(&call).await);

    world.post("Provider/Task/Accept", &other, json!({"RequestId": call.session})).await.empty();
    let other = Call { provider: other, client: call.client.clone(), session: call.session };
    assert_waiting(&world.provider_pair(&other).await);
    world.post("Client/Request/StartVideoProcess", &call.client, Value::Null).await.empty();
    assert_waiting(&world.client_pair(&call).await);
    world.post("Provider/Task/ConfirmVideo", &other.provider, Value::Null).await.empty();
    assert!(world.client_pair(&call).await["Caller"].is_object());
}

/// Nothing but the clock moves: no background work runs here.
#[actix_web::test]
async fn a_call_that_nobody_answers_is_killed_at_its_deadline() {
    let world = World::new().await;
    let call = world.ringing("").await;
    world.clock.advance(just_before(RING));
    assert_waiting(&world.client_pair(&call).await);
    world.clock.advance(INSTANT);
    assert_killed(&world.client_pair(&call).await);
    assert_killed(&world.provider_pair(&call).await);
    let late = world.post("Provider/Task/ConfirmVideo", &call.provider, Value::Null).await;
    late.fails(409, "released");
    assert_killed(&world.client_pair(&call).await);
    let participants = world.participants(&call).await;
    let [client] = &participants[..] else { panic!("{participants:?}") };
    assert_eq!(client["RequestConferenceSessionVideoStatusCodeId"], 6, "{client}");
}

#[actix_web::test]
async fn a_search_that_finds_nobody_ends_at_its_deadline() {
    let world = World::new().await;
    let call = world.requested("").await;
    let status = async || world.post("Client/Request/Status", &call.client, Value::Null).await.ok();
    world.clock.advance(just_before(Duration::from_mins(5)));
    assert_eq!(status().await.number("RequestStatusCodeId"), 1);
    world.clock.advance(INSTANT);
    let ended = status().await;
    assert_eq!(ended.number("RequestStatusCodeId"), 9);
    assert_eq!(ended.json()["RequestStatus"], "No Interpreter Available");
    assert_eq!((&ended.json()["waitingMsg"], &ended.json()["providerList"]), (&Value::Null, &json!([])));
    assert_killed(&world.client_pair(&call).await);
}

#[actix_web::test]
async fn a_finished_call_is_killed_for_everybody() {
    for (path, by_client) in [("Client/Request/CallFinishedNew", true), ("Provider/Task/Finish", false)] {
        let world = World::new().await;
        let call = world.issued("").await;
        let guest = world.joined(&call, "Rosa").await;
        let token = if by_client { &call.client } else { &call.provider };
        let body = if by_client { json!({"IsSuccessful": true, "Calls": []}) } else { Value::Null };
        world.post(path, token, body).await.empty();
        assert_killed(&world.client_pair(&call).await);
        assert_killed(&world.provider_pair(&call).await);
        let answer = world.post("Guest/VideoEngineAccounts", &guest.token, Value::Null).await;
        answer.fails(401, "invalid_invitation");
        assert_nobody_has_an_identity(&world, &call).await;
    }
}

#[actix_web::test]
async fn who_gives_no_sign_of_life_is_offline() {
    let world = World::new().await;
    let call = world.issued("").await;
    assert_eq!(flags(&world.client_pair(&call).await), [false; 4]);

    world.clock.advance(PRESENCE);
    assert_eq!(flags(&world.client_pair(&call).await), [false; 4], "the window has not passed");
    world.clock.advance(INSTANT);
    assert_eq!(flags(&world.client_pair(&call).await), [false, true, false, false], "the listener is away");
    assert_eq!(flags(&world.provider_pair(&call).await), [false; 4], "its own poll is a sign of life");

    world.clock.advance(PRESENCE + INSTANT);
    assert_eq!(flags(&world.provider_pair(&call).await), [true, false, false, false], "the caller is away");
    // Any call is a sign of life, not only this one.
    world.post("Client/Request/Status", &call.client, Value::Null).await.ok();
    assert_eq!(flags(&world.provider_pair(&call).await), [false; 4]);
}

#[actix_web::test]
async fn a_lost_link_is_disconnected_and_not_killed() {
    let world = World::new().await;
    let call = world.connected("").await;
    let listener = world.principal(&call, 2).await;
    world.seen(&call, Observation::Disconnected, listener).await;
    assert_eq!(flags(&world.client_pair(&call).await)[2..], [false, true]);
    world.seen(&call, Observation::Joined, listener).await;
    assert_eq!(flags(&world.client_pair(&call).await)[2..], [false, false]);

    world.seen(&call, Observation::Disconnected, listener).await;
    world.clock.advance(Duration::from_secs(30));
    let pair = world.client_pair(&call).await;
    assert_eq!(flags(&pair)[2..], [false, true], "it did not come back, and may still be called again");
    assert!(pair["Listener"].is_null(), "{pair}");
    world.post("Client/Request/VideoAgain", &call.client, Value::Null).await.empty();
    assert_waiting(&world.client_pair(&call).await);
}

#[actix_web::test]
async fn polling_gives_the_same_account_and_its_time_runs_out() {
    let world = World::new().await;
    let call = world.issued("").await;
    let (first, of_provider) = (world.client_pair(&call).await, world.provider_pair(&call).await);
    assert_eq!(first["Caller"]["ExpirationSeconds"], 12 * 60 * 60);
    assert_eq!(first["Caller"]["Purpose"], "video");
    world.clock.advance(Duration::from_secs(20));
    let second = world.client_pair(&call).await;
    assert_eq!(account(&first, "Caller"), account(&second, "Caller"));
    assert_eq!(second["Caller"]["ExpirationSeconds"], 12 * 60 * 60 - 20);
    let again = world.provider_pair(&call).await;
    assert_eq!(account(&of_provider, "Listener"), account(&again, "Listener"));
}

#[actix_web::test]
async fn a_new_login_has_a_new_secret_which_works() {
    let world = World::new().await;
    let call = world.issued("").await;
    let caller = world.principal(&call, 1).await;
    let works = async |number: &str| {
        let (identity, secret) = number.split_once('.').unwrap();
        assert_eq!(identity, format!("p{caller}"));
        assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()), "{number}");
        let bound =
            world.store.is_bound(ConferenceId(call.session), ParticipantId(caller), hash_secret(secret));
        bound.await.unwrap()
    };
    let old = account(&world.client_pair(&call).await, "Caller");
    assert!(works(&old).await);

    let again =
        Call { client: world.login("Client", "client").await, provider: call.provider.clone(), ..call };
    let new = account(&world.client_pair(&again).await, "Caller");
    assert_ne!(old, new);
    assert!(works(&new).await);
    assert!(!works(&old).await, "one secret at a time");
    assert_eq!(account(&world.client_pair(&again).await, "Caller"), new);
}

#[actix_web::test]
async fn the_other_side_never_sees_a_secret() {
    let world = World::new().await;
    let call = world.issued("").await;
    let guest = world.joined(&call, "Rosa").await;
    let (client, provider) = (world.client_pair(&call).await, world.provider_pair(&call).await);
    let of_guest = world.post("Guest/VideoEngineAccounts", &guest.token, Value::Null).await.ok().json();
    let (caller, listener) = (world.principal(&call, 1).await, world.principal(&call, 2).await);
    assert_eq!(account(&client, "Listener"), format!("p{listener}"));
    assert_eq!(account(&provider, "Caller"), format!("p{caller}"));

    let secret = |number: String| number.split_once('.').unwrap().1.to_owned();
    let secrets = [
        secret(account(&client, "Caller")),
        secret(account(&provider, "Listener")),
        secret(account(&of_guest, "Listener")),
        call.client.clone(),
        call.provider.clone(),
        guest.token.clone(),
    ];
    // Secrets that each answer may hold, by their places above.
    for (path, token, allowed) in [
        ("Client/Request/VideoEngineAccounts", &call.client, &[0][..]),
        ("Provider/Task/VideoEngineAccounts", &call.provider, &[1]),
        ("Guest/VideoEngineAccounts", &guest.token, &[2]),
        ("Client/Request/Status", &call.client, &[]),
        ("Client/Request/VideoConferenceParticipants", &call.client, &[]),
        ("Provider/Task/VideoConferenceParticipants", &call.provider, &[]),
    ] {
        let answer = world.post(path, token, Value::Null).await.ok();
        for (place, secret) in secrets.iter().enumerate() {
            assert_eq!(answer.text().contains(secret), allowed.contains(&place), "{path}, secret {place}");
        }
    }
}
