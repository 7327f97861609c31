//! Requests that wait for an interpreter, and the interpreters who can take one.

use std::collections::{BTreeMap, HashSet};

use diesel::dsl::{exists, max};
use diesel::prelude::*;
use tokio::task::JoinSet;
use trialogue_domain::{
    Actor, Candidate, Command, Conference, ConferenceId, Facts, LanguageId, Moment, Observation, Timestamp,
    UserId, decide, match_providers,
};

use crate::aggregate::batch::{Deed, Step};
use crate::aggregate::decision::Given;
use crate::aggregate::facts::Needs;
use crate::aggregate::find::Whose;
use crate::conferences::calls::observation_steps;
use crate::database::connection::{AnyConnection, MAX_KEYS};
use crate::schema::{conferences, offers, provider_languages, requests, users};
use crate::{Store, StoreError};

/// Maximum number of requests that are offered at the same time.
const BATCH: usize = 64;

impl Store {
    /// Offers every request that waits to every provider who speaks its language, can take a call and was not asked
    /// before. Returns the requests for which this failed.
    ///
    /// It is called whenever a provider may have become available, and each second in case that was overlooked. Several
    /// nodes may do it at the same time.
    ///
    /// # Errors
    /// [`StoreError`] if the waiting requests could not be read.
    pub async fn offer_waiting(&self, now: Timestamp) -> Result<Vec<(ConferenceId, StoreError)>, StoreError> {
        let store = self.clone();
        let mut due = self
            .executor()
            .read_together("find waiting requests", move |connection| {
                due_offers(connection, store.moment(now))
            })
            .await?;
        let mut failed = Vec::new();
        while !due.is_empty() {
            let mut batch = JoinSet::new();
            for (request, providers) in due.drain(..due.len().min(BATCH)) {
                let store = self.clone();
                batch.spawn(async move { (request, store.offer(request, providers, now).await) });
            }
            let outcomes = batch.join_all().await;
            failed.extend(outcomes.into_iter().filter_map(|(request, done)| Some((request, done.err()?))));
        }
        Ok(failed)
    }

    /// Offers what waits after a change that may have made a provider available. The change itself is done, so a failure
    /// is left to the next look.
    pub(crate) async fn offer_waiting_after_change(&self, now: Timestamp) {
        match self.offer_waiting(now).await {
            Ok(failed) => {
                for (request, error) in failed {
                    tracing::debug!(%error, conference = request.0, "a request could not be offered yet");
                }
            }
            Err(error) => tracing::debug!(%error, "waiting requests could not be offered yet"),
        }
    }

    async fn offer(
        &self,
        request: ConferenceId,
        providers: Vec<UserId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let store = self.clone();
        let judge = move |conference: &Conference, given: &Given| {
            Ok(offer_steps(conference, &providers, given.facts, store.moment(now))?.into())
        };
        self.executor().decide(Whose::Id(request), Needs::Nothing, "offer a request", judge).await.map(drop)
    }
}

/// The offers of a request, or its end if its time has passed.
fn offer_steps(
    conference: &Conference,
    providers: &[UserId],
    facts: Facts,
    moment: Moment<'_>,
) -> Result<Vec<Step>, StoreError> {
    let overdue = observation_steps(conference, &[Observation::DeadlinePassed], moment);
    if !overdue.is_empty() {
        return Ok(overdue);
    }
    let mut events = Vec::new();
    for provider in providers {
        events.extend(decide(
            conference,
            Actor::System,
            Command::Offer(conference.main.id, *provider),
            facts,
            moment,
        )?);
    }
    if events.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Step { deed: Deed { actor: Some(Actor::System), at: moment.now }, events }])
}

/// The requests that wait, oldest first, each with the providers to offer it to.
fn due_offers(
    connection: &mut AnyConnection,
    moment: Moment<'_>,
) -> Result<Vec<(ConferenceId, Vec<UserId>)>, StoreError> {
    // Two columns of one index: what ended without a provider is not looked at.
    let searching = requests::provider_id.is_null().and(requests::ended_at.is_null());
    let waiting: Vec<(i32, i32)> = requests::table
        .inner_join(conferences::table.on(conferences::id.eq(requests::conference_id)))
        .filter(searching.and(requests::deadline.gt(Some(moment.now.0))))
        // Second interpreters are not searched for yet.
        .filter(requests::id.eq(requests::conference_id))
        .order((conferences::requested_at, conferences::id))
        .select((conferences::id, requests::language_id))
        .load(connection)
        .map_err(StoreError::query("find waiting requests"))?;
    let languages: HashSet<i32> = waiting.iter().map(|(_, language)| *language).collect();
    let candidates = candidates(connection, languages.into_iter().map(LanguageId), moment)?;
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let mut due = Vec::new();
    for some in waiting.chunks(MAX_KEYS) {
        let asked: HashSet<(i32, i32)> = offers::table
            .filter(offers::conference_id.eq_any(some.iter().map(|(request, _)| *request)))
            .select((offers::request_id, offers::provider_id))
            .load::<(i32, i32)>(connection)
            .map_err(StoreError::query("look who was asked"))?
            .into_iter()
            .collect();
        for (request, language) in some {
            let was_asked = |provider: UserId| asked.contains(&(*request, provider.0));
            let providers = match_providers(LanguageId(*language), &candidates, was_asked, moment);
            if !providers.is_empty() {
                due.push((ConferenceId(*request), providers));
            }
        }
    }
    Ok(due)
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

/// The providers of these languages who want to take calls and gave a sign of life lately.
pub(crate) fn candidates(
    connection: &mut AnyConnection,
    languages: impl IntoIterator<Item = LanguageId>,
    moment: Moment<'_>,
) -> Result<Vec<Candidate>, StoreError> {
    let languages: Vec<i32> = languages.into_iter().map(|language| language.0).collect();
    if languages.is_empty() {
        return Ok(Vec::new());
    }
    let served = || requests::table.filter(requests::provider_id.eq(users::id.nullable()));
    let seen_from = moment.now.before(moment.timings.presence);
    let rows: Vec<SpokenRow> = users::table
        .inner_join(provider_languages::table.on(provider_languages::provider_id.eq(users::id)))
        .filter(provider_languages::language_id.eq_any(languages))
        .filter(users::online.eq(true).and(users::last_seen.ge(Some(seen_from.0))))
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
            served: row.served.map(Timestamp),
        });
        candidate.languages.push(LanguageId(row.language));
    }
    Ok(found.into_values().collect())
}
