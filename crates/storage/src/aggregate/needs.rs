//! What must be known from other tables to change a conference. It is loaded for a whole batch, before anything is judged.

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, Credential, Refusal, RequestId, UserId};

use crate::aggregate::find::{ConferenceLookup, find};
use crate::aggregate::interpreter::credentials_of;
use crate::database::connection::{AnyConnection, load_by};
use crate::error::StoreError;
use crate::schema::{call_legs, conferences, offers, requests};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing beside the conference.
    Nothing,
    /// Whether this request was offered to this provider, whether the provider serves another conference, and its
    /// credentials.
    OfferTo(RequestId, UserId),
    /// Whether the legs of the call were reported.
    Legs,
}

/// What was asked for. What was not is false, or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needed {
    /// Whether the request was offered to the provider.
    pub offered: bool,
    /// Whether the provider serves another conference.
    pub busy: bool,
    /// The provider's credentials.
    pub credentials: Vec<Credential>,
    /// Whether the legs of the call were reported.
    pub legs_reported: bool,
}

/// What a batch asked for.
#[derive(Default)]
pub(crate) struct LoadedNeeds {
    offers: Vec<(i32, i32)>,
    served: Vec<(Option<i32>, i32)>,
    credentials: Vec<(UserId, Credential)>,
    reported: Vec<i32>,
}

impl LoadedNeeds {
    pub(crate) fn load(
        connection: &mut AnyConnection,
        wanted: impl Iterator<Item = (ConferenceId, Needs)>,
    ) -> Result<Self, StoreError> {
        let (mut conferences, mut providers, mut reports) = (Vec::new(), Vec::new(), Vec::new());
        for (conference, needs) in wanted {
            match needs {
                Needs::Nothing => {}
                Needs::OfferTo(_, provider) => {
                    conferences.push(conference.0);
                    providers.push(provider.0);
                }
                Needs::Legs => reports.push(conference.0),
            }
        }
        let offers = load_by!(
            connection,
            offers::conference_id,
            &conferences,
            offers::table
                .filter(offers::provider_id.eq_any(&providers))
                .select((offers::request_id, offers::provider_id))
        );
        let served = load_by!(
            connection,
            requests::provider_id.assume_not_null(),
            &providers,
            requests::table
                .filter(requests::outcome.is_null())
                .select((requests::provider_id, requests::conference_id))
        );
        let credentials = credentials_of(connection, &providers)?;
        let reported = load_by!(
            connection,
            call_legs::conference_id,
            &reports,
            call_legs::table.filter(call_legs::position.eq(0)).select(call_legs::conference_id)
        );
        Ok(Self {
            offers: offers.map_err(StoreError::query("look for an offer"))?,
            served: served.map_err(StoreError::query("look for a live request"))?,
            credentials,
            reported: reported.map_err(StoreError::query("look for call legs"))?,
        })
    }

    pub(crate) fn of(&self, conference: ConferenceId, needs: Needs) -> Needed {
        match needs {
            Needs::Nothing => Needed::default(),
            Needs::OfferTo(request, provider) => Needed {
                offered: self.offers.contains(&(request.0, provider.0)),
                busy: self
                    .served
                    .iter()
                    .any(|(by, served)| *by == Some(provider.0) && *served != conference.0),
                credentials: self
                    .credentials
                    .iter()
                    .filter(|(of, _)| *of == provider)
                    .map(|(_, credential)| *credential)
                    .collect(),
                ..Needed::default()
            },
            Needs::Legs => {
                Needed { legs_reported: self.reported.contains(&conference.0), ..Needed::default() }
            }
        }
    }
}

/// Finds the conferences that are meant, or why there is none.
pub(crate) fn find_all(
    connection: &mut AnyConnection,
    wanted: &[ConferenceLookup],
) -> Result<Vec<Result<ConferenceId, Refusal>>, StoreError> {
    let (mut clients, mut providers, mut of_requests) = (Vec::new(), Vec::new(), Vec::new());
    for lookup in wanted {
        match lookup {
            ConferenceLookup::Id(_) => {}
            ConferenceLookup::Client(user) => clients.push(user.0),
            ConferenceLookup::Provider(user) => providers.push(user.0),
            ConferenceLookup::Request(request) => of_requests.push(request.0),
        }
    }
    let of_clients = load_by!(
        connection,
        conferences::client_id,
        &clients,
        conferences::table
            .filter(conferences::ended_at.is_null())
            .select((conferences::client_id, conferences::id))
    );
    let of_providers = load_by!(
        connection,
        requests::provider_id.assume_not_null(),
        &providers,
        requests::table
            .filter(requests::outcome.is_null())
            .select((requests::provider_id.assume_not_null(), requests::conference_id))
    );
    let of_requests = load_by!(
        connection,
        requests::id,
        &of_requests,
        requests::table.select((requests::id, requests::conference_id))
    );
    let of_requests: Vec<(i32, i32)> = of_requests.map_err(StoreError::query("find conferences"))?;
    let of_clients: Vec<(i32, i32)> = of_clients.map_err(StoreError::query("find live conferences"))?;
    let of_providers: Vec<(i32, i32)> = of_providers.map_err(StoreError::query("find live conferences"))?;
    let of = |found: &[(i32, i32)], key: i32| {
        found.iter().find(|(of, _)| *of == key).map(|(_, id)| ConferenceId(*id))
    };
    let find_one = |lookup: &ConferenceLookup| {
        let found = match lookup {
            ConferenceLookup::Id(id) => Some(*id),
            ConferenceLookup::Client(user) => of(&of_clients, user.0),
            ConferenceLookup::Provider(user) => of(&of_providers, user.0),
            ConferenceLookup::Request(request) => of(&of_requests, request.0),
        };
        match found {
            Some(id) => Ok(Ok(id)),
            // One that has ended, which is rare; or none.
            None => match find(connection, *lookup) {
                Ok(found) => Ok(found.ok_or(Refusal::NoRequest)),
                Err(StoreError::Refused(refusal)) => Ok(Err(refusal)),
                Err(error) => Err(error),
            },
        }
    };
    wanted.iter().map(find_one).collect()
}
