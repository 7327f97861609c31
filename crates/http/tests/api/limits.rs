//! Limits on what a user can make others receive, and on what a body and an answer hold.

use std::time::Duration;

use serde_json::{Value, json};
use trialogue_app::{DeliverySettings, LinkKey};
use trialogue_storage::Channel;

use crate::answer::Answer;
use crate::world::{Call, SPANISH, World, guest_of};

const INVITE: &str = "Client/Request/InviteThirdPartyVideoConference";
const FINISH: &str = "Client/Request/CallFinishedNew";

async fn invite_and_kick(world: &World, call: &Call, guest: Value) -> Answer {
    let answer = world.post(INVITE, &call.client, guest).await;
    if answer.status == 200 {
        let guest = guest_of(&answer);
        world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
    }
    answer
}

#[actix_web::test]
async fn one_address_gets_ten_deliveries_an_hour_from_all_calls() {
    let delivery = DeliverySettings {
        key: LinkKey::new(&"k".repeat(32)).unwrap(),
        channels: vec![Channel::Email, Channel::Text],
    };
    let world = World::with_delivery(delivery).await;
    let (call, other) = (world.issued("1").await, world.issued("2").await);
    for (one, same) in [("rosa@example.org", "Rosa@Example.org"), ("+1 555 0100", "+1 (555) 01-00")] {
        let member = if one.contains('@') { "Email" } else { "PhoneNumber" };
        for n in 0..10 {
            let (call, address) = if n % 2 == 0 { (&call, one) } else { (&other, same) };
            invite_and_kick(&world, call, json!({ member: address })).await.ok();
        }
        for call in [&call, &other] {
            let answer = invite_and_kick(&world, call, json!({ member: same })).await;
            answer.fails(429, "too_many_deliveries");
            assert_eq!(answer.header("Retry-After"), Some("3600"));
        }
        // The link can still be passed on by hand, and other addresses get theirs.
        invite_and_kick(&world, &call, json!({"Name": "Rosa"})).await.ok();
        world.clock.advance(Duration::from_mins(1));
    }
    world.clock.advance(Duration::from_hours(1));
    let again = world.issued("3").await;
    invite_and_kick(&world, &again, json!({"Email": "rosa@example.org"})).await.ok();
}

#[actix_web::test]
async fn invitations_into_one_call_are_limited_by_the_minute_and_in_total() {
    let world = World::new().await;
    let call = world.issued("").await;
    let mut made = 0;
    loop {
        let answer = invite_and_kick(&world, &call, json!({"Name": "Rosa"})).await;
        match answer.status {
            200 => made += 1,
            429 => {
                assert_eq!(made % 30, 0, "{made}");
                answer.fails(429, "too_many_invitations");
                assert_eq!(answer.header("Retry-After"), Some("60"));
                world.clock.advance(Duration::from_mins(1));
            }
            _ => {
                answer.fails(409, "invitations_used_up");
                break;
            }
        }
    }
    assert_eq!(made, 100);
    // The status shows the latest of them only; kicking any of them again is harmless.
    assert_eq!(world.participants(&call).await.len(), 2 + 20);
    let first = world.view(&call).await.conference.participants[2].id.0;
    world.kick("Client/Request", &call.client, call.session, first).await.empty();
    // Another call is not concerned.
    let other = world.issued("2").await;
    invite_and_kick(&world, &other, json!({"Name": "Rosa"})).await.ok();
}

#[actix_web::test]
async fn interpreters_are_not_rung_again_and_again_by_one_client() {
    let world = World::new().await;
    let (client, other) = (world.client("nora").await, world.client("nils").await);
    let wanted = || json!({"NeedHelpLanguageId": SPANISH});
    for _ in 0..20 {
        world.post("Client/Request/New", &client, wanted()).await.ok();
        world.post(FINISH, &client, json!({"IsSuccessful": false})).await.empty();
    }
    let answer = world.post("Client/Request/New", &client, wanted()).await;
    answer.fails(429, "too_many_requests");
    assert_eq!(answer.header("Retry-After"), Some("60"));
    world.post("Client/Request/New", &other, wanted()).await.ok();
    world.clock.advance(Duration::from_mins(1));
    world.post("Client/Request/New", &client, wanted()).await.ok();
}

#[actix_web::test]
async fn every_text_and_every_list_of_a_body_has_a_length() {
    let world = World::new().await;
    let call = world.issued("").await;
    let long = |n: usize| "x".repeat(n);
    let leg = |member: &str, n: usize| json!({"Calls": [{}, { member: long(n) }]});
    for (path, body, member) in [
        (FINISH, leg("AdditionalInfo", 2001), "Calls[1].AdditionalInfo"),
        (FINISH, leg("ThirdPartyCallId", 201), "Calls[1].ThirdPartyCallId"),
        (FINISH, json!({"Calls": vec![json!({}); 101]}), "Calls"),
        (FINISH, json!({"NeedSurvey": long(101)}), "NeedSurvey"),
        (INVITE, json!({"Name": long(201)}), "Name"),
        (INVITE, json!({"Name": "Rosa", "DTMF": long(41)}), "DTMF"),
        (
            "Client/Request/New",
            json!({"NeedHelpLanguageId": 44, "AdditionalInfo": long(2001)}),
            "AdditionalInfo",
        ),
    ] {
        let answer = world.post(path, &call.client, body).await;
        answer.fails(400, "invalid_body");
        assert_eq!(answer.model_error().0, format!("request.{member}"), "{path}");
    }
    world.post(FINISH, &call.client, leg("AdditionalInfo", 2000)).await.empty();
}

#[actix_web::test]
async fn one_user_has_twenty_streams_at_most() {
    let world = World::new().await;
    let call = world.issued("").await;
    let guest = world.invited(&call, "Rosa").await;
    for token in [&call.client, &guest.token] {
        let request = || {
            actix_web::test::TestRequest::get()
                .uri("/API/Events")
                .insert_header(("WEYIToken", token.as_str()))
        };
        let mut open = Vec::new();
        for _ in 0..20 {
            open.push(world.open(request()).await);
        }
        let refused = world.send(request()).await;
        refused.fails(429, "too_many_streams");
        open.pop();
        assert_eq!(world.open(request()).await.status(), 200);
    }
    // Others are not concerned; nor are other routes.
    world.post("Client/Request/Status", &call.client, Value::Null).await.ok();
}
