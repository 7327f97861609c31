//! Deadlines and notifications reach the store, whatever fails in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use trialogue_domain::{Observation, Participant, StateName};
use trialogue_media::{Gateway, Identity, Notification, notifications};
use trialogue_testkit::PostgresCluster;

use super::scene::{World, sides};
use crate::deadlines::{BackOff, pass_deadlines};
use crate::jobs::{claim, work_off};
use crate::notifications::Waiting;

/// 70 of 140 conferences cannot be loaded: more than a batch. The others end in one pass.
#[tokio::test]
async fn a_conference_that_cannot_be_loaded_keeps_no_other_waiting() {
    let world = World::postgres();
    let mut calls = Vec::new();
    for _ in 0..140 {
        calls.push(world.call().await);
    }
    let sql = |sql: &str| PostgresCluster::shared().query(&world.url, sql);
    let (bad, good) = calls.split_at(70);
    let last_bad = bad.last().unwrap().id.0;
    sql(&format!(
        "UPDATE requests SET stage = 9 WHERE id <= {last_bad}; UPDATE conferences SET next_deadline = 1 WHERE id <= {last_bad}"
    ));
    world.clock.advance(world.conferences.timings().account);
    let mut back_off = BackOff::default();
    for _ in 0..2 {
        pass_deadlines(&world.conferences, &mut back_off, world.now()).await.unwrap();
        for call in good {
            assert!(!world.conference(call).await.participants.iter().any(Participant::is_live));
        }
    }
    // Repaired, it is judged after its back-off.
    sql("UPDATE requests SET stage = 2 WHERE stage = 9");
    world.clock.advance(Duration::from_mins(1));
    pass_deadlines(&world.conferences, &mut back_off, world.now()).await.unwrap();
    for call in bad {
        assert!(!world.conference(call).await.participants.iter().any(Participant::is_live));
    }
}

#[tokio::test]
async fn a_notification_is_tried_again_until_it_is_stored() {
    let world = World::postgres();
    let (call, other) = (world.call().await, world.call().await);
    let sql = |sql: &str| PostgresCluster::shared().query(&world.url, sql);
    sql("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''a test''; END'");
    let relay = world.relay();
    let mut waiting = Waiting::default();
    let start = Instant::now();
    let [client, provider] = sides(&world.conference(&call).await).map(Identity::participant);
    let [other_client, _] = sides(&world.conference(&other).await).map(Identity::participant);
    sql(&format!(
        "CREATE TRIGGER fault BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.conference_id = {}) \
         EXECUTE FUNCTION fail()",
        call.id
    ));
    let add = |waiting: &mut Waiting, room, observation| {
        waiting.add(Notification { room, observation }, start);
    };
    add(&mut waiting, call.id, Observation::Joined(client));
    add(&mut waiting, call.id, Observation::Joined(provider));
    add(&mut waiting, other.id, Observation::Joined(other_client));
    relay.store_notifications(&mut waiting, start).await;
    let state = async |call, id| world.conference(call).await.participant(id).unwrap().state.name();
    assert_eq!(state(&other, other_client).await, StateName::Connected, "it does not wait for the first");
    assert_eq!(state(&call, client).await, StateName::Routed);

    // The newest fact of a participant counts.
    add(&mut waiting, call.id, Observation::Disconnected(provider));
    sql("DROP TRIGGER fault ON events");
    relay.store_notifications(&mut waiting, start + Duration::from_mins(1)).await;
    assert!(waiting.is_empty());
    assert_eq!(state(&call, client).await, StateName::Connected);
    assert_eq!(state(&call, provider).await, StateName::Disconnected);
}

/// The server was killed, and its engine's memory is gone: nothing notifies that the parties are gone.
#[tokio::test]
async fn parties_that_never_come_back_are_out_after_the_grace() {
    let mut world = World::sqlite();
    let call = world.call().await;
    let [client, provider] = sides(&world.conference(&call).await);
    for jobs in claim(&world.relay(), 64).await {
        work_off(&world.relay(), jobs).await;
    }
    world.engine.enter(call.id, client).unwrap();
    world.store_notified().await;
    let states = async || {
        let conference = world.conference(&call).await;
        [client, provider].map(|side| conference.participant(side.participant()).unwrap().state.name())
    };
    assert_eq!(states().await, [StateName::Connected, StateName::Routed]);
    world.relay().compare_all(|| false).await.unwrap();
    assert_eq!(states().await, [StateName::Connected, StateName::Routed], "both are as the database says");

    world.engine.restart();
    world.relay().compare_all(|| false).await.unwrap();
    assert_eq!(states().await, [StateName::Disconnected, StateName::Routed], "it may still be on its way");
    world.clock.advance(world.conferences.timings().join);
    world.relay().compare_all(|| false).await.unwrap();
    assert_eq!(states().await[1], StateName::Disconnected);
    world.clock.advance(world.conferences.timings().reconnect);
    pass_deadlines(&world.conferences, &mut BackOff::default(), world.now()).await.unwrap();
    assert_eq!(states().await, [StateName::Finished, StateName::Finished]);
}

/// A party with a socket whose notification was lost.
#[tokio::test]
async fn a_party_that_is_there_is_notified_again() {
    let mut world = World::sqlite();
    let call = world.call().await;
    let [client, _] = sides(&world.conference(&call).await);
    let (notifier, mut seen) = notifications();
    let mut relay = world.relay();
    relay.gateway = Arc::new(Gateway::new(Arc::clone(&relay.engine), notifier));
    let _socket = relay.gateway.connect(call.id, client, None).await.unwrap();
    while world.seen.try_recv().is_ok() {}
    relay.compare_all(|| false).await.unwrap();
    let again = Notification { room: call.id, observation: Observation::Joined(client.participant()) };
    assert_eq!(seen.try_recv(), Ok(again));
}
