//! What the embedded engine does beyond the port: who comes, who goes, who is introduced to whom, and what is heard of it.

use tokio::sync::mpsc;
use trialogue_domain::{ConferenceId, Observation, ParticipantId};
use trialogue_media::{
    Browser, Candidate, Description, DescriptionKind, FromBrowser, Identity, JoinRefused, LinkName, Mesh,
    MeshSeat, Notification, Notifications, Seat, ToBrowser, VideoEngine, is_gone, notifications,
};
use trialogue_testkit::engine_conformance;

const ROOM: ConferenceId = ConferenceId(7);
const ANNA: ParticipantId = ParticipantId(1);
const BERT: ParticipantId = ParticipantId(2);
const CARL: ParticipantId = ParticipantId(3);

fn heard(notifications: &mut Notifications) -> Vec<Observation> {
    std::iter::from_fn(|| notifications.try_recv().ok())
        .map(|Notification { room, observation }| {
            assert_eq!(room, ROOM);
            observation
        })
        .collect()
}

/// An open room with all three admitted.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
async fn mesh() -> (Mesh, Notifications, [Identity; 3]) {
    let (notifier, notifications) = notifications();
    let mesh = Mesh::new(notifier);
    let people = [ANNA, BERT, CARL].map(Identity::from);
    mesh.open_room(ROOM).await.expect("the mesh is always there");
    for identity in people {
        mesh.admit(ROOM, identity).await.expect("the room is open");
    }
    (mesh, notifications, people)
}

struct Party {
    seat: MeshSeat,
    ear: mpsc::Receiver<ToBrowser>,
}

fn enter(mesh: &Mesh, identity: Identity) -> Result<Party, JoinRefused> {
    let (browser, ear) = Browser::new();
    Ok(Party { seat: mesh.enter(ROOM, identity, browser)?, ear })
}

fn refusal(joined: Result<Party, JoinRefused>) -> Option<JoinRefused> {
    joined.err()
}

impl Party {
    fn told(&mut self) -> Vec<ToBrowser> {
        std::iter::from_fn(|| self.ear.try_recv().ok()).collect()
    }

    #[expect(clippy::panic, reason = "a test fails by panicking")]
    /// The one link that was opened last, and whether this side makes the offer.
    fn opened(&mut self) -> (LinkName, bool) {
        match self.told().as_slice() {
            [ToBrowser::Open { link, offers, sends: true, party: Some(_) }] => (link.clone(), *offers),
            other => panic!("{other:?}"),
        }
    }
}

fn offer(text: &str) -> Description {
    Description { kind: DescriptionKind::Offer, sdp: text.to_owned() }
}

#[tokio::test]
async fn it_conforms() {
    let (notifier, _notifications) = notifications();
    let mesh = Mesh::new(notifier);
    engine_conformance(&mesh, &mesh).await;
}

#[tokio::test]
async fn a_party_is_there_from_its_first_handle_to_its_last() {
    let (mesh, mut notifications, [anna, ..]) = mesh().await;
    let old = enter(&mesh, anna).unwrap();
    let new = enter(&mesh, anna).unwrap();
    assert_eq!(mesh.list(ROOM).await.unwrap()[0].handles, [old.seat.handle(), new.seat.handle()]);
    assert_eq!(heard(&mut notifications), [Observation::Joined(ANNA)]);

    drop(old);
    assert_eq!(heard(&mut notifications), []);
    drop(new);
    assert_eq!(heard(&mut notifications), [Observation::Disconnected(ANNA)]);
    assert!(is_gone(&mesh, ROOM, anna).await.unwrap());

    let _again = enter(&mesh, anna).unwrap();
    assert_eq!(heard(&mut notifications), [Observation::Joined(ANNA)]);
}

#[tokio::test]
async fn removing_throws_out_one_and_leaves_the_other() {
    let (mesh, mut notifications, [anna, bert, _]) = mesh().await;
    let thrown_out = enter(&mesh, anna).unwrap();
    let _stays = enter(&mesh, bert).unwrap();
    assert_eq!(heard(&mut notifications).len(), 2);

    mesh.remove(ROOM, anna).await.unwrap();
    assert_eq!(heard(&mut notifications), [Observation::Disconnected(ANNA)]);
    assert!(is_gone(&mesh, ROOM, anna).await.unwrap());
    assert!(!is_gone(&mesh, ROOM, bert).await.unwrap());
    assert_eq!(refusal(enter(&mesh, anna)), Some(JoinRefused::Removed));

    // The gateway notices the closed socket after the removal, and the relay may do the removal again.
    drop(thrown_out);
    mesh.remove(ROOM, anna).await.unwrap();
    assert_eq!(heard(&mut notifications), []);
}

#[tokio::test]
async fn closing_throws_out_everybody() {
    let (mesh, mut notifications, [anna, bert, _]) = mesh().await;
    let mut inside = [enter(&mesh, anna).unwrap(), enter(&mesh, bert).unwrap()];
    mesh.close_room(ROOM).await.unwrap();
    assert_eq!(
        heard(&mut notifications)[2..],
        [Observation::Disconnected(ANNA), Observation::Disconnected(BERT)]
    );
    for party in &mut inside {
        party.told();
        assert!(party.ear.is_closed(), "nobody speaks to it any more");
    }
    assert_eq!(refusal(enter(&mesh, anna)), Some(JoinRefused::UnknownRoom));
    mesh.close_room(ROOM).await.unwrap();
    assert_eq!(heard(&mut notifications), []);
}

#[tokio::test]
async fn who_is_not_admitted_does_not_come_in() {
    let (mesh, mut notifications, _) = mesh().await;
    let stranger = Identity::from(ParticipantId(9));
    assert_eq!(refusal(enter(&mesh, stranger)), Some(JoinRefused::NotAdmitted));
    let (browser, _ear) = Browser::new();
    let elsewhere = mesh.enter(ConferenceId(8), stranger, browser);
    assert_eq!(elsewhere.err(), Some(JoinRefused::UnknownRoom));
    assert_eq!(heard(&mut notifications), []);
}

#[tokio::test]
async fn rooms_are_apart() {
    let (mesh, _notifications, [anna, ..]) = mesh().await;
    let other = ConferenceId(8);
    mesh.open_room(other).await.unwrap();
    let (browser, _ear) = Browser::new();
    assert_eq!(mesh.enter(other, anna, browser).err(), Some(JoinRefused::NotAdmitted));
    mesh.remove(other, anna).await.unwrap();
    assert!(enter(&mesh, anna).is_ok());
}

#[tokio::test]
async fn nothing_is_done_before_the_answer_is_awaited() {
    let (mesh, _notifications, [anna, ..]) = mesh().await;
    drop(mesh.remove(ROOM, anna));
    assert!(enter(&mesh, anna).is_ok());
}

/// A join that races a removal is either refused or thrown out, whichever is first.
#[tokio::test]
async fn no_join_outlives_a_removal() {
    let (mesh, _notifications, [anna, ..]) = mesh().await;
    let joiner = mesh.clone();
    let joiner = tokio::task::spawn_blocking(move || {
        let mut inside = Vec::new();
        while let Ok(party) = enter(&joiner, anna) {
            inside.push(party);
        }
        inside
    });
    mesh.remove(ROOM, anna).await.unwrap();
    let _inside = joiner.await.unwrap();
    assert!(is_gone(&mesh, ROOM, anna).await.unwrap());
}

#[tokio::test]
async fn the_newcomer_offers_and_nobody_else() {
    let (mesh, _notifications, [anna, bert, carl]) = mesh().await;
    let mut first = enter(&mesh, anna).unwrap();
    assert_eq!(first.told(), []);
    let mut second = enter(&mesh, bert).unwrap();
    assert!(!first.opened().1);
    assert!(second.opened().1);
    let mut third = enter(&mesh, carl).unwrap();
    assert!(!first.opened().1);
    assert!(!second.opened().1);
    let offers: Vec<bool> =
        third.told().iter().map(|t| matches!(t, ToBrowser::Open { offers: true, .. })).collect();
    assert_eq!(offers, [true, true]);
}

#[tokio::test]
async fn what_one_end_says_the_other_hears_and_nobody_else() {
    let (mesh, _notifications, [anna, bert, carl]) = mesh().await;
    let mut first = enter(&mesh, anna).unwrap();
    let mut second = enter(&mesh, bert).unwrap();
    let (to_second, _) = first.opened();
    let (to_first, _) = second.opened();
    let mut third = enter(&mesh, carl).unwrap();
    for party in [&mut first, &mut second, &mut third] {
        party.told();
    }

    second.seat.receive(FromBrowser::Description(to_first.clone(), offer("from bert"))).await.unwrap();
    assert_eq!(first.told(), [ToBrowser::Description(to_second.clone(), offer("from bert"))]);
    let candidate = Candidate { candidate: "c".to_owned(), sdp_mid: None, sdp_m_line_index: Some(0) };
    first.seat.receive(FromBrowser::Candidate(to_second, Some(candidate.clone()))).await.unwrap();
    assert_eq!(second.told(), [ToBrowser::Candidate(to_first, Some(candidate))]);
    assert_eq!(third.told(), []);
}

#[tokio::test]
async fn what_is_said_to_nobody_is_lost() {
    let (mesh, _notifications, [anna, bert, _]) = mesh().await;
    let mut first = enter(&mesh, anna).unwrap();
    let mut second = enter(&mesh, bert).unwrap();
    let (first_link, _) = second.opened();
    let own = first.opened().0;
    for link in ["", "p1", "p1.", "p9.1", "p1.99", "x.1", &own.0] {
        let said = FromBrowser::Description(LinkName(link.to_owned()), offer("x"));
        second.seat.receive(said).await.unwrap();
    }
    mesh.remove(ROOM, bert).await.unwrap();
    first.told();
    second.seat.receive(FromBrowser::Description(first_link, offer("from outside"))).await.unwrap();
    assert_eq!(first.told(), [], "who is removed is not heard any more");
}

#[tokio::test]
async fn who_goes_leaves_no_link() {
    let (mesh, _notifications, [anna, bert, carl]) = mesh().await;
    let mut stays = enter(&mesh, anna).unwrap();
    let leaves = enter(&mesh, bert).unwrap();
    let (to_leaver, _) = stays.opened();
    let kicked = enter(&mesh, carl).unwrap();
    let (to_kicked, _) = stays.opened();
    drop(leaves);
    assert_eq!(stays.told(), [ToBrowser::Close(to_leaver)]);
    mesh.remove(ROOM, carl).await.unwrap();
    assert_eq!(stays.told(), [ToBrowser::Close(to_kicked)]);
    drop(kicked);
    assert_eq!(stays.told(), []);
}

/// Its links have other names when it comes again, so that what is late for the old ones does no harm.
#[tokio::test]
async fn a_link_is_never_named_twice() {
    let (mesh, _notifications, [anna, bert, _]) = mesh().await;
    let mut stays = enter(&mesh, anna).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let comes = enter(&mesh, bert).unwrap();
        names.insert(stays.opened().0);
        drop(comes);
        stays.told();
    }
    assert_eq!(names.len(), 3);
}

#[tokio::test]
async fn a_browser_that_does_not_listen_holds_up_nobody() {
    let (mesh, _notifications, [anna, bert, carl]) = mesh().await;
    let deaf = enter(&mesh, anna).unwrap();
    let mut others = [enter(&mesh, bert).unwrap(), enter(&mesh, carl).unwrap()];
    let link = match others[0].told().as_slice() {
        [ToBrowser::Open { link, .. }, ..] => link.clone(),
        other => panic!("{other:?}"),
    };
    for n in 0..1000 {
        let said = FromBrowser::Description(link.clone(), offer(&n.to_string()));
        others[0].seat.receive(said).await.unwrap();
    }
    drop(deaf);
    assert!(matches!(others[1].told().last(), Some(ToBrowser::Close(_))));
}
