//! Signs of life.

use std::time::Duration;

use trialogue_domain::{Timestamp, is_offline};

const WINDOW: Duration = Duration::from_micros(10);

#[test]
fn who_was_never_seen_is_offline() {
    assert!(is_offline(None, Timestamp(0), WINDOW));
}

#[test]
fn a_sign_of_life_holds_for_the_window() {
    let seen = Some(Timestamp(100));
    assert!(!is_offline(seen, Timestamp(100), WINDOW));
    assert!(!is_offline(seen, Timestamp(110), WINDOW));
    assert!(is_offline(seen, Timestamp(111), WINDOW));
}

/// The clocks of two nodes differ a little.
#[test]
fn a_sign_of_life_from_the_future_counts() {
    assert!(!is_offline(Some(Timestamp(200)), Timestamp(100), WINDOW));
}
