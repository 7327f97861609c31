//! What sockets and engines ask about the parties of a call: by participant, not by login.

use trialogue_domain::{ConferenceId, Observation, ParticipantId, Timestamp, UserId};
use trialogue_storage::{NodeId, Place, SchemaState, StoreError};

use crate::app::App;
use crate::secret::Secret;

impl App {
    /// Whether the account of a participant is bound to this secret.
    ///
    /// # Errors
    /// [`StoreError`]; so for every method here.
    pub async fn is_bound(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
        secret: &Secret,
    ) -> Result<bool, StoreError> {
        self.store.is_bound(conference, participant, secret.hash()).await
    }

    /// Whether a participant is in the conference with an account that is good now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_account(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
    ) -> Result<bool, StoreError> {
        self.conferences.has_account(conference, participant, self.now()).await
    }

    /// Makes this node the holder of a conference's room. False while another living node holds it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_room(&self, conference: ConferenceId, node: NodeId) -> Result<bool, StoreError> {
        self.store.hold_room(conference, node, self.now()).await
    }

    /// Takes in what an engine saw.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn observe(&self, room: ConferenceId, seen: Observation) -> Result<(), StoreError> {
        self.conferences.observe(room, [seen], self.now()).await
    }

    /// Notes that a user is there, at most three times in a presence window: `last` is when it was noted before. A failure
    /// is logged only, because nothing else depends on it. Returns when it was noted last.
    pub async fn note_sign_of_life(&self, user: UserId, last: Option<Timestamp>) -> Timestamp {
        let (now, step) = (self.now(), self.settings.timings.presence / 3);
        if let Some(last) = last.filter(|last| now.since(*last) < step) {
            return last;
        }
        if let Err(error) = self.conferences.touch(user, now).await {
            tracing::warn!(%error, "a sign of life was not noted");
        }
        now
    }

    /// Where a user is in a log that it has seen up to `seq`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place(&self, user: UserId, conference: ConferenceId, seq: i32) -> Result<Place, StoreError> {
        self.store.place(user, conference, seq).await
    }

    /// The place in a log at which a party was invited.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invited_at(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
    ) -> Result<Option<i32>, StoreError> {
        self.store.invited_at(conference, participant).await
    }

    /// Whether the database answers, and its schema is this program's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn schema(&self) -> Result<SchemaState, StoreError> {
        self.store.check().await
    }
}
