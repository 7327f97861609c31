//! A Janus that dies, hangs, or was started with other secrets.

use std::time::Duration;

use tokio::time::timeout;
use trialogue_media::{Failure, Janus, JanusSettings, JoinRefused, VideoEngine};
use trialogue_testkit::JanusServer;

use crate::visitors::{ROOM, engine_at, identity, inside, join, open, with_room};

/// What is asked of a Janus that hangs is answered in this time and a little more.
const PATIENCE: Duration = Duration::from_millis(300);

fn impatient(server: &JanusServer) -> Janus {
    engine_at(JanusSettings { patience: PATIENCE, ..server.settings() })
}

#[tokio::test]
async fn a_dead_janus_is_unreachable_and_a_new_one_has_lost_its_rooms() {
    let (mut server, engine) = with_room().await;
    let mut guest = join(&engine, identity(1)).await.unwrap();
    server.kill();
    // Its parties come again by themselves.
    guest.is_let_go().await;
    assert!(matches!(engine.list(ROOM).await.unwrap_err().failure, Failure::Unreachable(_)));
    let refused = join(&engine, identity(1)).await.err().unwrap();
    assert!(matches!(refused, JoinRefused::Engine(error) if error.is_transient()));

    server.start();
    assert_eq!(engine.list(ROOM).await.unwrap_err().failure, Failure::UnknownRoom);
    assert_eq!(engine.admit(ROOM, identity(1)).await.unwrap_err().failure, Failure::UnknownRoom);
    assert_eq!(join(&engine, identity(1)).await.err(), Some(JoinRefused::UnknownRoom));
    open(&engine).await;
    let again = join(&engine, identity(1)).await.unwrap();
    assert_eq!(inside(&engine).await, [identity(1)]);
    drop(again);
}

#[tokio::test]
async fn nobody_waits_for_a_janus_that_hangs() {
    let server = JanusServer::new();
    let engine = impatient(&server);
    open(&engine).await;
    server.suspend();
    // All at once, so that none waits for another's patience.
    let asked = (0..20).map(|_| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.open_room(ROOM).await })
    });
    let asked: Vec<_> = asked.collect();
    let all = async {
        for answer in asked {
            let failure = answer.await.unwrap().unwrap_err().failure;
            assert!(matches!(failure, Failure::Unreachable(_)), "{failure}");
        }
        assert!(join(&engine, identity(1)).await.is_err());
    };
    timeout(PATIENCE * 6, all).await.expect("in little more than its patience");

    server.resume();
    assert_eq!(engine.open_room(ROOM).await, Ok(()));
    let guest = join(&engine, identity(1)).await.unwrap();
    drop(guest);
}

#[tokio::test]
async fn wrong_secrets_are_refused_by_name() {
    let (server, engine) = with_room().await;
    let right = server.settings();
    let wrong = || "wrong".to_owned();

    let admin = engine_at(JanusSettings { admin_secret: wrong(), ..right.clone() });
    assert!(matches!(admin.open_room(ROOM).await.unwrap_err().failure, Failure::Refused { code: 403, .. }));
    let key = engine_at(JanusSettings { room_key: wrong(), ..right.clone() });
    assert!(matches!(key.open_room(ROOM).await.unwrap_err().failure, Failure::Refused { code: 433, .. }));
    assert!(matches!(key.list(ROOM).await.unwrap_err().failure, Failure::Refused { code: 433, .. }));
    let api = engine_at(JanusSettings { api_secret: wrong(), ..right });
    let refused = join(&api, identity(1)).await.err().unwrap();
    assert!(matches!(
        refused,
        JoinRefused::Engine(error) if matches!(error.failure, Failure::Refused { code: 403, .. })
    ));
    assert_eq!(inside(&engine).await, []);
}
