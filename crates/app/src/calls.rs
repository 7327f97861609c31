//! The call of a request: started, confirmed, taken up again, finished. Each fails with the rules' refusal.

use trialogue_domain::{Command, Conference, ParticipantId, Refusal};
use trialogue_storage::{CallLeg, StoreError};

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;

impl App {
    /// The client is ready for video; the interpreter must confirm.
    pub async fn start_video(&self, user: &LoggedInUser) -> Result<Conference, AppError> {
        self.command(user.own(), user.actor(), Command::StartVideo).await
    }

    /// The client calls the same interpreter again.
    pub async fn video_again(&self, user: &LoggedInUser) -> Result<(), AppError> {
        self.command(user.own(), user.actor(), Command::VideoAgain).await.map(drop)
    }

    /// Another interpreter is searched for; in a running call a successor.
    pub async fn find_another(&self, user: &LoggedInUser) -> Result<(), AppError> {
        self.command(user.own(), user.actor(), Command::FindAnother).await.map(drop)
    }

    /// **The listener's confirmation.**
    pub async fn confirm_video(&self, user: &LoggedInUser) -> Result<(), AppError> {
        self.command(user.own(), user.actor(), Command::ConfirmVideo).await.map(drop)
    }

    /// The listener's no.
    pub async fn refuse_video(&self, user: &LoggedInUser) -> Result<(), AppError> {
        unless_released(self.command(user.own(), user.actor(), Command::RefuseVideo).await)
    }

    /// The interpreter whose connection was lost comes back into the running call.
    pub async fn rejoin(&self, user: &LoggedInUser) -> Result<(), AppError> {
        self.command(user.own(), user.actor(), Command::Rejoin).await.map(drop)
    }

    /// Of two interpreters who take turns, this one works from now on.
    pub async fn take_turn(&self, user: &LoggedInUser, participant: ParticipantId) -> Result<(), AppError> {
        self.command(user.own(), user.actor(), Command::TakeTurn(participant)).await.map(drop)
    }

    /// The call is over, done or cancelled. The client reports its legs, which are kept.
    pub async fn finish(
        &self,
        user: &LoggedInUser,
        successful: bool,
        legs: Vec<CallLeg>,
    ) -> Result<(), AppError> {
        let done = self.conferences.finish(user.own(), user.actor(), successful, legs, self.now()).await;
        unless_released(done.map_err(AppError::Store))
    }
}

/// Who is out of the request already is where it wants to be.
fn unless_released(done: Result<Conference, AppError>) -> Result<(), AppError> {
    match done {
        Ok(_) | Err(AppError::Store(StoreError::Refused(Refusal::Released))) => Ok(()),
        Err(error) => Err(error),
    }
}
