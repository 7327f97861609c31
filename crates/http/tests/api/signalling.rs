//! What a signalling socket does when the engine is slow or absent. The rest is seen from outside, in the server's tests.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn_blocking};
use trialogue_domain::{ConferenceId, ParticipantId};
use trialogue_media::{Failure, Identity, Operation, VideoEngine as _, is_gone};
use trialogue_testkit::{Fault, Gate};
use tungstenite::Message;

use crate::world::{Call, Guest, World};

fn is_join(operation: Operation) -> bool {
    matches!(operation, Operation::Join(_))
}

/// A guest with its account; whose number it is.
async fn guest(world: &World, call: &Call) -> (Guest, String) {
    let guest = world.joined(call, "Rosa").await;
    let pair = world.post("Guest/VideoEngineAccounts", &guest.token, Value::Null).await.ok().json();
    (guest, pair["Listener"]["AccountNumber"].as_str().unwrap().to_owned())
}

/// Says hello, and gives the first message of another type than `ping`.
fn hello(address: SocketAddr, conference: i32, account: &str) -> JoinHandle<Value> {
    let hello = json!({"type": "hello", "version": 1, "account": account}).to_string();
    spawn_blocking(move || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let url = format!("ws://{address}/API/Signalling/{conference}");
        let (mut socket, _) = tungstenite::client(url, stream).unwrap();
        socket.send(Message::text(hello)).unwrap();
        serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap()
    })
}

/// The account is good when it is looked at, and is not any more when the engine lets its holder in.
#[actix_web::test]
async fn a_kick_during_the_join_is_not_missed() {
    let world = World::new().await;
    let call = world.issued("").await;
    let address = world.listen();
    for hangs in [Fault::HangBefore, Fault::HangAfter] {
        let (guest, account) = guest(&world, &call).await;
        let gate = Gate::new();
        world.engine.open_room(ConferenceId(call.session)).await.unwrap();
        let identity = Identity::from(ParticipantId(guest.participant));
        world.engine.admit(ConferenceId(call.session), identity).await.unwrap();
        world.engine.fail_once(is_join, hangs(gate.clone()));
        let first = hello(address, call.session, &account);
        gate.reached().await;
        world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
        gate.open();
        let first = first.await.unwrap();
        assert_eq!((&first["type"], &first["reason"]), (&json!("end"), &json!("kicked")), "{first}");
        // The engine has not been told of the kick here; the gateway alone has made it let go.
        assert_eq!(is_gone(&*world.engine, ConferenceId(call.session), identity).await, Ok(true));
    }
}

#[actix_web::test]
async fn an_engine_that_does_not_answer_makes_a_party_come_again() {
    let world = World::new().await;
    let call = world.issued("").await;
    let address = world.listen();
    let (_, account) = guest(&world, &call).await;
    world.engine.fail_once(is_join, Fault::FailBefore(Failure::Unreachable("it is down".to_owned())));
    let first = hello(address, call.session, &account).await.unwrap();
    assert_eq!((&first["reason"], &first["reconnect"]), (&json!("stopping"), &json!(true)), "{first}");
    let again = hello(address, call.session, &account).await.unwrap();
    assert_eq!(again["type"], "welcome", "{again}");
}
