use std::time::Duration;

use trialogue_domain::{Actor, Command, Effect, ParticipantId, Timestamp};
use trialogue_storage::{
    Channel, ConferenceLookup, ConferenceView, DeliveryWork, JobKind, LeasedJob, NewGuest, NodeId, Render,
    ServeLock, hash_secret,
};

use crate::scene::{Call, inviter, number_in};
use crate::world::{Database, World, on_both};

type Claimed = LeasedJob<DeliveryWork>;

const LEASE: Duration = Duration::from_secs(30);

on_both! {
    a_delivery_is_claimed_with_what_it_needs,
    a_channel_has_its_own,
    what_is_passed_on_by_hand_is_not_delivered,
    a_claimed_delivery_is_nobody_elses,
    the_dead_are_dead,
    a_new_delivery_is_handed_over,
    a_call_over_is_a_dead_invitation,
    failed_is_due_later,
    done_is_gone,
    a_lost_lease_settles_nothing,
    nothing_is_queued_for_who_is_refused,
}

async fn claim_some(world: &World, channel: Channel, token: i64, limit: i64) -> Vec<Claimed> {
    let kind = JobKind::Delivery(channel);
    world.store.claim_jobs(kind, NodeId(token), LEASE, limit, world.now()).await.unwrap()
}

async fn claim(world: &World, channel: Channel, token: i64) -> Vec<Claimed> {
    claim_some(world, channel, token, 100).await
}

/// How many e-mails wait.
async fn waiting(world: &World) -> i64 {
    world.store.jobs_waiting(JobKind::Delivery(Channel::Email)).await.unwrap()
}

async fn claimed(world: &World, token: i64) -> Vec<ParticipantId> {
    claim(world, Channel::Email, token).await.iter().map(|delivery| delivery.work.participant).collect()
}

async fn invite(call: &Call<'_>, actor: Actor, name: &str, channel: Option<Channel>) -> ParticipantId {
    let hash = hash_secret(name);
    let guest = NewGuest {
        inviter: inviter(actor),
        name: Some(name.to_owned()),
        email: Some(format!("{name}@example.org")),
        phone: Some("+1 555 0100".to_owned()),
        invitation: Box::new(move |_| hash),
        channel,
    };
    let render: Render<(ConferenceView, ParticipantId)> =
        Box::new(|(_, participant)| participant.to_string().into_bytes());
    let world = call.world;
    let invited = world
        .conferences
        .invite(ConferenceLookup::Id(call.id), actor, guest, world.now(), None, render)
        .await;
    ParticipantId(number_in(&invited.unwrap().body))
}

async fn by_email(call: &Call<'_>, name: &str) -> ParticipantId {
    invite(call, Actor::Client(call.client), name, Some(Channel::Email)).await
}

async fn a_delivery_is_claimed_with_what_it_needs(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let invited_at = world.now();
    let actors = [Actor::Client(call.client), Actor::Provider(call.provider)];
    let guests = [
        invite(&call, actors[0], "rosa", Some(Channel::Email)).await,
        invite(&call, actors[1], "rita", Some(Channel::Email)).await,
    ];
    world.clock.advance(Duration::from_secs(3));
    let mut seen = Vec::new();
    let deliveries = claim(&world, Channel::Email, 1).await;
    for d in &deliveries {
        let live = world.store.live_invitation(d, Channel::Email, world.now()).await.unwrap().unwrap();
        assert_eq!(live.invitation, hash_secret(live.to.split('@').next().unwrap()));
        let work = d.work;
        seen.push((
            d.conference.unwrap(),
            work.participant,
            live.to,
            live.inviter,
            work.invited_at,
            live.deadline,
            d.attempts,
        ));
    }
    let deadline = invited_at.after(world.conferences.timings().invitation);
    let wanted = |n: usize, to: &str, inviter: &str| {
        (call.id, guests[n], to.to_owned(), inviter.to_owned(), invited_at, deadline, 1)
    };
    assert_eq!(
        seen,
        [
            wanted(0, "rosa@example.org", "Name of client-1@example.org"),
            wanted(1, "rita@example.org", "Name of provider-1@example.org"),
        ]
    );
}

async fn a_channel_has_its_own(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let text = invite(&call, Actor::Client(call.client), "rosa", Some(Channel::Text)).await;
    let email = by_email(&call, "rita").await;
    assert_eq!(claimed(&world, 1).await, [email]);
    let texts = claim(&world, Channel::Text, 1).await;
    assert_eq!(texts.iter().map(|d| d.work.participant).collect::<Vec<_>>(), [text]);
    let live = world.store.live_invitation(&texts[0], Channel::Text, world.now()).await.unwrap().unwrap();
    assert_eq!(live.to, "+1 555 0100");
}

async fn what_is_passed_on_by_hand_is_not_delivered(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    invite(&call, Actor::Client(call.client), "rosa", None).await;
    assert_eq!(waiting(&world).await, 0);
}

async fn a_claimed_delivery_is_nobody_elses(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let guests = [by_email(&call, "rosa").await, by_email(&call, "rita").await];
    let first = claim_some(&world, Channel::Email, 1, 1).await;
    assert_eq!(first.len(), 1, "no more than was asked for");
    let second = claimed(&world, 2).await;
    assert_eq!(second.len(), 1);
    let mut both = [first[0].work.participant, second[0]];
    both.sort_unstable();
    assert_eq!(both, guests);
    assert_eq!(claimed(&world, 3).await, []);
    world.clock.advance(LEASE);
    assert_eq!(claimed(&world, 4).await.len(), 2, "leases end");
}

/// Answered, refused, kicked and expired invitations.
async fn the_dead_are_dead(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let [yes, no, kicked] =
        [by_email(&call, "yes").await, by_email(&call, "no").await, by_email(&call, "kicked").await];
    call.by(Actor::Guest(yes), Command::ConfirmInvitation).await.unwrap();
    call.by(Actor::Guest(no), Command::DeclineInvitation).await.unwrap();
    call.by_client(Command::Kick(kicked)).await.unwrap();
    let live = by_email(&call, "live").await;
    assert_eq!(live_among(&world, 1).await, [live]);
    // Its deadline is past, though nobody has looked at it yet.
    world.clock.advance(world.conferences.timings().invitation);
    assert_eq!(live_among(&world, 2).await, []);
}

async fn a_call_over_is_a_dead_invitation(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    by_email(&call, "rosa").await;
    call.finish().await.unwrap();
    assert_eq!(live_among(&world, 1).await, []);
}

/// Those who are claimed and may be sent something.
async fn live_among(world: &World, token: i64) -> Vec<ParticipantId> {
    let mut live = Vec::new();
    for job in claim(world, Channel::Email, token).await {
        if world.store.live_invitation(&job, Channel::Email, world.now()).await.unwrap().is_some() {
            live.push(job.work.participant);
        }
    }
    live
}

async fn failed_is_due_later(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let (failing, other) = (by_email(&call, "rosa").await, by_email(&call, "rita").await);
    let due = world.now().after(Duration::from_micros(7));
    for delivery in claim(&world, Channel::Email, 1).await {
        if delivery.work.participant == failing {
            world.store.job_failed(&delivery, due).await.unwrap();
        } else {
            world.store.job_done(&delivery).await.unwrap();
        }
    }
    assert_eq!(claimed(&world, 2).await, [], "{other} is done");
    world.clock.advance(Duration::from_micros(7));
    let again = claim(&world, Channel::Email, 3).await;
    assert_eq!(again.iter().map(|d| (d.work.participant, d.attempts)).collect::<Vec<_>>(), [(failing, 2)]);
}

async fn done_is_gone(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    by_email(&call, "rosa").await;
    for delivery in claim(&world, Channel::Email, 1).await {
        world.store.job_done(&delivery).await.unwrap();
        world.store.job_done(&delivery).await.unwrap();
        world.store.job_failed(&delivery, world.now()).await.unwrap();
    }
    assert_eq!(waiting(&world).await, 0);
}

async fn a_lost_lease_settles_nothing(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let guest = by_email(&call, "rosa").await;
    let lost = claim(&world, Channel::Email, 1).await.remove(0);
    world.clock.advance(LEASE);
    assert_eq!(claimed(&world, 2).await, [guest]);
    world.store.job_failed(&lost, Timestamp(0)).await.unwrap();
    assert_eq!(claimed(&world, 3).await, [], "it is still held");
    world.store.job_done(&lost).await.unwrap();
    assert_eq!(waiting(&world).await, 1);
}

async fn a_new_delivery_is_handed_over(database: Database) {
    let world = database.world();
    let kind = JobKind::Delivery(Channel::Email);
    let mut inbox = world.store.receive_jobs::<DeliveryWork>(kind, NodeId(1), LEASE, 2);
    let call = Call::issued(&world, "1").await;
    // None waits for another.
    for name in ["rosa", "rita"] {
        let guest = by_email(&call, name).await;
        let jobs = inbox.next().await.unwrap();
        assert_eq!(jobs.iter().map(|job| job.work.participant).collect::<Vec<_>>(), [guest]);
    }
    assert_eq!(claimed(&world, 2).await, []);
    world.clock.advance(LEASE);
    assert_eq!(claimed(&world, 2).await.len(), 2, "leases end");
}

async fn nothing_is_queued_for_who_is_refused(database: Database) {
    let world = database.world();
    let call = Call::accepted(&world, "1").await;
    let hash = hash_secret("rosa");
    let guest = NewGuest {
        inviter: call.client,
        name: None,
        email: Some("rosa@example.org".to_owned()),
        phone: None,
        invitation: Box::new(move |_| hash),
        channel: Some(Channel::Email),
    };
    let actor = Actor::Client(call.client);
    let render: Render<(ConferenceView, ParticipantId)> = Box::new(|_| vec![]);
    let refused = world
        .conferences
        .invite(ConferenceLookup::Id(call.id), actor, guest, world.now(), None, render)
        .await;
    assert!(refused.is_err(), "there is no call yet");
    assert_eq!(waiting(&world).await, 0);
}

/// The one server of an SQLite file need not wait for the leases of the one before it; nodes on PostgreSQL must.
#[tokio::test]
async fn a_new_server_ends_the_leases_of_the_dead_one() {
    for (database, free) in [(Database::Sqlite, 1), (Database::Postgres, 0)] {
        let world = database.world();
        let call = Call::issued(&world, "1").await;
        by_email(&call, "rosa").await;
        assert_eq!(claimed(&world, 1).await.len(), 1);
        let effects = async |token| {
            let (kind, node) = (JobKind::Engine, NodeId(token));
            world.store.claim_jobs::<Effect>(kind, node, LEASE, 1, world.now()).await.unwrap().len()
        };
        assert_eq!(effects(1).await, 1);
        let lock = ServeLock::take(&world.place.url()).unwrap();
        world.store.end_leases(&lock).await.unwrap();
        assert_eq!((claimed(&world, 2).await.len(), effects(2).await), (free, free), "{database:?}");
    }
}
