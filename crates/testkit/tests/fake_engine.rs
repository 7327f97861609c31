//! The fake engine conforms, and goes wrong exactly as it is told.

use std::sync::Arc;

use trialogue_domain::{ConferenceId, Observation, ParticipantId};
use trialogue_media::{
    Failure, Identity, JoinRefused, Notification, Notifications, Operation, VideoEngine, is_gone,
    notifications,
};
use trialogue_testkit::{Call, FakeEngine, Fault, Gate, engine_conformance};

const ROOM: ConferenceId = ConferenceId(7);
const ANNA: ParticipantId = ParticipantId(1);

fn heard(notifications: &mut Notifications) -> Vec<Observation> {
    std::iter::from_fn(|| notifications.try_recv().ok()).map(|n: Notification| n.observation).collect()
}

fn down() -> Failure {
    Failure::Unreachable("for the test".to_owned())
}

fn is_remove(operation: Operation) -> bool {
    matches!(operation, Operation::Remove(_))
}

/// Somebody is in an open room.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
async fn engine() -> (Arc<FakeEngine>, Notifications, Identity) {
    let (notifier, notifications) = notifications();
    let engine = FakeEngine::new(notifier);
    let anna = Identity::from(ANNA);
    engine.open_room(ROOM).await.expect("no fault is set");
    engine.admit(ROOM, anna).await.expect("no fault is set");
    engine.enter(ROOM, anna).expect("it is admitted");
    (Arc::new(engine), notifications, anna)
}

#[tokio::test]
async fn it_conforms() {
    let (notifier, _notifications) = notifications();
    let engine = FakeEngine::new(notifier);
    engine_conformance(&engine, &engine).await;
}

#[tokio::test]
async fn a_failure_before_the_step_leaves_it_undone() {
    let (engine, _notifications, anna) = engine().await;
    engine.fail_once(is_remove, Fault::FailBefore(down()));
    let error = engine.remove(ROOM, anna).await.unwrap_err();
    assert_eq!((error.operation, error.room, error.failure), (Operation::Remove(anna), ROOM, down()));
    assert!(!is_gone(&*engine, ROOM, anna).await.unwrap());
    engine.remove(ROOM, anna).await.unwrap();
    assert!(is_gone(&*engine, ROOM, anna).await.unwrap());
}

#[tokio::test]
async fn a_failure_after_the_step_leaves_it_done() {
    let (engine, _notifications, anna) = engine().await;
    engine.fail_once(is_remove, Fault::FailAfter(down()));
    assert!(engine.remove(ROOM, anna).await.is_err());
    assert!(is_gone(&*engine, ROOM, anna).await.unwrap());
}

#[tokio::test]
async fn it_can_hang_before_and_after_the_step() {
    let (engine, _notifications, anna) = engine().await;
    for (fault, done) in [(Fault::HangBefore as fn(Gate) -> Fault, false), (Fault::HangAfter, true)] {
        let gate = Gate::new();
        engine.fail_once(is_remove, fault(gate.clone()));
        let removing = tokio::spawn({
            let engine = Arc::clone(&engine);
            async move { engine.remove(ROOM, anna).await }
        });
        gate.reached().await;
        assert!(!removing.is_finished());
        assert_eq!(is_gone(&*engine, ROOM, anna).await.unwrap(), done);
        if done {
            gate.open();
            removing.await.unwrap().unwrap();
        } else {
            removing.abort();
            assert!(removing.await.unwrap_err().is_cancelled());
            assert!(!is_gone(&*engine, ROOM, anna).await.unwrap());
        }
    }
}

#[tokio::test]
async fn an_engine_that_sees_nothing_proves_nothing() {
    let (engine, _notifications, anna) = engine().await;
    engine.fail_always(|_| true, Fault::NotFound);
    engine.remove(ROOM, anna).await.unwrap();
    assert!(is_gone(&*engine, ROOM, anna).await.unwrap());
    assert_eq!(engine.admit(ROOM, anna).await.unwrap_err().failure, Failure::UnknownRoom);
    engine.heal();
    assert!(!is_gone(&*engine, ROOM, anna).await.unwrap());
}

#[tokio::test]
async fn it_is_down_until_it_is_healed() {
    let (engine, _notifications, anna) = engine().await;
    engine.go_down();
    for _ in 0..3 {
        assert!(engine.list(ROOM).await.unwrap_err().is_transient());
        assert!(engine.remove(ROOM, anna).await.unwrap_err().is_transient());
    }
    engine.heal();
    assert_eq!(engine.list(ROOM).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_fault_hits_whom_it_concerns() {
    let (engine, _notifications, anna) = engine().await;
    let bert = Identity::from(ParticipantId(2));
    engine.fail_once(move |operation| operation == Operation::Admit(bert), Fault::FailBefore(down()));
    engine.admit(ROOM, anna).await.unwrap();
    assert!(engine.admit(ROOM, bert).await.is_err());
    engine.admit(ROOM, bert).await.unwrap();
}

#[tokio::test]
async fn a_restart_forgets_everything_without_a_word() {
    let (engine, mut notifications, anna) = engine().await;
    heard(&mut notifications);
    engine.restart();
    assert_eq!(heard(&mut notifications), []);
    assert_eq!(engine.list(ROOM).await.unwrap_err().failure, Failure::UnknownRoom);
    assert_eq!(engine.enter(ROOM, anna), Err(JoinRefused::UnknownRoom));
    engine.open_room(ROOM).await.unwrap();
    engine.admit(ROOM, anna).await.unwrap();
    engine.enter(ROOM, anna).unwrap();
    assert_eq!(heard(&mut notifications), [Observation::Joined(ANNA)]);
}

#[tokio::test]
async fn notifications_come_at_once_or_mixed_up() {
    let (engine, mut notifications, anna) = engine().await;
    assert_eq!(heard(&mut notifications), [Observation::Joined(ANNA)]);

    engine.hold_notifications();
    engine.remove(ROOM, anna).await.unwrap();
    assert_eq!(heard(&mut notifications), []);
    engine.release_notifications(|held| held.extend_from_within(..));
    assert_eq!(heard(&mut notifications), [Observation::Disconnected(ANNA); 2]);

    let bert = Identity::from(ParticipantId(2));
    engine.admit(ROOM, bert).await.unwrap();
    engine.hold_notifications();
    let handle = engine.enter(ROOM, bert).unwrap();
    engine.leave(handle);
    engine.release_notifications(|held| held.reverse());
    assert_eq!(
        heard(&mut notifications),
        [Observation::Disconnected(bert.participant()), Observation::Joined(bert.participant())]
    );
}

#[tokio::test]
async fn it_remembers_what_it_was_asked() {
    let (engine, _notifications, anna) = engine().await;
    engine.fail_once(is_remove, Fault::FailBefore(down()));
    let _ = engine.remove(ROOM, anna).await;
    engine.close_room(ROOM).await.unwrap();
    let asked = [Operation::OpenRoom, Operation::Admit(anna), Operation::Remove(anna), Operation::CloseRoom];
    assert_eq!(engine.calls(), asked.map(|operation| Call { room: ROOM, operation }));
}
