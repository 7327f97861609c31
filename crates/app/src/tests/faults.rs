//! The fault matrix: whatever goes wrong once, and wherever, who is kicked is out when it has settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinHandle;
use trialogue_domain::{Event, FinishReason, Kicker, ParticipantId, Removal, State};
use trialogue_media::{Failure, Identity, Operation, VideoEngine};
use trialogue_storage::JobKind;
use trialogue_testkit::{Fault, Gate, PostgresCluster};

use super::scene::{Call, World, sides};
use crate::jobs::{LEASE, PATIENCE, claim, work_off};

/// The step that goes wrong.
#[derive(Debug, Clone, Copy)]
enum Step {
    Open,
    Admit,
    Remove,
    List,
    Close,
}

/// How it goes wrong.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    ErrorBefore,
    ErrorAfter,
    HangBefore,
    HangAfter,
    /// The server dies while the engine is asked, and another one starts.
    CrashBefore,
    CrashAfter,
    /// The engine does not see what is there.
    Blind,
}

/// What becomes of the engine's notifications.
#[derive(Debug, Clone, Copy)]
enum Post {
    InOrder,
    Doubled,
    Reversed,
    Lost,
    /// They come when all is over.
    Late,
}

const STEPS: [Step; 5] = [Step::Open, Step::Admit, Step::Remove, Step::List, Step::Close];
const TROUBLES: [Trouble; 7] = [
    Trouble::ErrorBefore,
    Trouble::ErrorAfter,
    Trouble::HangBefore,
    Trouble::HangAfter,
    Trouble::CrashBefore,
    Trouble::CrashAfter,
    Trouble::Blind,
];

#[tokio::test]
async fn notifications_in_order() {
    matrix(Post::InOrder).await;
}

#[tokio::test]
async fn notifications_doubled() {
    matrix(Post::Doubled).await;
}

#[tokio::test]
async fn notifications_reversed() {
    matrix(Post::Reversed).await;
}

#[tokio::test]
async fn notifications_lost() {
    matrix(Post::Lost).await;
}

#[tokio::test]
async fn notifications_late() {
    matrix(Post::Late).await;
}

async fn matrix(post: Post) {
    let mut world = World::sqlite();
    for step in STEPS {
        for trouble in TROUBLES {
            println!("{step:?} {trouble:?} {post:?}");
            let call = world.call().await;
            let guest = world.guest(&call).await;
            let mut fault = Some(Armed::new(&world, step, trouble, guest.into()));
            walk(&mut world, &call, guest, &mut fault, post).await;
            assert!(fault.is_none_or(|fault| fault.is_spent()), "it did not come to the fault");
        }
    }
}

/// From the first account to the closed room, with a guest who is kicked on the way and keeps coming back.
async fn walk(world: &mut World, call: &Call, guest: ParticipantId, fault: &mut Option<Armed>, post: Post) {
    let identity = Identity::from(guest);
    world.engine.hold_notifications();
    settle(world, fault).await;
    for identity in sides(&world.conference(call).await).into_iter().chain([identity]) {
        world.engine.enter(call.id, identity).expect("who is admitted may join");
    }
    pass_on(world, post).await;

    world.kick(call, guest).await;
    // It may come back until the engine was told, and is thrown out then.
    let _ = world.engine.enter(call.id, identity);
    settle(world, fault).await;
    assert!(world.engine.enter(call.id, identity).is_err(), "the fence stands");
    pass_on(world, post).await;
    settle(world, fault).await;
    assert_out(world, call, guest, false).await;

    world.finish(call).await;
    settle(world, fault).await;
    pass_on(world, post).await;
    if matches!(post, Post::Late) {
        world.engine.release_notifications(|_| ());
        world.store_notified().await;
    }
    settle(world, fault).await;
    assert_out(world, call, guest, matches!(post, Post::Late)).await;
    for participant in world.conference(call).await.participants {
        let state = participant.state;
        assert!(matches!(state, State::Finished { removal: Removal::Verified, .. }), "{state:?}");
    }
    // Who is blind may leave a room open, but nobody in it.
    let left = world.engine.list(call.id).await.map_err(|error| error.failure);
    assert!(left == Err(Failure::UnknownRoom) || left == Ok(vec![]), "{left:?}");
}

/// A fault that waits for its step.
struct Armed {
    trouble: Trouble,
    gate: Gate,
    left: Arc<AtomicUsize>,
}

impl Armed {
    /// Who hangs hangs at the gate.
    fn new(world: &World, step: Step, trouble: Trouble, guest: Identity) -> Self {
        let gate = Gate::new();
        let silent = || Failure::Unreachable("a test".to_owned());
        let fault = match trouble {
            Trouble::ErrorBefore => Fault::FailBefore(silent()),
            Trouble::ErrorAfter => Fault::FailAfter(silent()),
            Trouble::HangBefore | Trouble::CrashBefore => Fault::HangBefore(gate.clone()),
            Trouble::HangAfter | Trouble::CrashAfter => Fault::HangAfter(gate.clone()),
            Trouble::Blind => Fault::NotFound,
        };
        let left = Arc::new(AtomicUsize::new(1));
        let seen = Arc::clone(&left);
        let concerns = move |operation: Operation| {
            let hit = match step {
                Step::Open => operation == Operation::OpenRoom,
                Step::Admit => operation == Operation::Admit(guest),
                Step::Remove => operation == Operation::Remove(guest),
                Step::List => operation == Operation::List,
                Step::Close => operation == Operation::CloseRoom,
            };
            hit && seen.fetch_sub(1, Ordering::SeqCst) == 1
        };
        world.engine.fail_once(concerns, fault);
        Self { trouble, gate, left }
    }

    fn is_spent(&self) -> bool {
        self.left.load(Ordering::SeqCst) != 1
    }
}

/// Works until nothing is left to do.
async fn settle(world: &World, fault: &mut Option<Armed>) {
    for _ in 0..20 {
        for jobs in claim(&world.relay(), 64).await {
            let relay = world.relay();
            let mut work = tokio::spawn(async move { work_off(&relay, jobs).await });
            let gate = fault.as_ref().map_or_else(Gate::new, |fault| fault.gate.clone());
            tokio::select! {
                done = &mut work => done.unwrap(),
                () = gate.reached() => strike(fault.take().unwrap().trouble, work).await,
            }
        }
        if world.store.jobs_waiting(JobKind::Engine).await.unwrap() == 0 {
            return;
        }
        // Every pause and every lease is over.
        world.clock.advance(LEASE);
    }
    panic!("it does not settle: {:?}", world.engine.calls());
}

/// The relay stands at the gate.
async fn strike(trouble: Trouble, work: JoinHandle<()>) {
    match trouble {
        Trouble::CrashBefore | Trouble::CrashAfter => {
            work.abort();
            assert!(work.await.is_err_and(|end| end.is_cancelled()));
        }
        Trouble::HangBefore | Trouble::HangAfter => {
            tokio::time::pause();
            tokio::time::advance(PATIENCE).await;
            tokio::time::resume();
            work.await.unwrap();
        }
        Trouble::ErrorBefore | Trouble::ErrorAfter | Trouble::Blind => {
            unreachable!("nobody waits at its gate")
        }
    }
}

/// Brings the server what the engine has said, as well as the post does it.
async fn pass_on(world: &mut World, post: Post) {
    let engine = &world.engine;
    match post {
        Post::InOrder => engine.release_notifications(|_| ()),
        Post::Doubled => engine.release_notifications(|held| held.extend(held.clone())),
        Post::Reversed => engine.release_notifications(|held| held.reverse()),
        Post::Lost => engine.release_notifications(Vec::clear),
        Post::Late => {}
    }
    engine.hold_notifications();
    world.store_notified().await;
}

/// The engine lists it nowhere, it was kicked once, and the log says that it is gone, once for each time it had to go.
async fn assert_out(world: &World, call: &Call, guest: ParticipantId, came_back: bool) {
    if let Ok(occupants) = world.engine.list(call.id).await {
        assert!(occupants.iter().all(|occupant| occupant.identity != guest.into()), "{occupants:?}");
    }
    let events = world.events(call).await;
    let count = |wanted: Event| events.iter().filter(|event| **event == wanted).count();
    let reason = FinishReason::Kicked(Kicker::Client);
    assert_eq!(count(Event::Finished { participant: guest, reason }), 1, "{events:?}");
    let reopened = count(Event::RemovalReopened { participant: guest });
    assert_eq!(reopened, usize::from(came_back), "{events:?}");
    assert_eq!(count(Event::Removed { participant: guest }), 1 + reopened, "{events:?}");
    assert_eq!(count(Event::RemovalVerified { participant: guest }), 1 + reopened, "{events:?}");
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 0);
}

/// A room that was lost has nobody in it, and nobody who was kicked comes into the one that takes its place.
#[tokio::test]
async fn an_engine_that_lost_its_memory_keeps_nobody() {
    let mut world = World::sqlite();
    let call = world.call().await;
    let guests = [world.guest(&call).await, world.guest(&call).await];
    settle(&world, &mut None).await;
    for guest in guests {
        world.engine.enter(call.id, guest.into()).unwrap();
    }
    world.store_notified().await;

    // It forgets after the fence and before it is asked again.
    let gate = Gate::new();
    world
        .engine
        .fail_once(|operation| matches!(operation, Operation::Remove(_)), Fault::HangAfter(gate.clone()));
    world.kick(&call, guests[0]).await;
    let (relay, jobs) = (world.relay(), claim(&world.relay(), 64).await.remove(0));
    let work = tokio::spawn(async move { work_off(&relay, jobs).await });
    gate.reached().await;
    world.engine.restart();
    gate.open();
    work.await.unwrap();
    settle(&world, &mut None).await;

    // It forgets before it is told.
    world.kick(&call, guests[1]).await;
    settle(&world, &mut None).await;
    // Another guest brings the room back.
    let late = world.guest(&call).await;
    settle(&world, &mut None).await;
    world.engine.enter(call.id, late.into()).unwrap();
    for guest in guests {
        assert!(world.engine.enter(call.id, guest.into()).is_err());
        assert_out(&world, &call, guest, false).await;
    }
}

/// The engine has acted, and the database does not take it down: it is done again.
#[tokio::test]
async fn what_is_not_noted_is_done_again() {
    for (table, fault) in [
        ("jobs", "CREATE TRIGGER fault BEFORE DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION skip()"),
        ("jobs", "CREATE TRIGGER fault BEFORE DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION fail()"),
        // The events Removed and RemovalVerified.
        (
            "events",
            "CREATE TRIGGER fault BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.kind >= 14) EXECUTE FUNCTION fail()",
        ),
        // No claim.
        ("jobs", "CREATE TRIGGER fault BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION fail()"),
    ] {
        let mut world = World::postgres();
        let url = world.url.clone();
        let sql = |sql: &str| PostgresCluster::shared().query(&url, sql);
        sql(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''a test''; END'",
        );
        sql("CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
        let call = world.call().await;
        let guest = world.guest(&call).await;
        settle(&world, &mut None).await;
        world.engine.enter(call.id, guest.into()).unwrap();
        world.store_notified().await;
        world.kick(&call, guest).await;
        sql(fault);
        for _ in 0..2 {
            for jobs in claim(&world.relay(), 64).await {
                work_off(&world.relay(), jobs).await;
            }
            assert_ne!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 0, "{fault}");
            world.clock.advance(LEASE);
        }
        sql(&format!("DROP TRIGGER fault ON {table}"));
        settle(&world, &mut None).await;
        assert_out(&world, &call, guest, false).await;
    }
}
