//! Invitations are delivered while they live, and no longer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use trialogue_delivery::{Delivery, DeliveryError, DeliveryFuture, Invitation};
use trialogue_domain::{Actor, Command, ParticipantId};
use trialogue_storage::{Channel, JobKind, NodeId, hash_secret};
use trialogue_testkit::Gate;

use super::scene::{PUBLIC_URL, World, link_key, secret_in};
use crate::jobs::delivery::DeliveryWorker;
use crate::jobs::{LEASE, PATIENCE, claim, work_off};
use crate::links::LinkKey;

/// What somebody was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    to: String,
    participant: ParticipantId,
    inviter: String,
    link: String,
    minutes: u64,
}

/// A system that takes letters, and sometimes fails.
pub(super) struct Postbox {
    taken: UnboundedSender<Letter>,
    answers: Mutex<Vec<Result<(), DeliveryError>>>,
    gate: Option<Gate>,
}

impl Postbox {
    pub(super) fn new() -> (Arc<Self>, UnboundedReceiver<Letter>) {
        Self::with(vec![], None)
    }

    /// It takes letters and never answers.
    pub(super) fn hanging() -> (Arc<Self>, UnboundedReceiver<Letter>) {
        Self::with(vec![], Some(Gate::new()))
    }

    /// It gives these answers first.
    fn answering(answers: Vec<Result<(), DeliveryError>>) -> (Arc<Self>, UnboundedReceiver<Letter>) {
        Self::with(answers, None)
    }

    fn with(
        mut answers: Vec<Result<(), DeliveryError>>,
        gate: Option<Gate>,
    ) -> (Arc<Self>, UnboundedReceiver<Letter>) {
        let (taken, letters) = unbounded_channel();
        answers.reverse();
        (Arc::new(Self { taken, answers: Mutex::new(answers), gate }), letters)
    }
}

impl Delivery for Postbox {
    fn deliver<'a>(&'a self, to: &'a str, invitation: &'a Invitation) -> DeliveryFuture<'a> {
        Box::pin(async move {
            let _ = self.taken.send(Letter {
                to: to.to_owned(),
                participant: invitation.participant,
                inviter: invitation.inviter.clone(),
                link: invitation.link.clone(),
                minutes: invitation.minutes,
            });
            if let Some(gate) = &self.gate {
                gate.pass().await;
            }
            self.answers.lock().unwrap().pop().unwrap_or(Ok(()))
        })
    }
}

pub(super) fn worker(world: &World, channel: Channel, postbox: &Arc<Postbox>) -> DeliveryWorker {
    DeliveryWorker {
        conferences: world.conferences.clone(),
        node: NodeId(1),
        channel,
        delivery: Arc::clone(postbox) as Arc<_>,
        key: link_key(),
        public_url: PUBLIC_URL.to_owned(),
        clock: world.clock(),
    }
}

/// One look at what is due.
async fn round(worker: &DeliveryWorker) -> usize {
    let claimed = claim(worker, 64).await;
    let count = claimed.len();
    for work in claimed {
        work_off(worker, work).await;
    }
    count
}

const SILENT: DeliveryError = DeliveryError::Unreachable { system: "test", why: "a test" };

#[tokio::test]
async fn the_letter_names_the_inviter_and_its_link_opens_the_invitation() {
    let world = World::sqlite();
    let call = world.call().await;
    for (channel, to) in [(Channel::Email, "rosa@example.org"), (Channel::Text, "+15550100")] {
        let guest = world.invite(&call, Some(channel)).await;
        world.clock.advance(Duration::from_secs(1));
        let (postbox, mut letters) = Postbox::new();
        assert_eq!(round(&worker(&world, channel, &postbox)).await, 1);
        let letter = letters.try_recv().unwrap();
        assert_eq!((letter.to.as_str(), letter.participant, letter.minutes), (to, guest, 15));
        assert_eq!(letter.inviter, "User 0");
        let opened = world.store.invitation(hash_secret(secret_in(&letter.link))).await.unwrap().unwrap();
        assert_eq!((opened.conference, opened.participant), (call.id, guest));
        assert_eq!(world.store.jobs_waiting(JobKind::Delivery(channel)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_later() {
    let world = World::sqlite();
    let call = world.call().await;
    world.invite(&call, Some(Channel::Email)).await;
    let put_off = DeliveryError::PutOff { system: "test", code: 451 };
    let (postbox, mut letters) = Postbox::answering(vec![Err(SILENT), Err(put_off)]);
    let worker = worker(&world, Channel::Email, &postbox);
    assert_eq!(round(&worker).await, 1);
    assert_eq!(round(&worker).await, 0, "not at once");
    for left in [1, 0] {
        world.clock.advance(Duration::from_mins(1));
        assert_eq!(round(&worker).await, 1);
        assert_eq!(world.store.jobs_waiting(JobKind::Delivery(Channel::Email)).await.unwrap(), left);
    }
    let sent: Vec<Letter> = std::iter::from_fn(|| letters.try_recv().ok()).collect();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|letter| letter.link == sent[0].link), "{sent:?}");
}

#[tokio::test]
async fn what_is_refused_is_given_up() {
    let world = World::sqlite();
    let call = world.call().await;
    world.invite(&call, Some(Channel::Email)).await;
    let refused = DeliveryError::Refused { system: "test", code: 550 };
    let (postbox, _letters) = Postbox::answering(vec![Err(refused)]);
    assert_eq!(round(&worker(&world, Channel::Email, &postbox)).await, 1);
    assert_eq!(world.store.jobs_waiting(JobKind::Delivery(Channel::Email)).await.unwrap(), 0);
}

#[tokio::test]
async fn who_does_not_answer_is_given_up_in_time_and_asked_again() {
    let world = World::sqlite();
    let call = world.call().await;
    world.invite(&call, Some(Channel::Email)).await;
    let (postbox, mut letters) = Postbox::hanging();
    let worker = worker(&world, Channel::Email, &postbox);
    let (one, work) = (worker.clone(), claim(&worker, 1).await.remove(0));
    let hanging = tokio::spawn(async move { work_off(&one, work).await });
    letters.recv().await.unwrap();
    tokio::time::pause();
    tokio::time::advance(PATIENCE).await;
    tokio::time::resume();
    hanging.await.unwrap();
    assert_eq!(world.store.jobs_waiting(JobKind::Delivery(Channel::Email)).await.unwrap(), 1);
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(claim(&worker, 1).await.len(), 1, "it was put back, long before its lease ended");
}

/// The server dies after the letter is sent and before that is noted: it is sent twice, the same.
#[tokio::test]
async fn a_letter_is_sent_at_least_once() {
    let world = World::sqlite();
    let call = world.call().await;
    world.invite(&call, Some(Channel::Email)).await;
    let (hanging, mut first) = Postbox::hanging();
    let dying = worker(&world, Channel::Email, &hanging);
    let work = claim(&dying, 1).await.remove(0);
    let task = tokio::spawn(async move { work_off(&dying, work).await });
    let sent = first.recv().await.unwrap();
    task.abort();
    let (postbox, mut second) = Postbox::new();
    let next = worker(&world, Channel::Email, &postbox);
    assert_eq!(round(&next).await, 0, "the lease of the dead one");
    world.clock.advance(LEASE);
    assert_eq!(round(&next).await, 1);
    assert_eq!(second.try_recv().unwrap(), sent);
}

#[tokio::test]
async fn a_dead_invitation_is_not_delivered() {
    let world = World::sqlite();
    let call = world.call().await;
    let (postbox, mut letters) = Postbox::answering(vec![Err(SILENT); 3]);
    let worker = worker(&world, Channel::Email, &postbox);
    let guests = [
        world.invite(&call, Some(Channel::Email)).await,
        world.invite(&call, Some(Channel::Email)).await,
        world.invite(&call, Some(Channel::Email)).await,
    ];
    assert_eq!(round(&worker).await, 3, "all fail");
    while letters.try_recv().is_ok() {}
    world.kick(&call, guests[0]).await;
    world.ask(&call, Actor::Guest(guests[1]), Command::DeclineInvitation).await;
    world.ask(&call, Actor::Guest(guests[2]), Command::ConfirmInvitation).await;
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(round(&worker).await, 3);
    assert!(letters.try_recv().is_err());
    assert_eq!(world.store.jobs_waiting(JobKind::Delivery(Channel::Email)).await.unwrap(), 0);
}

/// Better no letter than one with a dead link.
#[tokio::test]
async fn a_link_of_another_key_is_not_sent() {
    let world = World::sqlite();
    let call = world.call().await;
    world.invite(&call, Some(Channel::Email)).await;
    let (postbox, mut letters) = Postbox::new();
    let right = worker(&world, Channel::Email, &postbox);
    let wrong = DeliveryWorker { key: LinkKey::new(&"another key".repeat(3)).unwrap(), ..right.clone() };
    assert_eq!(round(&wrong).await, 1);
    assert!(letters.try_recv().is_err());
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(round(&right).await, 1);
    assert!(letters.try_recv().is_ok());
}

/// Whatever happens, it ends.
#[tokio::test]
async fn a_delivery_that_never_works_ends_with_its_invitation() {
    let world = World::sqlite();
    let call = world.call().await;
    world.invite(&call, Some(Channel::Email)).await;
    let (postbox, mut letters) = Postbox::answering(vec![Err(SILENT); 100]);
    let worker = worker(&world, Channel::Email, &postbox);
    let deadline = world.now().after(world.conferences.timings().invitation);
    while world.store.jobs_waiting(JobKind::Delivery(Channel::Email)).await.unwrap() > 0 {
        assert!(world.now() <= deadline.after(Duration::from_mins(1)), "it is still tried");
        round(&worker).await;
        world.clock.advance(Duration::from_millis(500));
    }
    let tries = std::iter::from_fn(|| letters.try_recv().ok()).count();
    assert!((10..=20).contains(&tries), "{tries}");
}
