//! The status of an interpreter, and what missed rings lead to.

use std::time::Duration;

use trialogue_domain::{Availability, BreakReason, InterpreterStatus, MissedRings, Presence, Timestamp};

const NOW: Timestamp = Timestamp(1_000_000_000);
const WINDOW: Duration = Duration::from_secs(30);
const WRAP_UP: Duration = Duration::from_mins(1);

const THERE: Presence = Presence {
    availability: Availability::On,
    said_at: None,
    last_seen: Some(NOW),
    busy: false,
    served: None,
};

fn status(presence: Presence) -> InterpreterStatus {
    presence.status(NOW, WINDOW, WRAP_UP)
}

#[test]
fn what_an_interpreter_says_counts_while_it_is_there_and_free() {
    use InterpreterStatus as Is;
    let lunch = Availability::Break(BreakReason::Meal);
    for (availability, there, gone, busy) in [
        (Availability::On, Is::Available, Is::Offline, Is::Busy),
        (Availability::Off, Is::Offline, Is::Offline, Is::Busy),
        (lunch, Is::Break(BreakReason::Meal), Is::Offline, Is::Busy),
        (Availability::LastCall, Is::Offline, Is::Offline, Is::LastCall),
        (Availability::Away, Is::Away, Is::Away, Is::Busy),
    ] {
        let says = Presence { availability, ..THERE };
        assert_eq!(status(says), there, "{availability:?}");
        assert_eq!(status(Presence { last_seen: None, ..says }), gone, "{availability:?}");
        assert_eq!(status(Presence { busy: true, last_seen: None, ..says }), busy, "{availability:?}");
    }
}

#[test]
fn the_wrap_up_ends_by_itself_or_when_the_interpreter_says_that_it_is_ready() {
    let ended = NOW.before(Duration::from_secs(59));
    let served = Presence { served: Some(ended), ..THERE };
    assert_eq!(status(served), InterpreterStatus::WrapUp(ended.after(WRAP_UP)));
    let before = Some(NOW.before(WRAP_UP));
    assert_eq!(
        status(Presence { said_at: before, ..served }),
        InterpreterStatus::WrapUp(ended.after(WRAP_UP))
    );
    assert_eq!(status(Presence { served: before, ..THERE }), InterpreterStatus::Available);
    assert_eq!(status(Presence { said_at: Some(NOW), ..served }), InterpreterStatus::Available);
}

/// Rings that were not answered, from and until, in seconds.
fn missed(rings: &[(i64, i64)]) -> MissedRings {
    let second = |n: i64| Timestamp(n * 1_000_000);
    rings
        .iter()
        .fold(MissedRings::default(), |missed, (from, until)| missed.and(second(*from), second(*until)))
}

#[test]
fn two_rings_in_a_row_make_away_and_rings_at_the_same_time_are_one() {
    assert!(!missed(&[(0, 60)]).make_away());
    assert!(missed(&[(0, 60), (60, 120)]).make_away());
    assert!(!missed(&[(0, 60), (30, 90), (59, 119)]).make_away());
    // Two clients ring in turn, and their rings always overlap.
    assert!(missed(&[(0, 60), (30, 90), (60, 120)]).make_away());
}
