//! The secrets that media accounts are bound to.

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, ParticipantId};

use crate::error::StoreError;
use crate::schema::participants;
use crate::secret::SecretHash;
use crate::store::Store;

impl Store {
    /// Whether an account is bound to this secret already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_bound(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
        secret: SecretHash,
    ) -> Result<bool, StoreError> {
        self.executor()
            .read("check an account secret", move |connection| {
                let bound = participants::table
                    .find((conference.0, participant.0))
                    .select(participants::account_secret)
                    .get_result::<Option<Vec<u8>>>(connection)
                    .optional()
                    .map_err(StoreError::query("check an account secret"))?;
                Ok(bound.flatten().is_some_and(|bound| bound == secret))
            })
            .await
    }
}
