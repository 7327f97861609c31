//! SQLite: the seeded file, and the baseline, a bare loop of diesel over the kick's own statements in groups of 64.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer};
use diesel::sqlite::Sqlite;
use sha2::{Digest as _, Sha256};

use crate::clock::now;
use crate::seed::{self, Amount};
use crate::stats::Sample;

const GROUP: u32 = 64;

diesel::table! { tokens (hash) { hash -> Binary, user_id -> Integer, created_at -> BigInt, expires_at -> BigInt, } }
diesel::table! { users (id) { id -> Integer, role -> SmallInt, last_seen -> Nullable<BigInt>, } }
diesel::table! {
    conferences (id) {
        id -> Integer, client_id -> Integer, start_by -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>, serviced -> Bool, last_seq -> Integer, next_deadline -> Nullable<BigInt>,
        requested_at -> BigInt, situation_code -> Integer, additional_info -> Nullable<Text>,
        location -> Nullable<Text>, from_language_id -> Nullable<Integer>,
    }
}
diesel::table! {
    participants (conference_id, id) {
        conference_id -> Integer, id -> Integer, position -> Integer, kind -> SmallInt,
        user_id -> Nullable<Integer>, request_id -> Nullable<Integer>, state -> SmallInt,
        deadline -> Nullable<BigInt>, account_expires -> Nullable<BigInt>, account_secret -> Nullable<Binary>,
        reason -> Nullable<SmallInt>, finished_at -> Nullable<BigInt>, removal -> Nullable<SmallInt>,
        invitation -> Nullable<Binary>, name -> Nullable<Text>, email -> Nullable<Text>,
        phone -> Nullable<Text>,
    }
}
diesel::allow_tables_to_appear_in_same_query!(tokens, users);
diesel::joinable!(tokens -> users (user_id));

type Conference = (
    (i32, i32, Option<i64>, Option<i64>),
    (bool, i32, Option<i64>, i64, i32, Option<String>, Option<String>, Option<i32>),
);

type Participant = (
    (i32, i32, i32, i16, Option<i32>, Option<i32>, i16, Option<i64>, Option<i64>),
    (
        Option<Vec<u8>>,
        Option<i16>,
        Option<i64>,
        Option<i16>,
        Option<Vec<u8>>,
        Option<String>,
        Option<String>,
        Option<String>,
    ),
);

/// The writes, prepared once each; with the numbers that go into them.
struct Write<const N: usize> {
    call: i32,
    guest: i32,
    now: i64,
}

const WRITES: [&str; 4] = [
    "INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, participant_id, code) \
     VALUES (?1, 7, ?3, 11, 1, ?1, ?2, 6)",
    "INSERT INTO jobs (kind, ordering_key, conference_id, version, payload, attempts, created_at, due_at) \
     VALUES (1, ?1, ?1, 1, '{\"remove\":' || ?2 || '}', 0, ?3, ?3)",
    "UPDATE participants SET state = 6, deadline = NULL, account_expires = NULL, reason = 6, finished_at = ?3, \
     removal = 2 WHERE conference_id = ?1 AND id = ?2",
    "UPDATE conferences SET last_seq = 7 WHERE id = ?1 AND last_seq = 6 AND ?2 > 0 AND ?3 > 0",
];

impl<const N: usize> QueryId for Write<N> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> RunQueryDsl<SqliteConnection> for Write<N> {}

impl<const N: usize> QueryFragment<Sqlite> for Write<N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        // The placeholders are in the text already; diesel's own go into a comment behind it.
        out.push_sql(WRITES[N]);
        out.push_sql(" -- ");
        out.push_bind_param::<Integer, _>(&self.call)?;
        out.push_bind_param::<Integer, _>(&self.guest)?;
        out.push_bind_param::<BigInt, _>(&self.now)
    }
}

fn open(file: &Path) -> anyhow::Result<SqliteConnection> {
    let mut connection = SqliteConnection::establish(file.to_str().context("a path in UTF-8")?)?;
    // As the server's writer has them.
    connection.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;
         PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 1000; PRAGMA synchronous = FULL;",
    )?;
    Ok(connection)
}

/// Seeds a migrated file.
pub(crate) fn fill(file: &Path, amount: Amount, now: i64) -> anyhow::Result<()> {
    let mut connection = SqliteConnection::establish(file.to_str().context("a path in UTF-8")?)?;
    connection.batch_execute(&amount.fill(include_str!("../data/seed-sqlite.sql"), now))?;
    connection.batch_execute("BEGIN")?;
    for user in amount.with_token() {
        let hash = Sha256::digest(seed::token(user).as_bytes());
        let user = i32::try_from(user)?;
        diesel::insert_into(tokens::table)
            .values((
                tokens::hash.eq(&hash[..]),
                tokens::user_id.eq(user),
                tokens::created_at.eq(now),
                tokens::expires_at.eq(now + 43_200_000_000),
            ))
            .execute(&mut connection)?;
    }
    connection.batch_execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// Runs statements on a file that no server has open.
pub(crate) fn execute(file: &Path, sql: &str) -> anyhow::Result<()> {
    let mut connection = open(file)?;
    connection.batch_execute(sql)?;
    Ok(connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?)
}

/// How many guests were kicked.
pub(crate) fn kicked(file: &Path) -> anyhow::Result<i64> {
    let mut connection = open(file)?;
    Ok(participants::table.filter(participants::reason.eq(6)).count().get_result(&mut connection)?)
}

/// The baseline: what is left when there is no HTTP, no rule, no thread and no savepoint.
pub(crate) fn raw_loop(
    file: &Path,
    guests: u32,
    warm_up: Duration,
    measured: Duration,
    at: i64,
) -> anyhow::Result<(Sample, u32)> {
    let mut connection = open(file)?;
    let begin = now() + warm_up;
    let end = begin + measured;
    let (mut call, mut counted, mut last) = (0, 0_u32, begin);
    while call + GROUP <= guests && now() < end {
        connection.batch_execute("BEGIN IMMEDIATE")?;
        for _ in 0..GROUP {
            call += 1;
            kick(&mut connection, i32::try_from(call)?, &seed::token(call), at)?;
        }
        connection.batch_execute("COMMIT")?;
        last = now();
        if last > begin {
            counted += GROUP;
        }
    }
    let seconds = last.saturating_duration_since(begin).as_secs_f64();
    Ok((Sample { rate: f64::from(counted) / seconds, ..Sample::default() }, call))
}

fn kick(connection: &mut SqliteConnection, call: i32, token: &str, at: i64) -> anyhow::Result<()> {
    let hash = Sha256::digest(token.as_bytes());
    let (user, _, _): (i32, i16, Option<i64>) = tokens::table
        .inner_join(users::table)
        .filter(tokens::hash.eq(&hash[..]).and(tokens::expires_at.gt(at)))
        .select((users::id, users::role, users::last_seen))
        .get_result(connection)?;
    let (conference, _): Conference = {
        use conferences::dsl as c;
        c::conferences
            .find(call)
            .select((
                (c::id, c::client_id, c::start_by, c::ended_at),
                (
                    c::serviced,
                    c::last_seq,
                    c::next_deadline,
                    c::requested_at,
                    c::situation_code,
                    c::additional_info,
                    c::location,
                    c::from_language_id,
                ),
            ))
            .get_result(connection)?
    };
    anyhow::ensure!(conference.1 == user, "the call is another's");
    let people: Vec<Participant> = {
        use participants::dsl as p;
        p::participants
            .filter(p::conference_id.eq(call))
            .order(p::position)
            .select((
                (
                    p::conference_id,
                    p::id,
                    p::position,
                    p::kind,
                    p::user_id,
                    p::request_id,
                    p::state,
                    p::deadline,
                    p::account_expires,
                ),
                (
                    p::account_secret,
                    p::reason,
                    p::finished_at,
                    p::removal,
                    p::invitation,
                    p::name,
                    p::email,
                    p::phone,
                ),
            ))
            .load(connection)?
    };
    let guest = people.last().context("a guest")?.0.1;
    Write::<0> { call, guest, now: at }.execute(connection)?;
    Write::<1> { call, guest, now: at }.execute(connection)?;
    Write::<2> { call, guest, now: at }.execute(connection)?;
    let saved = Write::<3> { call, guest, now: at }.execute(connection)?;
    anyhow::ensure!(saved == 1, "somebody else changed the call");
    Ok(())
}
