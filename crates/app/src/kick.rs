//! Remove an invited third party, or a second interpreter.

use trialogue_domain::{Command, ConferenceId, ParticipantId};
use trialogue_storage::ConferenceLookup;

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;

impl App {
    /// Removes an invited participant from the user's conference. When this returns, its account is invalid, and so
    /// are a guest's invitation and token. Its socket is closed by the announcement of the change, and the engine
    /// removes it by a job: both follow the return, and each is tried again until it is done.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal: another's conference, a client or an interpreter.
    pub async fn kick(
        &self,
        user: &LoggedInUser,
        conference: ConferenceId,
        participant: ParticipantId,
    ) -> Result<(), AppError> {
        self.command(ConferenceLookup::Id(conference), user.actor(), Command::Kick(participant))
            .await
            .map(drop)
    }
}
