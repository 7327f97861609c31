//! The requests offered to an interpreter, and whether the interpreter takes calls.

use trialogue_domain::{Command, RequestId};
use trialogue_storage::{OfferView, Whose};

use crate::app::App;
use crate::authentication::Caller;
use crate::error::AppError;

impl App {
    /// What is offered to the caller.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn offers(&self, caller: &Caller) -> Result<Vec<OfferView>, AppError> {
        Ok(self.store.offers(caller.user).await?)
    }

    /// Takes a request. The first to accept wins.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal.
    pub async fn accept(&self, caller: &Caller, request: RequestId) -> Result<(), AppError> {
        self.command(Whose::Request(request), caller.actor(), Command::AcceptOffer(request)).await.map(drop)
    }

    /// Does not take a request.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal.
    pub async fn decline(&self, caller: &Caller, request: RequestId) -> Result<(), AppError> {
        self.command(Whose::Request(request), caller.actor(), Command::DeclineOffer(request)).await.map(drop)
    }

    /// The caller takes calls, or does not. Who comes online is offered the requests that wait for its languages.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn set_online(&self, caller: &Caller, online: bool) -> Result<(), AppError> {
        Ok(self.conferences.set_online(caller.user, online, self.now()).await?)
    }
}
