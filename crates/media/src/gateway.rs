//! The signalling gateway: one session for each party, whatever engine carries the picture.
//!
//! A session is a party's seat at the engine, with the messages that the engine has for its browser. A socket holds the
//! session. When the socket is lost, the session is kept for the reconnect grace, and messages wait in it, so a browser
//! that comes back goes on with its peer connections. A party has one session, and a session one socket: a later socket
//! replaces the one before.
//!
//! A broken socket loses the messages that were on their way. So a browser goes on with its peer connections only if it
//! has certainly received all messages of the engine: a `pong` is the receipt of what was sent before its `ping`.
//!
//! The gateway lives in memory. Its caller has checked the account before [`Gateway::connect`].

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::{broadcast, mpsc, watch};
use trialogue_domain::{ConferenceId, Observation, ParticipantId, Timestamp};

use crate::{
    Browser, EngineError, Failure, FromBrowser, Identity, JoinRefused, Notification, Notifier, Operation,
    Seat, ToBrowser, VideoEngine,
};

/// Maximum number of device changes that wait for a slow socket; it misses the oldest.
const DEVICES_WAITING: usize = 64;

/// The sessions of the parties at this node.
pub struct Gateway {
    engine: Arc<dyn VideoEngine>,
    notifier: Notifier,
    sessions: Mutex<PartySessions>,
    devices: broadcast::Sender<DevicesChanged>,
}

#[derive(Default)]
struct PartySessions {
    by_identity: HashMap<Identity, Arc<PartySession>>,
    last_number: u64,
}

struct PartySession {
    /// The number that a browser sends to resume its session.
    number: u64,
    room: ConferenceId,
    identity: Identity,
    seat: Box<dyn Seat>,
    receiver: tokio::sync::Mutex<mpsc::Receiver<ToBrowser>>,
    attachment: watch::Sender<Attachment>,
    receipts: Mutex<Receipts>,
    devices: Mutex<Devices>,
}

/// The messages of the engine that the browser has certainly received.
#[derive(Debug, Default)]
struct Receipts {
    /// Number of messages sent to it.
    said: u64,
    /// Number of messages that have arrived.
    came: u64,
    /// Number of messages sent before each `ping` that is not answered yet, oldest first.
    asked: VecDeque<u64>,
}

/// Who holds a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attachment {
    /// This socket; they are counted.
    Socket(u64),
    /// Nobody, since then.
    Lost(u64, Timestamp),
    /// Closed for good.
    Gone,
}

impl Attachment {
    const fn sockets(self) -> u64 {
        match self {
            Self::Socket(count) | Self::Lost(count, _) => count,
            Self::Gone => u64::MAX,
        }
    }
}

/// What of a party's devices is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Devices {
    /// Others hear it.
    pub microphone: bool,
    /// Others see it.
    pub camera: bool,
}

impl Default for Devices {
    fn default() -> Self {
        Self { microphone: true, camera: true }
    }
}

/// A party switched a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicesChanged {
    /// Where.
    pub room: ConferenceId,
    /// Who.
    pub identity: Identity,
    /// What is on now.
    pub devices: Devices,
}

/// A socket's handle of its party's session.
pub struct Connection {
    session: Arc<PartySession>,
    socket: u64,
    resumed: bool,
}

/// What a socket receives from its session.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// Pass this on to the browser.
    Said(ToBrowser),
    /// The party has come by another socket.
    Replaced,
    /// The engine has nothing more to say: the party is removed, or was too slow, or the engine was lost.
    Over,
}

impl Gateway {
    /// A gateway to an engine. What becomes of sockets is notified as joined and disconnected.
    pub fn new(engine: Arc<dyn VideoEngine>, notifier: Notifier) -> Self {
        let (devices, _) = broadcast::channel(DEVICES_WAITING);
        Self { engine, notifier, sessions: Mutex::default(), devices }
    }

    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        self.engine.name()
    }

    /// A party's socket is there. With the number of a session that is still kept it goes on with that, else it gets a new
    /// one. The engine may have been restarted, or may not know the account yet: then the room is opened and
    /// the party admitted first.
    ///
    /// # Errors
    /// [`JoinRefused`].
    pub async fn connect(
        &self,
        room: ConferenceId,
        identity: Identity,
        resume: Option<u64>,
    ) -> Result<Connection, JoinRefused> {
        if let Some(connection) = self.resume(room, identity, resume) {
            return Ok(connection);
        }
        // The old session's links are closed before the new one's are opened.
        self.drop_line(identity);
        let (browser, receiver) = Browser::new();
        let seat = match self.engine.join(room, identity, browser.clone()).await {
            Err(JoinRefused::UnknownRoom | JoinRefused::NotAdmitted) => {
                self.engine.open_room(room).await?;
                self.engine.admit(room, identity).await?;
                self.engine.join(room, identity, browser).await?
            }
            seated => seated?,
        };
        let mut sessions = self.sessions();
        sessions.last_number += 1;
        let session = Arc::new(PartySession {
            number: sessions.last_number,
            room,
            identity,
            seat,
            receiver: tokio::sync::Mutex::new(receiver),
            attachment: watch::Sender::new(Attachment::Socket(1)),
            receipts: Mutex::default(),
            devices: Mutex::default(),
        });
        if let Some(other) = sessions.by_identity.insert(identity, Arc::clone(&session)) {
            // It came while the engine was asked.
            other.attachment.send_replace(Attachment::Gone);
        }
        drop(sessions);
        Ok(Connection { session, socket: 1, resumed: false })
    }

    fn resume(&self, room: ConferenceId, identity: Identity, number: Option<u64>) -> Option<Connection> {
        let sessions = self.sessions();
        let session = sessions.by_identity.get(&identity)?;
        if Some(session.number) != number || session.room != room || session.is_over() {
            return None;
        }
        let socket = session.attachment.borrow().sockets().saturating_add(1);
        // From here on no other socket takes anything from the session.
        let was = session.attachment.send_replace(Attachment::Socket(socket));
        if !session.has_all_come() {
            return None;
        }
        if matches!(was, Attachment::Lost(..)) {
            self.notify(&sessions, session, Observation::Joined);
        }
        Some(Connection { session: Arc::clone(session), socket, resumed: true })
    }

    /// A socket was lost: its session is kept for the grace.
    pub fn lost(&self, connection: Connection, now: Timestamp) {
        let Connection { session, socket, .. } = connection;
        let sessions = self.sessions();
        let held = session.attachment.send_if_modified(|attachment| {
            let held = *attachment == Attachment::Socket(socket);
            if held {
                *attachment = Attachment::Lost(socket, now);
            }
            held
        });
        if held {
            self.notify(&sessions, &session, Observation::Disconnected);
        }
    }

    /// A socket ended on purpose: the party gives up its place.
    pub fn hang_up(&self, connection: Connection) {
        let mut sessions = self.sessions();
        let Connection { session, socket, .. } = connection;
        if *session.attachment.borrow() == Attachment::Socket(socket)
            && sessions.by_identity.get(&session.identity).is_some_and(|kept| Arc::ptr_eq(kept, &session))
        {
            sessions.by_identity.remove(&session.identity);
        }
    }

    /// Gives up the sessions of those who were lost at `before` or earlier, and have not come back.
    pub fn sweep(&self, before: Timestamp) {
        self.sessions().by_identity.retain(|_, session| match *session.attachment.borrow() {
            Attachment::Socket(_) => true,
            Attachment::Lost(_, since) => since > before && !session.is_over(),
            Attachment::Gone => false,
        });
    }

    /// Whether a party has an open socket here; none if it has no session here at all.
    pub fn has_socket(&self, identity: Identity) -> Option<bool> {
        let sessions = self.sessions();
        let session = sessions.by_identity.get(&identity)?;
        let has_socket = matches!(*session.attachment.borrow(), Attachment::Socket(_));
        Some(has_socket)
    }

    /// Notifies once more that a party is there, if it has an open socket here: for a notification that was lost.
    pub fn notify_again(&self, identity: Identity) {
        let sessions = self.sessions();
        if let Some(session) = sessions.by_identity.get(&identity)
            && matches!(*session.attachment.borrow(), Attachment::Socket(_))
        {
            self.notify(&sessions, session, Observation::Joined);
        }
    }

    /// How many parties have a session here, lost ones included.
    pub fn len(&self) -> usize {
        self.sessions().by_identity.len()
    }

    /// Nobody has a session here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What of a party's devices is on, if it has a session here.
    pub fn devices(&self, identity: Identity) -> Option<Devices> {
        let session = self.sessions().by_identity.get(&identity).cloned()?;
        let devices = *locked(&session.devices);
        Some(devices)
    }

    /// The switches of devices from now on, in all rooms.
    pub fn device_changes(&self) -> broadcast::Receiver<DevicesChanged> {
        self.devices.subscribe()
    }

    /// A party switched its devices. What is on already is told to nobody.
    pub fn switch(&self, connection: &Connection, devices: Devices) {
        let PartySession { room, identity, .. } = *connection.session;
        if std::mem::replace(&mut *locked(&connection.session.devices), devices) == devices {
            return;
        }
        // Nobody listens: then nobody has to be told.
        let _ = self.devices.send(DevicesChanged { room, identity, devices });
    }

    fn drop_line(&self, identity: Identity) {
        let session = self.sessions().by_identity.remove(&identity);
        if let Some(session) = session {
            session.attachment.send_replace(Attachment::Gone);
        }
    }

    /// Notifies of a change that was made under the lock that is still held. So notifications have the order of the
    /// changes: a party that resumed is never told as lost afterwards.
    fn notify(
        &self,
        _locked: &MutexGuard<'_, PartySessions>,
        session: &PartySession,
        seen: fn(ParticipantId) -> Observation,
    ) {
        let observation = seen(session.identity.participant());
        self.notifier.notify(Notification { room: session.room, observation });
    }

    fn sessions(&self) -> MutexGuard<'_, PartySessions> {
        locked(&self.sessions)
    }
}

impl PartySession {
    /// The engine will say nothing more.
    fn is_over(&self) -> bool {
        // Held by a socket that listens, it is not over as far as anybody knows.
        self.receiver.try_lock().is_ok_and(|receiver| receiver.is_closed())
    }

    fn has_all_come(&self) -> bool {
        let mut receipts = locked(&self.receipts);
        // What a lost socket was asked it does not answer any more.
        receipts.asked.clear();
        receipts.said == receipts.came
    }
}

impl Connection {
    /// The number by which the browser resumes.
    pub fn number(&self) -> u64 {
        self.session.number
    }

    /// Whether the browser's links still stand.
    pub const fn resumed(&self) -> bool {
        self.resumed
    }

    /// Waits for what comes next. Dropped while it waits, it loses nothing.
    pub async fn receive(&self) -> Received {
        let mut attachment = self.session.attachment.subscribe();
        let replaced = attachment.wait_for(|attachment| *attachment != Attachment::Socket(self.socket));
        let said = async {
            let mut receiver = self.session.receiver.lock().await;
            poll_fn(|context| self.poll_receiver(&mut receiver, context)).await
        };
        tokio::select! {
            biased;
            _ = replaced => Received::Replaced,
            said = said => said.map_or(Received::Over, Received::Said),
        }
    }

    /// Takes the next word off the session, while it is this socket's for certain.
    fn poll_receiver(
        &self,
        receiver: &mut mpsc::Receiver<ToBrowser>,
        context: &mut Context<'_>,
    ) -> Poll<Option<ToBrowser>> {
        let attachment = self.session.attachment.borrow();
        if *attachment != Attachment::Socket(self.socket) {
            return Poll::Pending;
        }
        let said = receiver.poll_recv(context);
        if matches!(said, Poll::Ready(Some(_))) {
            locked(&self.session.receipts).said += 1;
        }
        drop(attachment);
        said
    }

    /// Whether to ask the browser for a receipt at once: it has none to give yet, and has something to give one for.
    pub fn wants_receipt(&self) -> bool {
        let receipts = locked(&self.session.receipts);
        receipts.asked.is_empty() && receipts.said != receipts.came
    }

    /// The browser is asked for a receipt of what was said until now.
    pub fn ask_receipt(&self) {
        let mut receipts = locked(&self.session.receipts);
        let said = receipts.said;
        receipts.asked.push_back(said);
    }

    /// The browser has given the receipt that it was asked for first.
    pub fn take_receipt(&self) {
        let mut receipts = locked(&self.session.receipts);
        if let Some(came) = receipts.asked.pop_front() {
            receipts.came = came;
        }
    }

    /// Passes on what the browser says.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn say(&self, said: FromBrowser) -> Result<(), EngineError> {
        // Messages of a socket that was replaced are dropped.
        if *self.session.attachment.borrow() != Attachment::Socket(self.socket) {
            let failure = Failure::Removed;
            let (operation, room) = (Operation::Join(self.session.identity), self.session.room);
            return Err(EngineError { operation, room, failure });
        }
        self.session.seat.receive(said).await
    }
}

/// No change under these locks is ever left half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
