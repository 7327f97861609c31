//! Background work: the outbox to the engine, the engine's notifications to the store, and deadlines that passed.
//!
//! None of it holds state that matters: whatever is cut off is found again in the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use trialogue_domain::{ConferenceId, Effect, Observation, ParticipantId, Timestamp};
use trialogue_http::Clock;
use trialogue_media::{EngineError, Failure, Gateway, Identity, Notifications, VideoEngine, is_gone};
use trialogue_storage::{Claimed, Store, StoreError};

use crate::entropy::SystemEntropy;

/// How long a claimed effect is this node's alone.
const LEASE: Duration = Duration::from_secs(30);

/// So much is claimed at a time.
const BATCH: i64 = 64;

/// The longest pause between two tries of an effect.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What background work needs.
#[derive(Clone)]
pub(crate) struct Background {
    pub(crate) store: Store,
    pub(crate) engine: Arc<dyn VideoEngine>,
    pub(crate) gateway: Arc<Gateway>,
    /// How long the gateway keeps the line of a lost socket.
    pub(crate) grace: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: watch::Receiver<bool>,
}

/// An effect that did not work out, and may the next time.
#[derive(Debug, thiserror::Error)]
enum EffectError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the engine still lists the identity after its removal")]
    StillThere,
}

impl Background {
    /// Starts all of it.
    pub(crate) fn start(self, seen: Notifications) -> Vec<tokio::task::JoinHandle<()>> {
        vec![
            tokio::spawn(self.clone().relay()),
            tokio::spawn(self.clone().deadlines()),
            tokio::spawn(self.notifications(seen)),
        ]
    }

    /// Brings effects to the engine until told to stop.
    pub(crate) async fn relay(mut self) {
        let mut ticks = interval(Duration::from_millis(200));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.next(&mut ticks).await {
            // While there is more than a batch, there is no reason to wait for the next tick.
            while self.relay_batch().await && !*self.stop.borrow() {}
        }
    }

    /// Claims a batch and does it. True if there may be more.
    async fn relay_batch(&self) -> bool {
        let token = SystemEntropy.number();
        match self.store.claim_effects(token, LEASE, BATCH, self.clock.now()).await {
            Ok(work) => {
                let full = i64::try_from(work.len()).is_ok_and(|claimed| claimed == BATCH);
                self.work(work).await;
                full
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be read");
                false
            }
        }
    }

    /// Ends what is due until told to stop, and sweeps once in an hour.
    pub(crate) async fn deadlines(mut self) {
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut swept: Option<Timestamp> = None;
        while self.next(&mut ticks).await {
            let now = self.clock.now();
            self.gateway.sweep(now.before(self.grace));
            if let Err(error) = self.pass_deadlines(now).await {
                tracing::warn!(%error, "deadlines could not be looked at");
            }
            if swept.is_none_or(|last| now.since(last) >= Duration::from_hours(1)) {
                swept = Some(now);
                let day_ago = now.before(Duration::from_hours(24));
                if let Err(error) = self.store.sweep(now, day_ago).await {
                    tracing::warn!(%error, "expired rows could not be deleted");
                }
            }
        }
    }

    /// Takes in what the engine saw until told to stop.
    pub(crate) async fn notifications(mut self, mut seen: Notifications) {
        loop {
            let notification = tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return,
                notification = seen.recv() => notification,
            };
            let Some(notification) = notification else { return };
            let taken =
                self.store.observe(notification.room, [notification.observation], self.clock.now()).await;
            if let Err(error) = taken {
                tracing::warn!(%error, conference = notification.room.0, "a notification of the engine was lost");
            }
        }
    }

    async fn next(&mut self, ticks: &mut tokio::time::Interval) -> bool {
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => false,
            _ = ticks.tick() => true,
        }
    }

    async fn pass_deadlines(&self, now: Timestamp) -> Result<(), StoreError> {
        for conference in self.store.due(now, BATCH).await? {
            self.store.observe(conference, [Observation::DeadlinePassed], now).await?;
        }
        Ok(())
    }

    /// Effects of one conference follow each other; conferences don't wait for each other.
    async fn work(&self, claimed: Vec<Claimed>) {
        let mut by_conference: BTreeMap<ConferenceId, Vec<Claimed>> = BTreeMap::new();
        for work in claimed {
            by_conference.entry(work.conference).or_default().push(work);
        }
        let mut running = tokio::task::JoinSet::new();
        for (_, effects) in by_conference {
            let background = self.clone();
            running.spawn(async move {
                for work in effects {
                    if !background.attempt(work).await {
                        // Its later effects must not overtake it; their lease ends by itself.
                        return;
                    }
                }
            });
        }
        while running.join_next().await.is_some() {}
    }

    async fn attempt(&self, work: Claimed) -> bool {
        let outcome = match tokio::time::timeout(LEASE / 2, self.act(work)).await {
            Ok(outcome) => outcome.map_err(|e| e.to_string()),
            Err(_) => Err("the engine did not answer in time".to_owned()),
        };
        let stored = match &outcome {
            Ok(seen) => self.store.effect_done(work, seen.iter().copied(), self.clock.now()).await,
            Err(error) => {
                tracing::warn!(error, conference = work.conference.0, effect = ?work.effect, attempts = work.attempts, "an effect failed");
                let due = self.clock.now().after(pause(work.attempts));
                self.store.effect_failed(work, due).await.map(drop)
            }
        };
        if let Err(error) = stored {
            tracing::warn!(%error, conference = work.conference.0, "an effect's outcome was not noted; it is done again");
        }
        outcome.is_ok()
    }

    /// What is seen of the work when it is done.
    async fn act(&self, work: Claimed) -> Result<Vec<Observation>, EffectError> {
        let room = work.conference;
        match work.effect {
            Effect::OpenRoom => self.engine.open_room(room).await?,
            Effect::Admit(participant) => self.admit(room, participant).await?,
            Effect::Remove(participant) => return self.remove(room, participant).await,
            Effect::CloseRoom => self.engine.close_room(room).await?,
        }
        Ok(vec![])
    }

    async fn admit(&self, room: ConferenceId, participant: ParticipantId) -> Result<(), EffectError> {
        let identity = Identity::from(participant);
        match self.engine.admit(room, identity).await {
            // It was removed meanwhile: admitting it has no sense any more.
            Err(EngineError { failure: Failure::Removed, .. }) => Ok(()),
            // The engine was restarted and has lost its rooms.
            Err(EngineError { failure: Failure::UnknownRoom, .. }) => {
                self.engine.open_room(room).await?;
                Ok(self.engine.admit(room, identity).await?)
            }
            outcome => Ok(outcome?),
        }
    }

    /// pending -> removed -> verified.
    async fn remove(
        &self,
        room: ConferenceId,
        participant: ParticipantId,
    ) -> Result<Vec<Observation>, EffectError> {
        let identity = Identity::from(participant);
        self.engine.remove(room, identity).await?;
        let removed = Observation::Removed(participant);
        match is_gone(&*self.engine, room, identity).await {
            Ok(true) => Ok(vec![removed, Observation::RemovalVerified(participant)]),
            unproven => {
                self.store.observe(room, [removed], self.clock.now()).await?;
                Err(unproven.map_or_else(EffectError::Engine, |_| EffectError::StillThere))
            }
        }
    }
}

/// Doubles from 200 ms to half a minute, with jitter of up to a quarter, so that many don't come back together.
fn pause(attempts: i32) -> Duration {
    let doubled = Duration::from_millis(100) * 2_u32.saturating_pow(attempts.clamp(1, 12).unsigned_abs());
    let pause = doubled.min(LONGEST_PAUSE);
    let jitter = u32::try_from(SystemEntropy.number().rem_euclid(256)).unwrap_or(0);
    pause.saturating_sub(pause / 4 * jitter / 256)
}
