//! Remove an invited third party, or a second interpreter.

use trialogue_domain::{Command, ConferenceId, ParticipantId};
use trialogue_storage::Whose;

use crate::app::App;
use crate::authentication::Caller;
use crate::error::AppError;

impl App {
    /// Removes an invited participant from the caller's conference. When this returns, its account is invalid, and so
    /// are a guest's invitation and token. Its socket is closed by the announcement of the change, and the engine
    /// removes it by a job: both follow the return, and each is tried again until it is done.
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
