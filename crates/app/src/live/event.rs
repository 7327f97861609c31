//! One event of a conference's log, shared by all its followers.

use std::sync::OnceLock;

use bytes::Bytes;
use trialogue_storage::Recorded;

/// An event of the log, and the frame in which streams send it.
pub struct LiveEvent {
    /// What the log says.
    pub recorded: Recorded,
    frame: OnceLock<Bytes>,
}

impl LiveEvent {
    /// The frame of the event. The first stream that sends the event encodes it, so `encode` must give the same for all
    /// of them.
    pub fn frame(&self, encode: impl FnOnce(&Recorded) -> Bytes) -> Bytes {
        self.frame.get_or_init(|| encode(&self.recorded)).clone()
    }
}

impl From<Recorded> for LiveEvent {
    fn from(recorded: Recorded) -> Self {
        Self { recorded, frame: OnceLock::new() }
    }
}
