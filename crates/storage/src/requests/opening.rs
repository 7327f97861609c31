//! Requests: opening one, and offering it to providers.

use diesel::prelude::*;
use trialogue_domain::{
    Candidate, ConferenceId, LanguageId, NotRung, Plan, Purpose, Refusal, RequestId, Step, Timestamp, UserId,
    Wants,
};

use crate::aggregate::batch::Batch;
use crate::aggregate::company::company_of;
use crate::aggregate::language::{Language, language};
use crate::aggregate::view::{ConferenceView, view};
use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::idempotency::{IdempotencyKey, Render, once};
use crate::limits::check_requests;
use crate::requests::plans::plans;
use crate::requests::waiting::candidates;
use crate::rows::details::RequestDetails;
use crate::rows::{IsOpen, WantsRow, purpose_of};
use crate::schema::{conferences, languages, offers, participants, requests, users};
use crate::store::Store;
use crate::text::storable;

/// Maximum number of open offers that a provider is shown.
const OFFERS: i64 = 50;

/// A request offered to a provider.
#[derive(Clone)]
pub struct OfferView {
    /// The request.
    pub request: RequestId,
    /// The name of the client.
    pub client: String,
    /// The language asked for.
    pub language: Language,
    /// What the client said of its request.
    pub details: RequestDetails,
    /// What else is wanted.
    pub wants: Wants,
    /// What a second interpreter is asked for.
    pub purpose: Option<Purpose>,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// Until when the provider is rung.
    pub until: Timestamp,
}

#[derive(Queryable)]
struct OfferedRow {
    id: i32,
    deadline: Option<i64>,
    rung_until: i64,
    situation_code: i32,
    additional_info: Option<String>,
    location: Option<String>,
    from_language_id: Option<i32>,
    note: Option<String>,
    conference_id: i32,
    purpose: Option<i16>,
    wants: WantsRow,
    offered_at: i64,
    client: String,
    language_id: i32,
    language_code: String,
    language: String,
}

impl TryFrom<OfferedRow> for OfferView {
    type Error = StoreError;

    fn try_from(row: OfferedRow) -> Result<Self, StoreError> {
        Ok(Self {
            request: RequestId(row.id),
            client: row.client,
            language: Language {
                id: LanguageId(row.language_id),
                code: row.language_code,
                name: row.language,
            },
            details: RequestDetails {
                situation_code: row.situation_code,
                // A second interpreter is told what is said of its own request.
                additional_info: if row.id == row.conference_id { row.additional_info } else { row.note },
                location: row.location,
                from_language_id: row.from_language_id,
            },
            wants: row.wants.to_domain(|| format!("{}/{}", row.conference_id, row.id))?,
            purpose: purpose_of(row.purpose, || format!("{}/{}", row.conference_id, row.id))?,
            offered_at: Timestamp(row.offered_at),
            // A request that is searching has a deadline.
            until: Timestamp(row.deadline.unwrap_or(row.offered_at).min(row.rung_until)),
        })
    }
}

/// What a request is opened with.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The number of the new conference.
    pub id: ConferenceId,
    /// Whether the client has a live request already.
    pub has_live_request: bool,
    /// The providers who may be offered it.
    pub candidates: &'a [Candidate],
    /// The plan of the client's company.
    pub plan: &'a Plan,
}

/// The first step of a conference, and who was not rung by it.
pub type Opened = (Step, Vec<(UserId, NotRung)>);

impl Store {
    /// Opens a request by the step that `open` makes, and keeps the answer that `render` makes, all in one transaction. Providers without a
    /// sign of life from `seen_from` on are no candidates.
    ///
    /// # Errors
    /// What `open` refuses, [`StoreError::UnknownLanguage`], [`StoreError::IdempotencyMismatch`].
    #[expect(clippy::too_many_arguments, reason = "their types tell them apart")]
    pub async fn open_request(
        &self,
        client: UserId,
        (wanted, wants): (LanguageId, Wants),
        details: RequestDetails,
        (seen_from, now): (Timestamp, Timestamp),
        key: Option<IdempotencyKey>,
        open: impl Fn(Opening<'_>) -> Result<Opened, Refusal> + Send + 'static,
        render: Render<ConferenceView>,
    ) -> Result<Vec<u8>, StoreError> {
        storable(&[
            ("additional_info", details.additional_info.as_deref()),
            ("location", details.location.as_deref()),
        ])?;
        key.as_ref().map_or(Ok(()), IdempotencyKey::check)?;
        self.executor()
            .write(client.0, "open a request", move |tx| {
                once(tx, key.as_ref(), now, |tx| {
                    language(&mut tx.connection, wanted)?.ok_or(StoreError::UnknownLanguage(wanted.0))?;
                    let has_live_request = is_live(&mut tx.connection, client)?;
                    check_requests(&mut tx.connection, client, now)?;
                    let with_specialties = wants.specialty.is_some();
                    let candidates = candidates(&mut tx.connection, [wanted], seen_from, with_specialties)?;
                    let company = company_of(&mut tx.connection, client)?;
                    let plans = plans(&mut tx.connection, [company])?;
                    let id = tx.ids.conference();
                    let plan = plans.of(company);
                    let (step, not_rung) =
                        open(Opening { id, has_live_request, candidates: &candidates, plan })?;
                    let mut batch = Batch::default();
                    batch.open(id, &step, (details.clone(), wants), not_rung)?;
                    batch.save(tx)?;
                    let shown = view(&mut tx.connection, id)?.ok_or(Refusal::NotFound)?;
                    Ok((render(&shown), None))
                })
            })
            .await
            .map(|answer| answer.body)
    }

    /// The open offers to a provider, oldest first, 50 at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn offers(&self, provider: UserId) -> Result<Vec<OfferView>, StoreError> {
        self.executor()
            .read("show offers", move |connection| {
                let open = offers::provider_id.eq(provider.0).and(IsOpen);
                let rows: Vec<OfferedRow> = offers::table
                    .inner_join(requests::table.on(requests::id.eq(offers::request_id)))
                    .inner_join(conferences::table.on(conferences::id.eq(offers::conference_id)))
                    .left_join(
                        participants::table.on(participants::conference_id
                            .eq(offers::conference_id)
                            .and(participants::request_id.eq(offers::request_id.nullable()))),
                    )
                    .inner_join(users::table.on(users::id.eq(conferences::client_id)))
                    .inner_join(languages::table.on(languages::id.eq(requests::language_id)))
                    .filter(open)
                    .order((offers::offered_at, conferences::requested_at, requests::id))
                    .limit(OFFERS)
                    .select((
                        requests::id,
                        requests::deadline,
                        offers::rung_until,
                        conferences::situation_code,
                        conferences::additional_info,
                        conferences::location,
                        conferences::from_language_id,
                        participants::note.nullable(),
                        offers::conference_id,
                        requests::purpose,
                        WantsRow::as_select(),
                        offers::offered_at,
                        users::name,
                        languages::id,
                        languages::code,
                        languages::name,
                    ))
                    .load(connection)
                    .map_err(StoreError::query("show offers"))?;
                rows.into_iter().map(OfferView::try_from).collect()
            })
            .await
    }
}

/// Whether the client has a live request.
fn is_live(connection: &mut AnyConnection, client: UserId) -> Result<bool, StoreError> {
    let live = conferences::table
        .filter(conferences::client_id.eq(client.0).and(conferences::ended_at.is_null()))
        .count()
        .get_result::<i64>(connection)
        .map_err(StoreError::query("look for a live request"))?;
    Ok(live > 0)
}
