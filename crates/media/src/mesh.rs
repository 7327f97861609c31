//! The embedded engine: browsers connect to each other, and the server only introduces them.
//!
//! It lives in memory: after a restart of the server no room is open and nobody is connected, and both is true.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trialogue_domain::{ConferenceId, Observation, ParticipantId};

use crate::{
    Browser, EngineError, EngineFuture, Failure, FromBrowser, Handle, Identity, JoinFuture, JoinRefused,
    LinkName, Notification, Notifier, Occupant, Operation, Seat, ToBrowser, VideoEngine,
};

/// The embedded engine. Cheap to clone.
///
/// A party counts as there while it has a handle. Its first handle is notified as joined, the loss of its last one as
/// disconnected, whether it left, was removed or saw the room close.
#[derive(Debug, Clone)]
pub struct Mesh {
    registry: Arc<Mutex<MeshRooms>>,
    notifier: Notifier,
}

#[derive(Debug, Default)]
struct MeshRooms {
    rooms: HashMap<ConferenceId, MeshRoom>,
    last_handle: u64,
}

type MeshRoom = BTreeMap<Identity, MeshAdmission>;

/// What a room knows of an identity.
#[derive(Debug)]
enum MeshAdmission {
    /// May join; its connections, oldest first.
    Admitted(Vec<BrowserConnection>),
    /// The fence: this identity can never join again.
    Removed,
}

/// A browser that is there.
#[derive(Debug)]
struct BrowserConnection {
    handle: Handle,
    browser: Browser,
}

/// One end of a link: whose, and which of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PeerEnd {
    identity: Identity,
    handle: Handle,
}

impl PeerEnd {
    /// What the other end calls the link to this one.
    fn link(self) -> LinkName {
        LinkName(format!("{}.{}", self.identity, self.handle.0))
    }

    fn of_link(link: &LinkName) -> Option<Self> {
        let (identity, handle) = link.0.split_once('.')?;
        Some(Self { identity: identity.parse().ok()?, handle: Handle(handle.parse().ok()?) })
    }
}

impl Mesh {
    /// An engine without rooms, which speaks into `notifier`.
    pub fn new(notifier: Notifier) -> Self {
        Self { registry: Arc::default(), notifier }
    }

    /// A party has come: one more handle of an admitted identity. It makes the offer to everybody who is there.
    ///
    /// # Errors
    /// [`JoinRefused`], and nothing has changed.
    pub fn enter(
        &self,
        room: ConferenceId,
        identity: Identity,
        browser: Browser,
    ) -> Result<MeshSeat, JoinRefused> {
        let mut registry = self.registry();
        let MeshRooms { rooms, last_handle } = &mut *registry;
        let places = rooms.get_mut(&room).ok_or(JoinRefused::UnknownRoom)?;
        match places.get(&identity) {
            None => return Err(JoinRefused::NotAdmitted),
            Some(MeshAdmission::Removed) => return Err(JoinRefused::Removed),
            Some(MeshAdmission::Admitted(_)) => {}
        }
        *last_handle += 1;
        let newcomer = PeerEnd { identity, handle: Handle(*last_handle) };
        for (end, other) in others(places, identity) {
            // A browser whose receiver is gone is found and thrown out by the gateway, which holds its receiver.
            let _ = other.browser.tell(open(newcomer, false));
            let _ = browser.tell(open(end, true));
        }
        if let Some(MeshAdmission::Admitted(connections)) = places.get_mut(&identity) {
            connections.push(BrowserConnection { handle: newcomer.handle, browser });
            if connections.len() == 1 {
                self.notify(room, identity, Observation::Joined);
            }
        }
        Ok(MeshSeat { mesh: self.clone(), room, end: newcomer })
    }

    /// A connection is gone. One that is gone already is none any more: nothing happens.
    fn leave(&self, room: ConferenceId, end: PeerEnd) {
        let mut registry = self.registry();
        let Some(places) = registry.rooms.get_mut(&room) else { return };
        let Some(MeshAdmission::Admitted(connections)) = places.get_mut(&end.identity) else { return };
        let Some(position) = connections.iter().position(|c| c.handle == end.handle) else { return };
        connections.remove(position);
        let was_last = connections.is_empty();
        close_links(places, end);
        if was_last {
            self.notify(room, end.identity, Observation::Disconnected);
        }
    }

    /// Passes on what one end of a link says to the other. What is said to nobody who is there is lost: the link is
    /// about to be closed.
    fn pass_on(&self, room: ConferenceId, from: PeerEnd, said: FromBrowser) {
        let registry = self.registry();
        let Some(places) = registry.rooms.get(&room) else { return };
        if connection(places, from).is_none() {
            return;
        }
        let (to, received) = match said {
            FromBrowser::Description(link, description) => {
                (PeerEnd::of_link(&link), ToBrowser::Description(from.link(), description))
            }
            FromBrowser::Candidate(link, candidate) => {
                (PeerEnd::of_link(&link), ToBrowser::Candidate(from.link(), candidate))
            }
        };
        // There is no link to oneself.
        if let Some(other) =
            to.filter(|to| to.identity != from.identity).and_then(|to| connection(places, to))
        {
            let _ = other.browser.tell(received);
        }
    }

    fn admit_now(&self, room: ConferenceId, identity: Identity) -> Result<(), Failure> {
        let mut registry = self.registry();
        let places = registry.rooms.get_mut(&room).ok_or(Failure::UnknownRoom)?;
        match places.entry(identity).or_insert(MeshAdmission::Admitted(Vec::new())) {
            MeshAdmission::Admitted(_) => Ok(()),
            MeshAdmission::Removed => Err(Failure::Removed),
        }
    }

    fn remove_now(&self, room: ConferenceId, identity: Identity) {
        let mut registry = self.registry();
        if let Some(places) = registry.rooms.get_mut(&room)
            && let Some(MeshAdmission::Admitted(connections)) =
                places.insert(identity, MeshAdmission::Removed)
        {
            for BrowserConnection { handle, .. } in &connections {
                close_links(places, PeerEnd { identity, handle: *handle });
            }
            self.notify_thrown_out(room, identity, &connections);
        }
    }

    fn list_now(&self, room: ConferenceId) -> Result<Vec<Occupant>, Failure> {
        let registry = self.registry();
        let places = registry.rooms.get(&room).ok_or(Failure::UnknownRoom)?;
        let occupants = places.iter().filter_map(|(&identity, place)| match place {
            MeshAdmission::Admitted(connections) if !connections.is_empty() => {
                Some(Occupant { identity, handles: connections.iter().map(|c| c.handle).collect() })
            }
            MeshAdmission::Admitted(_) | MeshAdmission::Removed => None,
        });
        Ok(occupants.collect())
    }

    fn close_now(&self, room: ConferenceId) {
        let mut registry = self.registry();
        for (identity, place) in registry.rooms.remove(&room).unwrap_or_default() {
            if let MeshAdmission::Admitted(connections) = place {
                self.notify_thrown_out(room, identity, &connections);
            }
        }
    }

    fn notify_thrown_out(&self, room: ConferenceId, identity: Identity, connections: &[BrowserConnection]) {
        if !connections.is_empty() {
            self.notify(room, identity, Observation::Disconnected);
        }
    }

    /// Sends while the rooms are locked, so that messages arrive in the order of what happened.
    fn notify(&self, room: ConferenceId, identity: Identity, seen: fn(ParticipantId) -> Observation) {
        self.notifier.notify(Notification { room, observation: seen(identity.participant()) });
    }

    fn registry(&self) -> MutexGuard<'_, MeshRooms> {
        // No change is ever left half done, so that a panic elsewhere does not spoil the registry.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everybody's connections but this identity's.
fn others(places: &MeshRoom, but: Identity) -> impl Iterator<Item = (PeerEnd, &BrowserConnection)> {
    places.iter().filter(move |(identity, _)| **identity != but).flat_map(|(&identity, place)| {
        let connections = match place {
            MeshAdmission::Admitted(connections) => connections.as_slice(),
            MeshAdmission::Removed => &[],
        };
        connections.iter().map(move |c| (PeerEnd { identity, handle: c.handle }, c))
    })
}

fn connection(places: &MeshRoom, end: PeerEnd) -> Option<&BrowserConnection> {
    match places.get(&end.identity)? {
        MeshAdmission::Admitted(connections) => connections.iter().find(|c| c.handle == end.handle),
        MeshAdmission::Removed => None,
    }
}

fn open(to: PeerEnd, offers: bool) -> ToBrowser {
    ToBrowser::Open { link: to.link(), party: Some(to.identity), sends: true, offers }
}

fn close_links(places: &MeshRoom, gone: PeerEnd) {
    for (_, other) in others(places, gone.identity) {
        let _ = other.browser.tell(ToBrowser::Close(gone.link()));
    }
}

/// A connection's place in a room of the mesh.
#[derive(Debug)]
pub struct MeshSeat {
    mesh: Mesh,
    room: ConferenceId,
    end: PeerEnd,
}

impl Seat for MeshSeat {
    fn handle(&self) -> Handle {
        self.end.handle
    }

    fn receive(
        &self,
        said: FromBrowser,
    ) -> Pin<Box<dyn Future<Output = Result<(), EngineError>> + Send + '_>> {
        Box::pin(async move {
            self.mesh.pass_on(self.room, self.end, said);
            Ok(())
        })
    }
}

impl Drop for MeshSeat {
    fn drop(&mut self) {
        self.mesh.leave(self.room, self.end);
    }
}

impl VideoEngine for Mesh {
    fn name(&self) -> &'static str {
        "mesh"
    }

    fn is_embedded(&self) -> bool {
        true
    }

    fn open_room(&self, room: ConferenceId) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            self.registry().rooms.entry(room).or_default();
            Ok(())
        })
    }

    fn admit(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            let operation = Operation::Admit(identity);
            self.admit_now(room, identity).map_err(|failure| EngineError { operation, room, failure })
        })
    }

    fn join(&self, room: ConferenceId, identity: Identity, browser: Browser) -> JoinFuture<'_> {
        Box::pin(async move { Ok(Box::new(self.enter(room, identity, browser)?) as Box<dyn Seat>) })
    }

    fn remove(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            self.remove_now(room, identity);
            Ok(())
        })
    }

    fn list(&self, room: ConferenceId) -> EngineFuture<'_, Vec<Occupant>> {
        Box::pin(async move {
            let operation = Operation::List;
            self.list_now(room).map_err(|failure| EngineError { operation, room, failure })
        })
    }

    fn close_room(&self, room: ConferenceId) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            self.close_now(room);
            Ok(())
        })
    }
}
