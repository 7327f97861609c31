//! Which conference is meant.

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, Refusal, RequestId, UserId};

use crate::aggregate::released::last_task;
use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::{conferences, requests};

/// Which conference is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConferenceLookup {
    /// The one with this id.
    Id(ConferenceId),
    /// The client's latest.
    Client(UserId),
    /// The latest that the provider accepted.
    Provider(UserId),
    /// The one with this request.
    Request(RequestId),
}

impl ConferenceLookup {
    /// Operations of one key follow each other.
    pub(crate) const fn key(self) -> i32 {
        match self {
            Self::Id(id) => id.0,
            Self::Client(user) | Self::Provider(user) => user.0,
            Self::Request(request) => request.0,
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
pub(crate) fn find(
    connection: &mut AnyConnection,
    lookup: ConferenceLookup,
) -> Result<Option<ConferenceId>, StoreError> {
    let found = match lookup {
        ConferenceLookup::Id(id) => return Ok(Some(id)),
        ConferenceLookup::Request(request) => return of_request(connection, request).map(Some),
        ConferenceLookup::Client(user) => {
            latest!(connection, conferences, id, conferences::client_id.eq(user.0))
        }
        ConferenceLookup::Provider(user) => {
            let found = latest!(connection, requests, conference_id, requests::provider_id.eq(Some(user.0)));
            if found.is_none_or(|(_, is_live)| !is_live) && last_task(connection, user)?.is_some() {
                return Err(Refusal::Released.into());
            }
            found
        }
    };
    Ok(found.map(|(id, _)| ConferenceId(id)))
}

fn of_request(connection: &mut AnyConnection, request: RequestId) -> Result<ConferenceId, StoreError> {
    let found = requests::table
        .filter(requests::id.eq(request.0))
        .select(requests::conference_id)
        .get_result(connection)
        .optional()
        .map_err(StoreError::query("find the conference of a request"))?;
    Ok(found.map(ConferenceId).ok_or(Refusal::NotFound)?)
}
