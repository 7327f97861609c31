//! What clients are shown of the interpreters who are rung: a few statements for all of them.

use std::cmp::Reverse;
use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer};
use trialogue_domain::{Outcome, Timestamp, UserId};

use crate::aggregate::images::{ProfileImage, images_of};
use crate::database::connection::{AnyConnection, load_by};
use crate::error::StoreError;
use crate::rows::outcome_code;
use crate::rows::{
    interpreter::{InterpreterRow, Profile},
    offer_state,
};
use crate::schema::{interpreters, languages, offers, provider_languages, requests, users};

/// Number of accepted requests from which the performance of an interpreter is computed.
const PERFORMANCE_OF: i64 = 20;

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

/// A provider as offered to a client (wire: `ParaRequestProvider`).
#[derive(Clone)]
pub struct OfferedProvider {
    /// Who.
    pub person: Person,
    /// What it is matched by.
    pub profile: Profile,
    /// The share of the last 20 requests that it accepted which were serviced, in hundredths; 0 before the first.
    pub performance: i32,
    /// The picture.
    pub image: Option<ProfileImage>,
    /// Languages spoken as a native.
    pub native_languages: Vec<String>,
    /// Other languages.
    pub other_languages: Vec<String>,
}

/// An accepted request that is over for the interpreter.
#[derive(QueryableByName)]
struct Task {
    #[diesel(sql_type = Integer)]
    provider_id: i32,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Bool)]
    serviced: bool,
}

/// These users, as others see them.
pub(crate) fn people(
    connection: &mut AnyConnection,
    users: &[UserId],
) -> Result<HashMap<UserId, Person>, StoreError> {
    let mut ids: Vec<i32> = users.iter().map(|user| user.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = load_by!(
        connection,
        users::id,
        &ids,
        users::table.select((users::id, users::name, users::email, users::last_seen))
    );
    let rows: Vec<(i32, String, String, Option<i64>)> = rows.map_err(StoreError::query("find users"))?;
    let person = |(id, name, email, last_seen): (i32, _, _, Option<i64>)| {
        let id = UserId(id);
        (id, Person { id, name, email, last_seen: last_seen.map(Timestamp) })
    };
    Ok(rows.into_iter().map(person).collect())
}

/// These interpreters, in the same order.
pub(crate) fn offered_providers(
    connection: &mut AnyConnection,
    providers: &[UserId],
) -> Result<Vec<OfferedProvider>, StoreError> {
    if providers.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i32> = providers.iter().map(|provider| provider.0).collect();
    let mut people = people(connection, providers)?;
    let profiles =
        load_by!(connection, interpreters::id, &ids, interpreters::table.select(InterpreterRow::as_select()));
    let profiles: Vec<InterpreterRow> = profiles.map_err(StoreError::query("find interpreters"))?;
    let spoken = load_by!(
        connection,
        provider_languages::provider_id,
        &ids,
        provider_languages::table
            .inner_join(languages::table.on(languages::id.eq(provider_languages::language_id)))
            .order(languages::id)
            .select((provider_languages::provider_id, languages::name, provider_languages::native))
    );
    let spoken: Vec<(i32, String, bool)> = spoken.map_err(StoreError::query("find the languages"))?;
    let performances = performances(connection, &ids)?;
    let mut images = images_of(connection, &ids)?;

    let missing = |table, id: i32| StoreError::Inconsistent { table, column: "id", row: id.to_string() };
    let mut profiles: HashMap<i32, InterpreterRow> =
        profiles.into_iter().map(|row| (row.interpreter(), row)).collect();
    let one = |id: i32| {
        let languages = |wanted: bool| {
            let own = spoken.iter().filter(|(of, _, native)| *of == id && *native == wanted);
            own.map(|(_, name, _)| name.clone()).collect()
        };
        Ok(OfferedProvider {
            person: people.remove(&UserId(id)).ok_or_else(|| missing("users", id))?,
            profile: profiles.remove(&id).ok_or_else(|| missing("interpreters", id))?.profile()?,
            performance: performances.get(&id).copied().unwrap_or_default(),
            image: images.remove(&UserId(id)),
            native_languages: languages(true),
            other_languages: languages(false),
        })
    };
    providers.iter().map(|provider| provider.0).map(one).collect()
}

/// The share of each interpreter's last accepted requests that were serviced, in hundredths.
fn performances(connection: &mut AnyConnection, ids: &[i32]) -> Result<HashMap<i32, i32>, StoreError> {
    let mut of_each: HashMap<i32, Vec<Task>> = HashMap::new();
    for task in tasks(connection, ids).map_err(StoreError::query("find interpreters' last requests"))? {
        of_each.entry(task.provider_id).or_default().push(task);
    }
    let performance = |mut tasks: Vec<Task>| {
        tasks.sort_by_key(|task| Reverse(task.at));
        tasks.truncate(usize::try_from(PERFORMANCE_OF).unwrap_or(usize::MAX));
        let serviced = tasks.iter().filter(|task| task.serviced).count();
        i32::try_from(100 * serviced / tasks.len().max(1)).unwrap_or(100)
    };
    Ok(of_each.into_iter().map(|(id, tasks)| (id, performance(tasks))).collect())
}

/// The last requests that each served, handed over or not, and those that each was released from.
fn tasks(connection: &mut AnyConnection, ids: &[i32]) -> QueryResult<Vec<Task>> {
    let serviced = outcome_code(Outcome::Serviced);
    match connection {
        AnyConnection::Postgres(native) => diesel::sql_query(
            "SELECT p.id AS provider_id, t.at, t.serviced FROM unnest($1) AS p(id) CROSS JOIN LATERAL (
                 (SELECT ended_at AS at, outcome = $2 AS serviced FROM requests
                  WHERE provider_id = p.id AND ended_at IS NOT NULL
                  ORDER BY ended_at DESC, conference_id DESC LIMIT $3)
                 UNION ALL
                 (SELECT released_at, state = $4 FROM offers
                  WHERE provider_id = p.id AND released_at IS NOT NULL ORDER BY released_at DESC LIMIT $3)
             ) AS t",
        )
        .bind::<Array<Integer>, _>(ids)
        .bind::<diesel::sql_types::SmallInt, _>(serviced)
        .bind::<BigInt, _>(PERFORMANCE_OF)
        .bind::<diesel::sql_types::SmallInt, _>(offer_state::HANDED_OVER)
        .load(native),
        AnyConnection::Sqlite(native) => {
            let mut found = Vec::new();
            for &id in ids {
                let ended: Vec<(i64, Option<i16>)> = requests::table
                    .filter(requests::provider_id.eq(Some(id)).and(requests::ended_at.is_not_null()))
                    .order((requests::ended_at.desc(), requests::conference_id.desc()))
                    .limit(PERFORMANCE_OF)
                    .select((requests::ended_at.assume_not_null(), requests::outcome))
                    .load(native)?;
                found.extend(ended.into_iter().map(|(at, outcome)| Task {
                    provider_id: id,
                    at,
                    serviced: outcome == Some(serviced),
                }));
                let released: Vec<(i64, i16)> = offers::table
                    .filter(offers::provider_id.eq(id).and(offers::released_at.is_not_null()))
                    .order(offers::released_at.desc())
                    .limit(PERFORMANCE_OF)
                    .select((offers::released_at.assume_not_null(), offers::state))
                    .load(native)?;
                found.extend(released.into_iter().map(|(at, state)| Task {
                    provider_id: id,
                    at,
                    serviced: state == offer_state::HANDED_OVER,
                }));
            }
            Ok(found)
        }
    }
}
