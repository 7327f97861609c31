//! How long requests wait.

use std::time::Duration;

/// Fewest waits from which an estimate is made.
pub const FEWEST_WAITS: usize = 5;

/// What waits have been like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitEstimate {
    /// Half of the requests waited so long at most.
    pub median: Duration,
    /// Nine of ten waited so long at most.
    pub ninetieth: Duration,
}

impl WaitEstimate {
    /// Of these waits, by nearest rank; none of fewer than [`FEWEST_WAITS`].
    pub fn of(mut waits: Vec<Duration>) -> Option<Self> {
        if waits.len() < FEWEST_WAITS {
            return None;
        }
        waits.sort_unstable();
        let rank = |percent: usize| {
            let rank = waits.len().saturating_mul(percent).div_ceil(100).max(1);
            waits.get(rank.saturating_sub(1)).copied()
        };
        Some(Self { median: rank(50)?, ninetieth: rank(90)? })
    }
}
