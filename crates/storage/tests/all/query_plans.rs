//! No operation of a call reads a large table from end to end, however much lies in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use tempfile::TempDir;
use trialogue_domain::{Actor, Availability, Command, Purpose, Wants};
use trialogue_storage::{ConferenceLookup, DatabaseUrl, StoreOptions, UserRole, hash_secret};
use trialogue_testkit::{Fsync, PostgresCluster};

use crate::hand_over::{ask, connected, join, lose_interpreter};
use crate::scene::{Call, SPANISH, log_in};
use crate::world::{Place, Raw, World};

/// The tables that grow with the users, or with time.
const LARGE: [&str; 10] = [
    "users",
    "interpreters",
    "provider_languages",
    "credentials",
    "tokens",
    "conferences",
    "requests",
    "offers",
    "participants",
    "events",
];

/// The indexes of what is live, which do not grow with time: they may be read from end to end.
const OF_LIVE: [&str; 4] =
    ["offers_open", "conferences_live_client", "requests_live_provider", "conferences_next_deadline"];

/// Number of past conferences, and of interpreters without a sign of life.
const PAST: i64 = 20_000;

/// What lies in a database that has been used for a while.
fn seed(place: &Place) {
    let each = |insert: &str, select: &str| {
        let numbers = format!(
            "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {PAST}) SELECT {select} FROM s"
        );
        place.sql(&format!("INSERT INTO {insert} {numbers}"));
    };
    for (role, first) in [(1, 1_000_000), (2, 2_000_000)] {
        each(
            "users (id, role, email, password_hash, name, availability, performance, last_seen, created_at)",
            &format!("{first} + i, {role}, 'past' || i || '@example.org', '-', 'Past', 0, 0, i, i"),
        );
    }
    each(
        "interpreters (id, employment, certification, rate, special_type, takes_calls, takes_video, takes_text)",
        "2000000 + i, 1, 0, 0, 1, i < 0, i > 0, i < 0",
    );
    each(
        "provider_languages (provider_id, language_id, native)",
        "2000000 + i, CASE WHEN i % 20 = 0 THEN 44 ELSE 11 END, i > 0",
    );
    each("credentials (interpreter_id, position, name, effective_at)", "2000000 + i, 0, 'CMI', i");
    // Hashes are bytes, which the two databases write in different ways.
    match place.url() {
        DatabaseUrl::Sqlite(_) => {
            each("tokens (hash, user_id, created_at, expires_at)", "randomblob(32), 1000000 + i, i, i");
        }
        DatabaseUrl::Postgres(_) => each(
            "tokens (hash, user_id, created_at, expires_at)",
            "sha256(i::text::bytea), 1000000 + i, i, i",
        ),
    }
    each(
        "conferences (id, client_id, ended_at, serviced, last_seq, requested_at, situation_code)",
        "1000000 + i, 1000000 + i, i, i > 0, 6, i, 0",
    );
    each(
        "requests (conference_id, id, language_id, provider_id, stage, outcome, ended_at, accepted_at)",
        "1000000 + i, 1000000 + i, 44, 2000000 + i, 3, 1, i, i",
    );
    each(
        "offers (conference_id, request_id, provider_id, position, state, offered_at, rung_until, step)",
        "1000000 + i, 1000000 + i, 2000000 + i, 0, 2, i, i, 0",
    );
    each(
        "participants (conference_id, id, position, kind, user_id, state, reason, finished_at, removal)",
        "1000000 + i, 1000000 + i, 0, 1, 1000000 + i, 6, 1, i, 4",
    );
    each(
        "events (conference_id, seq, at, kind, actor_role, participant_id)",
        "1000000 + i, 6, i, 9, 5, 1000000 + i",
    );
}

/// What happens in a call and around it.
async fn everything(world: &World) {
    let (store, now) = (&world.store, world.now());
    let lookup = |call: &Call<'_>| ConferenceLookup::Client(call.client);
    let call = connected(world, "first").await;
    let token = hash_secret("token");
    log_in(world, call.client, token, now.after(world.conferences.timings().account)).await;
    store.login(token, now).await.unwrap().unwrap();
    let guest = call.guest("guest").await;
    call.by_client(Command::Kick(guest)).await.unwrap();
    store.view(lookup(&call)).await.unwrap().unwrap();
    store.polled(lookup(&call)).await.unwrap().unwrap();
    store.timeline(call.id).await.unwrap();

    let colleague = world.provider("colleague@example.org").await;
    let successor =
        ask(&call, Actor::Provider(call.provider), (Purpose::Successor, Wants::default())).await.unwrap();
    store.standings(vec![(UserRole::Provider, colleague), (UserRole::Client, call.client)]).await.unwrap();
    join(&call, colleague, successor).await;
    call.by_provider(Command::Finish { successful: true }).await.unwrap();
    store.released(call.provider).await.unwrap().unwrap();
    store.place(colleague, call.id, 3).await.unwrap();
    call.by_client(Command::Finish { successful: true }).await.unwrap();

    let lost = connected(world, "lost").await;
    lose_interpreter(&lost).await;
    world.clock.advance(world.conferences.timings().place);
    store.due(world.now(), 10).await.unwrap();
    world.conferences.pass_deadline(lost.id, world.now()).await.unwrap();
    let waiting = Call::requested(world, "waiting").await;
    world.conferences.touch(colleague, world.now()).await.unwrap();
    world.conferences.offer_waiting(world.now()).await.unwrap();
    world.conferences.set_availability(colleague, Availability::On, world.now()).await.unwrap();
    store.offers(colleague).await.unwrap();
    store.recent_waits(SPANISH, now).await.unwrap();
    store.view(lookup(&waiting)).await.unwrap().unwrap();
}

/// The statements of the connections to files of this name.
const NAME: &str = "query-plans.db";
static STATEMENTS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

#[derive(Default)]
struct Recorder {
    is_on: bool,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => self.is_on = url.contains(NAME),
            InstrumentationEvent::StartQuery { query, .. } if self.is_on => {
                let text = query.to_string();
                let statement = text.split(" -- binds").next().unwrap_or_default();
                STATEMENTS.lock().unwrap().insert(statement.to_owned());
            }
            _ => {}
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[tokio::test]
async fn sqlite_looks_up_by_an_index_what_lies_in_large_tables() {
    set_default_instrumentation(|| Some(Box::new(Recorder::default()))).unwrap();
    let directory = TempDir::new().unwrap();
    let place = Place::foreign(format!("sqlite://{}", directory.path().join(NAME).display()));
    let world = World::at(place, StoreOptions::default());
    everything(&world).await;
    let statements = STATEMENTS.lock().unwrap().clone();
    assert!(statements.len() > 50, "{} statements", statements.len());
    let Raw::Sqlite(mut raw) = world.place.raw() else { panic!("SQLite") };
    let mut scans = Vec::new();
    for statement in &statements {
        if !["SELECT", "UPDATE", "DELETE"].iter().any(|word| statement.starts_with(word)) {
            continue;
        }
        let plan: Vec<Line> = sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load(&mut raw)
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        for Line { detail } in plan {
            let Some(scanned) = detail.strip_prefix("SCAN ") else { continue };
            let words: Vec<&str> = scanned.split_whitespace().collect();
            // `requests` has another name in a join with itself.
            let is_large =
                words.first().is_some_and(|table| LARGE.contains(table) || *table == "main_requests");
            let is_of_live = words.last().is_some_and(|index| OF_LIVE.contains(index));
            if is_large && !is_of_live {
                scans.push(format!("{detail}: {statement}"));
            }
        }
    }
    assert!(scans.is_empty(), "{scans:#?}");
}

#[tokio::test]
async fn postgresql_reads_no_large_table_from_end_to_end() {
    let mut cluster = PostgresCluster::new(Fsync::Off);
    let url = cluster.create_database();
    let world = World::at(Place::foreign(url.clone()), StoreOptions::default());
    seed(&world.place);
    cluster.query(&url, "VACUUM ANALYZE");
    let rows_read = |cluster: &PostgresCluster| -> BTreeMap<String, i64> {
        let rows = cluster
            .query(&url, "SELECT relname || ' ' || coalesce(seq_tup_read, 0) FROM pg_stat_user_tables");
        let pair = |line: &str| {
            let (table, rows) = line.split_once(' ').unwrap();
            (table.to_owned(), rows.trim().parse().unwrap())
        };
        rows.lines().map(pair).collect()
    };
    let before = rows_read(&cluster);
    everything(&world).await;
    // What a session has counted is told when it ends.
    world.store.clone().close();
    drop(world);
    cluster.restart(trialogue_testkit::StopMode::Fast);
    let after = rows_read(&cluster);
    let read: BTreeMap<&str, i64> =
        LARGE.iter().map(|table| (*table, after[*table] - before[*table])).collect();
    assert!(read.values().all(|rows| *rows < PAST), "rows read in sequence: {read:?}");
}
