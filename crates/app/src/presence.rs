//! Presence, derived again: at start and every minute, what the database says is compared with what the gateway and
//! the engine list. So no lost notification, and no dead node, leaves a party in a call for ever.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use trialogue_domain::{Conference, ConferenceId, Observation, State, Timestamp};
use trialogue_media::{EngineError, Failure, Identity};
use trialogue_storage::StoreError;

use crate::back_off::concerns_all;
use crate::background::Background;
use crate::jobs::PATIENCE;

/// Interval between two comparisons.
const INTERVAL: Duration = Duration::from_mins(1);

/// Maximum number of conferences per batch.
const BATCH: i64 = 64;

/// Pause after a batch: the comparison of many conferences is spread over time, and leaves the database to the callers.
const PAUSE: Duration = Duration::from_millis(50);

/// Why a conference was not compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompareError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the engine did not answer in time")]
    TimedOut,
}

impl Background {
    /// Compares until told to stop.
    pub(crate) async fn presence(mut self) {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return,
                _ = ticks.tick() => {}
            }
            let stop = self.stop.clone();
            if let Err(error) = self.compare_all(|| *stop.borrow()).await {
                tracing::warn!(%error, "presence could not be compared; it is tried again in a minute");
            }
        }
    }

    /// Compares every conference in which a party has an account. One that cannot be compared is logged and passed over.
    ///
    /// # Errors
    /// The first error that concerns all of them.
    pub(crate) async fn compare_all(&self, stopped: impl Fn() -> bool) -> Result<(), StoreError> {
        let mut last = ConferenceId(i32::MIN);
        loop {
            let batch = self.conferences.store().in_call_after(last, BATCH).await?;
            let Some(end) = batch.last() else { return Ok(()) };
            last = *end;
            let may_be_more = i64::try_from(batch.len()).is_ok_and(|length| length >= BATCH);
            for conference in batch {
                if stopped() {
                    return Ok(());
                }
                match self.compare(conference).await {
                    Ok(()) => {}
                    Err(CompareError::Store(error)) if concerns_all(&error) => return Err(error),
                    Err(error) => {
                        tracing::warn!(%error, conference = conference.0, "a conference's presence could not be compared");
                    }
                }
            }
            if !may_be_more {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
    }

    async fn compare(&self, id: ConferenceId) -> Result<(), CompareError> {
        let now = self.clock.now();
        if self.engine.is_embedded() {
            let holding = self.conferences.store().room_node(id, now).await?;
            if holding.is_some_and(|node| node != self.node) {
                return Ok(());
            }
        }
        let Some(conference) = self.conferences.store().conference(id).await? else { return Ok(()) };
        let listed: Vec<Identity> = match timeout(PATIENCE, self.engine.list(id)).await {
            Ok(Err(EngineError { failure: Failure::UnknownRoom, .. })) => Vec::new(),
            Ok(occupants) => occupants?.into_iter().map(|occupant| occupant.identity).collect(),
            Err(_) => return Err(CompareError::TimedOut),
        };
        let absent = self.differences(&conference, &listed, now);
        if !absent.is_empty() {
            tracing::info!(conference = id.0, parties = absent.len(), "parties are not there any more");
            self.conferences.observe_unchanged(&conference, absent, now).await?;
        }
        Ok(())
    }

    /// The parties that are connected in the database and not at the engine. Those of the opposite kind are notified again by the
    /// gateway, in the order of its own notifications.
    fn differences(&self, conference: &Conference, listed: &[Identity], now: Timestamp) -> Vec<Observation> {
        let timings = self.conferences.timings();
        let mut absent = Vec::new();
        for participant in &conference.participants {
            let identity = Identity::from(participant.id);
            let is_listed = listed.contains(&identity);
            let has_socket = self.gateway.has_socket(identity);
            // Without a session here it may have a socket at another node.
            let is_there = is_listed && has_socket.unwrap_or(true);
            match &participant.state {
                State::Connected { .. } if !is_there && has_socket != Some(true) => {
                    absent.push(Observation::Disconnected(participant.id));
                }
                State::Routed { account } if !is_listed && has_socket.is_none() => {
                    let issued = account.expires.before(timings.account);
                    if now.since(issued) >= timings.join {
                        absent.push(Observation::Disconnected(participant.id));
                    }
                }
                State::Routed { .. } | State::Disconnected { .. } if is_there && has_socket == Some(true) => {
                    self.gateway.notify_again(identity);
                }
                State::Informed { .. }
                | State::Confirmed { .. }
                | State::Routed { .. }
                | State::Connected { .. }
                | State::Disconnected { .. }
                | State::Finished { .. } => {}
            }
        }
        absent
    }
}
