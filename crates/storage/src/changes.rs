//! What was committed, told to those who follow it.
//!
//! A writer tells after its COMMIT, once for a whole group. It tells ids only: whoever wants more reads the log. What is
//! told may be lost (a slow listener, a lost connection), so a listener looks again from time to time.

use std::sync::Arc;

use tokio::sync::broadcast;
use trialogue_domain::{ConferenceId, UserId};

/// So many commits may wait for a listener; one that is slower is told [`Wake::Missed`].
const WAITING: usize = 1024;

/// A conference whose log has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which one.
    pub conference: ConferenceId,
    /// The place of its last event.
    pub last_seq: i32,
    /// Those for whom there is a new or a lost request, or an offer.
    pub users: Vec<UserId>,
}

/// Why to look.
#[derive(Debug, Clone)]
pub enum Wake {
    /// This was committed.
    Changed(Arc<[Change]>),
    /// Something may have been committed that was not told.
    Missed,
}

/// Tells what was committed.
#[derive(Clone)]
pub(crate) struct Announcer {
    here: broadcast::Sender<Wake>,
}

impl Announcer {
    pub(crate) fn new() -> Self {
        Self { here: broadcast::Sender::new(WAITING) }
    }

    /// Tells what a commit changed.
    pub(crate) fn committed(&self, changes: Vec<Change>) {
        if !changes.is_empty() && self.here.receiver_count() > 0 {
            // Nobody listens any more: then nobody misses it.
            let _ = self.here.send(Wake::Changed(changes.into()));
        }
    }

    pub(crate) fn wakes(&self) -> Wakes {
        Wakes(self.here.subscribe())
    }
}

/// The commits from now on, as one listener hears of them.
pub struct Wakes(broadcast::Receiver<Wake>);

impl Wakes {
    /// Waits for the next; none once the store is closed.
    pub async fn next(&mut self) -> Option<Wake> {
        match self.0.recv().await {
            Ok(wake) => Some(wake),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Wake::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
