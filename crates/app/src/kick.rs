//! Remove an invited third party.

use trialogue_domain::{Command, ConferenceId, ParticipantId};
use trialogue_storage::Whose;

use crate::app::App;
use crate::authentication::Caller;
use crate::error::AppError;

impl App {
    /// Removes an invited party from the caller's conference: link, token, account and socket are dead when this returns.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal: another's conference, a client or an interpreter.
    pub async fn kick(
        &self,
        caller: &Caller,
        conference: ConferenceId,
        participant: ParticipantId,
    ) -> Result<(), AppError> {
        self.command(Whose::Id(conference), caller.actor(), Command::Kick(participant)).await.map(drop)
    }
}
