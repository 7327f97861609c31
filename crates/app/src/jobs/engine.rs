//! Background work of the engine: the effects of conferences.
//!
//! It keeps no state: after a crash, unfinished jobs are read again from the database.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use trialogue_domain::{ConferenceId, Effect, Observation, ParticipantId};
use trialogue_media::{EngineError, Failure, Identity, is_gone};
use trialogue_storage::{JobKind, LeasedJob, StoreError};

use crate::back_off::pause;
use crate::background::Background;
use crate::jobs::{Handler, JobOutcome, PATIENCE, Queue};

/// Longest back-off of an effect.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

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
    /// What is seen of the effect when it is done.
    async fn act(&self, room: ConferenceId, effect: Effect) -> Result<Vec<Observation>, EffectError> {
        match effect {
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

impl Handler for Background {
    type Work = Effect;

    const SLOTS: usize = 64;

    const FIRST_PAUSE: Duration = Duration::from_millis(100);

    fn kind(&self) -> JobKind {
        JobKind::Engine
    }

    fn queue(&self) -> Queue {
        Queue { conferences: self.conferences.clone(), node: self.node, clock: Arc::clone(&self.clock) }
    }

    async fn attempt(&self, job: &LeasedJob<Effect>) -> JobOutcome {
        // Every job of an engine has a conference; one without cannot be done.
        let Some(room) = job.conference else { return JobOutcome::Done(vec![]) };
        let error = match timeout(PATIENCE, self.act(room, job.work)).await {
            Ok(Ok(seen)) => return JobOutcome::Done(seen),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the engine did not answer in time".to_owned(),
        };
        let (conference, attempts) = (room.0, job.attempts);
        tracing::warn!(error, conference, effect = ?job.work, attempts, "an effect failed");
        JobOutcome::Failed(pause(attempts, Self::FIRST_PAUSE, LONGEST_PAUSE, conference))
    }
}
