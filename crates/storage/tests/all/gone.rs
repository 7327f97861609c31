//! A database that goes away and comes back.

use trialogue_domain::Command;
use trialogue_storage::{ConferenceLookup, Store, StoreError, StoreOptions};
use trialogue_testkit::{Fsync, PostgresCluster, StopMode};

use crate::scene::Call;
use crate::world::{Place, Rules as _, World};

/// Tries again until it goes well; each failure must say that the database is away.
async fn until_back<T>(mut operation: impl AsyncFnMut() -> Result<T, StoreError>) -> (usize, T) {
    for tries in 1..20 {
        match operation().await {
            Ok(value) => return (tries, value),
            Err(StoreError::Unavailable(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("the database came back, and the store did not");
}

async fn assert_away(store: &Store, call: &Call<'_>) {
    // More than there are writers and readers, so that each of them meets its dead connection.
    for _ in 0..3 {
        for outcome in [
            store.rules().touch(call.client, call.world.now()).await,
            store.rules().touch(call.provider, call.world.now()).await,
            store.view(ConferenceLookup::Id(call.id)).await.map(drop),
            store.check().await.map(drop),
        ] {
            assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn the_store_comes_back_with_its_database() {
    let mut cluster = PostgresCluster::new(Fsync::On);
    let world = World::at(Place::foreign(cluster.create_database()), StoreOptions::default());
    let call = Call::issued(&world, "1").await;
    let guest = call.guest("guest").await;
    let before = world.conference(call.id).await;

    for mode in [StopMode::Immediate, StopMode::Fast] {
        cluster.stop(mode);
        assert_away(&world.store, &call).await;
        let kicked = call.by_client(Command::Kick(guest)).await;
        assert!(matches!(kicked, Err(StoreError::Unavailable(_))), "{kicked:?}");
        cluster.start();
        let (_, view) = until_back(async || world.store.view(ConferenceLookup::Id(call.id)).await).await;
        assert_eq!(view.unwrap().conference, before, "what was answered is kept, what was not is not there");
        let (tries, ()) = until_back(async || world.conferences.touch(call.client, world.now()).await).await;
        assert_eq!(tries, 1, "writers look for a connection with each group");
    }
    call.by_client(Command::Kick(guest)).await.unwrap();
    world.conference(call.id).await;
}

/// A restart between two operations is not even seen.
#[tokio::test]
async fn an_idle_store_does_not_notice_a_restart() {
    let mut cluster = PostgresCluster::new(Fsync::Off);
    let world = World::at(Place::foreign(cluster.create_database()), StoreOptions::default());
    let call = Call::issued(&world, "1").await;
    for mode in [StopMode::Fast, StopMode::Immediate] {
        cluster.restart(mode);
        world.conferences.touch(call.client, world.now()).await.unwrap();
        world.conferences.touch(call.provider, world.now()).await.unwrap();
        world.conference(call.id).await;
    }
    call.finish().await.unwrap();
}

#[tokio::test]
async fn a_cut_connection_is_replaced() {
    let cluster = PostgresCluster::new(Fsync::Off);
    let place = Place::foreign(cluster.create_database());
    let world = World::at(place, StoreOptions::default());
    let call = Call::issued(&world, "1").await;
    for _ in 0..3 {
        cluster.query(
            &world.place.text,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        world.conferences.touch(call.client, world.now()).await.unwrap();
        call.invited(&format!("{:?}", world.clock.advance(std::time::Duration::from_micros(1)))).await;
        world.conference(call.id).await;
    }
}

#[test]
fn a_server_that_is_away_is_not_opened() {
    let mut cluster = PostgresCluster::new(Fsync::Off);
    let place = Place::foreign(cluster.create_database());
    trialogue_storage::migrate(&place.url()).unwrap();
    cluster.stop(StopMode::Fast);
    let opened = Store::open(&place.url(), StoreOptions::default()).map(drop);
    assert!(matches!(opened, Err(trialogue_storage::OpenError::Connect(_))), "{opened:?}");
}
