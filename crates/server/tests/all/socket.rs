//! A browser's end of a signalling socket, as small as `docs/signalling.md` lets it be.

use std::io::{ErrorKind, Read};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use crate::call::{GUEST_ACCOUNT, Guest, Pair, Party};
use crate::http::Api;

/// Maximum number of heartbeats while a message is waited for.
const HEARTBEATS: usize = 60;

/// A socket of one party.
pub(crate) struct Socket {
    socket: WebSocket<TcpStream>,
}

/// How a socket ended: the reason in its last message, whether to come again, and the close code.
pub(crate) type Ended = (String, bool, u16);

impl Socket {
    /// A socket that has not said who it is, from a page of this origin.
    pub(crate) fn open(api: Api, conference: i64, origin: Option<&str>) -> Self {
        let mut request =
            format!("ws://{}/API/Signalling/{conference}", api.0).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        let (socket, _) = tungstenite::client(request, api.connect().unwrap()).unwrap();
        Self { socket }
    }

    pub(crate) fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string());
    }

    pub(crate) fn say_text(&mut self, text: &str) {
        self.send(Message::text(text));
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.socket.send(message).unwrap();
    }

    /// Says as much as the server takes.
    pub(crate) fn flood(&mut self, message: &Value) {
        let message = Message::text(message.to_string());
        while self.socket.send(message.clone()).is_ok() && !self.has_something() {}
    }

    fn has_something(&mut self) -> bool {
        let stream = self.socket.get_mut();
        stream.set_nonblocking(true).unwrap();
        let something = stream.peek(&mut [0]).is_ok();
        stream.set_nonblocking(false).unwrap();
        something
    }

    /// The next message but `ping`, which is answered.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> Value {
        for _ in 0..HEARTBEATS {
            let message = self.socket.read().unwrap();
            let Message::Text(text) = message else { panic!("not a text: {message:?}") };
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["type"] == "ping" {
                self.say(&json!({"type": "pong"}));
            } else {
                return message;
            }
        }
        panic!("nothing but {HEARTBEATS} heartbeats");
    }

    /// The next message of a type; what others there are is passed over, but for the end.
    #[track_caller]
    pub(crate) fn hear_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.hear();
            if message["type"] == kind {
                return message;
            }
            assert_ne!(message["type"], "end", "while waiting for {kind}: {message}");
        }
    }

    /// Hears on until what was heard is enough; what belongs to different things comes in any order.
    #[track_caller]
    pub(crate) fn hear_until(&mut self, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        while !enough(&heard) {
            heard.push(self.hear());
        }
        heard
    }

    /// The next change of a party to this state.
    #[track_caller]
    pub(crate) fn hear_party(&mut self, identity: &str, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let party = self.hear_of("party")["party"].clone();
            if party["identity"] == identity && is(&party) {
                return party;
            }
        }
    }

    /// Answers so many questions for a sign of life, and hears nothing else.
    #[track_caller]
    pub(crate) fn lives_for(&mut self, heartbeats: usize) {
        for _ in 0..heartbeats {
            self.gives_receipt();
        }
    }

    /// Hears no more of links, and gives the receipt for what it heard: the server knows that nothing was lost.
    #[track_caller]
    pub(crate) fn gives_receipt(&mut self) {
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else { panic!("not a text") };
            let message: Value = serde_json::from_str(&text).unwrap();
            match message["type"].as_str().unwrap() {
                "ping" => return self.say(&json!({"type": "pong"})),
                kind => assert_eq!(kind, "party", "{message}"),
            }
        }
    }

    /// Reads on until the server has closed the socket.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> Ended {
        let mut last = Value::Null;
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => last = serde_json::from_str(&text).unwrap(),
                Ok(Message::Close(Some(frame))) => {
                    assert_eq!(last["type"], "end", "{last}");
                    assert!(!last["message"].as_str().unwrap().is_empty());
                    let reason = last["reason"].as_str().unwrap().to_owned();
                    return (reason, last["reconnect"].as_bool().unwrap(), frame.code.into());
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("no close frame, but {other:?} after {last}"),
            }
        }
    }

    /// The connection breaks, without a word.
    pub(crate) fn lose(self) {
        self.socket.get_ref().shutdown(Shutdown::Both).unwrap();
    }

    /// Never answers anything: what the server sends until it closes the connection itself.
    pub(crate) fn ignore_everything(mut self) -> Vec<u8> {
        let mut received = Vec::new();
        match self.socket.get_mut().read_to_end(&mut received) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
        received
    }
}

/// A party's media account: the identity, and the number that only it knows.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) conference: i64,
    pub(crate) identity: String,
    pub(crate) number: String,
}

impl Account {
    fn of(conference: i64, party: &Party, path: &str, leg: &str) -> Self {
        let pair = party.ask(path).with(200).json();
        let number = pair[leg]["AccountNumber"].as_str().unwrap_or_else(|| panic!("no account: {pair}"));
        let (identity, _) = number.split_once('.').unwrap_or_else(|| panic!("no secret: {pair}"));
        Self { conference, identity: identity.to_owned(), number: number.to_owned() }
    }

    pub(crate) fn of_client(pair: &Pair, conference: i64) -> Self {
        Self::of(conference, &pair.client, "Client/Request/VideoEngineAccounts", "Caller")
    }

    pub(crate) fn of_provider(pair: &Pair, conference: i64) -> Self {
        Self::of(conference, &pair.provider, "Provider/Task/VideoEngineAccounts", "Listener")
    }

    /// Of an invited guest, who says yes first.
    pub(crate) fn of_guest(guest: &Guest) -> Self {
        guest.party.ask("Guest/Confirm").with(200);
        Self::of(guest.session, &guest.party, GUEST_ACCOUNT, "Listener")
    }

    /// The first message.
    pub(crate) fn hello(&self) -> Value {
        json!({"type": "hello", "version": 1, "account": self.number})
    }

    /// A socket that has been let in, and its `welcome`.
    #[track_caller]
    pub(crate) fn come(&self, api: Api) -> (Socket, Value) {
        self.enter(api, &self.hello())
    }

    /// The same with a socket that was lost before.
    #[track_caller]
    pub(crate) fn come_back(&self, api: Api, welcome: &Value) -> (Socket, Value) {
        let mut hello = self.hello();
        hello["resume"] = welcome["resume"].clone();
        self.enter(api, &hello)
    }

    #[track_caller]
    fn enter(&self, api: Api, hello: &Value) -> (Socket, Value) {
        let mut socket = Socket::open(api, self.conference, None);
        socket.say(hello);
        let welcome = socket.hear();
        assert_eq!(
            (&welcome["type"], &welcome["you"], &welcome["conference"]),
            (&json!("welcome"), &json!(self.identity), &json!(self.conference)),
            "{welcome}"
        );
        (socket, welcome)
    }

    /// A socket that is turned away.
    #[track_caller]
    pub(crate) fn is_turned_away(&self, api: Api) -> Ended {
        let mut socket = Socket::open(api, self.conference, None);
        socket.say(&self.hello());
        socket.ended()
    }
}
