//! Requests that wait for an interpreter, and the interpreters who can take one.

use std::collections::{BTreeMap, HashSet};

use diesel::dsl::{exists, max};
use diesel::prelude::*;
use trialogue_domain::{Candidate, ConferenceId, LanguageId, RequestId, Timestamp, UserId};

use crate::aggregate::interpreter::credentials_of;
use crate::database::connection::{AnyConnection, MAX_KEYS};
use crate::error::StoreError;
use crate::schema::{conferences, interpreters, offers, provider_languages, requests, users};
use crate::store::Store;

/// The requests that wait, and who can be asked.
#[derive(Debug, Default)]
pub struct WaitingRequests {
    /// Those of the oldest conference first.
    pub requests: Vec<(ConferenceId, RequestId, LanguageId)>,
    /// Providers of these languages who want to take calls and gave a sign of life lately.
    pub candidates: Vec<Candidate>,
    /// The providers that were offered a request before.
    pub asked: HashSet<(RequestId, UserId)>,
}

impl Store {
    /// The requests that wait at `now`, with the providers who gave a sign of life from `seen_from` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting(&self, seen_from: Timestamp, now: Timestamp) -> Result<WaitingRequests, StoreError> {
        self.executor()
            .read_together("find waiting requests", move |connection| waiting(connection, seen_from, now))
            .await
    }
}

fn waiting(
    connection: &mut AnyConnection,
    seen_from: Timestamp,
    now: Timestamp,
) -> Result<WaitingRequests, StoreError> {
    // Two columns of one index: what ended without a provider is not looked at.
    let searching = requests::provider_id.is_null().and(requests::ended_at.is_null());
    let waiting: Vec<(i32, i32, i32)> = requests::table
        .inner_join(conferences::table.on(conferences::id.eq(requests::conference_id)))
        .filter(searching.and(requests::deadline.gt(Some(now.0))))
        .order((conferences::requested_at, requests::id))
        .select((conferences::id, requests::id, requests::language_id))
        .load(connection)
        .map_err(StoreError::query("find waiting requests"))?;
    let languages: HashSet<i32> = waiting.iter().map(|(_, _, language)| *language).collect();
    let candidates = candidates(connection, languages.into_iter().map(LanguageId), seen_from)?;
    if candidates.is_empty() {
        return Ok(WaitingRequests::default());
    }
    let mut asked = HashSet::new();
    for some in waiting.chunks(MAX_KEYS) {
        let of_some: Vec<(i32, i32)> = offers::table
            .filter(offers::conference_id.eq_any(some.iter().map(|(conference, ..)| *conference)))
            .select((offers::request_id, offers::provider_id))
            .load(connection)
            .map_err(StoreError::query("read the earlier offers"))?;
        asked.extend(of_some.into_iter().map(|(request, provider)| (RequestId(request), UserId(provider))));
    }
    let requests = waiting.into_iter().map(|(conference, request, language)| {
        (ConferenceId(conference), RequestId(request), LanguageId(language))
    });
    Ok(WaitingRequests { requests: requests.collect(), candidates, asked })
}

/// A language that a provider speaks.
#[derive(Queryable)]
struct SpokenRow {
    provider: i32,
    language: i32,
    last_seen: Option<i64>,
    busy: bool,
    served: Option<i64>,
}

/// The providers of these languages who take video calls, want to take calls now, and gave a sign of life lately.
pub(crate) fn candidates(
    connection: &mut AnyConnection,
    languages: impl IntoIterator<Item = LanguageId>,
    seen_from: Timestamp,
) -> Result<Vec<Candidate>, StoreError> {
    let languages: Vec<i32> = languages.into_iter().map(|language| language.0).collect();
    if languages.is_empty() {
        return Ok(Vec::new());
    }
    let served = || requests::table.filter(requests::provider_id.eq(users::id.nullable()));
    let rows: Vec<SpokenRow> = users::table
        .inner_join(provider_languages::table.on(provider_languages::provider_id.eq(users::id)))
        .filter(provider_languages::language_id.eq_any(languages))
        .inner_join(interpreters::table.on(interpreters::id.eq(users::id)))
        .filter(users::online.eq(true).and(users::last_seen.ge(Some(seen_from.0))))
        .filter(interpreters::takes_video.eq(true))
        .order(users::id)
        .select((
            users::id,
            provider_languages::language_id,
            users::last_seen,
            exists(served().filter(requests::ended_at.is_null())),
            served().select(max(requests::ended_at)).single_value(),
        ))
        .load(connection)
        .map_err(StoreError::query("find providers"))?;
    let mut found: BTreeMap<i32, Candidate> = BTreeMap::new();
    for row in rows {
        let candidate = found.entry(row.provider).or_insert_with(|| Candidate {
            provider: UserId(row.provider),
            online: true,
            last_seen: row.last_seen.map(Timestamp),
            busy: row.busy,
            languages: Vec::new(),
            credentials: Vec::new(),
            served: row.served.map(Timestamp),
        });
        candidate.languages.push(LanguageId(row.language));
    }
    let ids: Vec<i32> = found.keys().copied().collect();
    for (interpreter, credential) in credentials_of(connection, &ids)? {
        if let Some(candidate) = found.get_mut(&interpreter.0) {
            candidate.credentials.push(credential);
        }
    }
    Ok(found.into_values().collect())
}
