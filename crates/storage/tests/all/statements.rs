//! What one kick costs on PostgreSQL, by the server's own log.

use std::task::Poll;

use diesel::connection::SimpleConnection;
use trialogue_domain::{Actor, Command, Kind, Refusal};
use trialogue_storage::{ConferenceLookup, StoreError, StoreOptions};
use trialogue_testkit::{Fsync, PostgresCluster};

use crate::scene::Call;
use crate::world::{Place, Raw, Rules as _, World};

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

/// A cluster that logs every statement, and a store with one writer on it.
fn logging_world() -> (PostgresCluster, String, World) {
    let cluster = PostgresCluster::new(Fsync::Off);
    let url = cluster.create_database();
    cluster.query(&url, "ALTER SYSTEM SET log_line_prefix = 'app=[%a] '");
    cluster.query(&url, "ALTER SYSTEM SET log_min_duration_statement = 0");
    cluster.query(&url, "SELECT pg_reload_conf()");
    let one_writer = StoreOptions { writers: 1, ..StoreOptions::default() };
    let world = World::at(Place::foreign(url.clone()), one_writer);
    (cluster, url, world)
}

#[tokio::test]
async fn decisions_that_wait_together_share_their_statements() {
    let (cluster, url, world) = logging_world();
    let mut calls = Vec::new();
    for n in 0..12 {
        let call = Call::issued(&world, &n.to_string()).await;
        let guests = [call.guest(&format!("a{n}")).await, call.guest(&format!("b{n}")).await];
        calls.push((call, guests));
    }
    let (first, first_guests) = &calls[0];
    let principal = calls[1].0.participant_of(Kind::Client).await;
    let Raw::Postgres(mut other) = world.place.raw() else { panic!("PostgreSQL") };
    // The first kick is stopped at the table; what is asked meanwhile waits in the writer's queue.
    other.batch_execute("BEGIN; LOCK TABLE conferences IN ACCESS EXCLUSIVE MODE").unwrap();
    let before = logged(&cluster, &url).len();
    let kick = |call: &Call<'_>, target| {
        let (store, now, id, client) = (world.store.clone(), world.now(), call.id, call.client);
        async move {
            store
                .rules()
                .command(ConferenceLookup::Id(id), Actor::Client(client), Command::Kick(target), now)
                .await
        }
    };
    let mut asked = vec![kick(first, first_guests[0])];
    // One of each call; then a second of the first call, which must come after; a principal; a stranger's call.
    asked.extend(calls[1..].iter().map(|(call, guests)| kick(call, guests[0])));
    asked.push(kick(first, first_guests[1]));
    asked.push(kick(&calls[1].0, principal));
    let stranger = Call { client: first.client, ..calls[2].0 };
    asked.push(kick(&stranger, calls[2].1[1]));
    let release = async { other.batch_execute("COMMIT").unwrap() };
    let (outcomes, ()) = tokio::join!(futures_join(asked), release);

    for outcome in &outcomes[..13] {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    assert!(matches!(outcomes[13], Err(StoreError::Refused(Refusal::PrincipalKick))));
    assert!(matches!(outcomes[14], Err(StoreError::Refused(Refusal::NotFound))));
    let log = logged(&cluster, &url).split_off(before);
    let executed =
        |what: &str| log.iter().filter(|line| line.contains("  execute ") && line.contains(what)).count();
    // One for all; the first kick is alone if the writer took it before the others came.
    for what in ["INSERT INTO events", "INSERT INTO jobs", "UPDATE participants", "UPDATE conferences"] {
        assert!((1..=2).contains(&executed(what)), "{what}: {log:#?}");
    }
    for what in ["INSERT INTO participants", "INSERT INTO requests", "UPDATE requests"] {
        assert_eq!(executed(what), 0, "nothing to write, nothing asked");
    }
    for (n, (call, guests)) in calls.iter().enumerate() {
        // Replayed, and compared with the stored state.
        let conference = world.conference(call.id).await;
        let out = |id| conference.participant(id).is_some_and(|p| !p.is_live());
        assert_eq!((out(guests[0]), out(guests[1])), (true, n == 0));
    }
}

/// Polls all of them before it waits for any.
async fn futures_join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(value) => *output = Some(value),
                Poll::Pending => waiting = true,
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

#[tokio::test]
async fn the_statements_of_a_kick_are_prepared_once() {
    let (cluster, url, world) = logging_world();
    let call = Call::issued(&world, "1").await;
    let guests = [call.guest("a").await, call.guest("b").await, call.guest("c").await];
    call.by_client(Command::Kick(guests[0])).await.unwrap();

    let before = logged(&cluster, &url).len();
    call.by_client(Command::Kick(guests[1])).await.unwrap();
    let kick = logged(&cluster, &url).split_off(before);
    let with = |word: &str| kick.iter().filter(|line| line.contains(word)).count();
    assert_eq!(with("  parse "), 0, "{kick:#?}");
    assert!(with("  execute ") >= 5, "{kick:#?}");
    // The conference, its requests, its participants; the event, the effect, the participant's row, the conference's row.
    assert_eq!(with("  execute "), 7, "{kick:#?}");
    // BEGIN with the savepoint, and COMMIT.
    assert_eq!(with("  statement: "), 2, "{kick:#?}");

    let before = logged(&cluster, &url).len();
    let lookup = ConferenceLookup::Client(call.client);
    let actor = Actor::Client(call.client);
    world.conferences.command(lookup, actor, Command::Kick(guests[2]), world.now()).await.unwrap();
    let kick = logged(&cluster, &url).split_off(before);
    assert_eq!(kick.iter().filter(|line| line.contains("  execute ")).count(), 8, "{kick:#?}");
}
