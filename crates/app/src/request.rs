//! Make a request for an interpreter, and see what has become of it.

use std::sync::Arc;

use trialogue_domain::{LanguageId, Refusal, Timestamp, UserId, Wants};
use trialogue_storage::{
    ConferenceView, IdempotencyKey, Language, ReleasedView, Render, RequestDetails, StoreError,
};

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;

/// A request, as one of its two sides sees it.
pub enum RequestView {
    /// The side belongs to it.
    Own(Arc<ConferenceView>),
    /// The interpreter was released from it.
    Released(ReleasedView),
}

impl App {
    /// Makes a request, offered at once to whoever fits and is free. Answers with what `render` makes of it.
    ///
    /// # Errors
    /// [`AppError::Store`]: a live request, an unknown language, too many requests, another request with this key.
    pub async fn open_request(
        &self,
        user: &LoggedInUser,
        wanted: (LanguageId, Wants),
        details: RequestDetails,
        key: Option<IdempotencyKey>,
        render: Render<ConferenceView>,
        now: Timestamp,
    ) -> Result<Vec<u8>, AppError> {
        Ok(self.conferences.open_request(user.id, wanted, details, now, key, render).await?)
    }

    /// The client's latest request, or the latest that the interpreter accepted.
    ///
    /// # Errors
    /// [`Refusal::NoRequest`] if there is none.
    pub async fn request_status(&self, user: &LoggedInUser) -> Result<RequestView, AppError> {
        match self.polled(user.own()).await {
            Ok(view) => Ok(RequestView::Own(view)),
            Err(error @ AppError::Store(StoreError::Refused(Refusal::Released))) => {
                self.store.released(user.id).await?.map(RequestView::Released).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// The interpreter with this number of the organisation's own, unless it is removed.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn interpreter_numbered(&self, number: &str) -> Result<Option<UserId>, AppError> {
        Ok(self.store.interpreter_numbered(number.to_owned()).await?)
    }

    /// The language table.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn languages(&self) -> Result<Vec<Language>, AppError> {
        Ok(self.store.languages().await?)
    }
}
