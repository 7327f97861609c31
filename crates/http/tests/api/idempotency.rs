//! `Idempotency-Key`: what is asked again is not done again.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::world::{SPANISH, World, guest_of, post};

const NEW: &str = "Client/Request/New";
const INVITE: &str = "Client/Request/InviteThirdPartyVideoConference";
const PROVIDER_INVITE: &str = "Provider/Task/InviteThirdPartyVideoConference";

async fn keyed(world: &World, path: &str, token: &str, key: &str, body: &Value) -> Answer {
    let request = post(path, token, "application/json").insert_header(("Idempotency-Key", key));
    world.send(request.set_payload(body.to_string())).await
}

#[actix_web::test]
async fn the_same_request_is_made_once() {
    let world = World::new().await;
    let client = world.client("nora").await;
    let body = json!({"NeedHelpLanguageId": SPANISH, "AdditionalInfo": "Ward 7"});
    let first = keyed(&world, NEW, &client, "k", &body).await.ok();
    world.clock.advance(std::time::Duration::from_secs(20));
    let second = keyed(&world, NEW, &client, "k", &body).await.ok();
    assert_eq!(first.text(), second.text());
    assert_eq!(first.header("Content-Type"), second.header("Content-Type"));
    world.post(NEW, &client, body.clone()).await.fails(409, "live_request");

    // The answer is kept, not made anew: it is the first one even when the request is over.
    world.post("Client/Request/CallFinishedNew", &client, json!({})).await.empty();
    assert_eq!(keyed(&world, NEW, &client, "k", &body).await.ok().text(), first.text());
    let other = keyed(&world, NEW, &client, "another", &body).await.ok();
    assert_ne!(other.number("RequestId"), first.number("RequestId"));
}

#[actix_web::test]
async fn the_same_invitation_has_the_same_link() {
    let world = World::new().await;
    let call = world.issued("").await;
    let body = json!({"Name": "Rosa"});
    for (path, token) in [(INVITE, &call.client), (PROVIDER_INVITE, &call.provider)] {
        let first = keyed(&world, path, token, "k", &body).await.ok();
        let second = keyed(&world, path, token, "k", &body).await.ok();
        assert_eq!(first.text(), second.text());
        assert_eq!(first.header("Location"), second.header("Location"));
        let guest = guest_of(&second);
        world.post("Guest/Confirm", &guest.token, Value::Null).await.empty();

        let another = guest_of(&keyed(&world, path, token, "another", &body).await.ok());
        assert_ne!((another.participant, &another.token), (guest.participant, &guest.token));
    }
    assert_eq!(world.participants(&call).await.len(), 2 + 4);
}

/// The link of an invitation that leads nowhere is not handed out again.
#[actix_web::test]
async fn a_kicked_guests_link_does_not_come_back() {
    let world = World::new().await;
    let call = world.issued("").await;
    let body = json!({"Name": "Rosa"});
    let first = keyed(&world, INVITE, &call.client, "k", &body).await.ok();
    let guest = guest_of(&first);
    world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
    let second = keyed(&world, INVITE, &call.client, "k", &body).await.ok();
    assert_eq!((second.text(), second.header("Location")), (first.text(), None));
    assert_eq!(world.participants(&call).await.len(), 2 + 1);
}

/// The link is derived from the token; with another token it cannot be told again.
#[actix_web::test]
async fn another_login_gets_the_answer_without_the_link() {
    let world = World::new().await;
    let call = world.issued("").await;
    let body = json!({"Name": "Rosa"});
    let first = keyed(&world, INVITE, &call.client, "k", &body).await.ok();
    let again = world.login("Client", "client").await;
    let second = keyed(&world, INVITE, &again, "k", &body).await.ok();
    assert_eq!((second.text(), second.header("Location")), (first.text(), None));
}

#[actix_web::test]
async fn a_key_used_with_another_request_is_refused() {
    let world = World::new().await;
    let call = world.issued("").await;
    // A body that both routes can read.
    let both = json!({"Name": "Rosa", "NeedHelpLanguageId": SPANISH});
    keyed(&world, INVITE, &call.client, "both", &both).await.ok();
    keyed(&world, NEW, &call.client, "both", &both).await.fails(422, "idempotency_mismatch");
    keyed(&world, INVITE, &call.client, "k", &json!({"Name": "Rosa"})).await.ok();
    for (path, body) in [
        (INVITE, json!({"Name": "Rita"})),
        (INVITE, json!({"Name": "Rosa", "Email": null})),
        (NEW, json!({"NeedHelpLanguageId": SPANISH})),
    ] {
        let message = keyed(&world, path, &call.client, "k", &body).await.fails(422, "idempotency_mismatch");
        assert_eq!(message, "The idempotency key was used before with another request.");
    }
    assert_eq!(world.participants(&call).await.len(), 2 + 2);
    // Another user's key is another key; and the path is the same in any letter case.
    keyed(&world, PROVIDER_INVITE, &call.provider, "k", &json!({"Name": "Rita"})).await.ok();
    let small = INVITE.to_lowercase();
    keyed(&world, &small, &call.client, "k", &json!({"Name": "Rosa"})).await.ok();
    assert_eq!(world.participants(&call).await.len(), 2 + 3);
}

#[actix_web::test]
async fn what_was_refused_may_be_tried_again() {
    let world = World::new().await;
    let call = world.accepted("").await;
    let body = json!({"Name": "Rosa"});
    keyed(&world, INVITE, &call.client, "k", &body).await.fails(409, "no_call");
    world.post("Client/Request/StartVideoProcess", &call.client, Value::Null).await.empty();
    guest_of(&keyed(&world, INVITE, &call.client, "k", &body).await.ok());
}

#[actix_web::test]
async fn a_key_has_a_form() {
    let world = World::new().await;
    let call = world.issued("").await;
    let body = json!({"Name": "Rosa"});
    for key in ["", " ", "two words", "tab\there", "\u{e9}", &"k".repeat(201)] {
        for path in [INVITE, NEW] {
            let message =
                keyed(&world, path, &call.client, key, &body).await.fails(400, "bad_idempotency_key");
            assert_eq!(message, "An Idempotency-Key has 1 to 200 visible ASCII characters.", "{key:?}");
        }
    }
    for key in ["k", &"k".repeat(200), "{\"a\":1}", "6f1c1a3e-0d5e-4c38-8a60-0f7f3b1f9d55"] {
        keyed(&world, INVITE, &call.client, key, &body).await.ok();
    }
}

/// The form of the first answer is kept with it.
#[actix_web::test]
async fn a_kept_answer_keeps_its_form() {
    let world = World::new().await;
    let call = world.issued("").await;
    let body = json!({"Name": "Rosa"}).to_string();
    let ask = async |accept: &str| {
        let request = post(INVITE, &call.client, "application/json");
        let request = request.insert_header(("Accept", accept)).insert_header(("Idempotency-Key", "k"));
        world.send(request.set_payload(body.clone())).await.ok()
    };
    let first = ask("text/xml").await;
    assert_eq!(first.header("Content-Type"), Some("text/xml; charset=utf-8"));
    let second = ask("application/json").await;
    assert_eq!(second.header("Content-Type"), Some("text/xml; charset=utf-8"));
    assert_eq!(first.text(), second.text());
}
