//! What happened in a conference, and the proof that its log leads to the stored state.

use trialogue_domain::{Conference, ConferenceId, ReplayError};
use trialogue_storage::{Recorded, Store, StoreError};

/// The log of a conference, and the state that it leads to.
#[derive(Debug)]
pub struct Timeline {
    /// Oldest first.
    pub events: Vec<Recorded>,
    /// The state that they lead to, which is the stored one.
    pub conference: Conference,
}

/// Why there is no timeline.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// There is no such conference.
    #[error("there is no conference {0}")]
    Unknown(ConferenceId),
    /// The log and the stored state are not of one conference.
    #[error("the log does not lead to the stored state: tell the developers")]
    Differs,
    /// The log does not begin like a conference.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads and replays the log of a conference.
///
/// # Errors
/// [`TimelineError`].
pub async fn timeline(store: &Store, id: ConferenceId) -> Result<Timeline, TimelineError> {
    let mut stored = store.conference(id).await?;
    let events = loop {
        let events = store.timeline(id).await?;
        let now = store.conference(id).await?;
        // A server may be at work: log and state belong together if nothing changed while the log was read.
        if now == stored {
            break events;
        }
        stored = now;
    };
    let stored = stored.filter(|_| !events.is_empty()).ok_or(TimelineError::Unknown(id))?;
    let conference = Conference::replay(id, events.iter().map(|e| (e.at, &e.event)))?;
    if conference == stored { Ok(Timeline { events, conference }) } else { Err(TimelineError::Differs) }
}
