//! The signalling gateway: one line for each party, whatever engine carries the picture.
//!
//! A line is a party's seat at the engine with what the engine has to say to its browser. A socket holds the line; when
//! it is lost the line is kept for the reconnect grace, with what is said meanwhile, so that a browser that comes back
//! goes on with the links it has. A party has one line, and a line one socket: who comes later replaces who was there.
//!
//! A socket that breaks takes with it what was on its way. So a browser goes on with its links only if it is certain to
//! have heard all that the engine said: a `pong` is the receipt of what was said before its `ping`.
//!
//! The gateway lives in memory. Who may come at all is not its matter: whoever calls [`Gateway::connect`] has checked the
//! account.

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

/// So many switches of devices may wait for a slow socket; it misses the oldest.
const DEVICES_WAITING: usize = 64;

/// The lines of the parties at this node.
pub struct Gateway {
    engine: Arc<dyn VideoEngine>,
    notifier: Notifier,
    lines: Mutex<Lines>,
    devices: broadcast::Sender<DevicesChanged>,
}

#[derive(Default)]
struct Lines {
    by_identity: HashMap<Identity, Arc<Line>>,
    last_number: u64,
}

struct Line {
    /// The number that a browser resumes by.
    number: u64,
    room: ConferenceId,
    identity: Identity,
    seat: Box<dyn Seat>,
    ear: tokio::sync::Mutex<mpsc::Receiver<ToBrowser>>,
    holder: watch::Sender<Holder>,
    receipts: Mutex<Receipts>,
    devices: Mutex<Devices>,
}

/// What of the engine's words has come to the browser for certain.
#[derive(Debug, Default)]
struct Receipts {
    /// So much was said to it.
    said: u64,
    /// So much of it has come.
    came: u64,
    /// How much had been said at each question that is not answered yet, oldest first.
    asked: VecDeque<u64>,
}

/// Who holds a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// This socket; they are counted.
    Socket(u64),
    /// Nobody, since then.
    Lost(u64, Timestamp),
    /// Nobody, ever again.
    Gone,
}

impl Holder {
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

/// A socket's hold on its party's line.
pub struct Connection {
    line: Arc<Line>,
    socket: u64,
    resumed: bool,
}

/// What a socket hears.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
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
        Self { engine, notifier, lines: Mutex::default(), devices }
    }

    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        self.engine.name()
    }

    /// A party's socket is there. With the number of a line that is still kept it goes on with that, else it gets a new
    /// one. The engine may have been restarted, or may not have heard of the account yet: then the room is opened and
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
        // The old line's links are closed before the new one's are opened.
        self.drop_line(identity);
        let (browser, ear) = Browser::new();
        let seat = match self.engine.join(room, identity, browser.clone()).await {
            Err(JoinRefused::UnknownRoom | JoinRefused::NotAdmitted) => {
                self.engine.open_room(room).await?;
                self.engine.admit(room, identity).await?;
                self.engine.join(room, identity, browser).await?
            }
            seated => seated?,
        };
        let mut lines = self.lines();
        lines.last_number += 1;
        let line = Arc::new(Line {
            number: lines.last_number,
            room,
            identity,
            seat,
            ear: tokio::sync::Mutex::new(ear),
            holder: watch::Sender::new(Holder::Socket(1)),
            receipts: Mutex::default(),
            devices: Mutex::default(),
        });
        if let Some(other) = lines.by_identity.insert(identity, Arc::clone(&line)) {
            // It came while the engine was asked.
            other.holder.send_replace(Holder::Gone);
        }
        drop(lines);
        Ok(Connection { line, socket: 1, resumed: false })
    }

    fn resume(&self, room: ConferenceId, identity: Identity, number: Option<u64>) -> Option<Connection> {
        let lines = self.lines();
        let line = lines.by_identity.get(&identity)?;
        if Some(line.number) != number || line.room != room || line.is_over() {
            return None;
        }
        let socket = line.holder.borrow().sockets().saturating_add(1);
        // From here on no other socket takes anything from the line.
        let was = line.holder.send_replace(Holder::Socket(socket));
        if !line.has_all_come() {
            return None;
        }
        if matches!(was, Holder::Lost(..)) {
            self.notify(&lines, line, Observation::Joined);
        }
        Some(Connection { line: Arc::clone(line), socket, resumed: true })
    }

    /// A socket was lost: its line is kept for the grace.
    pub fn lost(&self, connection: Connection, now: Timestamp) {
        let Connection { line, socket, .. } = connection;
        let lines = self.lines();
        let held = line.holder.send_if_modified(|holder| {
            let held = *holder == Holder::Socket(socket);
            if held {
                *holder = Holder::Lost(socket, now);
            }
            held
        });
        if held {
            self.notify(&lines, &line, Observation::Disconnected);
        }
    }

    /// A socket ended on purpose: the party gives up its place.
    pub fn hang_up(&self, connection: Connection) {
        let mut lines = self.lines();
        let Connection { line, socket, .. } = connection;
        if *line.holder.borrow() == Holder::Socket(socket)
            && lines.by_identity.get(&line.identity).is_some_and(|kept| Arc::ptr_eq(kept, &line))
        {
            lines.by_identity.remove(&line.identity);
        }
    }

    /// Gives up the lines of those who were lost at `before` or earlier, and have not come back.
    pub fn sweep(&self, before: Timestamp) {
        self.lines().by_identity.retain(|_, line| match *line.holder.borrow() {
            Holder::Socket(_) => true,
            Holder::Lost(_, since) => since > before && !line.is_over(),
            Holder::Gone => false,
        });
    }

    /// Whether a party has an open socket here; none if it has no session here at all.
    pub fn has_socket(&self, identity: Identity) -> Option<bool> {
        let lines = self.lines();
        let line = lines.by_identity.get(&identity)?;
        let has_socket = matches!(*line.holder.borrow(), Holder::Socket(_));
        Some(has_socket)
    }

    /// Notifies once more that a party is there, if it has an open socket here: for a notification that was lost.
    pub fn notify_again(&self, identity: Identity) {
        let lines = self.lines();
        if let Some(line) = lines.by_identity.get(&identity)
            && matches!(*line.holder.borrow(), Holder::Socket(_))
        {
            self.notify(&lines, line, Observation::Joined);
        }
    }

    /// How many parties have a line here, lost ones included.
    pub fn len(&self) -> usize {
        self.lines().by_identity.len()
    }

    /// Nobody has a line here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What of a party's devices is on, if it has a line here.
    pub fn devices(&self, identity: Identity) -> Option<Devices> {
        let line = self.lines().by_identity.get(&identity).cloned()?;
        let devices = *locked(&line.devices);
        Some(devices)
    }

    /// The switches of devices from now on, in all rooms.
    pub fn device_changes(&self) -> broadcast::Receiver<DevicesChanged> {
        self.devices.subscribe()
    }

    /// A party switched its devices. What is on already is told to nobody.
    pub fn switch(&self, connection: &Connection, devices: Devices) {
        let Line { room, identity, .. } = *connection.line;
        if std::mem::replace(&mut *locked(&connection.line.devices), devices) == devices {
            return;
        }
        // Nobody listens: then nobody has to be told.
        let _ = self.devices.send(DevicesChanged { room, identity, devices });
    }

    fn drop_line(&self, identity: Identity) {
        let line = self.lines().by_identity.remove(&identity);
        if let Some(line) = line {
            line.holder.send_replace(Holder::Gone);
        }
    }

    /// Notifies of a change that was made under the lock that is still held. So notifications have the order of the
    /// changes: a party that resumed is never told as lost afterwards.
    fn notify(&self, _locked: &MutexGuard<'_, Lines>, line: &Line, seen: fn(ParticipantId) -> Observation) {
        let observation = seen(line.identity.participant());
        self.notifier.notify(Notification { room: line.room, observation });
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        locked(&self.lines)
    }
}

impl Line {
    /// The engine will say nothing more.
    fn is_over(&self) -> bool {
        // Held by a socket that listens, it is not over as far as anybody knows.
        self.ear.try_lock().is_ok_and(|ear| ear.is_closed())
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
        self.line.number
    }

    /// Whether the browser's links still stand.
    pub const fn resumed(&self) -> bool {
        self.resumed
    }

    /// Waits for what comes next. Dropped while it waits, it loses nothing.
    pub async fn hear(&self) -> Heard {
        let mut holder = self.line.holder.subscribe();
        let replaced = holder.wait_for(|holder| *holder != Holder::Socket(self.socket));
        let said = async {
            let mut ear = self.line.ear.lock().await;
            poll_fn(|context| self.poll_ear(&mut ear, context)).await
        };
        tokio::select! {
            biased;
            _ = replaced => Heard::Replaced,
            said = said => said.map_or(Heard::Over, Heard::Said),
        }
    }

    /// Takes the next word off the line, while it is this socket's for certain.
    fn poll_ear(
        &self,
        ear: &mut mpsc::Receiver<ToBrowser>,
        context: &mut Context<'_>,
    ) -> Poll<Option<ToBrowser>> {
        let holder = self.line.holder.borrow();
        if *holder != Holder::Socket(self.socket) {
            return Poll::Pending;
        }
        let said = ear.poll_recv(context);
        if matches!(said, Poll::Ready(Some(_))) {
            locked(&self.line.receipts).said += 1;
        }
        drop(holder);
        said
    }

    /// Whether to ask the browser for a receipt at once: it has none to give yet, and has something to give one for.
    pub fn wants_receipt(&self) -> bool {
        let receipts = locked(&self.line.receipts);
        receipts.asked.is_empty() && receipts.said != receipts.came
    }

    /// The browser is asked for a receipt of what was said until now.
    pub fn ask_receipt(&self) {
        let mut receipts = locked(&self.line.receipts);
        let said = receipts.said;
        receipts.asked.push_back(said);
    }

    /// The browser has given the receipt that it was asked for first.
    pub fn take_receipt(&self) {
        let mut receipts = locked(&self.line.receipts);
        if let Some(came) = receipts.asked.pop_front() {
            receipts.came = came;
        }
    }

    /// Passes on what the browser says.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn say(&self, said: FromBrowser) -> Result<(), EngineError> {
        // A socket that was replaced is not heard any more.
        if *self.line.holder.borrow() != Holder::Socket(self.socket) {
            let failure = Failure::Removed;
            let (operation, room) = (Operation::Join(self.line.identity), self.line.room);
            return Err(EngineError { operation, room, failure });
        }
        self.line.seat.hear(said).await
    }
}

/// No change under these locks is ever left half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
