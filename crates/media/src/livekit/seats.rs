//! Who may join from here, and who has: the account and membership side of the engine, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use trialogue_domain::ConferenceId;

use crate::{Browser, Failure, Handle, Identity, JoinRefused};

/// The rooms that are open.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<LiveKitRooms>);

#[derive(Debug, Default)]
struct LiveKitRooms {
    rooms: HashMap<ConferenceId, BTreeMap<Identity, SeatAdmission>>,
    last_handle: u64,
}

#[derive(Debug)]
enum SeatAdmission {
    /// May join; the browsers to its browsers.
    Admitted(Vec<(Handle, Browser)>),
    /// Never again.
    Removed,
}

impl Seats {
    pub(super) fn open(&self, room: ConferenceId) {
        self.registry().rooms.entry(room).or_default();
    }

    /// Forgets the room, and drops the browsers to all its browsers.
    pub(super) fn close(&self, room: ConferenceId) {
        self.registry().rooms.remove(&room);
    }

    pub(super) fn admit(&self, room: ConferenceId, identity: Identity) -> Result<(), Failure> {
        let mut registry = self.registry();
        let places = registry.rooms.get_mut(&room).ok_or(Failure::UnknownRoom)?;
        match places.entry(identity).or_insert(SeatAdmission::Admitted(Vec::new())) {
            SeatAdmission::Admitted(_) => Ok(()),
            SeatAdmission::Removed => Err(Failure::Removed),
        }
    }

    /// Lets nobody in under this identity any more, and drops the browsers to its browsers.
    pub(super) fn fence(&self, room: ConferenceId, identity: Identity) {
        if let Some(places) = self.registry().rooms.get_mut(&room) {
            places.insert(identity, SeatAdmission::Removed);
        }
    }

    pub(super) fn take(
        &self,
        room: ConferenceId,
        identity: Identity,
        browser: Browser,
    ) -> Result<Handle, JoinRefused> {
        let mut registry = self.registry();
        let LiveKitRooms { rooms, last_handle } = &mut *registry;
        let places = rooms.get_mut(&room).ok_or(JoinRefused::UnknownRoom)?;
        match places.get_mut(&identity) {
            None => Err(JoinRefused::NotAdmitted),
            Some(SeatAdmission::Removed) => Err(JoinRefused::Removed),
            Some(SeatAdmission::Admitted(browsers)) => {
                *last_handle += 1;
                let handle = Handle(*last_handle);
                browsers.push((handle, browser));
                Ok(handle)
            }
        }
    }

    pub(super) fn leave(&self, room: ConferenceId, identity: Identity, handle: Handle) {
        let mut registry = self.registry();
        let place = registry.rooms.get_mut(&room).and_then(|places| places.get_mut(&identity));
        if let Some(SeatAdmission::Admitted(browsers)) = place {
            browsers.retain(|(other, _)| *other != handle);
        }
    }

    fn registry(&self) -> MutexGuard<'_, LiveKitRooms> {
        // No change is ever left half done, so that a panic elsewhere does not spoil the registry.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
