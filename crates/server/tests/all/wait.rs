//! The one place where tests let time pass.

use std::time::{Duration, Instant};

/// Longer than anything takes that works: an effect whose node was killed is free again when its lease of 30 s ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is something to see.
#[expect(clippy::disallowed_methods, reason = "nobody tells us when another process has come so far")]
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(PAUSE);
    }
}
