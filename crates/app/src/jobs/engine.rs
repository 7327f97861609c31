//! Background work of the engine: its effects, claimed from the outbox.
//!
//! None of it holds state that matters: whatever is cut off is found again in the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ports::{Clock, Entropy};
use crate::readiness::{Readiness, supervise};
use tokio::sync::watch;
use tokio::time::timeout;
use trialogue_domain::{ConferenceId, Effect, Observation, ParticipantId, Timestamp};
use trialogue_media::{EngineError, Failure, Gateway, Identity, Notifications, VideoEngine, is_gone};
use trialogue_storage::{Claimed, NodeId, Store, StoreError};

use crate::conferences::Conferences;
use crate::deadlines::concerns_all;
use crate::jobs::{self, LEASE, Lane, PATIENCE, pause};
use crate::notifications::Waiting;

/// Shortest back-off of an effect.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// What background work needs.
#[derive(Clone)]
pub struct Background {
    /// What is kept.
    pub store: Store,
    /// Conferences, changed by the rules.
    pub conferences: Conferences,
    /// What carries the picture.
    pub engine: Arc<dyn VideoEngine>,
    /// The engine's sockets.
    pub gateway: Arc<Gateway>,
    /// This node.
    pub node: NodeId,
    /// How long the gateway keeps the line of a lost socket.
    pub grace: Duration,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws the tokens of leases.
    pub entropy: Arc<dyn Entropy>,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
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
    /// Starts all of it, supervised.
    pub fn start(self, seen: Notifications, readiness: &Arc<Readiness>) -> Vec<tokio::task::JoinHandle<()>> {
        let readiness = || Arc::clone(readiness);
        let (effects, deadlines, presence) = (self.clone(), self.clone(), self.clone());
        // A restarted task goes on with what the one before it had not stored.
        let seen = Arc::new(tokio::sync::Mutex::new((seen, Waiting::default())));
        vec![
            supervise(readiness(), "engine", move || jobs::run(effects.clone(), effects.stop.clone())),
            supervise(readiness(), "deadlines", move || deadlines.clone().deadlines()),
            supervise(readiness(), "presence", move || presence.clone().presence()),
            supervise(readiness(), "notifications", move || {
                let (background, seen) = (self.clone(), Arc::clone(&seen));
                async move {
                    let (seen, waiting) = &mut *seen.lock().await;
                    background.notifications(seen, waiting).await;
                }
            }),
        ]
    }

    /// Whether it is done.
    async fn attempt(&self, work: Claimed) -> bool {
        let outcome = match timeout(PATIENCE, self.act(work)).await {
            Ok(outcome) => outcome.map_err(|e| e.to_string()),
            Err(_) => Err("the engine did not answer in time".to_owned()),
        };
        let stored = match &outcome {
            Ok(seen) => {
                match self.conferences.effect_done(work, seen.iter().copied(), self.clock.now()).await {
                    Err(error) if !concerns_all(&error) => {
                        // Its conference cannot be changed: the others go on, and it is tried again later and later.
                        let pause =
                            pause(work.attempts, FIRST_PAUSE, Duration::from_mins(10), work.conference.0);
                        let back = self.store.effect_failed(work, self.clock.now().after(pause)).await;
                        back.and(Err(error))
                    }
                    stored => stored,
                }
            }
            Err(error) => {
                tracing::warn!(error, conference = work.conference.0, effect = ?work.effect, attempts = work.attempts, "an effect failed");
                let pause = pause(work.attempts, FIRST_PAUSE, Duration::from_secs(30), work.conference.0);
                self.store.effect_failed(work, self.clock.now().after(pause)).await.map(drop)
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
                self.conferences.observe(room, [removed], self.clock.now()).await?;
                Err(unproven.map_or_else(EffectError::Engine, |_| EffectError::StillThere))
            }
        }
    }
}

/// Effects of one conference, claimed together: they follow each other. Conferences don't wait for each other.
pub(crate) struct Errand {
    claimed: Timestamp,
    effects: Vec<Claimed>,
}

impl Lane for Background {
    type Work = Errand;

    const HANDS: usize = 64;

    async fn claim(&self, hands: usize) -> Vec<Errand> {
        let (token, limit) = (self.entropy.number(), i64::try_from(hands).unwrap_or(1));
        let now = self.clock.now();
        let claimed =
            self.store.claim_effects_at(Some(self.node), token, LEASE, limit, now).await.unwrap_or_else(
                |error| {
                    tracing::warn!(%error, "the outbox could not be read");
                    Vec::new()
                },
            );
        let mut by_conference: BTreeMap<ConferenceId, Vec<Claimed>> = BTreeMap::new();
        for work in claimed {
            by_conference.entry(work.conference).or_default().push(work);
        }
        by_conference.into_values().map(|effects| Errand { claimed: now, effects }).collect()
    }

    async fn work(&self, Errand { claimed, effects }: Errand) {
        for (position, work) in effects.iter().enumerate() {
            let in_time = self.clock.now().since(claimed) <= LEASE.saturating_sub(PATIENCE);
            if in_time && self.attempt(*work).await {
                continue;
            }
            // What comes after a failed effect must not overtake it, and is due as soon as that is done.
            let untried = &effects[if in_time { position + 1 } else { position }..];
            if let Err(error) = self.store.effects_untried(untried).await {
                tracing::warn!(%error, conference = work.conference.0, "effects were not put back; they wait out their lease");
            }
            return;
        }
    }
}
