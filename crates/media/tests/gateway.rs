//! What becomes of a party's line: kept, gone on with, replaced, given up.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use trialogue_domain::{ConferenceId, Observation, ParticipantId, Timestamp};
use trialogue_media::{
    Browser, Connection, Description, DescriptionKind, Devices, FromBrowser, Gateway, Identity, JoinRefused,
    LinkName, Mesh, Notifications, Received, ToBrowser, VideoEngine, notifications,
};
use trialogue_testkit::{FakeEngine, Fault};

const ROOM: ConferenceId = ConferenceId(7);
const ANNA: ParticipantId = ParticipantId(1);
const BERT: ParticipantId = ParticipantId(2);
const CARL: ParticipantId = ParticipantId(3);
const NOON: Timestamp = Timestamp(1_767_225_600_000_000);

struct World {
    mesh: Mesh,
    gateway: Gateway,
    notifications: Notifications,
}

impl World {
    fn new() -> Self {
        let (notifier, notifications) = notifications();
        let mesh = Mesh::new(notifier.clone());
        let gateway = Gateway::new(Arc::new(mesh.clone()), notifier);
        Self { mesh, gateway, notifications }
    }

    async fn come(&self, who: ParticipantId) -> Connection {
        let connection = self.gateway.connect(ROOM, who.into(), None).await.unwrap();
        assert!(!connection.resumed());
        connection
    }

    async fn come_back(&self, who: ParticipantId, number: u64) -> Connection {
        self.gateway.connect(ROOM, who.into(), Some(number)).await.unwrap()
    }

    async fn inside(&self) -> Vec<(Identity, usize)> {
        let list = self.mesh.list(ROOM).await.unwrap();
        list.into_iter().map(|occupant| (occupant.identity, occupant.handles.len())).collect()
    }

    fn seen(&mut self) -> Vec<Observation> {
        std::iter::from_fn(|| self.notifications.try_recv().ok()).map(|n| n.observation).collect()
    }
}

/// What there is to hear by now.
async fn heard(connection: &Connection) -> Vec<Received> {
    let mut all = Vec::new();
    loop {
        let heard = tokio::select! {
            biased;
            heard = connection.receive() => heard,
            () = std::future::ready(()) => return all,
        };
        let is_last = !matches!(heard, Received::Said(_));
        all.push(heard);
        if is_last {
            return all;
        }
    }
}

/// The same, and the browser gives its receipt.
async fn received(connection: &Connection) -> Vec<Received> {
    let heard = heard(connection).await;
    connection.ask_receipt();
    connection.take_receipt();
    heard
}

/// The only link that is opened.
async fn opened(connection: &Connection) -> LinkName {
    match &received(connection).await[..] {
        [Received::Said(ToBrowser::Open { link, .. })] => link.clone(),
        other => panic!("{other:?}"),
    }
}

fn description(sdp: &str) -> Description {
    Description { kind: DescriptionKind::Offer, sdp: sdp.to_owned() }
}

#[tokio::test]
async fn an_engine_that_knows_nothing_is_told() {
    let world = World::new();
    let _anna = world.come(ANNA).await;
    assert_eq!(world.inside().await, [(ANNA.into(), 1)]);
    let _bert = world.come(BERT).await;
    assert_eq!(world.inside().await, [(ANNA.into(), 1), (BERT.into(), 1)]);
}

#[tokio::test]
async fn who_is_removed_is_not_admitted_again() {
    let world = World::new();
    world.mesh.open_room(ROOM).await.unwrap();
    world.mesh.remove(ROOM, ANNA.into()).await.unwrap();
    let refused = world.gateway.connect(ROOM, ANNA.into(), None).await.err();
    assert_eq!(refused, Some(JoinRefused::Removed));
    assert!(world.gateway.is_empty());
}

#[tokio::test]
async fn an_engine_that_is_down_refuses_and_leaves_nothing() {
    let (notifier, _notifications) = notifications();
    let engine = Arc::new(FakeEngine::new(notifier.clone()));
    let gateway = Gateway::new(Arc::clone(&engine) as Arc<dyn VideoEngine>, notifier);
    engine.go_down();
    assert!(matches!(gateway.connect(ROOM, ANNA.into(), None).await, Err(JoinRefused::Engine(_))));
    assert!(gateway.is_empty());
    engine.heal();
    // It was removed between the two questions.
    engine.open_room(ROOM).await.unwrap();
    engine.remove(ROOM, ANNA.into()).await.unwrap();
    engine.fail_once(|operation| operation.to_string() == "join p1", Fault::NotFound);
    assert_eq!(gateway.connect(ROOM, ANNA.into(), None).await.err(), Some(JoinRefused::Removed));
}

#[tokio::test]
async fn who_comes_by_another_socket_replaces_the_first() {
    let mut world = World::new();
    let anna = world.come(ANNA).await;
    let first = world.come(BERT).await;
    let old = opened(&anna).await;
    let second = world.come(BERT).await;
    assert_eq!(heard(&first).await, [Received::Replaced]);
    let said = FromBrowser::Description(opened(&second).await, description("late"));
    assert!(first.say(said).await.is_err(), "it is not heard any more");
    let new = opened(&anna).await;
    world.gateway.lost(first, NOON);
    assert_ne!(old, new);
    assert_eq!(heard(&anna).await, [Received::Said(ToBrowser::Close(old))]);
    assert_eq!(world.inside().await, [(ANNA.into(), 1), (BERT.into(), 1)]);
    assert_eq!(world.seen(), [Observation::Joined(ANNA), Observation::Joined(BERT)]);
}

#[tokio::test]
async fn who_comes_back_goes_on_with_its_links() {
    let mut world = World::new();
    let anna = world.come(ANNA).await;
    let bert = world.come(BERT).await;
    let (to_bert, to_anna) = (opened(&anna).await, opened(&bert).await);
    let number = bert.number();
    world.gateway.lost(bert, NOON);
    anna.say(FromBrowser::Description(to_bert.clone(), description("meanwhile"))).await.unwrap();

    let bert = world.come_back(BERT, number).await;
    assert!(bert.resumed());
    assert_eq!(bert.number(), number);
    let meanwhile = ToBrowser::Description(to_anna.clone(), description("meanwhile"));
    assert_eq!(heard(&bert).await, [Received::Said(meanwhile)]);
    bert.say(FromBrowser::Description(to_anna, description("again"))).await.unwrap();
    let again = ToBrowser::Description(to_bert, description("again"));
    assert_eq!(heard(&anna).await, [Received::Said(again)]);
    let came = [Observation::Joined(ANNA), Observation::Joined(BERT)];
    assert_eq!(world.seen(), [&came[..], &[Observation::Disconnected(BERT), came[1]]].concat());
}

/// The browser noticed the loss before the server did.
#[tokio::test]
async fn a_socket_that_seems_alive_is_resumed_as_well() {
    let mut world = World::new();
    let first = world.come(ANNA).await;
    let second = world.come_back(ANNA, first.number()).await;
    assert!(second.resumed());
    assert_eq!(heard(&first).await, [Received::Replaced]);
    world.gateway.lost(first, NOON);
    world.gateway.sweep(NOON);
    assert_eq!(heard(&second).await, []);
    assert_eq!(world.seen(), [Observation::Joined(ANNA)]);
}

#[tokio::test]
async fn only_the_number_of_the_line_that_is_there_resumes_it() {
    let world = World::new();
    let anna = world.come(ANNA).await;
    let number = anna.number();
    world.gateway.lost(anna, NOON);
    let again = world.come_back(ANNA, number + 1).await;
    assert!(!again.resumed());
    world.gateway.lost(again, NOON);
    assert!(!world.come_back(ANNA, number).await.resumed(), "the line of that number is gone");
    assert!(!world.come_back(BERT, number).await.resumed());

    let anna = world.come(ANNA).await;
    let elsewhere = world.gateway.connect(ConferenceId(8), ANNA.into(), Some(anna.number())).await.unwrap();
    assert!(!elsewhere.resumed());
}

/// A socket that breaks takes with it what was on its way.
#[tokio::test]
async fn without_a_receipt_nothing_is_resumed() {
    let world = World::new();
    let anna = world.come(ANNA).await;
    assert!(!anna.wants_receipt(), "nothing was said");
    let _bert = world.come(BERT).await;
    assert_eq!(heard(&anna).await.len(), 1);
    assert!(anna.wants_receipt());
    anna.ask_receipt();
    assert!(!anna.wants_receipt(), "it was asked for");
    let _carl = world.come(CARL).await;
    assert_eq!(heard(&anna).await.len(), 1);
    anna.take_receipt();
    assert!(anna.wants_receipt(), "the first receipt is not for what was said after its question");
    let number = anna.number();
    world.gateway.lost(anna, NOON);

    let anna = world.come_back(ANNA, number).await;
    assert!(!anna.resumed());
    assert_eq!(heard(&anna).await.len(), 2, "all links come anew");
    anna.take_receipt();
    assert!(anna.wants_receipt(), "a receipt that nobody asked for is none");
    anna.ask_receipt();
    anna.take_receipt();
    let number = anna.number();
    world.gateway.lost(anna, NOON);
    assert!(world.come_back(ANNA, number).await.resumed());
}

/// What a lost socket was asked, the next one does not answer.
#[tokio::test]
async fn a_receipt_is_of_its_own_socket() {
    let world = World::new();
    let anna = world.come(ANNA).await;
    anna.ask_receipt();
    let number = anna.number();
    world.gateway.lost(anna, NOON);
    let anna = world.come_back(ANNA, number).await;
    assert!(anna.resumed());
    let _bert = world.come(BERT).await;
    assert_eq!(heard(&anna).await.len(), 1);
    assert!(anna.wants_receipt(), "no question is open");
}

#[tokio::test]
async fn who_misses_too_much_gets_new_links() {
    for (is_lost, missed) in [(true, 256), (true, 257), (false, 256), (false, 257)] {
        let world = World::new();
        let (anna, bert) = (world.come(ANNA).await, world.come(BERT).await);
        opened(&anna).await;
        let to_anna = opened(&bert).await;
        let number = anna.number();
        let slow = if is_lost {
            world.gateway.lost(anna, NOON);
            None
        } else {
            Some(anna)
        };
        for _ in 0..missed {
            bert.say(FromBrowser::Candidate(to_anna.clone(), None)).await.unwrap();
        }
        if let Some(slow) = slow {
            assert_eq!(received(&slow).await.last() == Some(&Received::Over), missed > 256);
            world.gateway.lost(slow, NOON);
        }
        let resumed = world.come_back(ANNA, number).await.resumed();
        assert_eq!(resumed, missed <= 256, "lost: {is_lost}, missed: {missed}");
        // Who said so much is not held up by it.
        assert!(!heard(&bert).await.contains(&Received::Over));
    }
}

#[tokio::test]
async fn who_is_removed_hears_no_more() {
    let world = World::new();
    let (anna, bert) = (world.come(ANNA).await, world.come(BERT).await);
    opened(&anna).await;
    world.mesh.remove(ROOM, ANNA.into()).await.unwrap();
    assert_eq!(heard(&anna).await, [Received::Over]);
    assert_eq!(heard(&bert).await.len(), 2, "its link is opened and closed");
}

#[tokio::test]
async fn who_is_removed_while_it_is_lost_does_not_come_back() {
    let world = World::new();
    for closes_room in [false, true] {
        let anna = world.come(if closes_room { BERT } else { ANNA }).await;
        let (who, number) = (if closes_room { BERT } else { ANNA }, anna.number());
        world.gateway.lost(anna, NOON);
        world.mesh.remove(ROOM, who.into()).await.unwrap();
        let refused = world.gateway.connect(ROOM, who.into(), Some(number)).await.err();
        assert_eq!(refused, Some(JoinRefused::Removed));
        assert!(world.gateway.is_empty());
    }
}

#[tokio::test]
async fn a_lost_line_is_given_up_after_the_grace() {
    let mut world = World::new();
    let (anna, bert, carl) = (world.come(ANNA).await, world.come(BERT).await, world.come(CARL).await);
    let moment = Duration::from_micros(1);
    world.gateway.lost(anna, NOON);
    world.gateway.lost(bert, NOON.after(moment));
    world.gateway.sweep(NOON.before(moment));
    assert_eq!(world.gateway.len(), 3);
    world.gateway.sweep(NOON);
    assert_eq!(world.inside().await, [(BERT.into(), 1), (CARL.into(), 1)]);
    assert_eq!(heard(&carl).await.len(), 3, "two links are opened, one is closed");
    // One that the engine has given up is not kept for the grace.
    world.mesh.remove(ROOM, BERT.into()).await.unwrap();
    world.gateway.sweep(NOON);
    assert_eq!(world.gateway.len(), 1);
    // Facts may come twice, but never a join that is none.
    let seen = world.seen();
    assert_eq!(seen.iter().filter(|o| matches!(o, Observation::Joined(_))).count(), 3);
    assert!(
        seen.contains(&Observation::Disconnected(ANNA)) && seen.contains(&Observation::Disconnected(BERT))
    );
}

#[tokio::test]
async fn who_hangs_up_is_out_of_the_room_at_once() {
    let mut world = World::new();
    let (anna, bert) = (world.come(ANNA).await, world.come(BERT).await);
    let link = opened(&anna).await;
    let number = bert.number();
    world.gateway.hang_up(bert);
    assert_eq!(heard(&anna).await, [Received::Said(ToBrowser::Close(link))]);
    assert_eq!(world.inside().await, [(ANNA.into(), 1)]);
    assert_eq!(world.seen().last(), Some(&Observation::Disconnected(BERT)));
    assert!(!world.come_back(BERT, number).await.resumed());
}

#[tokio::test]
async fn devices_are_known_and_told() {
    let world = World::new();
    let anna = world.come(ANNA).await;
    assert_eq!(world.gateway.devices(BERT.into()), None);
    assert_eq!(world.gateway.devices(ANNA.into()), Some(Devices { microphone: true, camera: true }));
    let mut changes = world.gateway.device_changes();
    let devices = Devices { microphone: false, camera: true };
    world.gateway.switch(&anna, devices);
    let told = changes.try_recv().unwrap();
    assert_eq!((told.room, told.identity, told.devices), (ROOM, ANNA.into(), devices));
    world.gateway.switch(&anna, devices);
    assert!(changes.try_recv().is_err(), "nothing has changed");
    let number = anna.number();
    world.gateway.lost(anna, NOON);
    let _anna = world.come_back(ANNA, number).await;
    assert_eq!(world.gateway.devices(ANNA.into()), Some(devices), "a lost socket switches nothing");
}

#[test]
fn a_browser_that_missed_a_word_is_told_no_more() {
    let (browser, mut ear) = Browser::new();
    let word = || ToBrowser::Close(LinkName("a".to_owned()));
    let told = std::iter::from_fn(|| browser.tell(word()).ok()).count();
    ear.try_recv().unwrap();
    assert!(browser.clone().tell(word()).is_err(), "there is room, but a gap as well");
    assert_eq!(std::iter::from_fn(|| ear.try_recv().ok()).count(), told - 1);
    assert!(ear.is_closed());
}
