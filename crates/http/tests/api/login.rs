//! Logging in, how long it lasts, and what keeps guessers away.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use trialogue_http::TrustedProxies;
use trialogue_storage::UserRole;

use crate::answer::Answer;
use crate::world::{INSTANT, PASSWORD, TOKEN_LIFE, TOKEN_MAX, World, just_before, post};

async fn login(world: &World, side: &str, email: &str, password: &str) -> Answer {
    world.post(&format!("{side}/Login/1"), "", json!({"Email": email, "Password": password})).await
}

#[actix_web::test]
async fn an_unused_token_expires_and_says_so() {
    let world = World::new().await;
    let client = world.client("nora").await;
    let provider = world.provider("sofia").await;
    world.clock.advance(TOKEN_LIFE);
    let of_client = world.post("Client/Request/Status", &client, Value::Null).await;
    assert_eq!(of_client.fails(401, "token_expired"), "The login has expired; log in again.");
    world.post("Provider/Task/Offers", &provider, Value::Null).await.fails(401, "token_expired");
    world.post("Client/Request/Status", "nonsense", Value::Null).await.fails(401, "invalid_token");
    let again = world.login("Client", "nora").await;
    world.post("Client/Request/Status", &again, Value::Null).await.fails(409, "no_request");
}

#[actix_web::test]
async fn a_login_slides_with_use_up_to_its_maximum() {
    let world = World::new().await;
    let client = world.client("nora").await;
    let steps = u32::try_from(TOKEN_MAX.as_secs() / TOKEN_LIFE.as_secs()).unwrap();
    for _ in 0..steps {
        world.post("Client/Request/Status", &client, Value::Null).await.fails(409, "no_request");
        world.clock.advance(just_before(TOKEN_LIFE));
    }
    world.post("Client/Request/Status", &client, Value::Null).await.fails(409, "no_request");
    world.clock.advance(INSTANT * steps);
    world.post("Client/Request/Status", &client, Value::Null).await.fails(401, "token_expired");
}

#[actix_web::test]
async fn a_login_never_ends_during_a_call() {
    let world = World::new().await;
    let call = world.connected("").await;
    world.clock.advance(TOKEN_LIFE);
    world.post("Client/Request/Status", &call.client, Value::Null).await.ok();
    world.post("Provider/Task/Status", &call.provider, Value::Null).await.ok();
    world.clock.advance(TOKEN_MAX);
    // The account's life of 12 hours has passed, which ends the call; the request waits for another.
    world.post("Client/Request/Status", &call.client, Value::Null).await.ok();
    let finish = json!({"IsSuccessful": true});
    world.post("Client/Request/CallFinishedNew", &call.client, finish).await.empty();
    world.post("Client/Request/Status", &call.client, Value::Null).await.fails(401, "token_expired");
}

#[actix_web::test]
async fn a_second_login_leaves_the_first_alone() {
    let world = World::new().await;
    let first = world.client("nora").await;
    let second = world.login("Client", "nora").await;
    assert_ne!(first, second);
    for token in [first, second] {
        world.post("Client/Request/Status", &token, Value::Null).await.fails(409, "no_request");
    }
}

/// Whether an address has an account cannot be told from the answer.
#[actix_web::test]
async fn every_wrong_login_is_answered_alike() {
    let world = World::new().await;
    world.add_user(UserRole::Client, "nora", &[]).await;
    for (side, email, password) in [
        ("Client", "nora@example.org", "a passwor"),
        ("Client", "nora@example.org", "A password"),
        ("Client", "nora@example.org", " a password"),
        ("Client", "nobody@example.org", PASSWORD),
        ("Provider", "nora@example.org", PASSWORD),
    ] {
        let answer = login(&world, side, email, password).await;
        let message = answer.fails(401, "wrong_credentials");
        assert_eq!(message, "The e-mail address or the password is wrong.", "{side} {email}");
    }
    login(&world, "Client", "NORA@Example.ORG", PASSWORD).await.ok();
}

/// A log-in from a network address.
async fn login_from(world: &World, peer: &str, forwarded: &str, password: &str) -> Answer {
    let body = json!({"Email": "nora@example.org", "Password": password}).to_string();
    let request = post("Client/Login/1", "", "application/json").set_payload(body);
    let request = request.peer_addr(SocketAddr::new(peer.parse().unwrap(), 50_000));
    let request = request.insert_header(("X-Forwarded-For", forwarded));
    world.send(request).await
}

#[actix_web::test]
async fn after_ten_wrong_passwords_an_address_waits() {
    let world = World::new().await;
    world.add_user(UserRole::Client, "nora", &[]).await;
    world.add_user(UserRole::Client, "nils", &[]).await;
    world.add_user(UserRole::Provider, "nora", &[]).await;
    for _ in 0..10 {
        login(&world, "Client", "nora@example.org", "wrong").await.fails(401, "wrong_credentials");
        world.clock.advance(Duration::from_secs(1));
    }
    for password in ["wrong", PASSWORD] {
        for email in ["nora@example.org", "Nora@Example.org"] {
            let answer = login(&world, "Client", email, password).await;
            let message = answer.fails(429, "too_many_wrong_passwords");
            assert_eq!(message, "Too many wrong passwords; try again in 20 seconds.");
            assert_eq!(answer.header("Retry-After"), Some("20"));
        }
    }
    login(&world, "Client", "nils@example.org", PASSWORD).await.ok();
    login(&world, "Provider", "nora@example.org", PASSWORD).await.ok();

    // A clock that is set back does not prolong it, and neither do tries in between.
    world.clock.set_back(Duration::from_hours(1));
    world.clock.advance(just_before(Duration::from_secs(20)));
    let answer = login(&world, "Client", "nora@example.org", PASSWORD).await;
    answer.fails(429, "too_many_wrong_passwords");
    assert_eq!(answer.header("Retry-After"), Some("1"));
    world.clock.advance(INSTANT);
    login(&world, "Client", "nora@example.org", PASSWORD).await.ok();
}

#[actix_web::test]
async fn strangers_lock_nobody_out() {
    let world = World::new().await;
    world.add_user(UserRole::Client, "nora", &[]).await;
    login_from(&world, "192.0.2.1", "", PASSWORD).await.ok();
    for _ in 0..10 {
        login_from(&world, "198.51.100.1", "", "wrong").await.fails(401, "wrong_credentials");
    }
    for _ in 0..200 {
        // One address uses up its own tries, and not those of others.
        login_from(&world, "198.51.100.1", "", PASSWORD).await.fails(429, "too_many_wrong_passwords");
    }
    login_from(&world, "192.0.2.2", "", PASSWORD).await.ok();

    // Many addresses are slowed down together.
    let tries = 2..=255;
    let mut refused = 0;
    for last in tries.clone() {
        let answer = login_from(&world, &format!("203.0.113.{last}"), "", "wrong").await;
        refused += u32::from(answer.status == 429);
    }
    assert!(refused > 100, "{refused} of {}", tries.count());
    // An address that has logged in before is not.
    login_from(&world, "192.0.2.1", "", PASSWORD).await.ok();
    login_from(&world, "192.0.2.2", "", PASSWORD).await.ok();
    login_from(&world, "192.0.2.3", "", PASSWORD).await.fails(429, "too_many_wrong_passwords");
    world.clock.advance(Duration::from_secs(6));
    login_from(&world, "192.0.2.3", "", PASSWORD).await.ok();
}

#[actix_web::test]
async fn only_a_trusted_proxy_names_the_client() {
    let networks = vec!["10.0.0.0/8".parse().unwrap()];
    let world = World::with_proxies(TrustedProxies { networks, ..TrustedProxies::default() }).await;
    world.add_user(UserRole::Client, "nora", &[]).await;
    for stranger in 0..10 {
        let claimed = format!("198.51.100.{stranger}, 203.0.113.1");
        login_from(&world, "10.0.0.1", &claimed, "wrong").await.fails(401, "wrong_credentials");
        let claimed = format!("198.51.100.{stranger}");
        login_from(&world, "192.0.2.1", &claimed, "wrong").await.fails(401, "wrong_credentials");
    }
    for (peer, claimed) in [("10.0.0.2", "192.0.2.9, 203.0.113.1, 10.0.0.7"), ("192.0.2.1", "192.0.2.9")] {
        login_from(&world, peer, claimed, PASSWORD).await.fails(429, "too_many_wrong_passwords");
    }
    login_from(&world, "10.0.0.1", "203.0.113.2", PASSWORD).await.ok();
}

#[actix_web::test]
async fn unknown_names_wait_as_well() {
    let world = World::new().await;
    for _ in 0..10 {
        login(&world, "Client", "nobody@example.org", "wrong").await.fails(401, "wrong_credentials");
    }
    let answer = login(&world, "Client", "nobody@example.org", "wrong").await;
    answer.fails(429, "too_many_wrong_passwords");
}

#[actix_web::test]
async fn a_right_password_forgets_the_wrong_ones() {
    let world = World::new().await;
    world.add_user(UserRole::Client, "nora", &[]).await;
    for _ in 0..2 {
        for _ in 0..9 {
            login(&world, "Client", "nora@example.org", "wrong").await.fails(401, "wrong_credentials");
        }
        login(&world, "Client", "nora@example.org", PASSWORD).await.ok();
    }
}

#[actix_web::test]
async fn what_is_no_login_is_told_by_member() {
    let world = World::new().await;
    for (body, member, message) in [
        (json!({"Password": "p"}), "Email", "An e-mail address is required."),
        (json!({"Email": "nora", "Password": "p"}), "Email", "This is not an e-mail address."),
        (json!({"Email": "nora@example.org"}), "Password", "A password is required."),
        (
            json!({"Email": "nora@example.org", "Password": ""}),
            "Password",
            "1 to 256 characters are allowed.",
        ),
    ] {
        let answer = world.post("Client/Login/1", "", body).await;
        assert_eq!(answer.fails(400, "invalid_body"), "The request is invalid.");
        assert_eq!(answer.model_error(), (format!("request.{member}"), message.to_owned()));
    }
}

#[actix_web::test]
async fn the_language_in_the_path_is_a_number() {
    let world = World::new().await;
    world.add_user(UserRole::Client, "nora", &[]).await;
    let body = || json!({"Email": "nora@example.org", "Password": PASSWORD});
    for language in ["en", "1.5", "4294967296", "%20"] {
        let answer = world.post(&format!("Client/Login/{language}"), "", body()).await;
        answer.fails(400, "bad_value");
        assert_eq!(answer.model_error().0, "request.SystemLanguageId", "{language}");
    }
    for language in ["1", "44", "0", "999"] {
        world.post(&format!("Client/Login/{language}"), "", body()).await.ok();
    }
    world.post("Client/Login", "", body()).await.fails(404, "not_found");
}

#[actix_web::test]
async fn an_address_is_the_same_however_it_is_typed() {
    let world = World::new().await;
    world.add_user(UserRole::Client, "nora", &[]).await;
    for email in [
        " nora@example.org ",
        "NORA@Example.org\n",
        "\u{feff}nora@example.org",
        "nora@example.org\u{200e}",
        "ｎora＠example.org",
    ] {
        login(&world, "Client", email, PASSWORD).await.ok();
    }
    for email in ["nora example.org", "nora@", "\u{200b}", "nora@example..org"] {
        let answer = login(&world, "Client", email, PASSWORD).await;
        answer.fails(400, "invalid_body");
        assert_eq!(answer.model_error().1, "This is not an e-mail address.", "{email:?}");
    }
}

/// Browsers send the domain in ASCII, people and earlier versions do not.
#[actix_web::test]
async fn a_domain_has_two_spellings_and_one_account() {
    let world = World::new().await;
    // As earlier versions stored it.
    world.add_user_at(UserRole::Client, "ana@müller.example").await;
    world.add_user_at(UserRole::Client, "new@xn--mller-kva.example").await;
    for email in [
        "ana@müller.example",
        "ana@xn--mller-kva.example",
        "Ana@Mu\u{308}ller.Example",
        "new@müller.example",
        "new@XN--mller-kva.example",
    ] {
        login(&world, "Client", email, PASSWORD).await.ok();
    }
    // Ten wrong passwords are ten, whichever spelling they come under.
    for n in 0..10 {
        let email = if n % 2 == 0 { "ana@müller.example" } else { "ana@xn--mller-kva.example" };
        login(&world, "Client", email, "a wrong one").await.fails(401, "wrong_credentials");
    }
    login(&world, "Client", "ana@müller.example", PASSWORD).await.fails(429, "too_many_wrong_passwords");
}
