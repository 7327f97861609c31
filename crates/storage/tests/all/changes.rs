//! What is told of commits, and the log after a place in it.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use trialogue_domain::{Actor, Command, ConferenceId, Kind, Observation, UserId};
use trialogue_storage::{Change, ConferenceLookup, StoreError, Wake, Wakes};

use crate::scene::{Call, SPANISH, details, plain};
use crate::world::{Database, Rules as _, World, on_both};

on_both! {
    the_log_after_a_place,
    the_ends_of_logs,
    every_change_is_told_with_its_last_place,
    users_are_told_of_requests_and_offers,
    what_changes_nothing_tells_nothing,
    a_group_is_told_once_and_without_its_refused,
    a_slow_listener_is_told_that_it_missed_something,
}

const PATIENCE: Duration = Duration::from_secs(30);

/// The next commit; the first look at a fresh line to other nodes is no commit.
async fn next(wakes: &mut Wakes) -> Vec<Change> {
    loop {
        match timeout(PATIENCE, wakes.next()).await.expect("something is told").expect("the store is open") {
            Wake::Changed(changes) => return changes.to_vec(),
            Wake::Missed => {}
        }
    }
}

/// Nothing is told before a mark, which is a commit of another conference.
async fn nothing_before_a_mark(world: &World, wakes: &mut Wakes) {
    let client = world.client(&format!("mark{}@example.org", world.count("users"))).await;
    let mark = world.request(client).await.unwrap();
    let told = next(wakes).await;
    assert!(told.iter().all(|change| change.conference == mark), "{told:?}");
}

async fn the_log_after_a_place(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    Call::ringing(&world, "2").await;
    let all = world.store.timeline(call.id).await.unwrap();
    for seq in 0..=i32::try_from(all.len()).unwrap() {
        let after = world.store.timeline_after(call.id, seq).await.unwrap();
        assert_eq!(after, all[usize::try_from(seq).unwrap()..]);
    }
    assert_eq!(world.store.timeline_after(call.id, i32::MAX).await.unwrap(), []);
    assert_eq!(world.store.timeline_after(ConferenceId(-1), 0).await.unwrap(), []);
}

async fn the_ends_of_logs(database: Database) {
    let world = database.world();
    let (a, b) = (Call::issued(&world, "1").await, Call::ringing(&world, "2").await);
    let (all_of_a, all_of_b) =
        (world.store.timeline(a.id).await.unwrap(), world.store.timeline(b.id).await.unwrap());
    let (last_of_a, last_of_b) = (all_of_a.last().unwrap().seq, all_of_b.last().unwrap().seq);
    let wanted = vec![(a.id, 0), (b.id, last_of_b - 1), (ConferenceId(-1), 0)];
    let ends = world.store.log_ends(wanted, 3).await.unwrap();
    let (ids, ends): (Vec<_>, Vec<_>) = ends.into_iter().map(|(id, end)| (id, end.unwrap())).unzip();
    assert_eq!(ids, [a.id, b.id, ConferenceId(-1)]);
    assert_eq!(ends[0], all_of_a[all_of_a.len() - 3..]);
    assert_eq!(ends[1], all_of_b[all_of_b.len() - 1..]);
    assert_eq!(ends[2], []);

    let known = vec![(a.id, last_of_a), (b.id, last_of_b - 1), (ConferenceId(-1), 0)];
    assert_eq!(world.store.grown(known).await.unwrap(), [b.id]);

    // A row that is no event spoils its own log only.
    world.place.sql(&format!("UPDATE events SET kind = 99 WHERE conference_id = {}", a.id));
    let ends = world.store.log_ends(vec![(a.id, 0), (b.id, 0)], 3).await.unwrap();
    assert!(matches!(ends[0].1, Err(StoreError::Inconsistent { table: "events", .. })));
    assert_eq!(ends[1].1.as_ref().unwrap().len(), 3);
}

async fn every_change_is_told_with_its_last_place(database: Database) {
    let world = database.world();
    let mut wakes = world.store.wakes();
    let call = Call::issued(&world, "1").await;
    let guest = call.guest("g").await;
    call.by_client(Command::Kick(guest)).await.unwrap();
    call.observe(Observation::Removed(guest)).await;
    call.finish().await.unwrap();
    let last = world.conference(call.id).await.last_seq;
    let mut told = vec![];
    while told.last() != Some(&last) {
        let changes = next(&mut wakes).await;
        assert!(changes.iter().all(|change| change.conference == call.id), "{changes:?}");
        told.extend(changes.iter().map(|change| change.last_seq));
    }
    // One transaction after the other: each told as far as it has come.
    assert!(told.is_sorted() && told.len() > 8, "{told:?}");
}

async fn users_are_told_of_requests_and_offers(database: Database) {
    let world = database.world();
    let other = world.provider("other@example.org").await;
    let mut wakes = world.store.wakes();
    let mut told = async || -> BTreeSet<UserId> {
        next(&mut wakes).await.into_iter().flat_map(|change| change.users).collect()
    };
    let call = Call::requested(&world, "1").await;
    let (client, provider) = (call.client, call.provider);
    assert_eq!(told().await, BTreeSet::from([client, other, provider]), "offered to both");
    call.by(Actor::Provider(other), call.decline()).await.unwrap();
    assert_eq!(told().await, BTreeSet::from([client, other]));
    call.by_provider(call.take()).await.unwrap();
    assert_eq!(told().await, BTreeSet::from([client, provider]));
    call.by_client(Command::StartVideo).await.unwrap();
    assert_eq!(told().await, BTreeSet::new(), "it is the same request as before");
    call.finish().await.unwrap();
    assert_eq!(told().await, BTreeSet::from([client, provider]));
}

async fn what_changes_nothing_tells_nothing(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let mut wakes = world.store.wakes();
    // Refused alone, refused inside an operation of many statements, already so, seen before, no conference.
    call.by_client(Command::Kick(call.participant_of(trialogue_domain::Kind::Provider).await))
        .await
        .unwrap_err();
    call.by_client(Command::StartVideo).await.unwrap_err();
    world.request(call.client).await.unwrap_err();
    call.by_provider(Command::ConfirmVideo).await.unwrap();
    call.issue(Actor::Client(call.client)).await.unwrap();
    call.observe(Observation::DeadlinePassed).await;
    world.conferences.observe(ConferenceId(-1), [Observation::DeadlinePassed], world.now()).await.unwrap();
    world.conferences.touch(call.client, world.now()).await.unwrap();
    nothing_before_a_mark(&world, &mut wakes).await;

    // It had written its rows when it panicked: they are rolled back, and not told.
    let client = world.client("panics@example.org").await;
    let panics = world.conferences.open_request(
        client,
        plain(SPANISH),
        details(),
        world.now(),
        None,
        Box::new(|_| panic!("while it renders")),
    );
    assert!(matches!(panics.await, Err(StoreError::Panicked { .. })));
    nothing_before_a_mark(&world, &mut wakes).await;
}

async fn a_group_is_told_once_and_without_its_refused(database: Database) {
    let world = database.world_of_one_writer();
    let mut guests = vec![];
    for n in 0..6 {
        let call = Call::issued(&world, &n.to_string()).await;
        guests.push((call.id, Actor::Client(call.client), call.guest(&format!("g{n}")).await));
    }
    let mut wakes = world.store.wakes();
    let mut asks = JoinSet::new();
    for (n, (id, client, guest)) in guests.iter().copied().enumerate() {
        // Every third asks for what is refused: in PostgreSQL's set of decisions as anywhere.
        let actor = if n % 3 == 2 { Actor::Guest(guest) } else { client };
        let (store, now) = (world.store.clone(), world.now());
        asks.spawn(async move {
            store
                .rules()
                .command(ConferenceLookup::Id(id), actor, Command::Kick(guest), now)
                .await
                .is_ok()
                .then_some(id)
        });
    }
    let kicked: BTreeSet<ConferenceId> = asks.join_all().await.into_iter().flatten().collect();
    assert_eq!(kicked.len(), 4);
    let mut told = vec![];
    while told.len() < kicked.len() {
        told.extend(next(&mut wakes).await.into_iter().map(|change| change.conference));
    }
    assert_eq!((told.len(), told.into_iter().collect::<BTreeSet<_>>()), (kicked.len(), kicked));
    nothing_before_a_mark(&world, &mut wakes).await;
}

async fn a_slow_listener_is_told_that_it_missed_something(database: Database) {
    let world = database.world();
    let mut slow = world.store.wakes();
    let call = Call::issued(&world, "1").await;
    let client = call.participant_of(Kind::Client).await;
    for _ in 0..600 {
        call.observe(Observation::Joined(client)).await;
        call.observe(Observation::Disconnected(client)).await;
    }
    // On PostgreSQL, the connection to the other nodes begins so as well: the listener has received no announcement yet.
    assert!(matches!(slow.next().await, Some(Wake::Missed)));
    let last = world.view(call.id).await.conference.last_seq;
    let mut told = 0;
    while told < last {
        told = next(&mut slow).await.into_iter().map(|change| change.last_seq).max().unwrap();
    }
}

/// Waits until the line of this store to the other nodes is up: it may have missed something before.
async fn line_is_up(wakes: &mut Wakes) {
    while !matches!(timeout(PATIENCE, wakes.next()).await.expect("a line"), Some(Wake::Missed)) {}
}

#[tokio::test]
async fn what_one_node_commits_the_other_is_told() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    let (mut here, mut there) = (world.store.wakes(), other.wakes());
    line_is_up(&mut here).await;
    line_is_up(&mut there).await;
    let call = Call::requested(&world, "1").await;
    let told = next(&mut there).await;
    assert_eq!(told.len(), 1, "once for all its events: {told:?}");
    assert_eq!(told[0].conference, call.id);
    assert_eq!(told[0].last_seq, world.conference(call.id).await.last_seq);
    let users: BTreeSet<UserId> = told[0].users.iter().copied().collect();
    assert_eq!(users, BTreeSet::from([call.client, call.provider]));
    // Its own is not told twice: not by the other's echo, and not by its own.
    next(&mut here).await;
    nothing_before_a_mark(&world, &mut here).await;
    other.close();
    assert!(timeout(PATIENCE, there.next()).await.unwrap().is_none(), "the store is closed");
}

#[tokio::test]
async fn a_line_that_is_cut_is_made_again() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    let (mut here, mut there) = (world.store.wakes(), other.wakes());
    line_is_up(&mut here).await;
    line_is_up(&mut there).await;
    let cut = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
               WHERE datname = current_database() AND query LIKE '%pg_backend_pid%' AND pid <> pg_backend_pid()";
    assert_eq!(world.place.number(cut), 2);
    line_is_up(&mut here).await;
    line_is_up(&mut there).await;
    let call = Call::requested(&world, "1").await;
    assert_eq!(next(&mut there).await[0].conference, call.id);
}
