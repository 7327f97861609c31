//! Polls: a conference is shown from memory as long as nothing has changed since it was last read.

use std::sync::Arc;

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, Request, Stage};

use crate::aggregate::find::ConferenceLookup;
use crate::aggregate::view::ConferenceView;
use crate::database::connection::{AnyConnection, native};
use crate::error::StoreError;
use crate::schema::{conferences, requests};
use crate::store::Store;

impl Store {
    /// The same as [`Store::view`], for those who ask again and again. While nothing has changed it costs one indexed read of
    /// the version. The signs of life of people may be older ones.
    ///
    /// # Errors
    /// As [`Store::view`].
    pub async fn polled(&self, lookup: ConferenceLookup) -> Result<Option<Arc<ConferenceView>>, StoreError> {
        let version =
            self.executor().read("look for a change", move |connection| version(connection, lookup));
        if let Some(view) = version.await?.and_then(|version| self.recent_views().get(lookup, version)) {
            return Ok(Some(view));
        }
        let view = self.view(lookup).await?.map(Arc::new);
        // A request that waits is shown with what changes without an event: who is asked, and how many are ahead.
        let waits_for_nobody = |view: &ConferenceView| {
            let waits = |request: &Request| matches!(request.stage, Stage::Searching { .. });
            !view.conference.requests().any(waits)
        };
        if let Some(view) = view.as_ref().filter(|view| view.conference.is_live() && waits_for_nobody(view)) {
            self.recent_views().keep(lookup, Arc::clone(view));
        }
        Ok(view)
    }
}

/// The live conference that is meant, with the number of its last event.
fn version(
    connection: &mut AnyConnection,
    lookup: ConferenceLookup,
) -> Result<Option<(ConferenceId, i32)>, StoreError> {
    let live = conferences::table
        .filter(conferences::ended_at.is_null())
        .select((conferences::id, conferences::last_seq));
    let served = requests::table
        .filter(requests::outcome.is_null())
        .inner_join(conferences::table.on(conferences::id.eq(requests::conference_id)))
        .select((conferences::id, conferences::last_seq));
    let of_request = requests::table
        .inner_join(conferences::table.on(conferences::id.eq(requests::conference_id)))
        .select((conferences::id, conferences::last_seq));
    let found = native!(connection, native => match lookup {
        ConferenceLookup::Id(id) => live.filter(conferences::id.eq(id.0)).get_result(native),
        ConferenceLookup::Client(user) => live.filter(conferences::client_id.eq(user.0)).get_result(native),
        ConferenceLookup::Provider(user) => served.filter(requests::provider_id.eq(Some(user.0))).get_result(native),
        ConferenceLookup::Request(request) => of_request.filter(requests::id.eq(request.0)).get_result(native),
    });
    let found: Option<(i32, i32)> = found.optional().map_err(StoreError::query("look for a change"))?;
    Ok(found.map(|(id, last_seq)| (ConferenceId(id), last_seq)))
}
