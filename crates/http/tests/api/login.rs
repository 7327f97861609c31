//! Logging in, how long it lasts, and what keeps guessers away.

use std::time::Duration;

use serde_json::{Value, json};
use trialogue_storage::UserRole;

use crate::answer::Answer;
use crate::world::{INSTANT, PASSWORD, TOKEN_LIFE, World, just_before};

async fn login(world: &World, side: &str, email: &str, password: &str) -> Answer {
    world.post(&format!("{side}/Login/1"), "", json!({"Email": email, "Password": password})).await
}

#[actix_web::test]
async fn a_token_lasts_its_time_and_no_longer() {
    let world = World::new().await;
    let client = world.client("nora").await;
    let provider = world.provider("sofia").await;
    let status = async || {
        let client = world.post("Client/Request/Status", &client, Value::Null).await;
        (client, world.post("Provider/Task/Offers", &provider, Value::Null).await)
    };
    world.clock.advance(just_before(TOKEN_LIFE));
    let (of_client, of_provider) = status().await;
    of_client.fails(409, "no_request");
    of_provider.ok();
    world.clock.advance(INSTANT);
    let (of_client, of_provider) = status().await;
    let message = of_client.fails(401, "invalid_token");
    assert_eq!(message, "The token is unknown or has expired; log in again.");
    of_provider.fails(401, "invalid_token");
    let again = world.login("Client", "nora").await;
    world.post("Client/Request/Status", &again, Value::Null).await.fails(409, "no_request");
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

#[actix_web::test]
async fn ten_wrong_passwords_make_the_name_wait() {
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
            assert_eq!(message, "Too many wrong passwords; try again in 290 seconds.");
            assert_eq!(answer.header("Retry-After"), Some("290"));
        }
    }
    login(&world, "Client", "nils@example.org", PASSWORD).await.ok();
    login(&world, "Provider", "nora@example.org", PASSWORD).await.ok();

    // The window of five minutes is counted from the first wrong password; tries in between do not lengthen it.
    world.clock.advance(just_before(Duration::from_secs(290)));
    let answer = login(&world, "Client", "nora@example.org", PASSWORD).await;
    answer.fails(429, "too_many_wrong_passwords");
    assert_eq!(answer.header("Retry-After"), Some("1"));
    world.clock.advance(INSTANT);
    login(&world, "Client", "nora@example.org", PASSWORD).await.ok();
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
