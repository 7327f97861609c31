//! The embedded engine: browsers connect to each other, and the server only says who may meet whom.
//!
//! This is its account and membership side. It lives in memory: after a restart of the server no room is open and
//! nobody is connected, and both is true.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use trialogue_domain::{ConferenceId, Observation, ParticipantId};

use crate::{
    EngineError, EngineFuture, Failure, Handle, Identity, JoinRefused, Notification, Notifier, Occupant,
    Operation, VideoEngine,
};

/// The embedded engine.
///
/// A party counts as there while it has a handle. Its first handle is notified as joined, the loss of its last one as
/// disconnected, whether it left, was removed or saw the room close.
#[derive(Debug)]
pub struct Mesh {
    registry: Mutex<Registry>,
    notifier: Notifier,
}

#[derive(Debug, Default)]
struct Registry {
    rooms: HashMap<ConferenceId, Room>,
    last_handle: u64,
}

type Room = BTreeMap<Identity, Seat>;

/// What a room knows of an identity.
#[derive(Debug)]
enum Seat {
    /// May join; its connections, oldest first.
    Admitted(Vec<Handle>),
    /// The fence: never again.
    Removed,
}

impl Mesh {
    /// An engine without rooms, which speaks into `notifier`.
    pub fn new(notifier: Notifier) -> Self {
        Self { registry: Mutex::default(), notifier }
    }

    /// A party has come: one more handle of an admitted identity.
    ///
    /// # Errors
    /// [`JoinRefused`], and nothing has changed.
    pub fn join(&self, room: ConferenceId, identity: Identity) -> Result<Handle, JoinRefused> {
        let mut registry = self.registry();
        let Registry { rooms, last_handle } = &mut *registry;
        let seats = rooms.get_mut(&room).ok_or(JoinRefused::UnknownRoom)?;
        match seats.get_mut(&identity) {
            None => Err(JoinRefused::NotAdmitted),
            Some(Seat::Removed) => Err(JoinRefused::Removed),
            Some(Seat::Admitted(handles)) => {
                *last_handle += 1;
                let handle = Handle(*last_handle);
                handles.push(handle);
                if handles.len() == 1 {
                    self.notify(room, identity, Observation::Joined);
                }
                Ok(handle)
            }
        }
    }

    /// A party's connection is gone. A handle that is gone already is none any more: nothing happens.
    pub fn leave(&self, room: ConferenceId, identity: Identity, handle: Handle) {
        let mut registry = self.registry();
        let seat = registry.rooms.get_mut(&room).and_then(|seats| seats.get_mut(&identity));
        if let Some(Seat::Admitted(handles)) = seat
            && let Some(position) = handles.iter().position(|&other| other == handle)
        {
            handles.remove(position);
            if handles.is_empty() {
                self.notify(room, identity, Observation::Disconnected);
            }
        }
    }

    fn admit_now(&self, room: ConferenceId, identity: Identity) -> Result<(), Failure> {
        let mut registry = self.registry();
        let seats = registry.rooms.get_mut(&room).ok_or(Failure::UnknownRoom)?;
        match seats.entry(identity).or_insert(Seat::Admitted(Vec::new())) {
            Seat::Admitted(_) => Ok(()),
            Seat::Removed => Err(Failure::Removed),
        }
    }

    fn remove_now(&self, room: ConferenceId, identity: Identity) {
        let mut registry = self.registry();
        if let Some(seats) = registry.rooms.get_mut(&room) {
            let seat = seats.insert(identity, Seat::Removed);
            self.notify_thrown_out(room, identity, seat.as_ref());
        }
    }

    fn list_now(&self, room: ConferenceId) -> Result<Vec<Occupant>, Failure> {
        let registry = self.registry();
        let seats = registry.rooms.get(&room).ok_or(Failure::UnknownRoom)?;
        let occupants = seats.iter().filter_map(|(&identity, seat)| match seat {
            Seat::Admitted(handles) if !handles.is_empty() => {
                Some(Occupant { identity, handles: handles.clone() })
            }
            Seat::Admitted(_) | Seat::Removed => None,
        });
        Ok(occupants.collect())
    }

    fn close_now(&self, room: ConferenceId) {
        let mut registry = self.registry();
        for (identity, seat) in registry.rooms.remove(&room).unwrap_or_default() {
            self.notify_thrown_out(room, identity, Some(&seat));
        }
    }

    fn notify_thrown_out(&self, room: ConferenceId, identity: Identity, seat: Option<&Seat>) {
        if matches!(seat, Some(Seat::Admitted(handles)) if !handles.is_empty()) {
            self.notify(room, identity, Observation::Disconnected);
        }
    }

    /// Speaks while the registry is held, so that what is heard is in the order of what happened.
    fn notify(&self, room: ConferenceId, identity: Identity, seen: fn(ParticipantId) -> Observation) {
        self.notifier.notify(Notification { room, observation: seen(identity.participant()) });
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // No change is ever left half done, so that a panic elsewhere does not spoil the registry.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VideoEngine for Mesh {
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
