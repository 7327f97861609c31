//! What is shown of a conference: the domain's value, and the names that go with it.

use std::collections::HashMap;

use diesel::prelude::*;
use trialogue_domain::{
    Conference, ConferenceId, Kind, Medium, Participant, ParticipantId, Request, RequestId, Stage, Timestamp,
    UserId,
};

use crate::aggregate::language::{Language, language};
use crate::aggregate::load::load;
use crate::aggregate::offered::{OfferedProvider, Person, offered_providers, people};
use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::rows::details::RequestDetails;
use crate::rows::medium;
use crate::schema::{conferences, participants, requests};

/// Maximum number of providers that are shown of those with an open offer.
const SHOWN_OFFERS: usize = 20;

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
    /// Whether a picture is wanted.
    pub medium: Medium,
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
    /// Whether a picture is wanted.
    pub medium: Medium,
    /// The interpreter who accepted.
    pub interpreter: Option<Person>,
    /// The first interpreters with an open offer; 20 at most.
    pub offered: Vec<OfferedProvider>,
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
    let media = media(connection, &conference)?;
    let medium_of = |request: &Request| media.get(&request.id.0).copied().unwrap_or_default();
    let others =
        conference.others.iter().map(|request| second_request(connection, request, medium_of(request)));
    let others = others.collect::<Result<_, _>>()?;
    Ok(Some(ConferenceView {
        requested_at,
        language: language(connection, conference.main.language)?
            .ok_or(StoreError::UnknownLanguage(conference.main.language.0))?,
        medium: medium_of(&conference.main),
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

/// Whether a picture is wanted, by request.
fn media(
    connection: &mut AnyConnection,
    conference: &Conference,
) -> Result<HashMap<i32, Medium>, StoreError> {
    let rows: Vec<(i32, i16)> = requests::table
        .filter(requests::conference_id.eq(conference.id.0))
        .select((requests::id, requests::video_option))
        .load(connection)
        .map_err(StoreError::query("load the requests"))?;
    let of_request = |(id, code): (i32, i16)| Ok((id, medium(code, || format!("{}/{id}", conference.id))?));
    rows.into_iter().map(of_request).collect()
}

fn second_request(
    connection: &mut AnyConnection,
    request: &Request,
    medium: Medium,
) -> Result<SecondRequest, StoreError> {
    let wanted = request.language;
    Ok(SecondRequest {
        request: request.id,
        language: language(connection, wanted)?.ok_or(StoreError::UnknownLanguage(wanted.0))?,
        medium,
        interpreter: request.provider().map(|p| person(connection, p)).transpose()?,
        offered: offered(connection, request)?,
    })
}

fn offered(connection: &mut AnyConnection, request: &Request) -> Result<Vec<OfferedProvider>, StoreError> {
    offered_providers(connection, &request.open_offers().take(SHOWN_OFFERS).collect::<Vec<_>>())
}

fn person(connection: &mut AnyConnection, id: UserId) -> Result<Person, StoreError> {
    let missing = || StoreError::Inconsistent { table: "users", column: "id", row: id.to_string() };
    people(connection, &[id])?.remove(&id).ok_or_else(missing)
}
