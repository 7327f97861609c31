//! What PostgreSQL could not do, and servers that stand still.

use diesel::connection::SimpleConnection;
use tokio::task::yield_now;
use trialogue_domain::{Command, Effect, Timestamp, UserId};
use trialogue_storage::{ConferenceLookup, JobKind, NodeId, Store, StoreError, StoreOptions};
use trialogue_testkit::{Fsync, PostgresCluster};

use std::time::Duration;

use crate::groups::held;
use crate::scene::{Call, request};
use crate::world::{Database, Place, Raw, Rules as _, World};

/// Nobody gives up in the middle of a test.
fn patient() -> StoreOptions {
    StoreOptions { answer_within: Duration::from_mins(2), ..StoreOptions::default() }
}

fn session_of(world: &World) -> diesel::PgConnection {
    let Raw::Postgres(session) = world.place.raw() else { panic!("PostgreSQL") };
    session
}

fn end_all_sessions(cluster: &PostgresCluster, url: &str) {
    cluster.query(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

/// Whatever language the server speaks, and whatever it calls it.
#[tokio::test]
async fn trouble_is_recognised_without_reading_messages() {
    let world = Database::Postgres.world();
    let client = world.client("c@example.org").await;
    for code in ["40P01", "55P03", "57014", "53100", "53300", "42P05", "26000", "40001", "XX000"] {
        world.place.sql(&format!(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'etwas ganz anderes' USING ERRCODE = '{code}'; END $$; \
             CREATE OR REPLACE TRIGGER fault BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION fail()"
        ));
        let touched = world.conferences.touch(client, world.now()).await;
        match &touched {
            Err(error @ StoreError::NotDone { operation, cause }) => {
                assert!(cause.contains("etwas ganz anderes") && !operation.is_empty(), "{code}: {error}");
            }
            _ => panic!("{code}: {touched:?}"),
        }
    }
    for code in ["25006", "08006"] {
        world.place.sql(&format!(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'etwas ganz anderes' USING ERRCODE = '{code}'; END $$"
        ));
        let touched = world.conferences.touch(client, world.now()).await;
        assert!(matches!(touched, Err(StoreError::Unavailable(_))), "{code}: {touched:?}");
    }
    world.place.sql("DROP TRIGGER fault ON users");
    world.conferences.touch(client, world.now()).await.unwrap();
}

#[tokio::test]
async fn a_german_server_is_understood() {
    let cluster = PostgresCluster::in_german();
    let world = World::at(Place::foreign(cluster.create_database()), StoreOptions::default());
    let call = Call::issued(&world, "1").await;
    let mut other = session_of(&world);
    other.batch_execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE").unwrap();
    let written = world.conferences.touch(call.client, world.now()).await;
    let read = world.store.view(ConferenceLookup::Id(call.id)).await.map(drop);
    for outcome in [written, read] {
        match outcome {
            Err(StoreError::NotDone { cause, .. }) => assert!(cause.contains("Sperre"), "{cause}"),
            other => panic!("{other:?}"),
        }
    }
    other.batch_execute("ROLLBACK").unwrap();
    world.conferences.touch(call.client, world.now()).await.unwrap();

    // Within a transaction, and so while it is asked for: the answer is lost with the session.
    let (holding, gate) = held(&world, world.client("holder@example.org").await).await;
    end_all_sessions(&cluster, &world.place.text);
    drop(gate);
    let lost = holding.await.unwrap();
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    world.conferences.touch(call.client, world.now()).await.unwrap();
    world.conference(call.id).await;
}

/// As after a failover to a server that is a standby: the sessions are whole, and cannot write.
#[tokio::test]
async fn sessions_that_only_read_are_replaced() {
    let cluster = PostgresCluster::new(Fsync::Off);
    let world = World::at(Place::foreign(cluster.create_database()), StoreOptions::default());
    let call = Call::issued(&world, "1").await;
    let name = world.place.text.rsplit_once('/').unwrap().1;
    let set = |value: &str| {
        world.place.sql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}"));
    };
    set("on");
    end_all_sessions(&cluster, &world.place.text);
    for _ in 0..3 {
        for user in [call.client, call.provider] {
            let touched = world.conferences.touch(user, world.now()).await;
            assert!(matches!(touched, Err(StoreError::Unavailable(_))), "{touched:?}");
        }
        world.store.view(ConferenceLookup::Id(call.id)).await.unwrap();
    }
    // It is about the database, and asked in another one.
    let elsewhere = cluster.create_database();
    cluster.query(&elsewhere, &format!("ALTER DATABASE {name} RESET ALL"));
    for user in [call.client, call.provider] {
        // One session of each writer was made while the server took no writes.
        let _ = world.conferences.touch(user, world.now()).await;
        world.conferences.touch(user, world.now()).await.unwrap();
    }
    call.finish().await.unwrap();
}

#[tokio::test]
async fn dead_sessions_are_not_handed_out() {
    let cluster = PostgresCluster::new(Fsync::Off);
    let options = StoreOptions { readers: 6, writers: 4, ..patient() };
    let world = World::at(Place::foreign(cluster.create_database()), options);
    let call = Call::issued(&world, "1").await;
    let views = || {
        (0..24)
            .map(|_| {
                let (store, id) = (world.store.clone(), call.id);
                tokio::spawn(async move { store.view(ConferenceLookup::Id(id)).await })
            })
            .collect::<Vec<_>>()
    };
    for _ in 0..3 {
        // Every reader has a session before all are cut.
        for view in views() {
            view.await.unwrap().unwrap();
        }
        end_all_sessions(&cluster, &world.place.text);
        for view in views() {
            view.await.unwrap().unwrap();
        }
        for n in 0..12 {
            world.conferences.touch(UserId(n), world.now()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn one_locked_conference_holds_up_no_other() {
    let world = Database::Postgres.world_with(StoreOptions { writers: 1, ..patient() });
    let (locked, free) = (Call::issued(&world, "1").await, Call::issued(&world, "2").await);
    let (guest, other_guest) = (locked.guest("1").await, free.guest("2").await);
    let mut session = session_of(&world);
    let lock = format!("BEGIN; SELECT 1 FROM conferences WHERE id = {} FOR UPDATE", locked.id);
    session.batch_execute(&lock).unwrap();
    let (store, now, id, client) = (world.store.clone(), world.now(), locked.id, locked.client);
    let actor = trialogue_domain::Actor::Client(client);
    let ask = move |ask| {
        let store = store.clone();
        tokio::spawn(async move { store.rules().command(ConferenceLookup::Id(id), actor, ask, now).await })
    };
    let waiting = [ask(Command::Kick(guest)), ask(Command::Kick(guest)), ask(Command::Kick(guest))];
    yield_now().await;
    for _ in 0..20 {
        free.by_client(Command::Kick(other_guest)).await.unwrap();
        world.conferences.touch(free.client, world.now()).await.unwrap();
    }
    free.invited("another").await;
    assert!(waiting.iter().all(|kick| !kick.is_finished()), "the lock is held");
    session.batch_execute("ROLLBACK").unwrap();
    for kick in waiting {
        kick.await.unwrap().unwrap();
    }
    assert!(!world.conference(locked.id).await.participant(guest).unwrap().is_live());
}

#[tokio::test]
async fn a_locked_user_holds_up_no_other_and_the_cause_is_named() {
    let world = Database::Postgres.world_with(StoreOptions { writers: 1, ..patient() });
    let [locked, free] = [world.client("1@example.org").await, world.client("2@example.org").await];
    let mut session = session_of(&world);
    session.batch_execute(&format!("BEGIN; UPDATE users SET name = name WHERE id = {locked}")).unwrap();
    let (store, now) = (world.store.clone(), world.now());
    let waiting = tokio::spawn(async move { store.rules().touch(locked, now).await });
    yield_now().await;
    for _ in 0..3 {
        world.conferences.touch(free, world.now()).await.unwrap();
    }
    let touched = waiting.await.unwrap();
    assert!(
        matches!(&touched, Err(StoreError::NotDone { cause, .. }) if cause.contains("lock")),
        "{touched:?}"
    );
    session.batch_execute("ROLLBACK").unwrap();
    world.conferences.touch(locked, world.now()).await.unwrap();
}

/// A node that stands still within a transaction, as after SIGSTOP, loses what it had locked.
#[tokio::test]
async fn a_frozen_node_does_not_keep_its_locks() {
    let world = Database::Postgres.world_with(patient());
    let node = world.another_node();
    let client = world.client("c@example.org").await;
    let (frozen, gate) = held(&world, client).await;
    let opened = loop {
        match request(&node, &world, client, None).await {
            Err(StoreError::NotDone { .. }) => {}
            outcome => break outcome,
        }
    };
    opened.unwrap();
    drop(gate);
    let lost = frozen.await.unwrap();
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert_eq!(world.count("conferences"), 1);
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for() {
    let cluster = PostgresCluster::new(Fsync::Off);
    let options = StoreOptions { answer_within: Duration::from_millis(300), ..StoreOptions::default() };
    let place = Place::foreign(cluster.create_database());
    let (set_up, world) = (World::at(Place::foreign(place.text.clone()), patient()), place);
    let client = set_up.client("c@example.org").await;
    let store = Store::open(&world.url(), options).unwrap();
    let now = Timestamp(set_up.now().0 + 1);

    let frozen = cluster.freeze();
    for _ in 0..2 {
        let asked = [store.rules().touch(client, now).await, store.check().await.map(drop)];
        for outcome in asked {
            match outcome {
                Err(StoreError::Unavailable(why)) => assert!(why.contains("not known"), "{why}"),
                other => panic!("{other:?}"),
            }
        }
    }
    let closing = tokio::task::spawn_blocking(move || store.close());
    closing.await.unwrap();
    drop(frozen);
    set_up.store.rules().touch(client, set_up.now()).await.unwrap();
}

#[tokio::test]
async fn a_locked_job_stays_behind_alone() {
    let world = Database::Postgres.world_with(patient());
    let (locked, free) = (Call::issued(&world, "1").await, Call::issued(&world, "2").await);
    let mut session = session_of(&world);
    let lock = format!("BEGIN; SELECT 1 FROM jobs WHERE conference_id = {} FOR UPDATE", locked.id);
    session.batch_execute(&lock).unwrap();
    let lease = Duration::from_secs(30);
    let claim = async || {
        let claimed = world.store.claim_jobs::<Effect>(JobKind::Engine, NodeId(1), lease, 64, world.now());
        claimed.await.unwrap()
    };
    let claimed = claim().await;
    assert!(
        !claimed.is_empty() && claimed.iter().all(|effect| effect.conference == Some(free.id)),
        "{claimed:?}"
    );
    session.batch_execute("ROLLBACK").unwrap();
    let claimed = claim().await;
    assert!(
        !claimed.is_empty() && claimed.iter().all(|effect| effect.conference == Some(locked.id)),
        "{claimed:?}"
    );
}
