//! What shares a transaction, and what does not share its fate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{JoinHandle, yield_now};
use trialogue_domain::{Actor, Refusal, UserId};
use trialogue_storage::{
    ConferenceLookup, ConferenceView, Render, Store, StoreError, StoreOptions, UserRole,
};

use crate::scene::{Call, SPANISH, details, number, plain, refusal, request, user};
use crate::world::{Database, Rules as _, World, on_both};

on_both! {
    a_full_queue_is_busy,
    refusals_and_faults_in_a_group_leave_the_others_whole,
    a_panic_leaves_the_writer_and_the_group_alive,
    a_panic_while_deriving_a_secret_changes_nothing,
    a_row_that_is_always_there_is_contention_in_the_end,
    what_waits_is_done_before_the_store_closes,
    an_asker_who_leaves_does_not_undo,
}

/// Holds a writer inside an operation until the gate is dropped.
pub(crate) async fn held(
    world: &World,
    client: UserId,
) -> (JoinHandle<Result<Vec<u8>, StoreError>>, Sender<()>) {
    let (entered, mut has_entered) = unbounded_channel();
    let (gate, opened) = std::sync::mpsc::channel();
    let render: Render<ConferenceView> = Box::new(move |_| {
        entered.send(()).unwrap();
        // Dropping the gate is what ends this.
        let _ = opened.recv();
        vec![]
    });
    let (store, now) = (world.store.clone(), world.now());
    let holding = tokio::spawn(async move {
        store.rules().open_request(client, plain(SPANISH), details(), now, None, render).await
    });
    has_entered.recv().await.unwrap();
    (holding, gate)
}

/// Starts operations and comes back when all of them are in the queue, or were refused by it.
pub(crate) async fn queued<T: Send + 'static>(
    operations: Vec<impl Future<Output = T> + Send + 'static>,
) -> Vec<JoinHandle<T>> {
    let (count, asked) = (operations.len(), Arc::new(AtomicUsize::new(0)));
    let tasks = operations
        .into_iter()
        .map(|operation| {
            let asked = Arc::clone(&asked);
            // On the one thread of the test, nobody runs between the count and the first poll of the operation.
            tokio::spawn(async move {
                asked.fetch_add(1, Ordering::SeqCst);
                operation.await
            })
        })
        .collect();
    while asked.load(Ordering::SeqCst) < count {
        yield_now().await;
    }
    tasks
}

async fn touch(store: Store, user: UserId, now: trialogue_domain::Timestamp) -> Result<(), StoreError> {
    store.rules().touch(user, now).await
}

async fn a_full_queue_is_busy(database: Database) {
    let world = database.world_with(StoreOptions { writers: 1, queue: 3, ..StoreOptions::default() });
    let client = world.client("c@example.org").await;
    let (holding, gate) = held(&world, client).await;
    let touch = |_| touch(world.store.clone(), client, world.now());
    let waiting = queued((0..3).map(touch).collect()).await;
    assert_eq!(world.store.queued().write, 3);
    for _ in 0..5 {
        let refused = world.conferences.touch(client, world.now()).await;
        assert!(matches!(refused, Err(StoreError::Busy { queue: "write" })), "{refused:?}");
    }
    // Reading is not writing.
    assert!(world.store.view(ConferenceLookup::Client(client)).await.unwrap().is_none());
    drop(gate);
    holding.await.unwrap().unwrap();
    for task in waiting {
        task.await.unwrap().unwrap();
    }
    world.conferences.touch(client, world.now()).await.unwrap();
    assert_eq!((world.store.queued().write, world.store.queued().read), (0, 0));
}

async fn refusals_and_faults_in_a_group_leave_the_others_whole(database: Database) {
    let world = database.world_of_one_writer();
    let holder = world.client("holder@example.org").await;
    let mut clients = vec![];
    for n in 0..40 {
        clients.push(world.client(&format!("{n}@example.org")).await);
    }
    let (holding, gate) = held(&world, holder).await;
    // 70 operations: more than one group. Every third asks twice, every fifth refers to nobody.
    let opens = (0..70_i32).map(|n| {
        let (store, now) = (world.store.clone(), world.now());
        let client = match n {
            _ if n % 5 == 4 => UserId(-1 - n),
            _ if n % 3 == 2 => clients[0],
            _ => clients[usize::try_from(n).unwrap() % clients.len()],
        };
        async move {
            (client, store.rules().open_request(client, plain(SPANISH), details(), now, None, number()).await)
        }
    });
    let tasks = queued(opens.collect()).await;
    drop(gate);
    holding.await.unwrap().unwrap();
    let mut opened = vec![];
    for task in tasks {
        match task.await.unwrap() {
            (client, Ok(_)) => opened.push(client),
            (client, Err(StoreError::Query { .. })) => assert!(client.0 < 0),
            (client, other) => {
                assert_eq!(refusal(other), Refusal::LiveRequest);
                assert!(opened.contains(&client), "refused before anything was opened");
            }
        }
    }
    let distinct: std::collections::BTreeSet<_> = opened.iter().collect();
    assert_eq!(distinct.len(), opened.len());
    let stored = i64::try_from(opened.len()).unwrap();
    assert!(stored > 20, "{stored}");
    assert_eq!(world.count("conferences"), stored + 1);
    for client in opened {
        let view = world.store.view(ConferenceLookup::Client(client)).await.unwrap().unwrap();
        world.conference(view.conference.id).await;
    }
}

async fn a_panic_leaves_the_writer_and_the_group_alive(database: Database) {
    let world = database.world_of_one_writer();
    let [holder, faulty, other] = [
        world.client("1@example.org").await,
        world.client("2@example.org").await,
        world.client("3@example.org").await,
    ];
    let (holding, gate) = held(&world, holder).await;
    let opens = [faulty, other].map(|client| {
        let (store, now) = (world.store.clone(), world.now());
        let render: Render<ConferenceView> =
            if client == faulty { Box::new(|_| panic!("a fault that the test made")) } else { number() };
        async move { store.rules().open_request(client, plain(SPANISH), details(), now, None, render).await }
    });
    let tasks = queued(opens.into_iter().collect()).await;
    drop(gate);
    holding.await.unwrap().unwrap();
    let mut outcomes = vec![];
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    assert!(matches!(outcomes[0], Err(StoreError::Panicked { operation: "open a request" })));
    assert!(outcomes[1].is_ok());
    assert!(world.store.view(ConferenceLookup::Client(faulty)).await.unwrap().is_none());
    assert_eq!(world.count("conferences"), 2);
    world.request(faulty).await.unwrap();
}

async fn a_panic_while_deriving_a_secret_changes_nothing(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let before = world.conference(call.id).await;
    let actor = Actor::Client(call.client);
    let fault = |_| panic!("a fault that the test made");
    let panicked =
        world.conferences.issue_accounts(ConferenceLookup::Id(call.id), actor, fault, world.now()).await;
    assert!(matches!(panicked, Err(StoreError::Panicked { .. })), "{panicked:?}");
    assert_eq!(world.conference(call.id).await, before);
    assert_eq!(world.count("jobs"), 0);
    call.issue(actor).await.unwrap();
}

async fn a_row_that_is_always_there_is_contention_in_the_end(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let next = world.conference(call.id).await.last_seq + 1;
    world.place.sql(&format!(
        "INSERT INTO events (conference_id, seq, at, kind) VALUES ({}, {next}, 0, 9)",
        call.id
    ));
    let contended = call.by_provider(call.take()).await;
    let Err(StoreError::Contended { conference, tries }) = contended else { panic!("{contended:?}") };
    assert_eq!((conference, tries), (call.id.0, 5));
    world.place.sql(&format!("DELETE FROM events WHERE seq = {next}"));
    call.by_provider(call.take()).await.unwrap();
    world.conference(call.id).await;
}

async fn what_waits_is_done_before_the_store_closes(database: Database) {
    let world = database.world_of_one_writer();
    let holder = world.client("holder@example.org").await;
    let mut users = vec![];
    for n in 0..70 {
        users.push(world.client(&format!("{n}@example.org")).await);
    }
    let (holding, gate) = held(&world, holder).await;
    let touches = users.iter().map(|user| touch(world.store.clone(), *user, world.now())).collect();
    for asker in queued(touches).await {
        asker.abort();
        assert!(asker.await.unwrap_err().is_cancelled());
    }
    drop(gate);
    holding.await.unwrap().unwrap();
    let place = world.place;
    drop(world.conferences);
    world.store.close();
    assert_eq!(place.number("SELECT count(*) AS n FROM users WHERE last_seen IS NOT NULL"), 70);
}

async fn an_asker_who_leaves_does_not_undo(database: Database) {
    let world = database.world_of_one_writer();
    let [holder, client] = [world.client("1@example.org").await, world.client("2@example.org").await];
    let (holding, gate) = held(&world, holder).await;
    let (store, now) = (world.store.clone(), world.now());
    let opens = vec![async move {
        store.rules().open_request(client, plain(SPANISH), details(), now, None, number()).await
    }];
    for task in queued(opens).await {
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    drop(gate);
    holding.await.unwrap().unwrap();
    // Whatever comes later of the same writer comes after it.
    assert_eq!(refusal(request(&world.store, &world, client, None).await), Refusal::LiveRequest);
    let taken = world.store.add_user(user(UserRole::Client, "2@example.org"), now).await;
    assert!(matches!(taken, Err(StoreError::EmailTaken)));
}
