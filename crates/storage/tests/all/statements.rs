//! What one kick costs on PostgreSQL, by the server's own log.

use trialogue_storage::{Ask, StoreOptions, Whose};
use trialogue_testkit::{Fsync, PostgresCluster};

use crate::scene::Call;
use crate::world::{Place, World};

/// The lines of the server's log that tell of the store's statements.
fn logged(cluster: &PostgresCluster, url: &str) -> Vec<String> {
    let log = cluster.query(
        url,
        "SET log_min_duration_statement = -1; \
         SELECT pg_read_file(current_setting('data_directory') || '/../log', 0, 100000000)",
    );
    log.lines()
        .filter_map(|line| line.split_once("app=[[unknown]] ").map(|(_, told)| told.to_owned()))
        .collect()
}

#[tokio::test]
async fn the_statements_of_a_kick_are_prepared_once() {
    let cluster = PostgresCluster::new(Fsync::Off);
    let url = cluster.create_database();
    cluster.query(&url, "ALTER SYSTEM SET log_line_prefix = 'app=[%a] '");
    cluster.query(&url, "ALTER SYSTEM SET log_min_duration_statement = 0");
    cluster.query(&url, "SELECT pg_reload_conf()");
    let one_lane = StoreOptions { writers: 1, ..StoreOptions::default() };
    let world = World::at(Place::foreign(url.clone()), one_lane);
    let call = Call::issued(&world, "1").await;
    let guests = [call.guest("a").await, call.guest("b").await, call.guest("c").await];
    call.by_client(Ask::Kick(guests[0])).await.unwrap();

    let before = logged(&cluster, &url).len();
    call.by_client(Ask::Kick(guests[1])).await.unwrap();
    let kick = logged(&cluster, &url).split_off(before);
    let with = |word: &str| kick.iter().filter(|line| line.contains(word)).count();
    assert_eq!(with("  parse "), 0, "{kick:#?}");
    assert!(with("  execute ") >= 5, "{kick:#?}");
    // The conference, its participants; the event, the effect, the participant's row, the conference's row.
    assert_eq!(with("  execute "), 6, "{kick:#?}");
    // BEGIN with the savepoint, and COMMIT.
    assert_eq!(with("  statement: "), 2, "{kick:#?}");

    let before = logged(&cluster, &url).len();
    let whose = Whose::Client(call.client);
    let actor = trialogue_domain::Actor::Client(call.client);
    world.store.command(whose, actor, Ask::Kick(guests[2]), world.now()).await.unwrap();
    let kick = logged(&cluster, &url).split_off(before);
    assert_eq!(kick.iter().filter(|line| line.contains("  execute ")).count(), 7, "{kick:#?}");
}
