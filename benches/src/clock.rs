//! The one place of the benchmarks that looks at the clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "a benchmark is about time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Microseconds since 1970, as the database keeps times.
#[expect(clippy::disallowed_methods, reason = "what is seeded must not be due yet")]
pub(crate) fn micros() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a load of a fixed rate waits for the time of its next request"
)]
pub(crate) fn sleep_until(then: Instant) {
    std::thread::sleep(then.saturating_duration_since(now()));
}

/// A duration in microseconds, as far as it fits.
pub(crate) fn micros_of(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
