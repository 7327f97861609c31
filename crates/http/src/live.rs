//! Live events: the log of a conference, followed as it grows.
//!
//! One task, the hub, hears from the store what was committed and reads what is new of the conferences that somebody
//! follows, once for all their followers. What it is not told of (a lost notification of another node) it finds when it
//! looks at all of them, every few seconds. A follower that is slower than the hub reads the log by itself: none can
//! hold up the others.

mod feed;
mod follower;
mod hub;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use trialogue_domain::ConferenceId;
use trialogue_storage::Store;

pub use follower::Follower;

use feed::Feed;

/// The conferences that are followed, and the way to follow one. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    feeds: Mutex<HashMap<ConferenceId, Arc<Feed>>>,
    /// Conferences of which there may be something to read.
    stale: Mutex<HashSet<ConferenceId>>,
    stale_is_filled: Notify,
    closing: watch::Sender<bool>,
}

impl Live {
    /// Starts the hub on the runtime that this is called on.
    pub(crate) fn start(store: Store) -> Self {
        let wakes = store.wakes();
        let shared = Arc::new(Shared {
            store,
            feeds: Mutex::default(),
            stale: Mutex::default(),
            stale_is_filled: Notify::new(),
            closing: watch::Sender::new(false),
        });
        tokio::spawn(hub::run(Arc::clone(&shared), wakes));
        Self { shared }
    }

    /// Follows a conference from a place in its log on; 0 is its beginning.
    pub fn follow(&self, conference: ConferenceId, after_seq: i32) -> Follower {
        Follower::new(Arc::clone(&self.shared), conference, after_seq)
    }

    /// How many conferences are followed.
    pub fn followed(&self) -> usize {
        locked(&self.shared.feeds).len()
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
    fn is_stale(&self, conferences: impl IntoIterator<Item = ConferenceId>) {
        locked(&self.stale).extend(conferences);
        self.stale_is_filled.notify_one();
    }
}

/// What a panicked holder left is whole: every change under these locks is one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
