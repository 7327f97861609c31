//! Live events: the log of a conference, followed as it grows; and what a user has at the moment, followed as it changes.
//!
//! One task, the hub, hears from the store what was committed and reads what is new of the conferences and users that
//! somebody follows, once for all their followers. What it is not told of (a lost notification of another node) it finds
//! when it looks at all of them, every few seconds. A follower that is slower than the hub reads the log by itself: none
//! can hold up the others.

mod event;
mod feed;
mod follower;
mod hub;
mod presence;
pub(crate) mod standing;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use trialogue_domain::{ConferenceId, ParticipantId, UserId};
use trialogue_storage::{Store, UserRole};

use crate::ports::Clock;
use crate::readiness::{Readiness, supervise};

pub use event::LiveEvent;
pub use follower::Follower;

use feed::Feed;
use standing::{StandingFeed, StandingFollower};

/// Maximum number of open streams of one user, or of one invited party.
const STREAMS: usize = 20;

/// The owner of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A user.
    User(UserId),
    /// An invited party.
    Invited(ParticipantId),
}

/// A stream's place within the limit of its owner, until it is dropped.
pub struct StreamSlot {
    shared: Arc<Shared>,
    owner: Owner,
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut streams = locked(&self.shared.streams);
        if let Some(open) = streams.get_mut(&self.owner) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.owner);
            }
        }
    }
}

/// What is followed, and the way to follow. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    feeds: Mutex<HashMap<ConferenceId, Arc<Feed>>>,
    standings: Mutex<HashMap<UserId, Arc<StandingFeed>>>,
    /// The conferences and users that may have changed.
    stale: Mutex<Stale>,
    stale_is_filled: Notify,
    closing: watch::Sender<bool>,
    streams: Mutex<HashMap<Owner, usize>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Stale {
    conferences: HashSet<ConferenceId>,
    users: HashSet<UserId>,
}

impl Live {
    /// Starts the hub on the runtime that this is called on. Users who follow are noted
    /// as alive a few times in a `presence` window.
    pub(crate) fn start(
        store: Store,
        clock: Arc<dyn Clock>,
        presence: Duration,
        readiness: &Arc<Readiness>,
    ) -> Self {
        // What is committed from now on is heard of, though the hub may start a moment later.
        let mut first = Some(store.wakes());
        let shared = Arc::new(Shared {
            store,
            feeds: Mutex::default(),
            standings: Mutex::default(),
            stale: Mutex::default(),
            stale_is_filled: Notify::new(),
            closing: watch::Sender::new(false),
            streams: Mutex::default(),
            clock,
        });
        let hub = Arc::clone(&shared);
        supervise(Arc::clone(readiness), "live events", move || {
            let wakes = first.take().unwrap_or_else(|| hub.store.wakes());
            hub::run(Arc::clone(&hub), wakes)
        });
        let alive = Arc::clone(&shared);
        supervise(Arc::clone(readiness), "signs of life", move || {
            presence::run(Arc::clone(&alive), presence)
        });
        Self { shared }
    }

    /// Follows a conference from a place in its log on; 0 is its beginning.
    pub fn follow(&self, conference: ConferenceId, after_seq: i32) -> Follower {
        Follower::new(Arc::clone(&self.shared), conference, after_seq)
    }

    /// Follows what a user has at the moment.
    pub fn follow_user(&self, role: UserRole, user: UserId) -> StandingFollower {
        StandingFollower::new(Arc::clone(&self.shared), role, user)
    }

    /// How many conferences are followed.
    pub fn followed(&self) -> usize {
        locked(&self.shared.feeds).len()
    }

    /// How many streams of events are open.
    pub fn streams(&self) -> usize {
        locked(&self.shared.streams).values().sum()
    }

    /// Room for one more stream of this owner; none if it has as many as it may.
    pub fn stream_slot(&self, owner: Owner) -> Option<StreamSlot> {
        let mut streams = locked(&self.shared.streams);
        let open = streams.entry(owner).or_default();
        if *open >= STREAMS {
            return None;
        }
        *open += 1;
        Some(StreamSlot { shared: Arc::clone(&self.shared), owner })
    }

    /// The server stops: whoever holds a connection open for live events is to end it.
    pub fn close(&self) {
        self.shared.closing.send_replace(true);
    }

    /// Turns true when the server stops.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.shared.closing.subscribe()
    }
}

impl Shared {
    fn read_soon(&self, mark: impl FnOnce(&mut Stale)) {
        mark(&mut locked(&self.stale));
        self.stale_is_filled.notify_one();
    }
}

/// A poisoned lock is used all the same: each change under these locks is one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
