use std::time::Duration;

use tokio::task::JoinSet;
use trialogue_domain::{Actor, Command, ConferenceId, Effect, Event, Kind, Observation, ParticipantId};
use trialogue_storage::{Claimed, NODE_SILENCE, NodeId};

use crate::scene::Call;
use crate::world::{Database, Rules as _, World, on_both};

const LEASE: Duration = Duration::from_secs(30);

on_both! {
    effects_are_claimed_in_order,
    effects_on_a_held_room_are_done_by_its_holder,
    rows_that_are_no_effect_fill_no_batch,
    a_claimed_effect_is_nobody_elses,
    a_lease_that_ends_is_claimed_again,
    done_is_gone,
    what_was_seen_is_noted_with_it,
    many_are_done_together,
    failed_is_due_later,
    untried_is_as_before,
    a_lost_lease_settles_nothing,
    a_call_without_an_account_owes_nothing,
}

async fn claim(world: &World, token: i64, limit: i64) -> Vec<Claimed> {
    world.store.claim_effects(token, LEASE, limit, world.now()).await.unwrap()
}

async fn done(world: &World, work: Claimed) {
    world.conferences.effect_done(work, [], world.now()).await.unwrap();
}

async fn effects_are_claimed_in_order(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let [caller, listener] =
        [call.participant_of(Kind::Client).await, call.participant_of(Kind::Provider).await];
    let guest = call.guest("guest").await;
    call.by_client(Command::Kick(guest)).await.unwrap();
    call.finish().await.unwrap();
    let effects: Vec<Effect> = claim(&world, 1, 100).await.iter().map(|c| c.effect).collect();
    assert_eq!(
        effects,
        [
            Effect::OpenRoom,
            Effect::Admit(caller),
            Effect::Admit(listener),
            Effect::Admit(guest),
            Effect::Remove(guest),
            Effect::Remove(caller),
            Effect::Remove(listener),
            Effect::CloseRoom,
        ]
    );
}

async fn a_claimed_effect_is_nobody_elses(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let first = claim(&world, 1, 2).await;
    assert_eq!(first.len(), 2);
    assert!(first.iter().all(|c| c.attempts == 1 && c.conference == call.id));
    assert_eq!(claim(&world, 2, 100).await, [], "the third waits for the two before it");
    assert_eq!(world.store.effects_waiting().await.unwrap(), 3);
    let backlog = world.store.backlog().await.unwrap();
    assert_eq!((backlog.effects, backlog.oldest), (3, Some(world.now())));
    for work in first {
        done(&world, work).await;
    }
    assert_eq!(claim(&world, 3, 100).await.len(), 1);
}

async fn a_lease_that_ends_is_claimed_again(database: Database) {
    let world = database.world();
    Call::issued(&world, "1").await;
    let first = claim(&world, 1, 1).await;
    world.clock.advance(LEASE.checked_sub(Duration::from_micros(1)).unwrap());
    assert_eq!(claim(&world, 2, 1).await, []);
    world.clock.advance(Duration::from_micros(1));
    let again = claim(&world, 3, 1).await;
    assert_eq!((again[0].id, again[0].attempts), (first[0].id, 2));
    assert_eq!(world.store.effects_waiting().await.unwrap(), 3);
    done(&world, first[0]).await;
    assert_eq!(world.store.effects_waiting().await.unwrap(), 3, "the first claimer came too late");
    done(&world, again[0]).await;
    assert_eq!(world.store.effects_waiting().await.unwrap(), 2);
}

async fn done_is_gone(database: Database) {
    let world = database.world();
    Call::issued(&world, "1").await;
    for work in claim(&world, 1, 100).await {
        done(&world, work).await;
        done(&world, work).await;
        assert!(!world.store.effect_failed(work, world.now()).await.unwrap());
    }
    assert_eq!(world.store.effects_waiting().await.unwrap(), 0);
}

async fn what_was_seen_is_noted_with_it(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let guest = call.guest("guest").await;
    call.by_client(Command::Kick(guest)).await.unwrap();
    let seen = [Observation::Removed(guest), Observation::RemovalVerified(guest)];
    let work = claim(&world, 1, 100).await.pop().unwrap();
    assert_eq!(work.effect, Effect::Remove(guest));
    for _ in 0..2 {
        world.conferences.effect_done(work, seen, world.now()).await.unwrap();
        assert_eq!(last_events(&world, call.id, 2).await, removal_of(guest));
    }
    assert_eq!(world.store.effects_waiting().await.unwrap(), 4);
}

/// What is seen by one who has lost his lease is true, but the work is another's.
async fn many_are_done_together(database: Database) {
    let world = database.world();
    let mut removals = Vec::new();
    for n in 0..8 {
        let call = Call::issued(&world, &n.to_string()).await;
        for work in claim(&world, 1, 100).await {
            done(&world, work).await;
        }
        let guest = call.guest(&format!("guest {n}")).await;
        call.by_client(Command::Kick(guest)).await.unwrap();
        for work in claim(&world, 1, 100).await {
            match work.effect {
                Effect::Remove(_) => removals.push((work, guest)),
                Effect::OpenRoom | Effect::Admit(_) | Effect::CloseRoom => done(&world, work).await,
            }
        }
    }
    let (lost, _) = removals[0];
    world.clock.advance(LEASE);
    let held = claim(&world, 2, 1).await[0];
    assert_eq!(held.id, lost.id);
    let mut doing = JoinSet::new();
    for (work, guest) in removals.clone() {
        let (store, now) = (world.store.clone(), world.now());
        let seen = [Observation::Removed(guest), Observation::RemovalVerified(guest)];
        doing.spawn(async move { store.rules().effect_done(work, seen, now).await });
    }
    for outcome in doing.join_all().await {
        outcome.unwrap();
    }
    for (work, guest) in removals {
        assert_eq!(last_events(&world, work.conference, 2).await, removal_of(guest));
    }
    assert_eq!(world.store.effects_waiting().await.unwrap(), 1);
    done(&world, held).await;
    assert_eq!(world.store.effects_waiting().await.unwrap(), 0);
}

fn removal_of(participant: ParticipantId) -> [Event; 2] {
    [Event::Removed { participant }, Event::RemovalVerified { participant }]
}

async fn last_events(world: &World, conference: ConferenceId, count: usize) -> Vec<Event> {
    let log = world.store.timeline(conference).await.unwrap();
    log.into_iter().rev().take(count).rev().map(|recorded| recorded.event).collect()
}

async fn failed_is_due_later(database: Database) {
    let world = database.world();
    Call::issued(&world, "1").await;
    let work = claim(&world, 1, 1).await[0];
    let due = world.now().after(Duration::from_micros(7));
    assert!(world.store.effect_failed(work, due).await.unwrap());
    assert_eq!(claim(&world, 2, 100).await, [], "what comes after it waits for it");
    world.clock.advance(Duration::from_micros(7));
    let again = claim(&world, 3, 100).await;
    assert_eq!((again.len(), again[0].id, again[0].attempts), (3, work.id, 2));
}

async fn untried_is_as_before(database: Database) {
    let world = database.world();
    Call::issued(&world, "1").await;
    let first = claim(&world, 1, 100).await;
    done(&world, first[0]).await;
    world.store.effects_untried(&first[1..]).await.unwrap();
    let again = claim(&world, 2, 100).await;
    assert_eq!(
        again.iter().map(|c| (c.id, c.attempts)).collect::<Vec<_>>(),
        [(first[1].id, 1), (first[2].id, 1)]
    );
    world.store.effects_untried(&first[1..]).await.unwrap();
    assert_eq!(claim(&world, 3, 100).await, [], "who has lost his lease puts nothing back");
    world.store.effects_untried(&[]).await.unwrap();
}

async fn a_lost_lease_settles_nothing(database: Database) {
    let world = database.world();
    Call::issued(&world, "1").await;
    let lost = claim(&world, 1, 1).await[0];
    world.clock.advance(LEASE);
    let held = claim(&world, 2, 1).await[0];
    assert_eq!(lost.id, held.id);
    assert!(!world.store.effect_failed(lost, world.now()).await.unwrap());
    done(&world, lost).await;
    assert_eq!(claim(&world, 3, 100).await, [], "the held one is still held");
    done(&world, held).await;
    assert_eq!(claim(&world, 3, 100).await.len(), 2);
}

async fn a_call_without_an_account_owes_nothing(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let guest = call.invited("guest").await;
    call.by(Actor::Guest(guest), Command::ConfirmInvitation).await.unwrap();
    call.by_client(Command::Kick(guest)).await.unwrap();
    call.finish().await.unwrap();
    assert_eq!(claim(&world, 1, 100).await, []);
}

async fn effects_on_a_held_room_are_done_by_its_holder(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let client = call.participant_of(Kind::Client).await;
    let (a, b) = (NodeId(1), NodeId(2));
    let hold = async |node| world.store.hold_room(call.id, node, world.now()).await.unwrap();
    let at = async |node, token| {
        let claim = world.store.claim_effects_at(Some(node), token, LEASE, 100, world.now());
        claim.await.unwrap().len()
    };
    for node in [a, b] {
        world.store.heartbeat(node, world.now()).await.unwrap();
    }
    assert!(hold(a).await);
    assert!(hold(b).await, "nobody is in the room");
    assert!(hold(a).await);
    call.observe(Observation::Joined(client)).await;
    assert!(!hold(b).await, "the client is in it");
    assert_eq!(world.store.room_holder(call.id, world.now()).await.unwrap(), Some(a));
    assert_eq!(at(b, 1).await, 0);
    world.clock.advance(NODE_SILENCE);
    world.store.heartbeat(b, world.now()).await.unwrap();
    assert_eq!(at(b, 2).await, 0);
    assert_eq!(at(a, 3).await, 3);

    // The holder dies with what it had claimed.
    world.clock.advance(LEASE);
    world.store.heartbeat(b, world.now()).await.unwrap();
    assert_eq!(world.store.room_holder(call.id, world.now()).await.unwrap(), None);
    assert_eq!(at(b, 4).await, 3);
    assert!(hold(b).await);
}

async fn rows_that_are_no_effect_fill_no_batch(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let insert = |effect: i32, participant: &str| {
        world.place.sql(&format!(
            "INSERT INTO outbox (conference_id, effect, participant_id, created_at, due_at, attempts) \
             VALUES ({}, {effect}, {participant}, 0, 0, 0)",
            call.id
        ));
    };
    for _ in 0..5 {
        insert(9, "NULL");
    }
    insert(3, "7");
    let claim = async || world.store.claim_effects(1, LEASE, 5, world.now()).await;
    assert_eq!(claim().await.unwrap().len(), 1);
    assert!(claim().await.is_err(), "they are told of when nothing else is left");
}
