//! How long to wait before a failed try is repeated, and what an error says of the other tries.

use std::time::Duration;

use trialogue_storage::StoreError;

/// The pause after so many tries: it doubles from twice `first` to `longest`, less up to a quarter. The number picks how
/// much less: that of what is tried, so that many don't come back together.
pub(crate) fn pause(attempts: i32, first: Duration, longest: Duration, number: i32) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempts.clamp(1, 30).unsigned_abs()));
    let pause = doubled.min(longest);
    pause.saturating_sub(pause / 4 * (number.cast_unsigned() % 256) / 256)
}

/// Whether an error of the store concerns every conference, not only the one at hand.
pub(crate) const fn concerns_all(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_) | StoreError::Busy { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_spread() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(30));
        for (attempts, at_most) in [(0, 200), (1, 200), (2, 400), (5, 3200), (9, 30_000), (i32::MAX, 30_000)]
        {
            let at_most = Duration::from_millis(at_most);
            let pauses: Vec<Duration> =
                (0..100).map(|number| pause(attempts, first, longest, number)).collect();
            assert!(pauses.iter().all(|p| *p <= at_most && *p >= at_most * 3 / 4), "{attempts}: {pauses:?}");
            assert!(pauses.iter().any(|p| *p != pauses[0]), "{attempts}: all come back together");
        }
    }
}
