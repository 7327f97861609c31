//! One WebSocket to Janus: requests and their answers, and what Janus says by itself.
//!
//! Over HTTP, Janus wants the API's secret in the address of every long poll, where logs would find it. Over a WebSocket
//! it stands in the message, requests keep their order, and one way serves both the API for parties and that for admins.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::fault::Fault;
use super::message::Said;

/// Which of Janus' two interfaces a link speaks to, and with what secret.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) url: String,
    pub(super) secret: String,
    pub(super) interface: Interface,
    /// How long an answer is waited for.
    pub(super) patience: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interface {
    /// For parties.
    Api,
    /// For whoever runs it.
    Admin,
}

/// What Janus says by itself, in its order. It ends with the link.
pub(super) type Happenings = mpsc::UnboundedReceiver<Said>;

/// A link. It is closed, after what was said before, when it is dropped.
pub(super) struct Link {
    outgoing: mpsc::UnboundedSender<Message>,
    waiting: Arc<Waiting>,
    transactions: AtomicU64,
    access: Access,
}

/// Who waits for an answer, by transaction; none when the link is gone.
struct Waiting(Mutex<Option<HashMap<String, Waiter>>>);

struct Waiter {
    answer: oneshot::Sender<Said>,
    /// Whether it waits for what comes after "ack".
    beyond_ack: bool,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Interface {
    const fn protocol(self) -> &'static str {
        match self {
            Self::Api => "janus-protocol",
            Self::Admin => "janus-admin-protocol",
        }
    }

    const fn secret_field(self) -> &'static str {
        match self {
            Self::Api => "apisecret",
            Self::Admin => "admin_secret",
        }
    }
}

impl Link {
    /// Opens one.
    pub(super) async fn open(access: Access) -> Result<(Self, Happenings), Fault> {
        let lost = |error: tungstenite::Error| Fault::Lost(format!("{}: {error}", access.url));
        let mut request = access.url.as_str().into_client_request().map_err(lost)?;
        let protocol = HeaderValue::from_static(access.interface.protocol());
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        let connected = timeout(access.patience, connect_async_with_config(request, None, true)).await;
        let (socket, _) = connected.map_err(|_| Fault::Late)?.map_err(lost)?;

        let waiting = Arc::new(Waiting(Mutex::new(Some(HashMap::new()))));
        let (outgoing, to_send) = mpsc::unbounded_channel();
        let (happened, happenings) = mpsc::unbounded_channel();
        tokio::spawn(carry(socket, access.patience, to_send, Arc::clone(&waiting), happened));
        Ok((Self { outgoing, waiting, transactions: AtomicU64::new(0), access }, happenings))
    }

    /// Whether it still stands, as far as is known.
    pub(super) fn stands(&self) -> bool {
        !self.outgoing.is_closed()
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, request: Value) -> Result<Said, Fault> {
        self.exchange(request, false).await
    }

    /// Asks a plugin, which answers "ack" first.
    pub(super) async fn ask_plugin(&self, request: Value) -> Result<Said, Fault> {
        self.exchange(request, true).await
    }

    /// Says something whose answer does not matter.
    pub(super) fn say(&self, request: Value) {
        let _ = self.send(request);
    }

    async fn exchange(&self, request: Value, beyond_ack: bool) -> Result<Said, Fault> {
        let gone = || Fault::Lost("the link to Janus is gone".to_owned());
        let (answer, answered) = oneshot::channel();
        let transaction = self.next_transaction();
        self.waiting.add(transaction.clone(), Waiter { answer, beyond_ack }).ok_or_else(gone)?;
        self.send_as(request, &transaction).ok_or_else(gone)?;
        match timeout(self.access.patience, answered).await {
            Ok(Ok(said)) => accepted(said),
            Ok(Err(_)) => Err(gone()),
            Err(_) => {
                self.waiting.take(&transaction, true);
                Err(Fault::Late)
            }
        }
    }

    fn send(&self, request: Value) -> Option<()> {
        let transaction = self.next_transaction();
        self.send_as(request, &transaction)
    }

    fn send_as(&self, mut request: Value, transaction: &str) -> Option<()> {
        request["transaction"] = transaction.into();
        request[self.access.interface.secret_field()] = self.access.secret.as_str().into();
        self.outgoing.send(Message::text(request.to_string())).ok()
    }

    fn next_transaction(&self) -> String {
        self.transactions.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

impl Waiting {
    fn add(&self, transaction: String, waiter: Waiter) -> Option<()> {
        self.with(|waiting| waiting.insert(transaction, waiter)).map(drop)
    }

    /// The one who waits for it; `last` if nothing comes after it.
    fn take(&self, transaction: &str, last: bool) -> Option<Waiter> {
        self.with(|waiting| {
            let waits_on = waiting.get(transaction).is_some_and(|waiter| waiter.beyond_ack && !last);
            if waits_on { None } else { waiting.remove(transaction) }
        })?
    }

    fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<String, Waiter>) -> T) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(change)
    }
}

/// Carries messages both ways until either end is gone.
async fn carry(
    mut socket: Socket,
    patience: Duration,
    mut to_send: mpsc::UnboundedReceiver<Message>,
    waiting: Arc<Waiting>,
    happened: mpsc::UnboundedSender<Said>,
) {
    loop {
        tokio::select! {
            message = to_send.recv() => {
                // A Janus that does not read any more would hold us for ever.
                let Some(message) = message else {
                    let _ = timeout(patience, socket.close(None)).await;
                    break;
                };
                if !matches!(timeout(patience, socket.send(message)).await, Ok(Ok(()))) {
                    break;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => receive(&text, &waiting, &happened),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    waiting.end();
}

fn receive(text: &str, waiting: &Waiting, happened: &mpsc::UnboundedSender<Said>) {
    let Ok(said) = serde_json::from_str::<Said>(text) else {
        // Its content may be somebody's; that it came is all that is for a log.
        tracing::warn!("a message of Janus could not be read");
        return;
    };
    let Some(transaction) = &said.transaction else {
        let _ = happened.send(said);
        return;
    };
    if let Some(waiter) = waiting.take(transaction, said.janus != "ack") {
        let _ = waiter.answer.send(said);
    }
}

fn accepted(said: Said) -> Result<Said, Fault> {
    if let Some(error) = said.error {
        return Err(Fault::Refused { code: error.code, reason: error.reason });
    }
    let room_said = said.plugindata.as_ref().map(|plugin| &plugin.data).or(said.response.as_ref());
    match room_said.and_then(|answer| answer.error_code.zip(Some(answer))) {
        // The Admin API calls a success what the plugin has refused.
        Some((code, answer)) => {
            Err(Fault::Refused { code, reason: answer.error.clone().unwrap_or_default() })
        }
        None => Ok(said),
    }
}
