//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use trialogue_domain::Timestamp;

/// A clock that stands still until it is advanced. Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<AtomicI64>,
    /// Microseconds since the start, whatever the clock shows.
    passed: Arc<AtomicU64>,
}

impl ManualClock {
    /// Where every clock starts: 2026-01-01T00:00:00Z.
    pub const START: Timestamp = Timestamp(1_767_225_600_000_000);

    /// A clock at [`Self::START`].
    #[must_use]
    pub fn new() -> Self {
        Self { now: Arc::new(AtomicI64::new(Self::START.0)), passed: Arc::default() }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    /// The time that has passed since the clock was made.
    pub fn monotonic(&self) -> Duration {
        Duration::from_micros(self.passed.load(Ordering::SeqCst))
    }

    /// Sets the clock back, as an administrator does. No time passes.
    ///
    /// # Panics
    /// If the span is longer than the clock can count.
    pub fn set_back(&self, span: Duration) {
        let step = i64::try_from(span.as_micros()).expect("within 292,000 years");
        self.now.fetch_sub(step, Ordering::SeqCst);
    }

    /// Moves it on, and says what it shows now.
    ///
    /// # Panics
    /// If the span is longer than the clock can count.
    pub fn advance(&self, span: Duration) -> Timestamp {
        let step = i64::try_from(span.as_micros()).expect("within 292,000 years");
        self.passed.fetch_add(step.unsigned_abs(), Ordering::SeqCst);
        Timestamp(self.now.fetch_add(step, Ordering::SeqCst) + step)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_still_and_clones_share_the_time() {
        let clock = ManualClock::new();
        let clone = clock.clone();
        assert_eq!(clock.now(), ManualClock::START);
        let later = clock.advance(Duration::from_mins(1));
        assert_eq!(later, ManualClock::START.after(Duration::from_mins(1)));
        assert_eq!(clone.now(), later);
        clock.set_back(Duration::from_mins(1));
        assert_eq!((clone.now(), clone.monotonic()), (ManualClock::START, Duration::from_mins(1)));
    }
}
