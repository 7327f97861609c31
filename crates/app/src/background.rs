//! What background work has at hand. None of it holds state that matters: whatever is cut off is found again in the
//! database.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use trialogue_media::{Gateway, VideoEngine};
use trialogue_storage::NodeId;

use crate::conferences::Conferences;
use crate::ports::Clock;

/// What background work needs.
#[derive(Clone)]
pub struct Background {
    /// What is kept, and changed by the rules.
    pub conferences: Conferences,
    /// What carries the picture.
    pub engine: Arc<dyn VideoEngine>,
    /// The engine's sockets.
    pub gateway: Arc<Gateway>,
    /// This node.
    pub node: NodeId,
    /// How long the gateway keeps the session of a lost socket.
    pub grace: Duration,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
}
