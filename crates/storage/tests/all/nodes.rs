//! Several servers on one PostgreSQL.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use tokio::task::JoinSet;
use trialogue_domain::{Actor, Availability, Command, Event, Kind, Refusal, UserId};
use trialogue_storage::{ConferenceLookup, Store, StoreError, UserRole};

use crate::concurrency::work_off;
use crate::idempotency::key;
use crate::scene::{Call, SPANISH, details, guest, number, plain, refusal, request, take, user};
use crate::world::{Database, Raw, Rules as _};

#[tokio::test]
async fn participants_keep_their_order_whichever_node_makes_them() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    // The first node's block of ids is the lower one.
    let first = Call::ringing(&world, "first").await;
    let call = Call::accepted(&world, "second").await;
    let (lookup, actor) = (ConferenceLookup::Id(call.id), Actor::Client(call.client));
    other.rules().command(lookup, actor, Command::StartVideo, world.now()).await.unwrap();
    world.conference(call.id).await;
    call.by_client(Command::VideoAgain).await.unwrap();
    call.by_provider(Command::ConfirmVideo).await.unwrap();
    let conference = world.conference(call.id).await;
    assert_eq!(conference.participants.len(), 2, "it rang already: asking again is nothing");
    call.issue(Actor::Client(call.client)).await.unwrap();
    call.by_client(Command::VideoAgain).await.unwrap();
    let conference = world.conference(call.id).await;
    let ids: Vec<_> = conference.participants.iter().map(|p| p.id).collect();
    assert!(ids[2] < ids[0], "the later call has the lower ids, or this shows nothing: {ids:?}");
    assert!(conference.current(Kind::Client).unwrap().is_live());
    world.conference(first.id).await;
}

#[tokio::test]
async fn the_latest_request_is_found_whichever_node_made_it() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    let early = Call::requested(&world, "early").await;
    let client = world.client("c@example.org").await;
    let on_other = request(&other, &world, client, None).await.unwrap();
    other
        .rules()
        .finish(ConferenceLookup::Client(client), Actor::Client(client), false, vec![], world.now())
        .await
        .unwrap();
    world.clock.advance(Duration::from_secs(1));
    let on_first = request(&world.store, &world, client, None).await.unwrap();
    assert!(on_first < on_other, "or this shows nothing");
    for node in [&world.store, &other] {
        let found = node.view(ConferenceLookup::Client(client)).await.unwrap().unwrap();
        assert_eq!(found.conference.id, on_first);
    }
    world.conference(early.id).await;
}

#[tokio::test]
async fn nodes_clashing_on_the_same_conferences_lose_nothing() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    let mut calls = vec![];
    for n in 0..4 {
        calls.push(Call::confirmed(&world, &n.to_string()).await);
    }
    let mut asks = JoinSet::new();
    for n in 0..12 {
        for call in &calls {
            for (node, store) in [&world.store, &other].into_iter().enumerate() {
                let (store, id, now) = (store.clone(), call.id, world.now());
                let actor = Actor::Client(call.client);
                asks.spawn(async move {
                    let guest = guest(actor, &format!("{id} {n} {node}"));
                    let render = Box::new(|_: &_| vec![]);
                    let asked =
                        store.rules().invite(ConferenceLookup::Id(id), actor, guest, now, None, render).await;
                    (id, asked)
                });
            }
        }
    }
    let mut invited = vec![];
    for (id, outcome) in asks.join_all().await {
        match outcome {
            Ok(_) => invited.push(id),
            // Not done, and said so.
            Err(StoreError::Contended { .. } | StoreError::NotDone { .. }) => {}
            other => assert_eq!(refusal(other), Refusal::TooManyInvited),
        }
    }
    assert!(!invited.is_empty());
    for call in calls {
        let conference = world.conference(call.id).await;
        let told = invited.iter().filter(|id| **id == call.id).count();
        assert_eq!(conference.participants.len() - 2, told);
    }
}

#[tokio::test]
async fn nodes_kicking_the_same_guest_kick_once() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    for n in 0..6 {
        let call = Call::issued(&world, &n.to_string()).await;
        let guest = call.guest(&format!("guest {n}")).await;
        let kick = |store: &Store, actor| {
            let (store, now) = (store.clone(), world.now());
            async move {
                store.rules().command(ConferenceLookup::Id(call.id), actor, Command::Kick(guest), now).await
            }
        };
        let (client, provider) = (Actor::Client(call.client), Actor::Provider(call.provider));
        let (a, b) = tokio::join!(kick(&world.store, client), kick(&other, provider));
        a.unwrap();
        b.unwrap();
        let log = other.timeline(call.id).await.unwrap();
        let finished = |e: &Event| matches!(e, Event::Finished { participant, .. } if *participant == guest);
        assert_eq!(log.iter().filter(|entry| finished(&entry.event)).count(), 1);
        world.conference(call.id).await;
    }
}

#[tokio::test]
async fn nodes_share_one_key_one_client_one_provider_and_one_email() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    let nodes = [&world.store, &other];
    for n in 0..6 {
        let client = world.client(&format!("c{n}@example.org")).await;
        let again = || Some(key("c", &format!("k{n}"), 1));
        let (a, b) = tokio::join!(
            request(nodes[0], &world, client, again()),
            request(nodes[1], &world, client, again())
        );
        assert_eq!(a.unwrap(), b.unwrap(), "one key, one request");

        let client = world.client(&format!("d{n}@example.org")).await;
        let (a, b) =
            tokio::join!(request(nodes[0], &world, client, None), request(nodes[1], &world, client, None));
        let refused = if a.is_ok() { b } else { a };
        assert_eq!(refusal(refused), Refusal::LiveRequest);

        let new = || user(UserRole::Provider, &format!("P{n}@example.org"));
        let (a, b) =
            tokio::join!(nodes[0].add_user(new(), world.now()), nodes[1].add_user(new(), world.now()));
        let (added, refused) = if a.is_ok() { (a, b) } else { (b, a) };
        assert!(matches!(refused, Err(StoreError::EmailTaken)), "{refused:?}");
        accept_two_at_once(nodes, &world, added.unwrap(), n).await;
    }
}

async fn accept_two_at_once(nodes: [&Store; 2], world: &crate::world::World, provider: UserId, n: i32) {
    nodes[0].rules().set_availability(provider, Availability::On, world.now()).await.unwrap();
    let mut ids = vec![];
    for side in ["x", "y"] {
        let client = world.client(&format!("{side}{n}@example.org")).await;
        let opened = nodes[0]
            .rules()
            .open_request(client, plain(SPANISH), details(), world.now(), None, number())
            .await;
        ids.push(trialogue_domain::ConferenceId(crate::scene::number_in(&opened.unwrap())));
    }
    let accept = async |node: usize| {
        let (lookup, actor) = (ConferenceLookup::Id(ids[node]), Actor::Provider(provider));
        nodes[node].rules().command(lookup, actor, take(ids[node]), world.now()).await
    };
    let (a, b) = tokio::join!(accept(0), accept(1));
    let refused = if a.is_ok() { b } else { a };
    assert_eq!(refusal(refused), Refusal::ProviderBusy);
}

#[tokio::test]
async fn claimers_of_many_nodes_share_the_work() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    for n in 0..4 {
        Call::issued(&world, &n.to_string()).await;
    }
    let mut claimers = JoinSet::new();
    for token in 0..16 {
        let store = if token % 2 == 0 { world.store.clone() } else { other.clone() };
        claimers.spawn(work_off(store, token, world.now()));
    }
    let mut done = claimers.join_all().await.concat();
    // A claimer stops when all that is left is another's; the last word is spoken alone.
    done.extend(work_off(world.store.clone(), 99, world.now()).await);
    let ids: BTreeSet<i64> = done.iter().map(|c| c.id).collect();
    assert_eq!((done.len(), ids.len()), (12, 12));
}

/// The rows of a conference are read one table after the other; here another node commits in between.
#[tokio::test]
async fn a_command_judges_one_state_and_no_mixture() {
    let world = Database::Postgres.world();
    let faster = world.provider("faster@example.org").await;
    let call = Call::requested(&world, "1").await;
    let before = world.conference(call.id).await;
    let Raw::Postgres(mut other_node) = world.place.raw() else { panic!("PostgreSQL") };
    // The command reads the conference's row, and waits for its participants.
    other_node.batch_execute("BEGIN; LOCK TABLE participants IN ACCESS EXCLUSIVE MODE").unwrap();
    let (store, now, accept) = (world.store.clone(), world.now(), call.take());
    let (lookup, actor) = (ConferenceLookup::Id(call.id), Actor::Provider(call.provider));
    let slow = tokio::spawn(async move { store.rules().command(lookup, actor, accept, now).await });
    let waiting =
        "SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND relation = 'participants'::regclass";
    let mut waits = false;
    for _ in 0..2000 {
        tokio::task::yield_now().await;
        waits = world.place.number(waiting) > 0;
        if waits {
            break;
        }
    }
    assert!(waits);
    let (id, seq) = (call.id, before.last_seq + 1);
    other_node
        .batch_execute(&format!(
            "INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, user_id, deadline) \
             SELECT {id}, {seq}, requested_at, 4, 2, {faster}, {faster}, next_deadline FROM conferences; \
             UPDATE offers SET state = CASE provider_id WHEN {faster} THEN 3 ELSE 4 END; \
             UPDATE requests SET stage = 2, provider_id = {faster}, deadline = NULL; \
             UPDATE conferences SET start_by = next_deadline, last_seq = {seq}; COMMIT"
        ))
        .unwrap();
    assert_eq!(refusal(slow.await.unwrap()), Refusal::OfferTaken);
    assert_eq!(world.conference(call.id).await.provider(), Some(faster));
}
