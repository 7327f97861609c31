//! The engine for `LiveKit` against a stand-in: the contract of the port, removals that go wrong, a server that is ill.

use std::sync::Arc;
use std::time::Duration;

use trialogue_domain::{ConferenceId, ParticipantId};
use trialogue_media::{
    Browser, Description, DescriptionKind, Failure, FromBrowser, Identity, JoinRefused, LinkName, LiveKit,
    LiveKitKey, LiveKitSettings, Occupant, ToBrowser, VideoEngine, is_gone,
};
use trialogue_testkit::{
    LiveKitFault, LiveKitStandIn, LiveKitVisitors, ManualClock, Visitors, engine_conformance,
};

const KEY: &str = "key";
const SECRET: &str = "a secret of thirty-two characters";
const ROOM: ConferenceId = ConferenceId(7);
const AT_LIVEKIT: &str = "conference-7";

struct Scene {
    server: LiveKitStandIn,
    engine: LiveKit,
    guest: Identity,
}

fn engine(url: &str, secret: &str) -> LiveKit {
    patient_engine(url, secret, Duration::from_secs(30))
}

fn patient_engine(url: &str, secret: &str, patience: Duration) -> LiveKit {
    let settings = LiveKitSettings {
        url: "wss://livekit.example".to_owned(),
        api_url: url.to_owned(),
        key: LiveKitKey::new(KEY, secret),
        patience,
    };
    let clock = ManualClock::new();
    LiveKit::new(settings, Arc::new(move || clock.now())).unwrap()
}

/// An open room, with two parties admitted.
async fn scene() -> Scene {
    let server = LiveKitStandIn::start(KEY, SECRET);
    let engine = engine(&server.url(), SECRET);
    let guest = ParticipantId(13).into();
    engine.open_room(ROOM).await.unwrap();
    engine.admit(ROOM, guest).await.unwrap();
    engine.admit(ROOM, ParticipantId(11).into()).await.unwrap();
    Scene { server, engine, guest }
}

impl Scene {
    fn visitors(&self) -> LiveKitVisitors<'_> {
        LiveKitVisitors { engine: &self.engine, server: &self.server }
    }

    async fn token(&self) -> String {
        self.visitors().token(ROOM, self.guest).await.unwrap()
    }

    async fn removal(&self) -> Result<(), Failure> {
        self.engine.remove(ROOM, self.guest).await.map_err(|error| error.failure)
    }

    fn inside(&self) -> Vec<String> {
        self.server.inside(AT_LIVEKIT)
    }
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let server = LiveKitStandIn::start(KEY, SECRET);
    let engine = engine(&server.url(), SECRET);
    engine_conformance(&engine, &LiveKitVisitors { engine: &engine, server: &server }).await;
}

#[tokio::test]
async fn a_party_is_told_where_to_join_and_keeps_its_line() {
    let scene = scene().await;
    let (browser, mut told) = Browser::new();
    let seat = scene.engine.join(ROOM, scene.guest, browser).await.unwrap();
    let Some(ToBrowser::JoinDirectly { url, token }) = told.recv().await else { panic!("told nothing") };
    assert_eq!(url, "wss://livekit.example");
    assert_eq!(scene.server.connect(&token), Ok(()));
    assert_eq!(scene.inside(), ["p13"]);

    let description = Description { kind: DescriptionKind::Offer, sdp: String::new() };
    let said = FromBrowser::Description(LinkName("p11".to_owned()), description);
    assert!(matches!(seat.receive(said).await.unwrap_err().failure, Failure::Refused { .. }));

    scene.engine.remove(ROOM, scene.guest).await.unwrap();
    assert_eq!(told.recv().await, None, "the line ends with the removal");
    assert_eq!(scene.inside(), [""; 0]);
}

#[tokio::test]
async fn the_end_of_a_room_ends_the_lines() {
    let scene = scene().await;
    let (browser, mut told) = Browser::new();
    let _seat = scene.engine.join(ROOM, scene.guest, browser).await.unwrap();
    told.recv().await.unwrap();
    scene.engine.close_room(ROOM).await.unwrap();
    assert_eq!(told.recv().await, None);
}

#[tokio::test]
async fn who_is_not_admitted_is_told_nothing() {
    let scene = scene().await;
    let (browser, mut told) = Browser::new();
    let refused = scene.engine.join(ROOM, ParticipantId(99).into(), browser).await.err();
    assert_eq!(refused, Some(JoinRefused::NotAdmitted));
    assert_eq!(told.recv().await, None);
}

/// The client that asked to publish beside its first connection, which the gate does not let pass.
#[tokio::test]
async fn a_second_connection_goes_with_the_first() {
    let scene = scene().await;
    let token = scene.token().await;
    scene.server.connect(&token).unwrap();
    scene.server.connect_beside(&token, "camera").unwrap();
    scene.server.connect_beside(&token, "").unwrap();
    let [Occupant { identity, handles }] = &scene.engine.list(ROOM).await.unwrap()[..] else { panic!() };
    assert_eq!((*identity, handles.len()), (scene.guest, 3));
    scene.removal().await.unwrap();
    assert_eq!(scene.inside(), [""; 0]);
}

#[tokio::test]
async fn a_removal_that_was_not_done_is_done_again() {
    let scene = scene().await;
    scene.server.connect(&scene.token().await).unwrap();
    scene.server.ignore_removals(2);
    scene.removal().await.unwrap();
    assert_eq!(scene.inside(), [""; 0]);
}

#[tokio::test]
async fn a_removal_that_never_succeeds_is_not_called_one() {
    let scene = scene().await;
    scene.server.connect(&scene.token().await).unwrap();
    scene.server.ignore_removals(usize::MAX);
    let Failure::Unreachable(why) = scene.removal().await.unwrap_err() else {
        panic!("not worth asking again")
    };
    assert!(why.contains("still lists p13"), "{why}");
    assert!(!is_gone(&scene.engine, ROOM, scene.guest).await.unwrap());
    scene.server.ignore_removals(0);
    scene.removal().await.unwrap();
    assert!(is_gone(&scene.engine, ROOM, scene.guest).await.unwrap());
}

/// It was on its way in when it was removed; who hears of it then removes it again.
#[tokio::test]
async fn who_was_not_noticed_is_removed_when_it_is() {
    let scene = scene().await;
    let token = scene.token().await;
    scene.server.be_blind();
    scene.server.connect(&token).unwrap();
    scene.removal().await.unwrap();
    assert_eq!(scene.inside(), ["p13"], "the room service found nobody to remove");
    scene.server.notice();
    assert!(!is_gone(&scene.engine, ROOM, scene.guest).await.unwrap());
    scene.removal().await.unwrap();
    assert_eq!(scene.inside(), [""; 0]);
}

#[tokio::test]
async fn a_server_that_is_ill_has_removed_nobody() {
    let scene = scene().await;
    scene.server.connect(&scene.token().await).unwrap();
    for fault in [LiveKitFault::Internal, LiveKitFault::ProxyNotFound, LiveKitFault::Gibberish] {
        scene.server.go_wrong(fault);
        let failure = scene.removal().await.unwrap_err();
        assert!(matches!(failure, Failure::Unreachable(_)), "{fault:?}: {failure}");
        assert!(is_gone(&scene.engine, ROOM, scene.guest).await.is_err(), "{fault:?}");
        let closed = scene.engine.list(ROOM).await.unwrap_err().failure;
        assert!(matches!(closed, Failure::Unreachable(_)), "{fault:?}: {closed}");
        scene.server.heal();
        // The fence stands all the same.
        assert!(scene.visitors().token(ROOM, scene.guest).await.is_none());
    }
    assert_eq!(scene.inside(), ["p13"]);
    scene.removal().await.unwrap();
    assert_eq!(scene.inside(), [""; 0]);
}

#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for() {
    let scene = scene().await;
    scene.server.go_wrong(LiveKitFault::Hang);
    let hasty = patient_engine(&scene.server.url(), SECRET, Duration::from_millis(100));
    let error = hasty.remove(ROOM, scene.guest).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("timed out"), "{error}");
}

#[tokio::test]
async fn nobody_can_be_reached_at_a_closed_port() {
    let scene = scene().await;
    let url = scene.server.url();
    drop(scene);
    let failure = engine(&url, SECRET).open_room(ROOM).await.unwrap_err().failure;
    let Failure::Unreachable(why) = failure else { panic!("{failure}") };
    assert!(why.contains("onnection refused"), "it says why: {why}");
}

#[tokio::test]
async fn a_wrong_secret_is_not_worth_asking_again() {
    let scene = scene().await;
    let stranger = engine(&scene.server.url(), "another secret");
    let error = stranger.open_room(ROOM).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Refused { code: 401, .. }), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_server_that_lost_its_rooms_gets_them_back_from_whoever_joins() {
    let scene = scene().await;
    scene.server.connect(&scene.token().await).unwrap();
    scene.server.restart();
    assert_eq!(scene.engine.list(ROOM).await.unwrap_err().failure, Failure::UnknownRoom);
    assert!(scene.visitors().join(ROOM, scene.guest).await);
    assert_eq!(scene.inside(), ["p13"]);
}
