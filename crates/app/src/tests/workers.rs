//! A system that hangs keeps nobody waiting but those who need it.

use std::time::Duration;

use tokio::time::timeout;
use trialogue_media::Operation;
use trialogue_storage::{Channel, JobKind};
use trialogue_testkit::{Fault, Gate, PostgresCluster};

use super::post::{Postbox, worker};
use super::scene::World;
use crate::background::Background;
use crate::jobs::delivery::DeliveryWorker;
use crate::jobs::{Handler, claim, run, work_off};

/// Longer than anything takes that works.
const IN_TIME: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_dead_engine_slows_neither_kicks_nor_invitations() {
    let world = World::sqlite();
    let gate = Gate::new();
    world.engine.fail_always(|_| true, Fault::HangBefore(gate.clone()));
    let (postbox, mut letters) = Postbox::new();
    let workers = [
        tokio::spawn(run(world.relay(), world.stop.subscribe())),
        tokio::spawn(run(worker(&world, Channel::Email, &postbox), world.stop.subscribe())),
    ];
    // More calls than the worker has slots.
    for _ in 0..=Background::SLOTS {
        world.call().await;
    }
    gate.reached().await;
    let call = world.call().await;
    let kicked = world.guest(&call).await;
    timeout(IN_TIME, world.kick(&call, kicked)).await.expect("no request waits for the engine");
    world.invite(&call, Some(Channel::Email)).await;
    timeout(IN_TIME, letters.recv()).await.expect("no e-mail waits for the engine").unwrap();

    // What is under way when the server stops is finished.
    world.stop.send_replace(true);
    gate.open();
    for worker in workers {
        timeout(IN_TIME, worker).await.expect("it stops").unwrap();
    }
}

#[tokio::test]
async fn a_dead_mail_server_slows_neither_texts_nor_the_engine() {
    let world = World::sqlite();
    let (hanging, mut letters) = Postbox::hanging();
    let (postbox, mut texts) = Postbox::new();
    let workers = [
        tokio::spawn(run(worker(&world, Channel::Email, &hanging), world.stop.subscribe())),
        tokio::spawn(run(worker(&world, Channel::Text, &postbox), world.stop.subscribe())),
        tokio::spawn(run(world.relay(), world.stop.subscribe())),
    ];
    let call = world.call().await;
    for _ in 0..DeliveryWorker::SLOTS {
        world.invite(&call, Some(Channel::Email)).await;
    }
    timeout(IN_TIME, letters.recv()).await.expect("the mail server is asked").unwrap();
    world.invite(&call, Some(Channel::Text)).await;
    timeout(IN_TIME, texts.recv()).await.expect("no text waits for the mail server").unwrap();
    let gate = Gate::new();
    world
        .engine
        .fail_once(|operation| matches!(operation, Operation::Remove(_)), Fault::HangAfter(gate.clone()));
    let guest = world.guest(&call).await;
    world.kick(&call, guest).await;
    timeout(IN_TIME, gate.reached()).await.expect("the engine is asked");
    gate.open();
    for worker in workers {
        worker.abort();
    }
}

/// What a node commits is handed to its worker; no job has to be claimed.
#[tokio::test]
async fn a_kick_is_done_without_a_claim() {
    let world = World::postgres();
    let sql = |sql: &str| PostgresCluster::shared().query(&world.url, sql);
    sql("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''a test''; END'");
    sql("CREATE TRIGGER fault BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION fail()");
    let closing = Gate::new();
    world.engine.fail_once(|operation| operation == Operation::CloseRoom, Fault::HangAfter(closing.clone()));
    let worker = tokio::spawn(run(world.relay(), world.stop.subscribe()));
    // It has its inbox.
    tokio::task::yield_now().await;
    let call = world.call().await;
    let done = async || while world.store.jobs_waiting(JobKind::Engine).await.unwrap() > 0 {};
    timeout(IN_TIME, done()).await.expect("the room is opened");
    let guest = world.guest(&call).await;
    timeout(IN_TIME, done()).await.expect("the guest is admitted");
    world.kick(&call, guest).await;
    timeout(IN_TIME, done()).await.expect("the guest is removed");
    world.finish(&call).await;
    timeout(IN_TIME, closing.reached()).await.expect("the room is closed");
    closing.open();
    world.stop.send_replace(true);
    timeout(IN_TIME, worker).await.expect("it stops").unwrap();
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 0);
}

/// Conferences don't wait for each other, nor for the end of the batch that they were claimed with.
#[tokio::test]
async fn a_room_that_hangs_keeps_no_other_waiting() {
    let world = World::sqlite();
    let call = world.call().await;
    let (stuck, gate) = (call.id, Gate::new());
    world.engine.fail_once(|operation| operation == Operation::OpenRoom, Fault::HangBefore(gate.clone()));
    let worker = tokio::spawn(run(world.relay(), world.stop.subscribe()));
    timeout(IN_TIME, gate.reached()).await.expect("the room is opened");

    let other = world.call().await;
    let guest = world.guest(&other).await;
    world.kick(&other, guest).await;
    let closing = Gate::new();
    world.engine.fail_once(|operation| operation == Operation::CloseRoom, Fault::HangAfter(closing.clone()));
    world.finish(&other).await;
    timeout(IN_TIME, closing.reached()).await.expect("the other room is closed in the end");
    assert!(
        world.engine.calls().iter().filter(|call| call.room == stuck).count() == 1,
        "the first one still hangs"
    );
    gate.open();
    closing.open();
    world.stop.send_replace(true);
    timeout(IN_TIME, worker).await.expect("it stops").unwrap();
}

/// One effect fails; what comes after it in its conference is done as soon as that is, and not when the lease ends.
#[tokio::test]
async fn what_waits_for_a_failed_effect_does_not_wait_for_the_lease() {
    let world = World::sqlite();
    let silent = trialogue_media::Failure::Unreachable("a test".to_owned());
    world.engine.fail_once(|operation| operation == Operation::OpenRoom, Fault::FailBefore(silent));
    let call = world.call().await;
    let relay = world.relay();
    for jobs in claim(&relay, 64).await {
        work_off(&relay, jobs).await;
    }
    assert_eq!(world.engine.calls().len(), 1);
    assert!(claim(&relay, 64).await.is_empty(), "nothing overtakes it");
    world.clock.advance(Duration::from_millis(200));
    for jobs in claim(&relay, 64).await {
        work_off(&relay, jobs).await;
    }
    assert_eq!(world.engine.calls().len(), 4, "{:?}", world.engine.calls());
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 0);
    for identity in super::scene::sides(&world.conference(&call).await) {
        world.engine.enter(call.id, identity).unwrap();
    }
}
