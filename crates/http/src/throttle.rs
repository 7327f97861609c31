//! Wrong passwords are counted by login name: after ten, the name must wait.
//!
//! In the memory of one node: an attacker gains a factor of the number of nodes and nothing else.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use trialogue_domain::Timestamp;

/// So many wrong passwords are let through in a window.
const ALLOWED: u32 = 10;

/// The window, counted from the first wrong password.
const WINDOW: Duration = Duration::from_mins(5);

/// At most so many names are remembered; then the expired ones are dropped, or else the oldest.
const NAMES: usize = 100_000;

/// The counts of wrong passwords.
#[derive(Default)]
pub(crate) struct Throttle {
    failures: Mutex<HashMap<String, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    since: Timestamp,
    count: u32,
}

impl Throttle {
    /// Counts a try, before the password is judged: tries that run side by side count, too.
    ///
    /// # Errors
    /// How long the name must wait.
    pub(crate) fn admit(&self, name: &str, now: Timestamp) -> Result<(), Duration> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut failures, now);
        let entry = failures.entry(name.to_owned()).or_insert(Failures { since: now, count: 0 });
        if now.since(entry.since) >= WINDOW {
            *entry = Failures { since: now, count: 0 };
        }
        if entry.count >= ALLOWED {
            return Err(WINDOW.saturating_sub(now.since(entry.since)));
        }
        entry.count += 1;
        Ok(())
    }

    /// The password was right.
    pub(crate) fn forget(&self, name: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

fn make_room(failures: &mut HashMap<String, Failures>, now: Timestamp) {
    if failures.len() < NAMES {
        return;
    }
    failures.retain(|_, f| now.since(f.since) < WINDOW);
    if failures.len() >= NAMES {
        let oldest = failures.iter().min_by_key(|(_, f)| f.since).map(|(name, _)| name.clone());
        if let Some(oldest) = oldest {
            failures.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(0);

    #[test]
    fn the_eleventh_try_waits_and_the_window_ends() {
        let throttle = Throttle::default();
        for _ in 0..ALLOWED {
            assert_eq!(throttle.admit("a", NOON), Ok(()));
        }
        assert_eq!(throttle.admit("a", NOON.after(Duration::from_mins(1))), Err(Duration::from_mins(4)));
        assert_eq!(throttle.admit("b", NOON), Ok(()));
        assert_eq!(throttle.admit("a", NOON.after(WINDOW)), Ok(()));
    }

    #[test]
    fn a_right_password_clears_the_count() {
        let throttle = Throttle::default();
        for _ in 0..ALLOWED {
            assert_eq!(throttle.admit("a", NOON), Ok(()));
        }
        throttle.forget("a");
        assert_eq!(throttle.admit("a", NOON), Ok(()));
    }
}
