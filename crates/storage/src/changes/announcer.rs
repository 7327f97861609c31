//! Announces what was committed.
//!
//! A writer announces after its COMMIT, once for a whole group. An announcement has ids only; a listener reads the rest from
//! the log. Announcements may be lost (a slow listener, a lost connection), so a listener also reads from time to time.

use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::broadcast;

use crate::changes::change::{Change, Wake};
use crate::changes::nodes::Nodes;
use crate::database::url::DatabaseUrl;

/// Maximum number of commits that wait for a listener. A slower listener gets [`Wake::Missed`].
const WAITING: usize = 1024;

/// Announces what was committed.
pub(crate) struct Announcer {
    here: broadcast::Sender<Wake>,
    /// To the other nodes. Set with the first listener, so that a command-line tool makes no connection for it.
    elsewhere: OnceLock<SyncSender<Change>>,
    nodes: Mutex<Option<Nodes>>,
}

impl Announcer {
    pub(crate) fn new() -> Self {
        Self { here: broadcast::Sender::new(WAITING), elsewhere: OnceLock::new(), nodes: Mutex::default() }
    }

    /// Announces what a commit changed.
    pub(crate) fn committed(&self, changes: Vec<Change>) {
        if let Some(elsewhere) = self.elsewhere.get() {
            for change in &changes {
                // Full: other nodes find the change when they poll.
                let _ = elsewhere.try_send(change.clone());
            }
        }
        if !changes.is_empty() && self.here.receiver_count() > 0 {
            // An error means that the last listener has just gone.
            let _ = self.here.send(Wake::Changed(changes.into()));
        }
    }

    /// Subscribes to the announcements from now on.
    pub(crate) fn wakes(&self, url: &DatabaseUrl) -> Wakes {
        let mut nodes = self.nodes();
        if matches!(url, DatabaseUrl::Postgres(_)) && nodes.is_none() && self.elsewhere.get().is_none() {
            match Nodes::start(url, self.here.clone()) {
                Ok((thread, elsewhere)) => {
                    *nodes = Some(thread);
                    // It was empty under the lock that is held here.
                    let _ = self.elsewhere.set(elsewhere);
                }
                Err(error) => tracing::error!(%error, "no thread for announcements to the other nodes"),
            }
        }
        Wakes(self.here.subscribe())
    }

    /// Ends the connection to the other nodes.
    pub(crate) fn close(&self) {
        let nodes = self.nodes().take();
        if let Some(nodes) = nodes {
            nodes.close();
        }
    }

    fn nodes(&self) -> MutexGuard<'_, Option<Nodes>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The announcements from a moment on, for one listener.
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
