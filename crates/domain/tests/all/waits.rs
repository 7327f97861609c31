//! The estimate of waits.

use std::time::Duration;

use trialogue_domain::{FEWEST_WAITS, WaitEstimate};

fn of(seconds: &[u64]) -> Option<(u64, u64)> {
    let waits = seconds.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
    WaitEstimate::of(waits).map(|estimate| (estimate.median.as_secs(), estimate.ninetieth.as_secs()))
}

#[test]
fn the_median_and_the_ninetieth_percentile_by_nearest_rank() {
    assert_eq!(of(&[5, 1, 4, 2, 3]), Some((3, 5)));
    assert_eq!(of(&[10, 20, 30, 40, 50, 60, 70, 80, 90, 100]), Some((50, 90)));
    assert_eq!(of(&[7; 11]), Some((7, 7)));
}

#[test]
fn too_few_say_nothing() {
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[1; FEWEST_WAITS - 1]), None);
    assert_eq!(of(&[1; FEWEST_WAITS]), Some((1, 1)));
}
