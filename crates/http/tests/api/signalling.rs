//! What a signalling socket does when the engine is slow or absent, and how much it takes. The rest is seen from outside, in the server's tests.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn_blocking};
use trialogue_domain::{ConferenceId, ParticipantId};
use trialogue_media::{Failure, Identity, Operation, VideoEngine as _, is_gone};
use trialogue_testkit::{Fault, Gate};
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Bytes, Message, WebSocket};

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

/// Says hello, sends the frames without waiting, and gives the reason for which the socket ends.
fn flood(address: SocketAddr, conference: i32, account: &str, frames: Vec<Message>) -> JoinHandle<Value> {
    let hello = json!({"type": "hello", "version": 1, "account": account}).to_string();
    spawn_blocking(move || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let reader = stream.try_clone().unwrap();
        let url = format!("ws://{address}/API/Signalling/{conference}");
        let (mut writer, _) = tungstenite::client(url, stream).unwrap();
        let writing = std::thread::spawn(move || {
            // The server may end the socket before it has taken all of them.
            let _ =
                [vec![Message::text(hello)], frames].concat().into_iter().try_for_each(|f| writer.send(f));
            writer
        });
        let mut reader = WebSocket::from_raw_socket(reader, Role::Client, None);
        let reason = loop {
            let message = reader.read().unwrap();
            if let Message::Text(text) = message {
                let said: Value = serde_json::from_str(&text).unwrap();
                if said["type"] == "end" {
                    break said["reason"].clone();
                }
            }
        };
        writing.join().unwrap();
        reason
    })
}

fn part(opcode: Data, text: &'static str) -> Message {
    Message::Frame(Frame::message(Bytes::from_static(text.as_bytes()), OpCode::Data(opcode), false))
}

#[actix_web::test]
async fn every_frame_and_every_byte_counts() {
    let world = World::new().await;
    let call = world.issued("").await;
    let address = world.listen();
    let pong = json!({"type": "pong", "padding": "x".repeat(60 * 1024)}).to_string();
    let mut parts = vec![part(Data::Continue, ""); 2000];
    parts.insert(0, part(Data::Text, "{"));
    for (kind, frames) in [
        ("pings", vec![Message::Ping(Bytes::new()); 2001]),
        ("pongs", vec![Message::Pong(Bytes::new()); 2001]),
        ("parts of a message", parts),
        ("messages", vec![Message::text(r#"{"type":"pong"}"#); 2001]),
        ("bytes", vec![Message::text(pong); 35]),
    ] {
        let (_, account) = guest(&world, &call).await;
        let last = if kind == "bytes" { frames[0].clone() } else { Message::Ping(Bytes::new()) };
        let reason = flood(address, call.session, &account, frames).await.unwrap();
        assert_eq!(reason, "too_much", "{kind}");
        // Coming again gives no more.
        let reason = flood(address, call.session, &account, vec![last]).await.unwrap();
        assert_eq!(reason, "too_much", "{kind}");
        world.clock.advance(Duration::from_secs(1));
        let again = hello(address, call.session, &account).await.unwrap();
        assert_eq!(again["type"], "welcome", "{kind}: {again}");
    }
}

#[actix_web::test]
async fn a_stranger_may_send_little() {
    let world = World::new().await;
    let call = world.issued("").await;
    let address = world.listen();
    let large = json!({"type": "hello", "version": 1, "account": "x".repeat(16 * 1024)}).to_string();
    for frames in [vec![Message::Ping(Bytes::new()); 17], vec![Message::text(large)]] {
        let reason = spawn_blocking(move || {
            let stream = TcpStream::connect(address).unwrap();
            let url = format!("ws://{address}/API/Signalling/{}", call.session);
            let (mut socket, _) = tungstenite::client(url, stream).unwrap();
            for frame in frames {
                socket.send(frame).unwrap();
            }
            loop {
                if let Message::Text(text) = socket.read().unwrap() {
                    return serde_json::from_str::<Value>(&text).unwrap()["reason"].clone();
                }
            }
        });
        assert_eq!(reason.await.unwrap(), "too_much");
    }
}
