//! What the server believes of conferences: deadlines and notifications, whatever fails in between.

use std::time::Duration;

use tokio::time::Instant;
use trialogue_domain::{Observation, Participant, StateName};
use trialogue_media::{Identity, Notification};
use trialogue_testkit::PostgresCluster;

use super::scene::{World, sides};
use crate::deadlines::{BackOff, pass_deadlines};
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
    sql(&format!("UPDATE conferences SET stage = 9, next_deadline = 1 WHERE id <= {last_bad}"));
    world.clock.advance(world.store.timings().account);
    let mut back_off = BackOff::default();
    for _ in 0..2 {
        pass_deadlines(&world.store, &mut back_off, world.now()).await.unwrap();
        for call in good {
            assert!(!world.conference(call).await.participants.iter().any(Participant::is_live));
        }
    }
    // Repaired, it is judged after its back-off.
    sql("UPDATE conferences SET stage = 3 WHERE stage = 9");
    world.clock.advance(Duration::from_mins(1));
    pass_deadlines(&world.store, &mut back_off, world.now()).await.unwrap();
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
