//! Signs of life.

use std::time::Duration;

use crate::Timestamp;

/// A party is offline if it gave no sign of life (no call, poll or event stream) within the presence window.
pub fn is_offline(last_seen: Option<Timestamp>, now: Timestamp, window: Duration) -> bool {
    last_seen.is_none_or(|seen| now.since(seen) > window)
}
