//! The requests offered to an interpreter, and whether the interpreter takes calls.

use trialogue_domain::{Availability, Command, InterpreterStatus, MissedRings, RequestId};
use trialogue_storage::{ConferenceLookup, OfferView};

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;

impl App {
    /// What is offered to the user.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn offers(&self, user: &LoggedInUser) -> Result<Vec<OfferView>, AppError> {
        Ok(self.store.offers(user.id).await?)
    }

    /// Takes a request. The first to accept wins.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal.
    pub async fn accept(&self, user: &LoggedInUser, request: RequestId) -> Result<(), AppError> {
        self.command(ConferenceLookup::Request(request), user.actor(), Command::AcceptOffer(request))
            .await
            .map(drop)
    }

    /// Does not take a request.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal.
    pub async fn decline(&self, user: &LoggedInUser, request: RequestId) -> Result<(), AppError> {
        self.command(ConferenceLookup::Request(request), user.actor(), Command::DeclineOffer(request))
            .await
            .map(drop)
    }

    /// The user takes calls, or does not. Who takes calls is offered the requests that wait for its languages.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn set_availability(&self, user: &LoggedInUser, said: Availability) -> Result<(), AppError> {
        Ok(self.conferences.set_availability(user.id, said, self.now()).await?)
    }

    /// The user's status, and how many rings it missed in a row.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn interpreter_status(
        &self,
        user: &LoggedInUser,
    ) -> Result<(InterpreterStatus, MissedRings), AppError> {
        Ok(self.conferences.interpreter_status(user.id, self.now()).await?)
    }
}
