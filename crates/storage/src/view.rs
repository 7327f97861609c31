//! What is shown of a conference: the domain's value, and the names that go with it.

use std::cmp::Reverse;

use diesel::prelude::*;
use trialogue_domain::{
    Conference, ConferenceId, LanguageId, Outcome, ParticipantId, Refusal, Timestamp, UserId,
};

use crate::aggregate::{Loaded, RequestDetails, load};
use crate::connection::AnyConnection;
use crate::released::{last_task, releases};
use crate::rows::outcome_code;
use crate::schema::{conferences, languages, provider_languages, requests, users};
use crate::{Store, StoreError};

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
    /// The first providers with an open offer, while the search is on; 20 at most.
    pub offered: Vec<OfferedProvider>,
}

/// A row of the language table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its number.
    pub id: LanguageId,
    /// ISO 639: of two letters where there is one, else of three.
    pub code: String,
    /// In English.
    pub name: String,
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
    /// The user who invited it, and the only one who is shown its addresses.
    pub inviter: Option<UserId>,
}

/// A provider as offered to a client (wire: `ParaRequestProvider`).
#[derive(Clone)]
pub struct OfferedProvider {
    /// Who.
    pub person: Person,
    /// The share of the last 20 requests that it accepted which were serviced, in hundredths; 0 before the first.
    pub performance: i32,
    /// Languages spoken as a native.
    pub native_languages: Vec<String>,
    /// Other languages.
    pub other_languages: Vec<String>,
}

/// Which conference is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whose {
    /// The one with this id.
    Id(ConferenceId),
    /// The client's latest.
    Client(UserId),
    /// The latest that the provider accepted.
    Provider(UserId),
}

impl Whose {
    /// Operations of one key follow each other.
    pub(crate) const fn key(self) -> i32 {
        match self {
            Self::Id(id) => id.0,
            Self::Client(user) | Self::Provider(user) => user.0,
        }
    }
}

macro_rules! latest {
    ($connection:expr, $table:ident, $id:ident, $of_user:expr) => {{
        let live = $table::table
            .filter($of_user.and($table::ended_at.is_null()))
            .select($table::$id)
            .get_result::<i32>($connection)
            .optional()
            .map_err(StoreError::query("find a live conference"))?;
        match live {
            Some(id) => Some((id, true)),
            None => $table::table
                .filter($of_user.and($table::ended_at.is_not_null()))
                .order(($table::ended_at.desc(), $table::$id.desc()))
                .select($table::$id)
                .first::<i32>($connection)
                .optional()
                .map_err(StoreError::query("find an ended conference"))?
                .map(|id| (id, false)),
        }
    }};
}

/// The id of a user's latest conference: the live one, of which there is one at most, or the one that ended last. Ids
/// tell nothing: those of several writers do not follow time. A provider whose last task ended with its release has none:
/// [`Refusal::Released`].
pub(crate) fn find(connection: &mut AnyConnection, whose: Whose) -> Result<Option<ConferenceId>, StoreError> {
    let found = match whose {
        Whose::Id(id) => return Ok(Some(id)),
        Whose::Client(user) => latest!(connection, conferences, id, conferences::client_id.eq(user.0)),
        Whose::Provider(user) => {
            let found = latest!(connection, requests, conference_id, requests::provider_id.eq(Some(user.0)));
            if found.is_none_or(|(_, is_live)| !is_live) && last_task(connection, user)?.is_some() {
                return Err(Refusal::Released.into());
            }
            found
        }
    };
    Ok(found.map(|(id, _)| ConferenceId(id)))
}

pub(crate) fn view(
    connection: &mut AnyConnection,
    id: ConferenceId,
) -> Result<Option<ConferenceView>, StoreError> {
    let Some(loaded) = load(connection, id)? else { return Ok(None) };
    let conference = loaded.conference()?;
    let Loaded { row, participants, .. } = loaded;
    let client = person(connection, conference.client)?;
    let provider = conference.provider().map(|p| person(connection, p)).transpose()?;
    let offered = conference
        .main
        .open_offers()
        .take(SHOWN_OFFERS)
        .map(|p| offered_provider(connection, p))
        .collect::<Result<_, _>>()?;
    let invited = participants
        .into_iter()
        .filter(|p| p.user_id.is_none())
        .map(|p| Invited {
            participant: ParticipantId(p.id),
            name: p.name,
            email: p.email,
            phone: p.phone,
            inviter: p.inviter_id.map(UserId),
        })
        .collect();
    Ok(Some(ConferenceView {
        requested_at: Timestamp(row.requested_at),
        language: language(connection, conference.main.language)?
            .ok_or(StoreError::UnknownLanguage(conference.main.language.0))?,
        details: RequestDetails {
            situation_code: row.situation_code,
            additional_info: row.additional_info,
            location: row.location,
            from_language_id: row.from_language_id,
        },
        client,
        provider,
        invited,
        offered,
        conference,
    }))
}

pub(crate) fn language(
    connection: &mut AnyConnection,
    id: LanguageId,
) -> Result<Option<Language>, StoreError> {
    let found = languages::table
        .find(id.0)
        .select((languages::id, languages::code, languages::name))
        .get_result::<(i32, String, String)>(connection)
        .optional()
        .map_err(StoreError::query("find a language"))?;
    Ok(found.map(|(id, code, name)| Language { id: LanguageId(id), code, name }))
}

impl Store {
    /// The language table, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn languages(&self) -> Result<Vec<Language>, StoreError> {
        self.executor()
            .read("list the languages", |connection| {
                let rows: Vec<(i32, String, String)> = languages::table
                    .order(languages::id)
                    .select((languages::id, languages::code, languages::name))
                    .load(connection)
                    .map_err(StoreError::query("list the languages"))?;
                Ok(rows
                    .into_iter()
                    .map(|(id, code, name)| Language { id: LanguageId(id), code, name })
                    .collect())
            })
            .await
    }
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
        performance: performance(connection, id)?,
        native_languages: names(native),
        other_languages: names(other),
    })
}
