//! A second interpreter: asked for within a call, found like the first one, in the call by the same rule, and gone by a kick.

use serde_json::{Value, json};
use trialogue_domain::Observation;
use trialogue_storage::UserRole;

use crate::answer::Answer;
use crate::world::{Call, SPANISH, World};

const SIDES: [&str; 2] = ["Client/Request", "Provider/Task"];
const FRENCH: i32 = 10;

/// An interpreter for French, logged in and online.
async fn french(world: &World, name: &str) -> String {
    world.add_user(UserRole::Provider, name, &[FRENCH]).await;
    let token = world.login("Provider", name).await;
    world.post("Provider/Task/SetOnline", &token, json!({})).await.empty();
    token
}

async fn ask(world: &World, side: &str, token: &str, body: Value) -> Answer {
    world.post(&format!("{side}/RequestSecondInterpreter"), token, body).await
}

async fn asked(world: &World, call: &Call) -> Value {
    let body = json!({"ToLanguageId": FRENCH, "additionalInfo": "The grandmother speaks French."});
    ask(world, SIDES[0], &call.client, body).await.ok().json()
}

fn participant_of(asked: &Value) -> i32 {
    i32::try_from(asked["RequestConferenceSessionVideoParticipantId"].as_i64().unwrap()).unwrap()
}

async fn status(world: &World, token: &str) -> Value {
    world.post("Provider/Task/Status", token, Value::Null).await.ok().json()
}

async fn offers(world: &World, token: &str) -> Vec<Value> {
    world.post("Provider/Task/Offers", token, Value::Null).await.ok().json().as_array().unwrap().clone()
}

async fn accept(world: &World, token: &str) -> Value {
    let offered = offers(world, token).await;
    let [offer] = offered.as_slice() else { panic!("{offered:?}") };
    world.post("Provider/Task/Accept", token, json!({"RequestId": offer["RequestId"]})).await.empty();
    offer.clone()
}

/// The second interpreter is in the room.
async fn joined(world: &World, call: &Call, token: &str) -> i32 {
    let participant = participant_of(&asked(world, call).await);
    accept(world, token).await;
    world.post("Provider/Task/ConfirmVideo", token, Value::Null).await.empty();
    let pair = world.post("Provider/Task/VideoEngineAccounts", token, Value::Null).await.ok().json();
    assert!(pair["Listener"]["AccountNumber"].as_str().unwrap().starts_with(&format!("p{participant}.")));
    world.seen(call, Observation::Joined, participant).await;
    participant
}

async fn second_request(world: &World, call: &Call) -> Value {
    let people = world.participants(call).await;
    people.into_iter().find(|p| p["RequestConferenceSessionVideoTypeCodeId"] == 4).unwrap()
}

#[actix_web::test]
async fn a_second_interpreter_is_found_and_comes_into_the_call() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    let call = world.connected("").await;

    let made = asked(&world, &call).await;
    assert_eq!(made["RequestConferenceSessionId"], call.session);
    assert_eq!(made["RequestConferenceSessionVideoTypeCodeId"], 4);
    assert_eq!(made["RequestConferenceSessionVideoStatusCodeId"], 1);
    let second = &made["secondRequest"];
    assert_eq!(second["RequestStatusCodeId"], 1);
    assert_eq!(second["ToLanguageId"], FRENCH);
    assert_eq!(second["ToLanguage"], "French");
    assert_eq!(second["waitingMsg"], "Looking for an interpreter for French.");
    assert_eq!(second["additionalInfo"], "The grandmother speaks French.");
    assert_eq!(second["providerList"][0]["Name"], "amelie");
    let participant = participant_of(&made);

    let offer = accept(&world, &amelie).await;
    assert_ne!(offer["RequestId"], call.session, "the request for the second interpreter has its own number");
    assert_eq!(offer["ToLanguageId"], FRENCH);
    assert_eq!(offer["AdditionalInfo"], "The grandmother speaks French.");
    let own = status(&world, &amelie).await;
    assert_eq!(own["RequestId"], offer["RequestId"]);
    assert_eq!((&own["RequestStatusCodeId"], &own["ToLanguage"]), (&json!(5), &json!("French")));
    assert_eq!(own["RequestConferenceSessionId"], call.session);
    let shown = second_request(&world, &call).await;
    assert_eq!(
        (&shown["ProviderName"], &shown["secondRequest"]["RequestStatusCodeId"]),
        (&json!("amelie"), &json!(5))
    );

    // No media account exists before the yes.
    let path = "Provider/Task/VideoEngineAccounts";
    let pair = world.post(path, &amelie, Value::Null).await.ok().json();
    assert_eq!(
        (&pair["Caller"], &pair["Listener"], &pair["Killed"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    world.post("Provider/Task/ConfirmVideo", &amelie, Value::Null).await.empty();
    let pair = world.post(path, &amelie, Value::Null).await.ok().json();
    assert!(pair["Listener"]["AccountNumber"].as_str().unwrap().starts_with(&format!("p{participant}.")));
    assert_eq!(status(&world, &amelie).await["RequestStatusCodeId"], 2);

    // The main interpreter's call is as it was.
    let main = world.post("Client/Request/Status", &call.client, Value::Null).await.ok().json();
    assert_eq!((&main["RequestId"], &main["RequestStatusCodeId"]), (&json!(call.session), &json!(2)));

    world.post("Client/Request/CallFinishedNew", &call.client, json!({"IsSuccessful": true})).await.empty();
    assert_eq!(status(&world, &amelie).await["RequestStatusCodeId"], 3);
    let pair = world.post(path, &amelie, Value::Null).await.ok().json();
    assert_eq!(pair["Killed"], true);
}

#[actix_web::test]
async fn the_main_interpreter_may_ask_as_well() {
    let world = World::new().await;
    french(&world, "amelie").await;
    let call = world.connected("").await;
    let made = ask(&world, SIDES[1], &call.provider, json!({"ToLanguageId": FRENCH})).await.ok().json();
    assert_eq!(made["secondRequest"]["providerList"][0]["Name"], "amelie");
}

#[actix_web::test]
async fn nobody_is_asked_for_before_the_listener_has_confirmed() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    let call = world.ringing("").await;
    for (side, token) in [(SIDES[0], &call.client), (SIDES[1], &call.provider)] {
        ask(&world, side, token, json!({"ToLanguageId": FRENCH})).await.fails(409, "not_confirmed");
    }
    let waiting = world.requested("2").await;
    ask(&world, SIDES[0], &waiting.client, json!({"ToLanguageId": FRENCH}))
        .await
        .fails(409, "still_searching");
    assert!(offers(&world, &amelie).await.is_empty());
}

#[actix_web::test]
async fn what_cannot_be_met_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    let call = world.connected("").await;
    ask(&world, SIDES[0], &call.client, json!({"ToLanguageId": 9999})).await.fails(400, "unknown_language");
    for body in [
        json!({}),
        json!({"ToLanguageId": FRENCH, "Purpose": "Follower"}),
        json!({"ToLanguageId": FRENCH, "GenderOptionCodeId": 6}),
        json!({"ToLanguageId": FRENCH, "SpecialtyOptionCodeId": 4}),
        json!({"ToLanguageId": FRENCH, "VideoOptionCodeId": 0}),
        json!({"ToLanguageId": FRENCH, "CertificationLevel": -1}),
        json!({"ToLanguageId": FRENCH, "InterpreterNumber": "4711"}),
        json!({"ToLanguageId": FRENCH, "additionalInfo": "x".repeat(2001)}),
    ] {
        assert_eq!(ask(&world, SIDES[0], &call.client, body).await.status, 400);
    }
    for (purpose, language) in [("successor", FRENCH), ("Team", FRENCH), ("RELAY", SPANISH)] {
        let body = json!({"ToLanguageId": language, "Purpose": purpose});
        ask(&world, SIDES[0], &call.client, body).await.fails(409, "other_language");
    }
    assert_eq!(world.participants(&call).await.len(), 2);
    assert!(offers(&world, &amelie).await.is_empty());
}

#[actix_web::test]
async fn only_who_speaks_both_languages_is_asked_to_relay() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    world.add_user(UserRole::Provider, "bianca", &[FRENCH, SPANISH]).await;
    let call = world.connected("").await;
    let bianca = world.login("Provider", "bianca").await;
    world.post("Provider/Task/SetOnline", &bianca, json!({})).await.empty();
    let names = |answer: &Value| {
        let list = answer["secondRequest"]["providerList"].as_array().unwrap().clone();
        list.iter().map(|provider| provider["Name"].clone()).collect::<Vec<_>>()
    };
    let relay = json!({"ToLanguageId": FRENCH, "Purpose": "Relay"});
    let made = ask(&world, SIDES[0], &call.client, relay).await.ok().json();
    assert_eq!(names(&made), ["bianca"]);
    // An interpreter who comes online later must speak both languages, too.
    world.post("Provider/Task/SetOffline", &amelie, json!({})).await.empty();
    world.post("Provider/Task/SetOnline", &amelie, json!({})).await.empty();
    assert!(offers(&world, &amelie).await.is_empty());
    assert_eq!(accept(&world, &bianca).await["Purpose"], "Relay");
}

#[actix_web::test]
async fn a_kick_cancels_the_request_while_it_searches() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    let call = world.connected("").await;
    let participant = participant_of(&asked(&world, &call).await);
    let [offer] = offers(&world, &amelie).await.try_into().unwrap();
    world.kick(SIDES[0], &call.client, call.session, participant).await.empty();
    assert!(offers(&world, &amelie).await.is_empty());
    let taken = world.post("Provider/Task/Accept", &amelie, json!({"RequestId": offer["RequestId"]})).await;
    taken.fails(409, "request_ended");
    let shown = second_request(&world, &call).await;
    assert_eq!(shown["secondRequest"]["RequestStatusCodeId"], 4);
}

#[actix_web::test]
async fn a_kicked_second_interpreter_is_out_and_at_once_free_for_others() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    let call = world.connected("").await;
    let participant = joined(&world, &call, &amelie).await;
    let other = world.requested("2").await;
    ask(&world, SIDES[0], &call.client, json!({"ToLanguageId": SPANISH})).await.ok();
    world.kick(SIDES[0], &call.client, call.session, participant).await.empty();
    let pair = world.post("Provider/Task/VideoEngineAccounts", &amelie, Value::Null).await.ok().json();
    assert_eq!((&pair["Listener"], &pair["Killed"]), (&Value::Null, &json!(true)));
    assert_eq!(status(&world, &amelie).await["RequestStatusCodeId"], 3);

    let late = world.client("late").await;
    let made = world.post("Client/Request/New", &late, json!({"NeedHelpLanguageId": FRENCH})).await.ok();
    accept(&world, &amelie).await;
    assert_eq!(status(&world, &amelie).await["RequestId"], made.number("RequestId"));
    drop(other);
}

#[actix_web::test]
async fn a_request_that_waits_is_offered_to_a_second_interpreter_who_is_kicked() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    let call = world.connected("").await;
    let participant = joined(&world, &call, &amelie).await;
    let late = world.client("late").await;
    world.post("Client/Request/New", &late, json!({"NeedHelpLanguageId": FRENCH})).await.ok();
    assert!(offers(&world, &amelie).await.is_empty(), "one service at a time");
    world.kick(SIDES[0], &call.client, call.session, participant).await.empty();
    assert_eq!(offers(&world, &amelie).await.len(), 1);
}

#[actix_web::test]
async fn who_comes_online_is_offered_a_request_for_a_second_interpreter_that_waits() {
    let world = World::new().await;
    let call = world.connected("").await;
    let made = asked(&world, &call).await;
    assert_eq!(made["secondRequest"]["providerList"], json!([]));
    let amelie = french(&world, "amelie").await;
    assert_eq!(offers(&world, &amelie).await.len(), 1);
}

#[actix_web::test]
async fn in_the_place_of_a_second_interpreter_who_refuses_or_leaves_others_are_asked() {
    for (path, code) in
        [("Provider/Task/RefuseVideo", "released_refused"), ("Provider/Task/Finish", "released_left")]
    {
        let world = World::new().await;
        let amelie = french(&world, "amelie").await;
        let call = world.connected("").await;
        asked(&world, &call).await;
        accept(&world, &amelie).await;
        world.post(path, &amelie, Value::Null).await.empty();
        let own = status(&world, &amelie).await;
        assert_eq!((&own["RequestStatusCodeId"], &own["WaitingCode"]), (&json!(4), &json!(code)));
        let benoit = french(&world, "benoit").await;
        accept(&world, &benoit).await;
        let shown = second_request(&world, &call).await;
        assert_eq!(
            (&shown["ProviderName"], &shown["secondRequest"]["RequestStatusCodeId"]),
            (&json!("benoit"), &json!(5)),
            "{path}"
        );
        let main = world.post("Client/Request/Status", &call.client, Value::Null).await.ok().json();
        assert_eq!(main["RequestStatusCodeId"], 2, "{path}");
    }
}

#[actix_web::test]
async fn a_second_interpreter_invites_and_removes_nobody() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    let call = world.connected("").await;
    joined(&world, &call, &amelie).await;
    let guest = world.joined(&call, "Rosa").await;
    world.kick(SIDES[1], &amelie, call.session, guest.participant).await.fails(403, "not_permitted");
    let invite =
        world.post("Provider/Task/InviteThirdPartyVideoConference", &amelie, json!({"Name": "X"})).await;
    invite.fails(403, "not_permitted");
    ask(&world, SIDES[1], &amelie, json!({"ToLanguageId": FRENCH})).await.fails(403, "not_permitted");
}

#[actix_web::test]
async fn a_second_interpreter_who_logs_out_is_out_of_the_call() {
    let world = World::new().await;
    let amelie = french(&world, "amelie").await;
    let call = world.connected("").await;
    joined(&world, &call, &amelie).await;
    world.post("Provider/Logout", &amelie, Value::Null).await.empty();
    let shown = second_request(&world, &call).await;
    assert_eq!(shown["RequestConferenceSessionVideoStatusCodeId"], 6);
    let main = world.post("Client/Request/Status", &call.client, Value::Null).await.ok().json();
    assert_eq!(main["RequestStatusCodeId"], 2);
}

/// A colleague for Spanish, in the call for this purpose.
async fn colleague(world: &World, call: &Call, purpose: &str) -> (String, i32) {
    let body = json!({"ToLanguageId": SPANISH, "Purpose": purpose});
    let made = ask(world, SIDES[1], &call.provider, body).await.ok().json();
    let participant = participant_of(&made);
    let carlos = world.provider("carlos").await;
    assert_eq!(accept(world, &carlos).await["Purpose"], purpose);
    assert_eq!(status(world, &carlos).await["Purpose"], purpose);
    world.post("Provider/Task/ConfirmVideo", &carlos, Value::Null).await.empty();
    world.post("Provider/Task/VideoEngineAccounts", &carlos, Value::Null).await.ok();
    world.seen(call, Observation::Joined, participant).await;
    (carlos, participant)
}

#[actix_web::test]
async fn an_interpreter_hands_the_call_over() {
    let world = World::new().await;
    let call = world.connected("").await;
    let body = json!({"ToLanguageId": SPANISH, "Purpose": "Successor"});
    let made = ask(&world, SIDES[0], &call.client, body.clone()).await.ok().json();
    ask(&world, SIDES[1], &call.provider, body).await.fails(409, "successor_asked");
    world.post("Provider/Task/Finish", &call.provider, Value::Null).await.fails(409, "successor_not_present");
    world.kick(SIDES[1], &call.provider, call.session, participant_of(&made)).await.empty();

    let (carlos, participant) = colleague(&world, &call, "Successor").await;
    assert_eq!(status(&world, &call.provider).await["SuccessorParticipantId"], participant);
    world.post("Provider/Task/Finish", &call.provider, Value::Null).await.empty();
    let left = status(&world, &call.provider).await;
    assert_eq!(
        (&left["RequestStatusCodeId"], &left["WaitingCode"]),
        (&json!(4), &json!("released_handed_over"))
    );
    let own = status(&world, &carlos).await;
    assert_eq!((&own["RequestId"], &own["RequestStatusCodeId"]), (&json!(call.session), &json!(2)));
    assert_eq!(own["RequestConferenceSessionVideoParticipantId"], participant);
    let main = world.post("Client/Request/Status", &call.client, Value::Null).await.ok().json();
    assert_eq!((&main["RequestStatusCodeId"], &main["ProviderName"]), (&json!(2), &json!("carlos")));
    let people = world.participants(&call).await;
    let interpreter = people.iter().find(|p| p["RequestConferenceSessionVideoTypeCodeId"] == 2).unwrap();
    assert_eq!(interpreter["RequestConferenceSessionVideoParticipantId"], participant);
    let guest = world.post(
        "Provider/Task/InviteThirdPartyVideoConference",
        &carlos,
        json!({"Name": "Dr. Who", "Email": "who@example.org"}),
    );
    guest.await.ok();
    world.post("Provider/Task/Finish", &carlos, Value::Null).await.empty();
    let main = world.post("Client/Request/Status", &call.client, Value::Null).await.ok().json();
    assert_eq!(main["RequestStatusCodeId"], 3);
}

#[actix_web::test]
async fn two_interpreters_take_turns() {
    let world = World::new().await;
    let call = world.connected("").await;
    let first = world.principal(&call, 2).await;
    let turn = async |token: &str, participant: i32| {
        let body = json!({"RequestConferenceSessionVideoParticipantId": participant});
        world.post("Provider/Task/TakeTurn", token, body).await
    };
    turn(&call.provider, first).await.empty();
    let (carlos, second) = colleague(&world, &call, "Team").await;
    for (token, whose) in [(&carlos, second), (&call.provider, first), (&call.provider, second)] {
        turn(token, whose).await.empty();
        for (path, token) in
            [("Provider/Task", &carlos), ("Provider/Task", &call.provider), ("Client/Request", &call.client)]
        {
            let told = world.post(&format!("{path}/Status"), token, Value::Null).await.ok().json();
            assert_eq!(told["WorkingParticipantId"], whose);
        }
    }
    let client = world.principal(&call, 1).await;
    turn(&call.provider, client).await.fails(409, "no_team");
    world.post("Provider/Task/Finish", &carlos, Value::Null).await.empty();
    let told = status(&world, &call.provider).await;
    assert_eq!(told["WorkingParticipantId"], Value::Null);
}
