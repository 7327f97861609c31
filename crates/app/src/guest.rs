//! The invited third party, with the invitation's secret as its token.

use trialogue_domain::{Command, Refusal};
use trialogue_storage::{ConferenceLookup, ConferenceView, Invitation};

use crate::app::App;
use crate::error::AppError;
use crate::secret::Secret;

impl App {
    /// What the guest is invited to, and by whom: what it must know before it says yes.
    ///
    /// # Errors
    /// [`AppError::InvalidInvitation`]; so for every method here.
    pub async fn invitation(&self, token: &Secret) -> Result<(Invitation, ConferenceView), AppError> {
        let invitation = self.guest(token).await?;
        let view = self.view(ConferenceLookup::Id(invitation.conference)).await?.ok_or(Refusal::NoRequest)?;
        Ok((invitation, view))
    }

    /// The guest's yes.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal.
    pub async fn confirm_invitation(&self, token: &Secret) -> Result<(), AppError> {
        self.answer_invitation(token, Command::ConfirmInvitation).await
    }

    /// The guest's no.
    ///
    /// # Errors
    /// As [`App::confirm_invitation`].
    pub async fn decline_invitation(&self, token: &Secret) -> Result<(), AppError> {
        self.answer_invitation(token, Command::DeclineInvitation).await
    }

    /// The guest goes.
    ///
    /// # Errors
    /// As [`App::confirm_invitation`].
    pub async fn leave(&self, token: &Secret) -> Result<(), AppError> {
        self.answer_invitation(token, Command::Leave).await
    }

    async fn answer_invitation(&self, token: &Secret, command: Command) -> Result<(), AppError> {
        let invitation = self.guest(token).await?;
        self.command(ConferenceLookup::Id(invitation.conference), invitation.actor(), command).await.map(drop)
    }
}
