//! The kick: whom it removes, and who is told nothing.

use std::collections::BTreeSet;

use actix_web::http::header::HeaderName;
use serde_json::{Value, json};
use trialogue_storage::UserRole;

use crate::world::{Call, SPANISH, World, ids, post};

const SIDES: [&str; 2] = ["Client/Request", "Provider/Task"];
const GUEST_ROUTES: [&str; 5] =
    ["Guest/Invitation", "Guest/Confirm", "Guest/Decline", "Guest/VideoEngineAccounts", "Guest/Leave"];

fn token<'c>(call: &'c Call, side: &str) -> &'c str {
    if side == SIDES[0] { &call.client } else { &call.provider }
}

async fn status_of(world: &World, call: &Call, participant: i32) -> Value {
    let list = world.participants(call).await;
    let found = list.iter().find(|p| p["RequestConferenceSessionVideoParticipantId"] == participant);
    found.unwrap()["RequestConferenceSessionVideoStatusCodeId"].clone()
}

/// The old invitation, which is also the guest's token, is refused everywhere.
async fn assert_out(world: &World, token: &str) {
    for path in GUEST_ROUTES {
        world.post(path, token, Value::Null).await.fails(401, "invalid_invitation");
    }
}

#[actix_web::test]
async fn a_kick_cancels_an_invitation_and_removes_a_guest() {
    let world = World::new().await;
    let call = world.issued("").await;
    for side in SIDES {
        let only_invited = world.invited(&call, "Invited").await;
        let confirmed = world.invited(&call, "Confirmed").await;
        world.post("Guest/Confirm", &confirmed.token, Value::Null).await.empty();
        let joined = world.joined(&call, "Joined").await;
        for guest in [only_invited, confirmed, joined] {
            world.kick(side, token(&call, side), call.session, guest.participant).await.empty();
            assert_out(&world, &guest.token).await;
            assert_eq!(status_of(&world, &call, guest.participant).await, 6);
        }
    }
}

#[actix_web::test]
async fn a_kick_during_the_ring_cancels_an_invitation() {
    let world = World::new().await;
    let call = world.ringing("").await;
    let guest = world.invited(&call, "Rosa").await;
    world.kick(SIDES[0], &call.client, call.session, guest.participant).await.empty();
    assert_out(&world, &guest.token).await;
}

#[actix_web::test]
async fn kicking_again_changes_nothing() {
    let world = World::new().await;
    let call = world.issued("").await;
    let guest = world.joined(&call, "Rosa").await;
    world.kick(SIDES[0], &call.client, call.session, guest.participant).await.empty();
    let before = world.view(&call).await.conference;
    for side in SIDES {
        world.kick(side, token(&call, side), call.session, guest.participant).await.empty();
    }
    assert_eq!(world.view(&call).await.conference, before);

    world.post("Provider/Task/Finish", &call.provider, Value::Null).await.empty();
    for side in SIDES {
        world.kick(side, token(&call, side), call.session, guest.participant).await.empty();
    }
}

#[actix_web::test]
async fn only_a_new_invitation_leads_back() {
    let world = World::new().await;
    let call = world.issued("").await;
    let kicked = world.joined(&call, "Rosa").await;
    world.kick(SIDES[0], &call.client, call.session, kicked.participant).await.empty();
    let back = world.joined(&call, "Rosa").await;
    assert_ne!(back.participant, kicked.participant);
    assert_ne!(back.token, kicked.token);
    assert_out(&world, &kicked.token).await;
    assert_eq!(status_of(&world, &call, kicked.participant).await, 6);
    assert_eq!(status_of(&world, &call, back.participant).await, 3);
}

#[actix_web::test]
async fn client_and_interpreter_cannot_be_kicked() {
    let world = World::new().await;
    let call = world.issued("").await;
    for kind in [1, 2] {
        let principal = world.principal(&call, kind).await;
        for side in SIDES {
            let answer = world.kick(side, token(&call, side), call.session, principal).await;
            let message = answer.fails(403, "principal_kick");
            assert_eq!(
                message,
                "The client and the interpreter of a call cannot be removed; finish the call instead."
            );
        }
        assert_eq!(status_of(&world, &call, principal).await, 3);
    }
}

/// Whether it is unknown or another's cannot be told from the answer, in either form.
#[actix_web::test]
async fn unknown_and_foreign_ids_are_alike() {
    let world = World::new().await;
    let own = world.issued("own").await;
    let own_guest = world.joined(&own, "Rosa").await.participant;
    let other = world.issued("other").await;
    let other_guest = world.joined(&other, "Rita").await;
    let other_client = world.principal(&other, 1).await;
    let before = [world.view(&own).await.conference, world.view(&other).await.conference];

    let unknown = i32::MAX - 7;
    let targets = [
        ("unknown participant", own.session, unknown),
        ("unknown session", unknown, own_guest),
        ("both unknown", unknown, unknown),
        ("another's session and guest", other.session, other_guest.participant),
        ("another's session and client", other.session, other_client),
        ("another's guest in the own session", own.session, other_guest.participant),
        ("another's client in the own session", own.session, other_client),
        ("own guest in another's session", other.session, own_guest),
        ("zeros", 0, 0),
        ("no participant", own.session, 0),
        ("no session", 0, own_guest),
        ("negative", -own.session, -own_guest),
        ("the least", i32::MIN, i32::MIN),
        ("the greatest", i32::MAX, i32::MAX),
    ];
    for side in SIDES {
        for (form, expected) in [
            ("application/json", r#"{"Message":"No such session or participant."}"#),
            ("text/xml", "<Error><Message>No such session or participant.</Message></Error>"),
        ] {
            for (what, session, participant) in targets {
                let path = format!("{side}/KickThirdPartyVideoParticipant");
                let request = post(&path, token(&own, side), form)
                    .insert_header(("Content-Type", "application/json"))
                    .set_payload(ids(session, participant).to_string());
                let answer = world.send(request).await;
                let code = answer.header("X-Error-Code");
                assert_eq!(
                    (answer.status, code, answer.text()),
                    (404, Some("not_found"), expected),
                    "{what}"
                );
                let headers: BTreeSet<_> = answer.headers.keys().map(HeaderName::as_str).collect();
                let usual = BTreeSet::from([
                    "cache-control",
                    "content-type",
                    "expires",
                    "pragma",
                    "x-content-type-options",
                    "x-error-code",
                    "x-request-id",
                ]);
                assert_eq!(headers, usual, "{what}");
            }
        }
    }
    assert_eq!([world.view(&own).await.conference, world.view(&other).await.conference], before);
    world.post("Guest/VideoEngineAccounts", &other_guest.token, Value::Null).await.ok();
}

/// An interpreter who was offered a request, and did not get it, is a stranger to its call.
#[actix_web::test]
async fn an_interpreter_who_was_only_asked_is_a_stranger() {
    let world = World::new().await;
    let late = world.provider("late").await;
    let call = world.issued("").await;
    let offers = world.post("Provider/Task/Offers", &late, Value::Null).await.ok();
    assert_eq!(offers.json(), json!([]), "the offer is gone with the acceptance of another");
    let guest = world.joined(&call, "Rosa").await;
    world.kick(SIDES[1], &late, call.session, guest.participant).await.fails(404, "not_found");
}

#[actix_web::test]
async fn ids_must_be_there_and_be_numbers() {
    let world = World::new().await;
    let call = world.issued("").await;
    for side in SIDES {
        let path = format!("{side}/KickThirdPartyVideoParticipant");
        let token = token(&call, side);
        world.post(&path, token, Value::Null).await.fails(400, "body_required");
        world.post(&path, token, json!({})).await.fails(404, "not_found");
        let too_large = json!({"RequestConferenceSessionId": 2_147_483_648_i64});
        let answer = world.post(&path, token, too_large).await;
        answer.fails(400, "invalid_body");
        assert_eq!(answer.model_error().0, "request.RequestConferenceSessionId");
    }
}

/// The guest of a call that is over was removed with it; a new call of the same client does not know it.
#[actix_web::test]
async fn a_later_call_does_not_reach_an_earlier_ones_guest() {
    let world = World::new().await;
    let first = world.issued("").await;
    let guest = world.joined(&first, "Rosa").await;
    world.post("Provider/Task/Finish", &first.provider, Value::Null).await.empty();
    let made =
        world.post("Client/Request/New", &first.client, json!({"NeedHelpLanguageId": SPANISH})).await.ok();
    let answer = world.kick(SIDES[0], &first.client, made.number("RequestId"), guest.participant).await;
    answer.fails(404, "not_found");
    assert_out(&world, &guest.token).await;
}

/// A stranger of either role, with a token of its own and no call at all.
#[actix_web::test]
async fn a_stranger_finds_nothing() {
    let world = World::new().await;
    let call = world.issued("").await;
    let guest = world.joined(&call, "Rosa").await;
    world.add_user(UserRole::Provider, "stranger", &[SPANISH]).await;
    let strangers = [world.client("stranger").await, world.login("Provider", "stranger").await];
    for (side, token) in SIDES.iter().zip(strangers) {
        world.kick(side, &token, call.session, guest.participant).await.fails(404, "not_found");
    }
    world.post("Guest/VideoEngineAccounts", &guest.token, Value::Null).await.ok();
}
