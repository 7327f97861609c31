//! An interpreter who accepts and does not serve: what both sides are told.

use std::time::Duration;

use serde_json::{Value, json};
use trialogue_domain::Observation;

use crate::world::{Call, World};

const RING: Duration = Duration::from_mins(1);

async fn status(world: &World, side: &str, token: &str) -> Value {
    world.post(&format!("{side}/Status"), token, Value::Null).await.ok().json()
}

async fn client_status(world: &World, call: &Call) -> Value {
    status(world, "Client/Request", &call.client).await
}

async fn provider_status(world: &World, call: &Call) -> Value {
    status(world, "Provider/Task", &call.provider).await
}

#[track_caller]
fn assert_told(status: &Value, code: i32, word: &str) {
    assert_eq!((&status["RequestStatusCodeId"], &status["WaitingCode"]), (&json!(code), &json!(word)));
}

#[actix_web::test]
async fn the_client_reads_that_the_search_goes_on_and_the_interpreter_that_it_is_out() {
    let world = World::new().await;
    for (command, word) in [("RefuseVideo", "refused"), ("Finish", "left")] {
        let other = world.provider(&format!("other-{command}")).await;
        let call = world.ringing(command).await;
        assert_eq!(client_status(&world, &call).await["WaitingCode"], Value::Null);
        world.post(&format!("Provider/Task/{command}"), &call.provider, Value::Null).await.empty();

        let told = client_status(&world, &call).await;
        assert_told(&told, 1, &format!("interpreter_{word}"));
        assert!(
            told["waitingMsg"].as_str().unwrap().contains(" Looking for another interpreter for Spanish. ")
        );
        assert_eq!((&told["ProviderName"], &told["participantList"][1]), (&Value::Null, &Value::Null));

        let told = provider_status(&world, &call).await;
        assert_told(&told, 4, &format!("released_{word}"));
        assert_eq!(told["RequestId"], call.session);
        assert!(told["WaitingSinceUtcDate"].is_string(), "{told}");
        assert_eq!(told["participantList"], json!([]), "the request is no business of its any more");
        assert_eq!(world.provider_pair(&call).await["Killed"], true);

        world.post("Provider/Task/Accept", &other, json!({"RequestId": call.session})).await.empty();
        assert_told(&provider_status(&world, &call).await, 4, &format!("released_{word}"));
        let told = client_status(&world, &call).await;
        assert_eq!((&told["RequestStatusCodeId"], &told["WaitingCode"]), (&json!(5), &Value::Null));
        let body = json!({"IsSuccessful": false, "Calls": []});
        world.post("Client/Request/CallFinishedNew", &call.client, body).await.empty();
    }
}

/// Nothing but the clock moves: no background work runs here.
#[actix_web::test]
async fn a_missed_call_is_told_to_both_at_once() {
    for asks_first in ["client", "interpreter"] {
        let world = World::new().await;
        let call = world.ringing("").await;
        world.clock.advance(RING);
        if asks_first == "client" {
            assert_told(&client_status(&world, &call).await, 1, "interpreter_missed");
        }
        assert_told(&provider_status(&world, &call).await, 4, "released_missed");
        assert_told(&client_status(&world, &call).await, 1, "interpreter_missed");
        assert_eq!(world.provider_pair(&call).await["Killed"], true);
        let participants =
            world.post("Provider/Task/VideoConferenceParticipants", &call.provider, Value::Null);
        participants.await.fails(409, "released");
    }
}

#[actix_web::test]
async fn the_second_missed_call_in_a_row_is_told_with_being_offline() {
    let world = World::new().await;
    let call = world.ringing("").await;
    world.clock.advance(RING);
    assert_told(&provider_status(&world, &call).await, 4, "released_missed");
    let body = json!({"IsSuccessful": false, "Calls": []});
    world.post("Client/Request/CallFinishedNew", &call.client, body).await.empty();
    let made = world.post("Client/Request/New", &call.client, json!({"NeedHelpLanguageId": 44})).await.ok();
    let call = Call { session: made.number("RequestId"), ..call };
    world.post("Provider/Task/Accept", &call.provider, json!({"RequestId": call.session})).await.empty();
    world.post("Client/Request/StartVideoProcess", &call.client, Value::Null).await.empty();
    world.clock.advance(RING);
    assert_told(&provider_status(&world, &call).await, 4, "released_missed_offline");
}

#[actix_web::test]
async fn a_lost_connection_is_told_to_both_and_each_next_step_works() {
    let world = World::new().await;
    let other = world.provider("other").await;
    let call = world.connected("").await;
    let lose = async |kind: i32| {
        let id = world.principal(&call, kind).await;
        world.seen(&call, Observation::Disconnected, id).await;
        world.clock.advance(Duration::from_secs(30));
        id
    };
    let old = lose(2).await;
    let told = client_status(&world, &call).await;
    assert_told(&told, 2, "interpreter_lost");
    assert!(told["WaitingSinceUtcDate"].is_string(), "{told}");
    assert_told(&provider_status(&world, &call).await, 2, "self_lost");

    world.post("Provider/Task/VideoAgain", &call.provider, Value::Null).await.empty();
    let pair = world.provider_pair(&call).await;
    assert!(
        pair["Listener"]["AccountNumber"].as_str().unwrap().contains('.'),
        "its own, with a secret: {pair}"
    );
    assert_eq!(client_status(&world, &call).await["WaitingCode"], Value::Null);
    let new = world.principal(&call, 2).await;
    assert_ne!(new, old);
    world.seen(&call, Observation::Joined, new).await;
    let running = world.post("Client/Request/FindAnotherInterpreter", &call.client, Value::Null).await;
    running.fails(409, "call_running");

    lose(1).await;
    assert_told(&client_status(&world, &call).await, 2, "self_lost");
    assert_told(&provider_status(&world, &call).await, 2, "client_lost");
    world.post("Client/Request/VideoAgain", &call.client, Value::Null).await.empty();
    world.post("Provider/Task/ConfirmVideo", &call.provider, Value::Null).await.empty();
    world.client_pair(&call).await;
    for kind in [1, 2] {
        world.seen(&call, Observation::Joined, world.principal(&call, kind).await).await;
    }

    lose(2).await;
    world.post("Client/Request/FindAnotherInterpreter", &call.client, Value::Null).await.empty();
    let told = client_status(&world, &call).await;
    assert_told(&told, 2, "interpreter_lost");
    let successor = told["SuccessorParticipantId"].as_i64().unwrap();
    world.post("Provider/Task/SetOnline", &other, json!({})).await.empty();
    let offers = world.post("Provider/Task/Offers", &other, Value::Null).await.ok().json();
    assert_eq!((&offers[0]["Purpose"], &offers[0]["ToLanguageId"]), (&json!("Successor"), &json!(44)));
    let request = &offers[0]["RequestId"];
    world.post("Provider/Task/Accept", &other, json!({"RequestId": request})).await.empty();
    let again = world.post("Provider/Task/VideoAgain", &call.provider, Value::Null).await;
    again.fails(409, "successor_asked");
    world.post("Provider/Task/ConfirmVideo", &other, Value::Null).await.empty();
    world.post("Provider/Task/VideoEngineAccounts", &other, Value::Null).await.ok();
    world.seen(&call, Observation::Joined, i32::try_from(successor).unwrap()).await;
    assert_told(&provider_status(&world, &call).await, 4, "released_handed_over");
    let told = client_status(&world, &call).await;
    assert_eq!((&told["WaitingCode"], &told["ProviderName"]), (&Value::Null, &json!("other")));
}
