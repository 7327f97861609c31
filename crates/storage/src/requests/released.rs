//! What is shown to a provider who had accepted a request and is out of it.

use diesel::prelude::*;
use trialogue_domain::{Availability, ConferenceId, LanguageId, ReleaseReason, RequestId, Timestamp, UserId};

use crate::aggregate::language::{Language, language};
use crate::aggregate::released::{Released, last_task};
use crate::error::StoreError;
use crate::rows::interpreter::availability;
use crate::schema::{requests, users};
use crate::store::Store;

/// The request that a provider is out of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedView {
    /// Its conference.
    pub conference: ConferenceId,
    /// The request.
    pub request: RequestId,
    /// The language asked for.
    pub language: Language,
    /// Why the provider is out.
    pub reason: ReleaseReason,
    /// Since when.
    pub at: Timestamp,
    /// What the provider says of itself.
    pub availability: Availability,
}

impl Store {
    /// The request that the provider was released from last, unless it has accepted or served another one since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn released(&self, provider: UserId) -> Result<Option<ReleasedView>, StoreError> {
        self.executor()
            .read("show a release", move |connection| {
                let Some(released) = last_task(connection, provider)? else { return Ok(None) };
                let (wanted, code) = requests::table
                    .inner_join(users::table.on(users::id.eq(provider.0)))
                    .filter(requests::id.eq(released.request.0))
                    .select((requests::language_id, users::availability))
                    .get_result::<(i32, i16)>(connection)
                    .map_err(StoreError::query("show a release"))?;
                let language =
                    language(connection, LanguageId(wanted))?.ok_or(StoreError::UnknownLanguage(wanted))?;
                let Released { conference, request, reason, at, .. } = released;
                let availability = availability(provider, code)?;
                Ok(Some(ReleasedView { conference, request, language, reason, at, availability }))
            })
            .await
    }
}
