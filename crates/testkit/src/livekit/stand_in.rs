//! The server.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::http::{Request, answer, read};
use super::rooms::Rooms;
use super::token::{Key, Webhook};

/// What the stand-in does wrong, until it is healed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveKitFault {
    /// It takes calls and never answers.
    Hang,
    /// It is ill: 500, `internal`.
    Internal,
    /// It is not there: a proxy answers 404 in its own words.
    ProxyNotFound,
    /// It answers what is no JSON.
    Gibberish,
}

/// A `LiveKit` server without media.
pub struct LiveKitStandIn {
    address: SocketAddr,
    key: Key,
    shared: Arc<Mutex<Shared>>,
    server: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    rooms: Rooms,
    calls: Vec<String>,
    fault: Option<LiveKitFault>,
    hanging: Vec<TcpStream>,
    stopped: bool,
}

impl LiveKitStandIn {
    /// Starts one with this API key.
    ///
    /// # Panics
    /// If there is no free port.
    #[must_use]
    pub fn start(key: &str, secret: &str) -> Self {
        let key = Key { id: key.to_owned(), secret: secret.to_owned() };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared: Arc<Mutex<Shared>> = Arc::default();
        let (of_server, key_of_server) = (Arc::clone(&shared), key.clone());
        let server = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&of_server).stopped {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (shared, key) = (Arc::clone(&of_server), key_of_server.clone());
                std::thread::spawn(move || serve(&shared, &key, stream));
            }
        });
        Self { address, key, shared, server: Some(server) }
    }

    /// Where its room service is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client connects with a token, past any gate.
    ///
    /// # Errors
    /// The HTTP status with which it is turned away.
    pub fn connect(&self, token: &str) -> Result<(), u16> {
        lock(&self.shared).rooms.connect(&self.key, token, None)
    }

    /// A client makes a second connection, to publish beside its first, past any gate.
    ///
    /// # Errors
    /// The HTTP status with which it is turned away.
    pub fn connect_beside(&self, token: &str, name: &str) -> Result<(), u16> {
        lock(&self.shared).rooms.connect(&self.key, token, Some(name))
    }

    /// Everybody who is in a room, whether the room service has noticed or not.
    #[must_use]
    pub fn inside(&self, room: &str) -> Vec<String> {
        lock(&self.shared).rooms.inside(room)
    }

    /// The room service does not notice who comes, until [`Self::notice`].
    pub fn be_blind(&self) {
        lock(&self.shared).rooms.blind = true;
    }

    /// The room service notices everybody.
    pub fn notice(&self) {
        lock(&self.shared).rooms.notice();
    }

    /// So many removals are answered well, and nothing is done.
    pub fn ignore_removals(&self, times: usize) {
        lock(&self.shared).rooms.idle_removals = times;
    }

    /// It dies and comes back without a memory.
    pub fn restart(&self) {
        lock(&self.shared).rooms.forget();
    }

    /// Every call goes wrong like this, until [`Self::heal`].
    pub fn go_wrong(&self, fault: LiveKitFault) {
        lock(&self.shared).fault = Some(fault);
    }

    /// It is sound again. Who hangs sees the connection close.
    pub fn heal(&self) {
        let mut shared = lock(&self.shared);
        shared.fault = None;
        shared.hanging.clear();
    }

    /// The calls that came, oldest first: the method, and the identity or room it is about.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        lock(&self.shared).calls.clone()
    }

    /// A webhook that this server would send at `now` (seconds since 1970).
    #[must_use]
    pub fn webhook(&self, event: &str, room: &str, identity: &str, now: i64) -> Webhook {
        let event = json!({
            "event": event,
            "room": {"sid": format!("RM_{room}"), "name": room, "emptyTimeout": 300, "creationTime": "1700000000"},
            "participant": {"sid": "PA_1", "identity": identity, "state": "ACTIVE", "joinedAt": "1700000000"},
            "id": "EV_1",
            "createdAt": now.to_string(),
        });
        self.key.webhook(&event, now)
    }
}

impl Drop for LiveKitStandIn {
    fn drop(&mut self) {
        lock(&self.shared).stopped = true;
        // Wakes the server, which waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn serve(shared: &Mutex<Shared>, key: &Key, stream: TcpStream) {
    let Some(request) = read(&stream) else { return };
    let mut shared = lock(shared);
    // What a client library asks when a connection fails, and all of the public side that is here.
    if let Some(query) = request.path.strip_prefix("/rtc/validate?") {
        let token = query.split('&').find_map(|pair| pair.strip_prefix("access_token="));
        let judged = shared.rooms.validate(key, token.unwrap_or_default());
        drop(shared);
        return match judged {
            Ok(_) => answer(&stream, 200, "text/plain", "success"),
            Err(status) => answer(&stream, status, "text/plain", ""),
        };
    }
    let twirp_error = |status: u16, code: &str| {
        (status, "application/json", json!({"code": code, "msg": code}).to_string())
    };
    let (status, content_type, body) = match shared.fault {
        Some(LiveKitFault::Hang) => {
            shared.hanging.push(stream);
            return;
        }
        Some(LiveKitFault::Internal) => twirp_error(500, "internal"),
        Some(LiveKitFault::ProxyNotFound) => (404, "text/html", "<h1>404 not_found</h1>".to_owned()),
        Some(LiveKitFault::Gibberish) => (200, "text/html", "<h1>welcome</h1>".to_owned()),
        None => match shared.judged(key, &request) {
            Ok(value) => (200, "application/json", value.to_string()),
            Err((status, code)) => twirp_error(status, code),
        },
    };
    drop(shared);
    answer(&stream, status, content_type, &body);
}

impl Shared {
    fn judged(&mut self, key: &Key, request: &Request) -> super::rooms::Answer {
        let method = request.path.strip_prefix("/twirp/livekit.RoomService/").ok_or((404, "bad_route"))?;
        if request.method != "POST" || !request.content_type.starts_with("application/json") {
            return Err((404, "bad_route"));
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| (400, "malformed"))?;
        let about = ["identity", "room", "name"].iter().find_map(|member| body[member].as_str());
        self.calls.push(format!("{method} {}", about.unwrap_or_default()));
        self.rooms.call(key, method, &request.authorization, &body)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
