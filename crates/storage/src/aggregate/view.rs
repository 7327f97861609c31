//! What is shown of a conference: the domain's value, and the names that go with it.

use std::cmp::Reverse;

use diesel::prelude::*;
use trialogue_domain::{
    Conference, ConferenceId, Kind, Outcome, Participant, ParticipantId, Request, RequestId, Stage,
    Timestamp, UserId,
};

use crate::aggregate::interpreter::profile;
use crate::aggregate::language::{Language, language};
use crate::aggregate::load::load;
use crate::aggregate::released::releases;
use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::rows::details::RequestDetails;
use crate::rows::interpreter::Profile;
use crate::rows::outcome_code;
use crate::schema::{conferences, languages, participants, provider_languages, requests, users};

/// Maximum number of providers that are shown of those with an open offer.
const SHOWN_OFFERS: usize = 20;

/// Number of accepted requests from which the performance of a provider is computed.
const PERFORMANCE_OF: i64 = 20;

/// A conference with the names of its people.
#[derive(Clone)]
pub struct ConferenceView {
    /// What the rules see.
    pub conference: Conference,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// What the client said of its request.
    pub details: RequestDetails,
    /// The language asked for.
    pub language: Language,
    /// The client.
    pub client: Person,
    /// The provider who accepted.
    pub provider: Option<Person>,
    /// The invited parties.
    pub invited: Vec<Invited>,
    /// The requests for second interpreters, oldest first.
    pub others: Vec<SecondRequest>,
    /// The first providers with an open offer, while the search is on; 20 at most.
    pub offered: Vec<OfferedProvider>,
    /// While the search is on: how many requests for the language wait for longer.
    pub ahead: i64,
}

/// A user, as others see it.
#[derive(Clone)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// The name to show.
    pub name: String,
    /// The address to log in with.
    pub email: String,
    /// The last sign of life.
    pub last_seen: Option<Timestamp>,
}

/// What is known of an invited party.
#[derive(Clone)]
pub struct Invited {
    /// Which participant.
    pub participant: ParticipantId,
    /// The name given by the inviter.
    pub name: Option<String>,
    /// Where a link is sent.
    pub email: Option<String>,
    /// Where a text is sent.
    pub phone: Option<String>,
    /// What a second interpreter is told of its request.
    pub note: Option<String>,
    /// The user who invited it, and the only one who is shown its addresses.
    pub inviter: Option<UserId>,
}

/// A request for a second interpreter.
#[derive(Clone)]
pub struct SecondRequest {
    /// Which.
    pub request: RequestId,
    /// The language asked for.
    pub language: Language,
    /// The interpreter who accepted.
    pub interpreter: Option<Person>,
    /// The first interpreters with an open offer; 20 at most.
    pub offered: Vec<OfferedProvider>,
}

/// A provider as offered to a client (wire: `ParaRequestProvider`).
#[derive(Clone)]
pub struct OfferedProvider {
    /// Who.
    pub person: Person,
    /// What it is matched by.
    pub profile: Profile,
    /// The share of the last 20 requests that it accepted which were serviced, in hundredths; 0 before the first.
    pub performance: i32,
    /// Languages spoken as a native.
    pub native_languages: Vec<String>,
    /// Other languages.
    pub other_languages: Vec<String>,
}

impl ConferenceView {
    /// The request that this participant, a second interpreter, is here for.
    pub fn request_of(&self, participant: &Participant) -> Option<&SecondRequest> {
        let request = self.conference.request_of(participant)?.id;
        self.others.iter().find(|other| other.request == request)
    }
}

pub(crate) fn view(
    connection: &mut AnyConnection,
    id: ConferenceId,
) -> Result<Option<ConferenceView>, StoreError> {
    let Some(loaded) = load(connection, id)? else { return Ok(None) };
    let conference = loaded.conference()?;
    let (requested_at, details) = request_details(connection, id)?;
    let client = person(connection, conference.client)?;
    let provider = conference.provider().map(|p| person(connection, p)).transpose()?;
    let offered = offered(connection, &conference.main)?;
    let others = conference.others.iter().map(|request| second_request(connection, request));
    let others = others.collect::<Result<_, _>>()?;
    Ok(Some(ConferenceView {
        requested_at,
        language: language(connection, conference.main.language)?
            .ok_or(StoreError::UnknownLanguage(conference.main.language.0))?,
        details,
        client,
        provider,
        ahead: ahead(connection, &conference.main, requested_at)?,
        invited: invited(connection, &conference)?,
        others,
        offered,
        conference,
    }))
}

/// How many requests for the language wait for longer than this one, if it waits.
fn ahead(
    connection: &mut AnyConnection,
    request: &Request,
    requested_at: Timestamp,
) -> Result<i64, StoreError> {
    if !matches!(request.stage, Stage::Searching { .. }) {
        return Ok(0);
    }
    let earlier = conferences::requested_at
        .lt(requested_at.0)
        .or(conferences::requested_at.eq(requested_at.0).and(requests::id.lt(request.id.0)));
    requests::table
        .inner_join(conferences::table.on(conferences::id.eq(requests::conference_id)))
        .filter(requests::provider_id.is_null().and(requests::ended_at.is_null()))
        .filter(requests::language_id.eq(request.language.0).and(earlier))
        .count()
        .get_result(connection)
        .map_err(StoreError::query("count the requests that wait"))
}

/// What the client said of its request, and when.
fn request_details(
    connection: &mut AnyConnection,
    id: ConferenceId,
) -> Result<(Timestamp, RequestDetails), StoreError> {
    let (requested_at, situation_code, additional_info, location, from_language_id) = conferences::table
        .find(id.0)
        .select((
            conferences::requested_at,
            conferences::situation_code,
            conferences::additional_info,
            conferences::location,
            conferences::from_language_id,
        ))
        .get_result(connection)
        .map_err(StoreError::query("load the details of a request"))?;
    let details = RequestDetails { situation_code, additional_info, location, from_language_id };
    Ok((Timestamp(requested_at), details))
}

/// What is known of the invited parties, in the order of the participants.
fn invited(connection: &mut AnyConnection, conference: &Conference) -> Result<Vec<Invited>, StoreError> {
    if conference.participants.iter().all(|p| matches!(p.kind(), Kind::Client | Kind::Provider)) {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = participants::table
        .filter(participants::conference_id.eq(conference.id.0).and(participants::user_id.is_null()))
        .order(participants::position)
        .select((
            participants::id,
            participants::name,
            participants::email,
            participants::phone,
            participants::note,
            participants::inviter_id,
        ))
        .load(connection)
        .map_err(StoreError::query("load the invited parties"))?;
    let invited = rows.into_iter().map(|(id, name, email, phone, note, inviter)| Invited {
        participant: ParticipantId(id),
        name,
        email,
        phone,
        note,
        inviter: Option::map(inviter, UserId),
    });
    Ok(invited.collect())
}

fn second_request(connection: &mut AnyConnection, request: &Request) -> Result<SecondRequest, StoreError> {
    let wanted = request.language;
    Ok(SecondRequest {
        request: request.id,
        language: language(connection, wanted)?.ok_or(StoreError::UnknownLanguage(wanted.0))?,
        interpreter: request.provider().map(|p| person(connection, p)).transpose()?,
        offered: offered(connection, request)?,
    })
}

fn offered(connection: &mut AnyConnection, request: &Request) -> Result<Vec<OfferedProvider>, StoreError> {
    request.open_offers().take(SHOWN_OFFERS).map(|p| offered_provider(connection, p)).collect()
}

fn person(connection: &mut AnyConnection, id: UserId) -> Result<Person, StoreError> {
    let (name, email, last_seen) = users::table
        .find(id.0)
        .select((users::name, users::email, users::last_seen))
        .get_result::<(String, String, Option<i64>)>(connection)
        .map_err(StoreError::query("find a user"))?;
    Ok(Person { id, name, email, last_seen: last_seen.map(Timestamp) })
}

/// The share of the provider's last accepted requests that were serviced, in hundredths.
fn performance(connection: &mut AnyConnection, id: UserId) -> Result<i32, StoreError> {
    let ended: Vec<(Option<i64>, Option<i16>)> = requests::table
        .filter(requests::provider_id.eq(Some(id.0)).and(requests::ended_at.is_not_null()))
        .order((requests::ended_at.desc(), requests::conference_id.desc()))
        .limit(PERFORMANCE_OF)
        .select((requests::ended_at, requests::outcome))
        .load(connection)
        .map_err(StoreError::query("find a provider's last requests"))?;
    let is_serviced = |(at, outcome)| (at, outcome == Some(outcome_code(Outcome::Serviced)));
    let released = releases(connection, id, PERFORMANCE_OF)?.into_iter().map(|at| (Some(at), false));
    let mut tasks: Vec<(Option<i64>, bool)> = ended.into_iter().map(is_serviced).chain(released).collect();
    tasks.sort_by_key(|(at, _)| Reverse(*at));
    tasks.truncate(usize::try_from(PERFORMANCE_OF).unwrap_or(usize::MAX));
    let serviced = tasks.iter().filter(|(_, is_serviced)| *is_serviced).count();
    Ok(i32::try_from(100 * serviced / tasks.len().max(1)).unwrap_or(100))
}

fn offered_provider(connection: &mut AnyConnection, id: UserId) -> Result<OfferedProvider, StoreError> {
    let spoken: Vec<(String, bool)> = provider_languages::table
        .inner_join(languages::table.on(languages::id.eq(provider_languages::language_id)))
        .filter(provider_languages::provider_id.eq(id.0))
        .order(languages::id)
        .select((languages::name, provider_languages::native))
        .load(connection)
        .map_err(StoreError::query("find a provider's languages"))?;
    let (native, other): (Vec<_>, Vec<_>) = spoken.into_iter().partition(|(_, native)| *native);
    let names = |list: Vec<(String, bool)>| list.into_iter().map(|(name, _)| name).collect();
    Ok(OfferedProvider {
        person: person(connection, id)?,
        profile: profile(connection, id)?,
        performance: performance(connection, id)?,
        native_languages: names(native),
        other_languages: names(other),
    })
}
