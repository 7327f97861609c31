//! What the gateway and the engines notify, on its way to the store: it is tried again until it is stored.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use trialogue_domain::{ConferenceId, Observation};
use trialogue_media::{Notification, Notifications};

use crate::back_off::pause;
use crate::background::Background;

/// Shortest and longest back-off of a conference whose notifications could not be stored.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// Maximum number of notifications that wait.
const LIMIT: usize = 100_000;

/// The notifications that are not stored yet, by conference.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    by_conference: BTreeMap<ConferenceId, Facts>,
    count: usize,
}

/// The facts of one conference, oldest first.
#[derive(Debug)]
struct Facts {
    seen: Vec<Observation>,
    attempts: i32,
    /// When they are tried.
    due: Instant,
}

impl Waiting {
    /// Adds a fact. Of a conference that waits for another try, only the newest fact of each participant matters.
    pub(crate) fn add(&mut self, Notification { room, observation }: Notification, now: Instant) {
        let new = || Facts { seen: Vec::new(), attempts: 0, due: now };
        let facts = self.by_conference.entry(room).or_insert_with(new);
        if facts.attempts > 0 {
            let before = facts.seen.len();
            facts.seen.retain(|seen| !is_replaced(*seen, observation));
            self.count -= before - facts.seen.len();
        }
        if self.count >= LIMIT {
            tracing::error!(
                conference = room.0,
                "too many notifications wait for the database; one is dropped"
            );
            return;
        }
        facts.seen.push(observation);
        self.count += 1;
    }

    /// Nothing waits.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_conference.is_empty()
    }

    fn next_due(&self) -> Option<Instant> {
        self.by_conference.values().map(|facts| facts.due).min()
    }
}

/// Whether the newer fact makes the older one meaningless.
fn is_replaced(older: Observation, newer: Observation) -> bool {
    match (older, newer) {
        (
            Observation::Joined(old) | Observation::Disconnected(old),
            Observation::Joined(new) | Observation::Disconnected(new),
        ) => old == new,
        _ => older == newer,
    }
}

impl Background {
    /// Stores what is notified until told to stop.
    pub(crate) async fn notifications(mut self, seen: &mut Notifications, waiting: &mut Waiting) {
        loop {
            let due = waiting.next_due();
            let retry = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return,
                notification = seen.recv() => match notification {
                    Some(notification) => waiting.add(notification, Instant::now()),
                    None => return,
                },
                () = retry => {}
            }
            while let Ok(notification) = seen.try_recv() {
                waiting.add(notification, Instant::now());
            }
            self.store_notifications(waiting, Instant::now()).await;
        }
    }

    /// Stores what is due. What cannot be stored waits for its next try.
    pub(crate) async fn store_notifications(&self, waiting: &mut Waiting, now: Instant) {
        let due: Vec<(ConferenceId, Facts)> =
            waiting.by_conference.extract_if(.., |_, facts| facts.due <= now).collect();
        for (room, mut facts) in due {
            waiting.count -= facts.seen.len();
            let stored = self.conferences.observe(room, facts.seen.iter().copied(), self.clock.now()).await;
            if let Err(error) = stored {
                tracing::warn!(%error, conference = room.0, "notifications could not be stored; they are tried again");
                facts.attempts = facts.attempts.saturating_add(1);
                facts.due = now + pause(facts.attempts, PAUSES.0, PAUSES.1, room.0);
                waiting.count += facts.seen.len();
                waiting.by_conference.insert(room, facts);
            }
        }
    }
}
