//! Deadlines that have passed: each conference is judged by itself.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use trialogue_domain::{ConferenceId, Timestamp};
use trialogue_storage::StoreError;

use crate::conferences::Conferences;

use crate::back_off::{concerns_all, pause};
use crate::background::Background;

/// Maximum number of conferences that are read and judged at the same time.
const PAGE: i64 = 64;

/// Shortest and longest back-off of a conference that cannot be judged.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(10));

/// Maximum number of conferences whose back-off is remembered. More are tried each time.
const REMEMBERED: usize = 10_000;

/// The conferences that could not be judged, each with its attempts and the time of the next one.
#[derive(Debug, Default)]
pub(crate) struct BackOff(HashMap<ConferenceId, (i32, Timestamp)>);

impl BackOff {
    fn waits(&self, conference: ConferenceId, now: Timestamp) -> bool {
        self.0.get(&conference).is_some_and(|(_, next)| *next > now)
    }

    fn failed(&mut self, conference: ConferenceId, now: Timestamp) {
        let attempts = self.0.get(&conference).map_or(1, |(attempts, _)| attempts.saturating_add(1));
        if self.0.len() < REMEMBERED || attempts > 1 {
            let next = now.after(pause(attempts, PAUSES.0, PAUSES.1, conference.0));
            self.0.insert(conference, (attempts, next));
        }
    }

    /// Forgets those that nobody has tried for long after their time: they were repaired.
    fn forget(&mut self, now: Timestamp) {
        self.0.retain(|_, (_, next)| now.since(*next) < PAUSES.1);
    }
}

impl Background {
    /// Ends what is due and offers what waits until told to stop.
    pub(crate) async fn deadlines(mut self) {
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut back_off, mut not_offered) = (BackOff::default(), BackOff::default());
        while self.next(&mut ticks).await {
            let now = self.clock.now();
            self.gateway.sweep(now.before(self.grace));
            if let Err(error) = pass_deadlines(&self.conferences, &mut back_off, now).await {
                tracing::warn!(%error, "deadlines could not be looked at");
            }
            if let Err(error) = offer_waiting(&self.conferences, &mut not_offered, now).await {
                tracing::warn!(%error, "waiting requests could not be looked at");
            }
        }
    }

    async fn next(&mut self, ticks: &mut tokio::time::Interval) -> bool {
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => false,
            _ = ticks.tick() => true,
        }
    }
}

/// Offers what waits to those who can take it. A request that cannot be offered is logged now and then.
///
/// # Errors
/// The first error that concerns every request; what is left is tried again at the next look.
async fn offer_waiting(
    conferences: &Conferences,
    logged: &mut BackOff,
    now: Timestamp,
) -> Result<(), StoreError> {
    logged.forget(now);
    for (request, error) in conferences.offer_waiting(now).await? {
        if concerns_all(&error) {
            return Err(error);
        }
        if !logged.waits(request, now) {
            tracing::error!(%error, conference = request.0, "a request could not be offered; it is tried again");
            logged.failed(request, now);
        }
    }
    Ok(())
}

/// Ends everything that is due, in batches. A conference that cannot be judged is logged and left to its back-off.
///
/// # Errors
/// The first error that concerns every conference; what is left is tried again at the next look.
pub(crate) async fn pass_deadlines(
    conferences: &Conferences,
    back_off: &mut BackOff,
    now: Timestamp,
) -> Result<(), StoreError> {
    back_off.forget(now);
    let mut last = None;
    loop {
        let batch = conferences.store().due_after(last, now, PAGE).await?;
        let Some(end) = batch.last() else { return Ok(()) };
        last = Some(*end);
        let mut judged = JoinSet::new();
        for (_, conference) in batch {
            if !back_off.waits(conference, now) {
                let conferences = conferences.clone();
                judged.spawn(async move { (conference, conferences.pass_deadline(conference, now).await) });
            }
        }
        for (conference, outcome) in judged.join_all().await {
            match outcome {
                Ok(()) => {}
                Err(error) if concerns_all(&error) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, conference = conference.0, "a deadline could not be judged; it is tried again later");
                    back_off.failed(conference, now);
                }
            }
        }
    }
}
