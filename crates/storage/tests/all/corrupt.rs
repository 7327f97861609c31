//! Rows that no code of ours writes: each is named, none becomes a value.

use std::time::Duration;

use trialogue_domain::{Command, Kind, Observation};
use trialogue_storage::{ConferenceLookup, StoreError, hash_secret};

use crate::scene::{Call, log_in};
use crate::world::{Database, World, on_both};

on_both! {
    a_conference_in_no_legal_state,
    a_request_in_no_legal_state,
    an_offer_in_no_legal_state,
    a_participant_in_no_legal_state,
    an_event_that_is_none,
    an_actor_that_is_none,
    a_user_of_no_role,
}

fn assert_names<T: std::fmt::Debug>(result: Result<T, StoreError>, place: (&str, &str, &str), why: &str) {
    match result {
        Err(StoreError::Inconsistent { table, column, row }) => {
            assert_eq!((table, column, row.as_str()), place, "{why}");
        }
        other => panic!("{why}: {other:?}"),
    }
}

/// Looks at a conference through every way that reads it whole.
async fn assert_unreadable(call: &Call<'_>, place: (&str, &str, &str), why: &str) {
    let view = call.world.store.view(ConferenceLookup::Id(call.id)).await.map(|_| "a view");
    assert_names(view, place, why);
    assert_names(call.by_client(Command::StartVideo).await, place, why);
    let observed =
        call.world.conferences.observe(call.id, [Observation::DeadlinePassed], call.world.now()).await;
    assert_names(observed, place, why);
}

async fn a_conference_in_no_legal_state(database: Database) {
    let world = database.world();
    let call = Call::ringing(&world, "1").await;
    let row = call.id.to_string();
    let update = |set: &str| {
        world.place.sql(&format!("UPDATE conferences SET {set} WHERE id = {}", call.id));
    };
    update("ended_at = 1");
    assert_unreadable(&call, ("conferences", "ended_at", &row), "a request that goes on").await;
    update("ended_at = NULL");
    world.conference(call.id).await;
    let other = Call::requested(&world, "2").await;
    world.place.sql(&format!("UPDATE conferences SET start_by = 1 WHERE id = {}", other.id));
    assert_unreadable(&other, ("conferences", "start_by", &other.id.to_string()), "nobody accepted").await;
    world.place.sql(&format!(
        "INSERT INTO requests (conference_id, id, language_id, stage, deadline, purpose) VALUES ({}, 999, 44, 1, 1, 1)",
        call.id
    ));
    assert_unreadable(&call, ("conferences", "id", &row), "a request of nobody").await;
    world.place.sql("DELETE FROM requests WHERE id = 999");
    world.conference(call.id).await;
}

async fn a_request_in_no_legal_state(database: Database) {
    let world = database.world();
    let call = Call::ringing(&world, "1").await;
    let row = format!("{}/{}", call.id, call.id);
    let update = |set: &str| {
        world.place.sql(&format!("UPDATE requests SET {set} WHERE id = {}", call.id));
    };
    for set in [
        "stage = 0",
        "stage = 4",
        "stage = -3",
        "stage = 1",
        "stage = 1, provider_id = NULL",
        "stage = 1, deadline = 1",
        "stage = 2, deadline = 1, outcome = 1",
        "stage = 3",
        "stage = 3, outcome = 1",
        "stage = 3, ended_at = 1",
        "stage = 3, outcome = 1, ended_at = 1, deadline = 1",
        "deadline = 1",
        "outcome = 1",
        "ended_at = 1",
        "provider_id = NULL",
    ] {
        update(set);
        assert_unreadable(&call, ("requests", "stage", &row), set).await;
        update(&format!(
            "stage = 2, provider_id = {}, deadline = NULL, outcome = NULL, ended_at = NULL",
            call.provider
        ));
    }
    world.conference(call.id).await;
    call.finish().await.unwrap();
    update("outcome = 4");
    assert_unreadable(&call, ("requests", "outcome", &row), "outcome").await;
}

async fn an_offer_in_no_legal_state(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let row = format!("{}/{}", call.id, call.provider);
    for state in [0, 3, 4, 99] {
        world.place.sql(&format!("UPDATE offers SET state = {state}"));
        assert_unreadable(&call, ("offers", "state", &row), "offer").await;
    }
    world.place.sql("UPDATE offers SET state = 1");
    world.conference(call.id).await;
}

async fn a_participant_in_no_legal_state(database: Database) {
    let world = database.world();
    let call = Call::ringing(&world, "1").await;
    let listener = call.participant_of(Kind::Provider).await;
    let row = format!("{}/{listener}", call.id);
    let update = |set: &str| world.place.sql(&format!("UPDATE participants SET {set} WHERE id = {listener}"));
    world.place.sql("CREATE TABLE kept AS SELECT * FROM participants");
    let restore = || world.place.sql("DELETE FROM participants; INSERT INTO participants SELECT * FROM kept");
    let cases = [
        ("kind", "kind = 0"),
        ("kind", "kind = 5"),
        ("kind", "user_id = NULL"),
        ("kind", "kind = 1, user_id = NULL"),
        ("kind", "kind = 3"),
        ("kind", "kind = 3, user_id = NULL, request_id = 1"),
        ("kind", "kind = 4"),
        ("state", "state = 0"),
        ("state", "state = 7"),
        ("state", "deadline = NULL"),
        ("state", "account_expires = 1"),
        ("state", "reason = 1"),
        ("state", "finished_at = 1"),
        ("state", "removal = 1"),
        ("state", "state = 2, deadline = NULL"),
        ("state", "state = 3"),
        ("state", "state = 3, deadline = NULL"),
        ("state", "state = 4, account_expires = 1"),
        ("state", "state = 5"),
        ("state", "state = 5, deadline = NULL, account_expires = 1"),
        ("state", "state = 6"),
        ("state", "state = 6, deadline = NULL, reason = 1, finished_at = 1"),
        ("state", "state = 6, deadline = NULL, reason = 1, removal = 1"),
        ("state", "state = 6, deadline = NULL, finished_at = 1, removal = 1"),
        ("reason", "state = 6, deadline = NULL, reason = 13, finished_at = 1, removal = 1"),
        ("reason", "state = 6, deadline = NULL, reason = 0, finished_at = 1, removal = 1"),
        ("removal", "state = 6, deadline = NULL, reason = 1, finished_at = 1, removal = 5"),
        ("removal", "state = 6, deadline = NULL, reason = 1, finished_at = 1, removal = 0"),
    ];
    for (column, set) in cases {
        update(set);
        assert_unreadable(&call, ("participants", column, &row), set).await;
        restore();
    }
    world.conference(call.id).await;
}

/// Every kind of event, each with the columns it needs: `(kind, columns, column that is bad)`.
const BAD_EVENTS: [(&str, &str, &str); 49] = [
    ("0", "", "kind"),
    ("99", "", "kind"),
    ("17", "code = 5, deadline = 1", "user_id"),
    ("17", "user_id = 1, deadline = 1", "code"),
    ("17", "user_id = 1, code = 4, deadline = 1", "code"),
    ("17", "user_id = 1, code = 5", "deadline"),
    ("18", "deadline = 1", "participant_id"),
    ("18", "participant_id = 1", "deadline"),
    ("20", "", "deadline"),
    ("21", "user_id = 1", "participant_id"),
    ("21", "participant_id = 1", "user_id"),
    ("22", "", "participant_id"),
    ("-1", "user_id = 1, participant_id = 1", "kind"),
    ("1", "code = 1, deadline = 1", "user_id"),
    ("1", "user_id = 1, deadline = 1", "code"),
    ("1", "user_id = 1, code = 1", "deadline"),
    ("2", "", "user_id"),
    ("3", "participant_id = 1", "user_id"),
    ("4", "user_id = 1", "deadline"),
    ("4", "deadline = 1", "user_id"),
    ("5", "other_id = 1, deadline = 1", "participant_id"),
    ("5", "participant_id = 1, deadline = 1", "other_id"),
    ("5", "participant_id = 1, other_id = 1", "deadline"),
    ("6", "deadline = 1", "participant_id"),
    ("6", "participant_id = 1", "deadline"),
    ("6", "participant_id = 1, deadline = 1, code = 1", "request_id"),
    ("6", "participant_id = 1, deadline = 1, request_id = 1", "request_id"),
    ("6", "participant_id = 1, deadline = 1, purpose = 1", "request_id"),
    ("6", "participant_id = 1, deadline = 1, request_id = 1, code = 1", "request_id"),
    ("6", "participant_id = 1, deadline = 1, request_id = 1, code = 1, purpose = 0", "purpose"),
    ("6", "participant_id = 1, deadline = 1, request_id = 1, code = 1, purpose = 5", "purpose"),
    ("7", "deadline = 1", "participant_id"),
    ("7", "participant_id = 1", "deadline"),
    ("8", "deadline = 1", "participant_id"),
    ("8", "participant_id = 1", "deadline"),
    ("9", "", "participant_id"),
    ("10", "deadline = 1", "participant_id"),
    ("10", "participant_id = 1", "deadline"),
    ("11", "code = 1", "participant_id"),
    ("11", "participant_id = 1", "code"),
    ("11", "participant_id = 1, code = 13", "code"),
    ("11", "participant_id = 1, code = 65537", "code"),
    ("12", "", "deadline"),
    ("13", "", "participant_id"),
    ("14", "", "participant_id"),
    ("15", "", "participant_id"),
    ("16", "", "code"),
    ("16", "code = 4", "code"),
    ("16", "code = -2147483648", "code"),
];

async fn an_event_that_is_none(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    for (kind, columns, column) in BAD_EVENTS {
        insert_event(&world, call.id.0, kind, columns);
        let row = format!("{}/99", call.id);
        let why = format!("{kind}: {columns}");
        assert_names(world.store.timeline(call.id).await, ("events", column, &row), &why);
        world.place.sql("DELETE FROM events WHERE seq = 99");
    }
    world.conference(call.id).await;
}

async fn an_actor_that_is_none(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let row = format!("{}/99", call.id);
    for actor in [
        "actor_role = 0, actor_id = 1",
        "actor_role = 6, actor_id = 1",
        "actor_role = 5, actor_id = 1",
        "actor_role = 1",
        "actor_role = 2",
        "actor_role = 3",
        "actor_role = 4",
        "actor_id = 1",
    ] {
        insert_event(&world, call.id.0, "9", &format!("participant_id = 1, {actor}"));
        assert_names(world.store.timeline(call.id).await, ("events", "actor_role", &row), actor);
        world.place.sql("DELETE FROM events WHERE seq = 99");
    }
    for actor in ["actor_role = 3, actor_id = 1", "actor_role = 4, actor_id = 1", "actor_role = 5"] {
        insert_event(&world, call.id.0, "9", &format!("participant_id = 1, {actor}"));
        assert!(world.store.timeline(call.id).await.unwrap().last().unwrap().actor.is_some(), "{actor}");
        world.place.sql("DELETE FROM events WHERE seq = 99");
    }
}

fn insert_event(world: &World, conference: i32, kind: &str, columns: &str) {
    world.place.sql(&format!(
        "INSERT INTO events (conference_id, seq, at, kind) VALUES ({conference}, 99, 0, {kind})"
    ));
    if !columns.is_empty() {
        world.place.sql(&format!("UPDATE events SET {columns} WHERE seq = 99"));
    }
}

async fn a_user_of_no_role(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    let hash = hash_secret("token");
    let expires = world.now().after(Duration::from_secs(1));
    log_in(&world, client, hash, expires).await;
    for role in [0, 3] {
        world.place.sql(&format!("UPDATE users SET role = {role}"));
        let login = world.store.login(hash, world.now()).await;
        assert_names(login, ("users", "role", &client.to_string()), "role");
    }
}
