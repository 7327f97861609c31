//! What those who follow live events stand before: their live request, their open offers, their place in a log.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use trialogue_domain::{ConferenceId, ParticipantId, RequestId, UserId};

use crate::database::connection::{AnyConnection, MAX_KEYS};
use crate::error::StoreError;
use crate::rows::{IsOpen, kind};
use crate::schema::{conferences, events, offers, participants, requests, tokens};
use crate::secret::SecretHash;
use crate::store::Store;
use crate::users::directory::UserRole;

/// What a user has at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The live request: the client's own, or the one that the provider accepted.
    pub live: Option<ConferenceId>,
    /// The requests that are offered to the provider, by number.
    pub offers: Vec<RequestId>,
    /// The tokens of the user's logins, by hash.
    pub logins: Vec<SecretHash>,
}

/// A place in a log, as a user sees it who names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// There is no such conference, or it is not the user's.
    Unknown,
    /// The end of the request comes after it, or of the user's part as a second interpreter.
    Before {
        /// As which participant the user is a second interpreter; none if it is not.
        as_second: Option<ParticipantId>,
    },
    /// That end comes before it.
    After,
}

impl Store {
    /// What each of these users has at the moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standings(
        &self,
        users: Vec<(UserRole, UserId)>,
    ) -> Result<HashMap<UserId, Standing>, StoreError> {
        self.executor()
            .read("look at users' requests", move |connection| {
                let mut found: HashMap<UserId, Standing> =
                    users.iter().map(|(_, user)| (*user, Standing::default())).collect();
                for role in [UserRole::Client, UserRole::Provider] {
                    let of_role = users.iter().filter(|(r, _)| *r == role).map(|(_, user)| user.0);
                    for ids in of_role.collect::<Vec<i32>>().chunks(MAX_KEYS) {
                        look(connection, role, ids, &mut found)
                            .map_err(StoreError::query("look at users' requests"))?;
                    }
                }
                Ok(found)
            })
            .await
    }

    /// Where the user is in this log who has seen it up to `seq`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place(&self, user: UserId, conference: ConferenceId, seq: i32) -> Result<Place, StoreError> {
        self.executor()
            .read("look for a place in a log", move |connection| {
                let served = requests::table
                    .filter(requests::conference_id.eq(conferences::id))
                    .filter(requests::provider_id.eq(Some(user.0)));
                let known: i64 = conferences::table
                    .find(conference.0)
                    .filter(conferences::client_id.eq(user.0).or(exists(served)))
                    .count()
                    .get_result(connection)
                    .map_err(StoreError::query("look for a place in a log"))?;
                if known == 0 {
                    return Ok(Place::Unknown);
                }
                let ended = place_of(connection, conference, kind::ENDED, None)?;
                let as_second = second_part(connection, user, conference)?;
                let out = match as_second {
                    Some(own) => place_of(connection, conference, kind::FINISHED, Some(own.0))?,
                    None => None,
                };
                let is_over = ended.into_iter().chain(out).any(|end| end <= seq);
                Ok(if is_over { Place::After } else { Place::Before { as_second } })
            })
            .await
    }

    /// The place in the log at which this party was invited.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invited_at(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
    ) -> Result<Option<i32>, StoreError> {
        self.executor()
            .read("look for an invitation in a log", move |connection| {
                place_of(connection, conference, kind::INVITED, Some(participant.0))
            })
            .await
    }
}

fn look(
    connection: &mut AnyConnection,
    role: UserRole,
    ids: &[i32],
    found: &mut HashMap<UserId, Standing>,
) -> QueryResult<()> {
    let live: Vec<(i32, i32)> = match role {
        UserRole::Client => conferences::table
            .filter(conferences::ended_at.is_null())
            .filter(conferences::client_id.eq_any(ids))
            .select((conferences::client_id, conferences::id))
            .load(connection)?,
        UserRole::Provider => requests::table
            .filter(requests::outcome.is_null())
            .filter(requests::provider_id.assume_not_null().eq_any(ids))
            .select((requests::provider_id.assume_not_null(), requests::conference_id))
            .load(connection)?,
    };
    for (user, id) in live {
        found.entry(UserId(user)).or_default().live = Some(ConferenceId(id));
    }
    let logins: Vec<(i32, Vec<u8>)> = tokens::table
        .filter(tokens::user_id.eq_any(ids))
        .order(tokens::hash)
        .select((tokens::user_id, tokens::hash))
        .load(connection)?;
    for (user, hash) in logins {
        if let Ok(hash) = SecretHash::try_from(hash) {
            found.entry(UserId(user)).or_default().logins.push(hash);
        }
    }
    if role == UserRole::Provider {
        let open: Vec<(i32, i32)> = offers::table
            .filter(offers::provider_id.eq_any(ids).and(IsOpen))
            .order(offers::request_id)
            .select((offers::provider_id, offers::request_id))
            .load(connection)?;
        for (user, id) in open {
            found.entry(UserId(user)).or_default().offers.push(RequestId(id));
        }
    }
    Ok(())
}

/// As which participant the user is, or was last, a second interpreter in this conference; none if the main request is its
/// own, perhaps because it has taken over.
fn second_part(
    connection: &mut AnyConnection,
    user: UserId,
    conference: ConferenceId,
) -> Result<Option<ParticipantId>, StoreError> {
    let own_main: i64 = requests::table
        .find((conference.0, conference.0))
        .filter(requests::provider_id.eq(Some(user.0)))
        .count()
        .get_result(connection)
        .map_err(StoreError::query("look for a second interpreter"))?;
    if own_main > 0 {
        return Ok(None);
    }
    let found: Option<i32> = participants::table
        .inner_join(
            requests::table.on(requests::conference_id
                .eq(participants::conference_id)
                .and(requests::id.nullable().eq(participants::request_id))),
        )
        .filter(participants::conference_id.eq(conference.0).and(requests::provider_id.eq(Some(user.0))))
        .order(participants::position.desc())
        .select(participants::id)
        .first(connection)
        .optional()
        .map_err(StoreError::query("look for a second interpreter"))?;
    Ok(found.map(ParticipantId))
}

fn place_of(
    connection: &mut AnyConnection,
    conference: ConferenceId,
    kind: i16,
    participant: Option<i32>,
) -> Result<Option<i32>, StoreError> {
    let of_kind: Vec<(i32, Option<i32>)> = events::table
        .filter(events::conference_id.eq(conference.0).and(events::kind.eq(kind)))
        .select((events::seq, events::participant_id))
        .load(connection)
        .map_err(StoreError::query("look for an event in a log"))?;
    Ok(of_kind.into_iter().find(|(_, about)| *about == participant).map(|(seq, _)| seq))
}
