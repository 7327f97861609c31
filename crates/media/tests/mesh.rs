//! What the embedded engine does beyond the port: who comes, who goes, and what is heard of it.

use std::sync::Arc;

use trialogue_domain::{ConferenceId, Observation, ParticipantId};
use trialogue_media::{
    Identity, JoinRefused, Mesh, Notification, Notifications, VideoEngine, is_gone, notifications,
};
use trialogue_testkit::engine_conformance;

const ROOM: ConferenceId = ConferenceId(7);
const ANNA: ParticipantId = ParticipantId(1);
const BERT: ParticipantId = ParticipantId(2);

fn heard(notifications: &mut Notifications) -> Vec<Observation> {
    std::iter::from_fn(|| notifications.try_recv().ok())
        .map(|Notification { room, observation }| {
            assert_eq!(room, ROOM);
            observation
        })
        .collect()
}

/// An open room with both admitted.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
async fn mesh() -> (Mesh, Notifications, Identity, Identity) {
    let (notifier, notifications) = notifications();
    let mesh = Mesh::new(notifier);
    let [anna, bert] = [ANNA, BERT].map(Identity::from);
    mesh.open_room(ROOM).await.expect("the mesh is always there");
    mesh.admit(ROOM, anna).await.expect("the room is open");
    mesh.admit(ROOM, bert).await.expect("the room is open");
    (mesh, notifications, anna, bert)
}

#[tokio::test]
async fn it_conforms() {
    let (notifier, _notifications) = notifications();
    let mesh = Mesh::new(notifier);
    engine_conformance(&mesh, &mesh).await;
}

#[tokio::test]
async fn a_party_is_there_from_its_first_handle_to_its_last() {
    let (mesh, mut notifications, anna, _) = mesh().await;
    let old = mesh.join(ROOM, anna).unwrap();
    let new = mesh.join(ROOM, anna).unwrap();
    assert_eq!(mesh.list(ROOM).await.unwrap()[0].handles, [old, new]);
    assert_eq!(heard(&mut notifications), [Observation::Joined(ANNA)]);

    mesh.leave(ROOM, anna, old);
    mesh.leave(ROOM, anna, old);
    assert_eq!(heard(&mut notifications), []);
    mesh.leave(ROOM, anna, new);
    assert_eq!(heard(&mut notifications), [Observation::Disconnected(ANNA)]);
    assert!(is_gone(&mesh, ROOM, anna).await.unwrap());

    mesh.join(ROOM, anna).unwrap();
    assert_eq!(heard(&mut notifications), [Observation::Joined(ANNA)]);
}

#[tokio::test]
async fn removing_throws_out_one_and_leaves_the_other() {
    let (mesh, mut notifications, anna, bert) = mesh().await;
    let handle = mesh.join(ROOM, anna).unwrap();
    mesh.join(ROOM, bert).unwrap();
    assert_eq!(heard(&mut notifications).len(), 2);

    mesh.remove(ROOM, anna).await.unwrap();
    assert_eq!(heard(&mut notifications), [Observation::Disconnected(ANNA)]);
    assert!(is_gone(&mesh, ROOM, anna).await.unwrap());
    assert!(!is_gone(&mesh, ROOM, bert).await.unwrap());
    assert_eq!(mesh.join(ROOM, anna), Err(JoinRefused::Removed));

    // The gateway notices the closed socket after the removal, and the relay may do the removal again.
    mesh.leave(ROOM, anna, handle);
    mesh.remove(ROOM, anna).await.unwrap();
    assert_eq!(heard(&mut notifications), []);
}

#[tokio::test]
async fn closing_throws_out_everybody() {
    let (mesh, mut notifications, anna, bert) = mesh().await;
    mesh.join(ROOM, anna).unwrap();
    mesh.join(ROOM, bert).unwrap();
    mesh.close_room(ROOM).await.unwrap();
    assert_eq!(
        heard(&mut notifications)[2..],
        [Observation::Disconnected(ANNA), Observation::Disconnected(BERT)]
    );
    assert_eq!(mesh.join(ROOM, anna), Err(JoinRefused::UnknownRoom));
    mesh.close_room(ROOM).await.unwrap();
    assert_eq!(heard(&mut notifications), []);
}

#[tokio::test]
async fn who_is_not_admitted_does_not_come_in() {
    let (mesh, mut notifications, _, _) = mesh().await;
    let stranger = Identity::from(ParticipantId(3));
    assert_eq!(mesh.join(ROOM, stranger), Err(JoinRefused::NotAdmitted));
    assert_eq!(mesh.join(ConferenceId(8), stranger), Err(JoinRefused::UnknownRoom));
    assert_eq!(heard(&mut notifications), []);
}

#[tokio::test]
async fn rooms_are_apart() {
    let (mesh, _notifications, anna, _) = mesh().await;
    let other = ConferenceId(8);
    mesh.open_room(other).await.unwrap();
    assert_eq!(mesh.join(other, anna), Err(JoinRefused::NotAdmitted));
    mesh.remove(other, anna).await.unwrap();
    assert!(mesh.join(ROOM, anna).is_ok());
}

#[tokio::test]
async fn nothing_is_done_before_the_answer_is_awaited() {
    let (mesh, _notifications, anna, _) = mesh().await;
    drop(mesh.remove(ROOM, anna));
    assert!(mesh.join(ROOM, anna).is_ok());
}

/// A join that races a removal is either refused or thrown out, whichever is first.
#[tokio::test]
async fn no_join_outlives_a_removal() {
    let (mesh, _notifications, anna, _) = mesh().await;
    let mesh = Arc::new(mesh);
    let joiner = Arc::clone(&mesh);
    let joiner = tokio::task::spawn_blocking(move || while joiner.join(ROOM, anna).is_ok() {});
    mesh.remove(ROOM, anna).await.unwrap();
    joiner.await.unwrap();
    assert!(is_gone(&*mesh, ROOM, anna).await.unwrap());
}
