use std::time::Duration;

use tokio::task::JoinSet;
use trialogue_domain::{Actor, Command, ConferenceId, Effect, Event, Kind, Observation, ParticipantId};
use trialogue_storage::{JobKind, Lease, LeasedJob, NODE_SILENCE, NodeId};

use crate::scene::Call;
use crate::world::{Database, Rules as _, World, on_both};

type Claimed = LeasedJob<Effect>;

const LEASE: Duration = Duration::from_secs(30);

on_both! {
    effects_are_claimed_in_order,
    effects_on_a_held_room_are_done_by_its_holder,
    what_cannot_be_read_is_set_aside,
    a_commit_hands_its_jobs_to_this_node,
    what_is_not_committed_is_not_handed_over,
    effects_on_a_room_held_elsewhere_are_not_handed_over,
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
    let node = NodeId(token);
    world.store.claim_jobs(JobKind::Engine, node, LEASE, limit, world.now()).await.unwrap()
}

async fn done(world: &World, work: Claimed) {
    world.store.job_done(&work).await.unwrap();
}

async fn effects_are_claimed_in_order(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let [caller, listener] =
        [call.participant_of(Kind::Client).await, call.participant_of(Kind::Provider).await];
    let guest = call.guest("guest").await;
    call.by_client(Command::Kick(guest)).await.unwrap();
    call.finish().await.unwrap();
    let effects: Vec<Effect> = claim(&world, 1, 100).await.iter().map(|c| c.work).collect();
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
    assert!(first.iter().all(|c| c.attempts == 1 && c.conference == Some(call.id)));
    assert_eq!(claim(&world, 2, 100).await, [], "the third waits for the two before it");
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 3);
    let backlog = world.store.backlog().await.unwrap()[&JobKind::Engine];
    assert_eq!((backlog.jobs, backlog.unreadable, backlog.oldest), (3, 0, Some(world.now())));
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
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 3);
    done(&world, first[0]).await;
    assert_eq!(
        world.store.jobs_waiting(JobKind::Engine).await.unwrap(),
        3,
        "the first claimer came too late"
    );
    done(&world, again[0]).await;
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 2);
}

async fn done_is_gone(database: Database) {
    let world = database.world();
    Call::issued(&world, "1").await;
    for work in claim(&world, 1, 100).await {
        done(&world, work).await;
        done(&world, work).await;
        world.store.job_failed(&work, world.now()).await.unwrap();
    }
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 0);
}

async fn what_was_seen_is_noted_with_it(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let guest = call.guest("guest").await;
    call.by_client(Command::Kick(guest)).await.unwrap();
    let seen = [Observation::Removed(guest), Observation::RemovalVerified(guest)];
    let work = claim(&world, 1, 100).await.pop().unwrap();
    assert_eq!(work.work, Effect::Remove(guest));
    for _ in 0..2 {
        world.conferences.job_done_seeing(&work, call.id, seen, world.now()).await.unwrap();
        assert_eq!(last_events(&world, call.id, 2).await, removal_of(guest));
    }
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 4);
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
            match work.work {
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
        let (store, now, call) = (world.store.clone(), world.now(), work.conference.unwrap());
        let seen = [Observation::Removed(guest), Observation::RemovalVerified(guest)];
        doing.spawn(async move { store.rules().job_done_seeing(&work, call, seen, now).await });
    }
    for outcome in doing.join_all().await {
        outcome.unwrap();
    }
    for (work, guest) in removals {
        assert_eq!(last_events(&world, work.conference.unwrap(), 2).await, removal_of(guest));
    }
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 1);
    done(&world, held).await;
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 0);
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
    world.store.job_failed(&work, due).await.unwrap();
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
    world.store.jobs_untried(&first[1..], world.now()).await.unwrap();
    let again = claim(&world, 2, 100).await;
    assert_eq!(
        again.iter().map(|c| (c.id, c.attempts)).collect::<Vec<_>>(),
        [(first[1].id, 1), (first[2].id, 1)]
    );
    world.store.jobs_untried(&first[1..], world.now()).await.unwrap();
    assert_eq!(claim(&world, 3, 100).await, [], "who has lost his lease puts nothing back");
    world.store.jobs_untried::<Effect>(&[], world.now()).await.unwrap();
}

async fn a_lost_lease_settles_nothing(database: Database) {
    let world = database.world();
    Call::issued(&world, "1").await;
    let lost = claim(&world, 1, 1).await[0];
    world.clock.advance(LEASE);
    let held = claim(&world, 2, 1).await[0];
    assert_eq!(lost.id, held.id);
    world.store.job_failed(&lost, world.now()).await.unwrap();
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
    let at = async |node: NodeId| claim(&world, node.0, 100).await.len();
    for node in [a, b] {
        world.store.heartbeat(node, world.now()).await.unwrap();
    }
    assert!(hold(a).await);
    assert!(hold(b).await, "nobody is in the room");
    assert!(hold(a).await);
    call.observe(Observation::Joined(client)).await;
    assert!(!hold(b).await, "the client is in it");
    assert_eq!(world.store.room_node(call.id, world.now()).await.unwrap(), Some(a));
    assert_eq!(at(b).await, 0);
    world.clock.advance(NODE_SILENCE);
    world.store.heartbeat(b, world.now()).await.unwrap();
    assert_eq!(at(b).await, 0);
    assert_eq!(at(a).await, 3);

    // The holder dies with what it had claimed.
    world.clock.advance(LEASE);
    world.store.heartbeat(b, world.now()).await.unwrap();
    assert_eq!(world.store.room_node(call.id, world.now()).await.unwrap(), None);
    assert_eq!(at(b).await, 3);
    assert!(hold(b).await);
}

async fn what_cannot_be_read_is_set_aside(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let insert = |version: i16, payload: &str| {
        world.place.sql(&format!(
            "INSERT INTO jobs (kind, ordering_key, conference_id, version, payload, attempts, created_at, due_at) \
             VALUES (1, {0}, {0}, {version}, '{payload}', 0, 0, 0)",
            call.id
        ));
    };
    for payload in ["null", "7", r#"{"remove":null}"#, r#""remove""#, "{", r#"{"dance":1}"#] {
        insert(1, payload);
    }
    insert(0, r#"{"remove":7}"#);
    assert_eq!(claim(&world, 1, 7).await, []);
    let backlog = world.store.backlog().await.unwrap()[&JobKind::Engine];
    assert_eq!((backlog.jobs, backlog.unreadable), (7, 7));
    insert(1, r#"{"remove":7}"#);
    // A later release wrote this, whose nodes will do it.
    insert(2, r#"{"remove":7,"gently":true}"#);
    insert(1, r#""close_room""#);
    let claimed = claim(&world, 1, 7).await;
    assert_eq!(claimed.iter().map(|c| c.work).collect::<Vec<_>>(), [Effect::Remove(ParticipantId(7))]);
    done(&world, claimed[0]).await;
    assert_eq!(claim(&world, 1, 7).await, [], "it must not overtake the one before it");
    world.place.sql("DELETE FROM jobs WHERE version = 2");
    assert_eq!(claim(&world, 1, 7).await.len(), 1);
}

async fn a_commit_hands_its_jobs_to_this_node(database: Database) {
    let world = database.world_of_one_writer();
    let node = NodeId(1);
    let mut inbox = world.store.receive_jobs::<Effect>(JobKind::Engine, node, LEASE, 1);
    let call = Call::issued(&world, "1").await;
    let [caller, listener] =
        [call.participant_of(Kind::Client).await, call.participant_of(Kind::Provider).await];
    let jobs = inbox.next().await.unwrap();
    assert_eq!(
        jobs.iter().map(|job| job.work).collect::<Vec<_>>(),
        [Effect::OpenRoom, Effect::Admit(caller), Effect::Admit(listener)]
    );
    let lease = Lease { node, until: world.now().after(LEASE) };
    assert!(jobs.iter().all(|job| (job.attempts, job.lease) == (1, lease)));
    assert_eq!(claim(&world, 1, 100).await, [], "they are leased");

    // What comes meanwhile must not overtake them.
    let guest = call.guest("guest").await;
    for job in &jobs {
        assert_eq!(claim(&world, 1, 100).await, []);
        done(&world, *job).await;
    }
    let claimed = claim(&world, 1, 100).await;
    assert_eq!(claimed.iter().map(|job| job.work).collect::<Vec<_>>(), [Effect::Admit(guest)]);
    done(&world, claimed[0]).await;

    // The inbox has one place; what finds none is claimed at once.
    call.by_client(Command::Kick(guest)).await.unwrap();
    let other = Call::issued(&world, "2").await;
    let claimed = claim(&world, 1, 100).await;
    assert!(claimed.len() == 3 && claimed.iter().all(|job| job.conference == Some(other.id)));
    let removal = inbox.next().await.unwrap();
    assert_eq!(removal.iter().map(|job| job.work).collect::<Vec<_>>(), [Effect::Remove(guest)]);
    let seen = [Observation::Removed(guest), Observation::RemovalVerified(guest)];
    world.conferences.job_done_seeing(&removal[0], call.id, seen, world.now()).await.unwrap();
    for job in claimed {
        done(&world, job).await;
    }
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), 0);

    // The worker stops: what waited in its inbox is given back, and nothing is leased to it any more.
    call.finish().await.unwrap();
    let left = inbox.close();
    assert_eq!(left.len(), 3);
    world.store.jobs_untried(&left, world.now()).await.unwrap();
    other.finish().await.unwrap();
    let mut attempts = Vec::new();
    loop {
        let claimed = claim(&world, 2, 100).await;
        if claimed.is_empty() {
            break;
        }
        for job in claimed {
            attempts.push(job.attempts);
            done(&world, job).await;
        }
    }
    assert_eq!(attempts, [1; 6]);
}

/// A refused command, and one that is undone with its transaction, hand nothing over and take no place.
async fn what_is_not_committed_is_not_handed_over(database: Database) {
    let world = database.world_of_one_writer();
    let call = Call::issued(&world, "1").await;
    for work in claim(&world, 1, 100).await {
        done(&world, work).await;
    }
    let guest = call.guest("guest").await;
    for work in claim(&world, 1, 100).await {
        done(&world, work).await;
    }
    let mut inbox = world.store.receive_jobs::<Effect>(JobKind::Engine, NodeId(1), LEASE, 1);
    let fault = match database {
        Database::Sqlite => {
            "CREATE TRIGGER fault AFTER INSERT ON jobs BEGIN SELECT raise(ABORT, 'a test'); END"
        }
        Database::Postgres => {
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''a test''; END'; \
             CREATE TRIGGER fault AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION fail()"
        }
    };
    world.place.sql(fault);
    call.by_client(Command::Kick(guest)).await.unwrap_err();
    world.place.sql(match database {
        Database::Sqlite => "DROP TRIGGER fault",
        Database::Postgres => "DROP TRIGGER fault ON jobs",
    });
    call.by_client(Command::Kick(guest)).await.unwrap();
    let jobs = inbox.next().await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.work).collect::<Vec<_>>(), [Effect::Remove(guest)]);
    assert!(inbox.close().is_empty());
}

async fn effects_on_a_room_held_elsewhere_are_not_handed_over(database: Database) {
    let world = database.world_of_one_writer();
    let call = Call::issued(&world, "1").await;
    for work in claim(&world, 1, 100).await {
        done(&world, work).await;
    }
    let (here, holder) = (NodeId(1), NodeId(2));
    for node in [here, holder] {
        world.store.heartbeat(node, world.now()).await.unwrap();
    }
    assert!(world.store.hold_room(call.id, holder, world.now()).await.unwrap());
    let inbox = world.store.receive_jobs::<Effect>(JobKind::Engine, here, LEASE, 9);
    let guest = call.guest("guest").await;
    assert_eq!(claim(&world, here.0, 100).await, []);
    let claimed = claim(&world, holder.0, 100).await;
    assert_eq!(claimed.iter().map(|job| job.work).collect::<Vec<_>>(), [Effect::Admit(guest)]);
    assert!(inbox.close().is_empty());
}
