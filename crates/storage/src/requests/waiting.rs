//! Requests that wait for an interpreter, and the interpreters who can take one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use diesel::dsl::{exists, max};
use diesel::prelude::*;
use trialogue_domain::{
    Candidate, ConferenceId, LanguageId, Offer, Presence, Purpose, RequestId, Timestamp, UserId, Wants,
};

use crate::aggregate::company::CompanyId;
use crate::aggregate::interpreter::{credentials_of, specialties_of};
use crate::aggregate::released::handed_over_at;
use crate::database::connection::{AnyConnection, MAX_KEYS};
use crate::error::StoreError;
use crate::requests::plans::{Plans, plans};
use crate::rows::interpreter::{availability, employment, gender};
use crate::rows::{OfferRow, WantsRow, purpose_of};
use crate::schema::{conferences, interpreters, offers, provider_languages, requests, users};
use crate::store::Store;

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRequest {
    /// Its conference.
    pub conference: ConferenceId,
    /// The request.
    pub request: RequestId,
    /// The language asked for.
    pub language: LanguageId,
    /// The language that it is reached through.
    pub through: Option<LanguageId>,
    /// What else is wanted.
    pub wants: Wants,
    /// The client's company.
    pub company: Option<CompanyId>,
    /// The offers of its search.
    pub offers: Vec<Offer>,
    /// Who was asked in an earlier search.
    pub asked_before: Vec<UserId>,
}

/// The requests that wait, and who can be asked.
#[derive(Debug, Default)]
pub struct WaitingRequests {
    /// Those of the oldest conference first.
    pub requests: Vec<WaitingRequest>,
    /// The conferences of those that can't be read, and why.
    pub failed: Vec<(ConferenceId, StoreError)>,
    /// Interpreters of these languages who gave a sign of life lately.
    pub candidates: Vec<Candidate>,
    /// The plans of the clients' companies.
    pub plans: Plans,
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

/// Maximum number of waits that an estimate is made of, the latest ones.
const WAITS: i64 = 200;

impl Store {
    /// How long clients waited for interpreters of a language who accepted from `since` on; the latest ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recent_waits(
        &self,
        language: LanguageId,
        since: Timestamp,
    ) -> Result<Vec<Duration>, StoreError> {
        self.executor()
            .read("look at recent waits", move |connection| {
                let rows: Vec<(i64, i64)> = requests::table
                    .inner_join(conferences::table.on(conferences::id.eq(requests::conference_id)))
                    .filter(requests::language_id.eq(language.0))
                    .filter(requests::accepted_at.ge(Some(since.0)))
                    // The client of a call waits for a second interpreter in another way.
                    .filter(requests::id.eq(requests::conference_id))
                    .order(requests::accepted_at.desc())
                    .limit(WAITS)
                    .select((conferences::requested_at, requests::accepted_at.assume_not_null()))
                    .load(connection)
                    .map_err(StoreError::query("look at recent waits"))?;
                let wait = |(requested, accepted)| Timestamp(accepted).since(Timestamp(requested));
                Ok(rows.into_iter().map(wait).collect())
            })
            .await
    }
}

diesel::alias!(requests as main_requests: MainRequests);

#[derive(Queryable)]
struct WaitingRow {
    conference: i32,
    request: i32,
    language: i32,
    main_language: i32,
    purpose: Option<i16>,
    wants: WantsRow,
    company: Option<i32>,
}

impl WaitingRow {
    fn key(&self) -> String {
        format!("{}/{}", self.conference, self.request)
    }

    /// The language that the request's is reached through.
    fn through(&self) -> Result<Option<LanguageId>, StoreError> {
        let purpose = purpose_of(self.purpose, || self.key())?;
        Ok(purpose.filter(|purpose| *purpose == Purpose::Relay).map(|_| LanguageId(self.main_language)))
    }
}

fn waiting(
    connection: &mut AnyConnection,
    seen_from: Timestamp,
    now: Timestamp,
) -> Result<WaitingRequests, StoreError> {
    // Two columns of one index: what ended without a provider is not looked at.
    let searching = requests::provider_id.is_null().and(requests::ended_at.is_null());
    let rows: Vec<WaitingRow> = requests::table
        .inner_join(conferences::table.on(conferences::id.eq(requests::conference_id)))
        .inner_join(
            main_requests.on(main_requests
                .field(requests::conference_id)
                .eq(requests::conference_id)
                .and(main_requests.field(requests::id).eq(requests::conference_id))),
        )
        .inner_join(users::table.on(users::id.eq(conferences::client_id)))
        .filter(searching.and(requests::deadline.gt(Some(now.0))))
        .order((conferences::requested_at, requests::id))
        .select((
            conferences::id,
            requests::id,
            requests::language_id,
            main_requests.field(requests::language_id),
            requests::purpose,
            WantsRow::as_select(),
            users::company_id,
        ))
        .load(connection)
        .map_err(StoreError::query("find waiting requests"))?;
    if rows.is_empty() {
        return Ok(WaitingRequests::default());
    }
    let plans = plans(connection, rows.iter().map(|row| row.company.map(CompanyId)))?;
    let mut offers = offers_of(connection, rows.iter().map(|row| row.conference))?;
    let mut request = |row: WaitingRow| {
        let offers = offers.remove(&row.request).unwrap_or_default();
        let (of_search, earlier): (Vec<_>, Vec<_>) =
            offers.into_iter().partition(|offer| offer.position >= 0);
        Ok(WaitingRequest {
            conference: ConferenceId(row.conference),
            request: RequestId(row.request),
            language: LanguageId(row.language),
            through: row.through()?,
            wants: row.wants.to_domain(|| row.key())?,
            company: row.company.map(CompanyId),
            offers: of_search.into_iter().map(OfferRow::to_domain).collect::<Result<_, StoreError>>()?,
            asked_before: earlier.into_iter().map(|offer| UserId(offer.provider_id)).collect(),
        })
    };
    let (mut requests, mut failed): (Vec<WaitingRequest>, _) = (Vec::new(), Vec::new());
    for row in rows {
        let conference = ConferenceId(row.conference);
        match request(row) {
            Ok(waiting) => requests.push(waiting),
            Err(error) => failed.push((conference, error)),
        }
    }
    let languages: HashSet<LanguageId> =
        requests.iter().flat_map(|request| [Some(request.language), request.through]).flatten().collect();
    let with_specialties = requests.iter().any(|request| request.wants.specialty.is_some());
    let candidates = candidates(connection, languages, seen_from, with_specialties)?;
    Ok(WaitingRequests { requests, failed, candidates, plans })
}

/// All offers of these conferences, by request, in their order.
fn offers_of(
    connection: &mut AnyConnection,
    conferences: impl Iterator<Item = i32>,
) -> Result<HashMap<i32, Vec<OfferRow>>, StoreError> {
    let conferences: Vec<i32> = conferences.collect();
    let mut found: HashMap<i32, Vec<OfferRow>> = HashMap::new();
    for some in conferences.chunks(MAX_KEYS) {
        let of_some: Vec<OfferRow> = offers::table
            .filter(offers::conference_id.eq_any(some))
            .order((offers::conference_id, offers::request_id, offers::position))
            .select(OfferRow::as_select())
            .load(connection)
            .map_err(StoreError::query("read the offers"))?;
        for offer in of_some {
            found.entry(offer.request_id).or_default().push(offer);
        }
    }
    Ok(found)
}

/// A language that an interpreter speaks.
#[derive(Queryable)]
struct SpokenRow {
    provider: i32,
    language: i32,
    availability: i16,
    said_at: Option<i64>,
    last_seen: Option<i64>,
    employment: i16,
    gender: Option<i16>,
    certification: i32,
    takes_video: bool,
    takes_calls: bool,
    busy: bool,
    ended: Option<i64>,
    handed_over: Option<i64>,
}

/// The interpreters of these languages who take calls, with a picture or without, and gave a sign of life lately.
pub(crate) fn candidates(
    connection: &mut AnyConnection,
    languages: impl IntoIterator<Item = LanguageId>,
    seen_from: Timestamp,
    with_specialties: bool,
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
        .filter(users::last_seen.ge(Some(seen_from.0)))
        .filter(interpreters::takes_video.eq(true).or(interpreters::takes_calls.eq(true)))
        .order(users::id)
        .select((
            users::id,
            provider_languages::language_id,
            users::availability,
            interpreters::said_at,
            users::last_seen,
            interpreters::employment,
            interpreters::gender,
            interpreters::certification,
            interpreters::takes_video,
            interpreters::takes_calls,
            exists(served().filter(requests::ended_at.is_null())),
            served().select(max(requests::ended_at)).single_value(),
            handed_over_at!(),
        ))
        .load(connection)
        .map_err(StoreError::query("find providers"))?;
    let mut found: BTreeMap<i32, Candidate> = BTreeMap::new();
    for row in rows {
        match found.get_mut(&row.provider) {
            Some(candidate) => candidate.languages.push(LanguageId(row.language)),
            None => {
                found.insert(row.provider, candidate(&row)?);
            }
        }
    }
    let ids: Vec<i32> = found.keys().copied().collect();
    for (interpreter, credential) in credentials_of(connection, &ids)? {
        if let Some(candidate) = found.get_mut(&interpreter.0) {
            candidate.credentials.push(credential);
        }
    }
    if with_specialties {
        for (interpreter, specialty) in specialties_of(connection, &ids)? {
            if let Some(candidate) = found.get_mut(&interpreter.0) {
                candidate.specialties.push(specialty);
            }
        }
    }
    Ok(found.into_values().collect())
}

fn candidate(row: &SpokenRow) -> Result<Candidate, StoreError> {
    let provider = UserId(row.provider);
    Ok(Candidate {
        provider,
        presence: Presence {
            availability: availability(provider, row.availability)?,
            said_at: row.said_at.map(Timestamp),
            last_seen: row.last_seen.map(Timestamp),
            busy: row.busy,
            served: row.ended.max(row.handed_over).map(Timestamp),
        },
        languages: vec![LanguageId(row.language)],
        credentials: Vec::new(),
        employment: employment(provider, row.employment)?,
        gender: gender(provider, row.gender)?,
        certification: row.certification,
        specialties: Vec::new(),
        takes_video: row.takes_video,
        takes_calls: row.takes_calls,
    })
}
