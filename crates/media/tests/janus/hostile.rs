//! Somebody who speaks to Janus directly.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use trialogue_media::{JanusEvent, JanusSettings, VideoEngine};

use crate::visitors::{ROOM, identity, inside, join, with_room};

/// A client of Janus that we did not make.
struct Stranger {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    secret: Option<String>,
    session: Value,
    handle: Value,
}

impl Stranger {
    async fn new(settings: &JanusSettings, secret: Option<String>) -> Self {
        let mut request = settings.url.as_str().into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "janus-protocol".parse().unwrap());
        let (socket, _) = connect_async(request).await.unwrap();
        Self { socket, secret, session: Value::Null, handle: Value::Null }
    }

    async fn attached(settings: &JanusSettings, opaque_id: &str) -> Self {
        let mut stranger = Self::new(settings, Some(settings.api_secret.clone())).await;
        stranger.session = stranger.ask(json!({ "janus": "create" })).await["data"]["id"].clone();
        let attach = json!({ "janus": "attach", "plugin": "janus.plugin.videoroom", "opaque_id": opaque_id });
        stranger.handle = stranger.ask(attach).await["data"]["id"].clone();
        stranger
    }

    async fn ask(&mut self, mut request: Value) -> Value {
        request["transaction"] = "t".into();
        for (name, value) in [("session_id", &self.session), ("handle_id", &self.handle)] {
            if !value.is_null() {
                request[name] = value.clone();
            }
        }
        if let Some(secret) = &self.secret {
            request["apisecret"] = secret.as_str().into();
        }
        self.socket.send(Message::text(request.to_string())).await.unwrap();
        loop {
            let said = self.socket.next().await.unwrap().unwrap();
            let Message::Text(text) = said else { continue };
            let said: Value = serde_json::from_str(&text).unwrap();
            if said["janus"] != "ack" {
                return said;
            }
        }
    }

    /// Whether its session is gone: Janus says so by itself, or when it is asked. It may say other things before.
    async fn is_out(&mut self) -> bool {
        let told = async {
            loop {
                let said = self.ask(json!({ "janus": "keepalive" })).await;
                if said["janus"] == "timeout" || said["error"]["code"] == 458 {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(10), told).await.is_ok()
    }

    /// The plugin's answer to a join.
    async fn join(&mut self, body: Value) -> Value {
        let mut join = json!({ "request": "join", "ptype": "publisher", "room": "call-7", "id": "p2" });
        join.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        self.ask(json!({ "janus": "message", "body": join })).await["plugindata"]["data"].clone()
    }
}

/// How secrets are derived, written down a second time: whoever has the room key has everything.
fn derived(settings: &JanusSettings, purpose: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(settings.room_key.as_bytes()).unwrap();
    mac.update(format!("trialogue janus v1:{purpose}").as_bytes());
    let digits = mac.finalize().into_bytes().iter().flat_map(|b| [b >> 4, b & 15]).collect::<Vec<u8>>();
    digits.into_iter().map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}

#[tokio::test]
async fn without_the_secret_of_the_api_nothing_is_answered() {
    let (server, _engine) = with_room().await;
    for secret in [None, Some("guessed".to_owned())] {
        let mut stranger = Stranger::new(&server.settings(), secret).await;
        assert_eq!(stranger.ask(json!({ "janus": "create" })).await["error"]["code"], 403);
    }
}

#[tokio::test]
async fn guessed_names_open_no_room() {
    let (server, engine) = with_room().await;
    let settings = server.settings();
    let mut stranger = Stranger::attached(&settings, "7/p2").await;
    assert_eq!(stranger.join(json!({})).await["error_code"], 429, "no pin");
    assert_eq!(stranger.join(json!({ "pin": "guessed" })).await["error_code"], 433);
    let pin = derived(&settings, "room pin:7");
    for body in [json!({ "pin": pin }), json!({ "pin": pin, "token": "p2" })] {
        assert_eq!(stranger.join(body).await["error_code"], 433, "not on the list");
    }
    let subscribe = json!({ "pin": pin, "ptype": "subscriber", "streams": [{ "feed": "p1" }] });
    assert!(stranger.join(subscribe).await["error_code"].is_number(), "it has no private id");
    assert_eq!(inside(&engine).await, []);
}

/// Not even a stolen invitation keeps a stranger in the room: its handles bear no mark of ours.
#[tokio::test]
async fn a_stranger_with_every_secret_is_thrown_out() {
    let (server, engine) = with_room().await;
    let settings = server.settings();
    let (pin, token) = (derived(&settings, "room pin:7"), derived(&settings, "invitation:7/p2"));
    let body = |name: &str| json!({ "pin": pin, "token": token, "id": name });
    let anna = join(&engine, identity(1)).await.unwrap();

    // By whoever looks.
    let mut stranger = Stranger::attached(&settings, "7/p2/forged").await;
    assert_eq!(stranger.join(body("p2")).await["videoroom"], "joined");
    assert_eq!(inside(&engine).await, [identity(1)]);
    assert!(stranger.is_out().await);

    // By the removal of anybody.
    let mut stranger = Stranger::attached(&settings, "").await;
    assert_eq!(stranger.join(body("p3")).await["videoroom"], "joined");
    engine.remove(ROOM, identity(4)).await.unwrap();
    assert!(stranger.is_out().await);

    // By the event of its coming.
    let mut stranger = Stranger::attached(&settings, "").await;
    assert_eq!(stranger.join(body("ghost")).await["videoroom"], "joined");
    let came = json!({
        "session_id": stranger.session, "handle_id": stranger.handle, "type": 64,
        "event": { "plugin": "janus.plugin.videoroom", "data": { "event": "joined", "room": "call-7", "id": "ghost" } },
    });
    assert_eq!(engine.heed(JanusEvent::read(came.to_string().as_bytes()).unwrap()).await, []);
    assert!(stranger.is_out().await);
    assert_eq!(inside(&engine).await, [identity(1)]);
    drop(anna);
}
