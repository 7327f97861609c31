//! What the engine itself sees of its parties.

use std::time::Duration;

use tokio::time::timeout;
use trialogue_domain::{Observation, ParticipantId};
use trialogue_media::{Janus, Notification, Notifications, VideoEngine, notifications};
use trialogue_testkit::JanusServer;

use crate::visitors::{ROOM, SOON, engine_at, identity, join, open};

const ANNA: ParticipantId = ParticipantId(1);
const BERT: ParticipantId = ParticipantId(2);

/// Longer than the engine takes to make sure that a party is gone.
const SETTLED: Duration = Duration::from_secs(3);

async fn world() -> (JanusServer, Janus, Notifications) {
    let server = JanusServer::new();
    let (notifier, seen) = notifications();
    let engine = Janus::new(server.settings(), notifier);
    open(&engine).await;
    (server, engine, seen)
}

async fn next(seen: &mut Notifications) -> Observation {
    let Notification { room, observation } = timeout(SOON, seen.recv()).await.unwrap().unwrap();
    assert_eq!(room, ROOM);
    observation
}

#[tokio::test]
async fn coming_going_and_being_thrown_out_are_seen() {
    let (_server, engine, mut seen) = world().await;
    let guest = join(&engine, identity(1)).await.unwrap();
    assert_eq!(next(&mut seen).await, Observation::Joined(ANNA));
    drop(guest);
    assert_eq!(next(&mut seen).await, Observation::Disconnected(ANNA));

    let guest = join(&engine, identity(2)).await.unwrap();
    assert_eq!(next(&mut seen).await, Observation::Joined(BERT));
    engine.remove(ROOM, identity(2)).await.unwrap();
    assert_eq!(next(&mut seen).await, Observation::Disconnected(BERT));
    assert!(join(&engine, identity(2)).await.is_err());
    drop(guest);
    assert!(seen.is_empty());
}

/// Whoever takes his own place was never away.
#[tokio::test]
async fn coming_again_is_not_going() {
    let (server, engine, mut seen) = world().await;
    let mut first = join(&engine, identity(1)).await.unwrap();
    let mut second = join(&engine, identity(1)).await.unwrap();
    first.is_let_go().await;
    drop(first);
    assert_eq!(next(&mut seen).await, Observation::Joined(ANNA));
    assert_eq!(next(&mut seen).await, Observation::Joined(ANNA));

    // At another server, which says so itself; this one must not say afterwards that it went.
    let third = join(&engine_at(server.settings()), identity(1)).await.unwrap();
    second.is_let_go().await;
    drop(second);
    let another = join(&engine, identity(2)).await.unwrap();
    assert_eq!(next(&mut seen).await, Observation::Joined(BERT));
    assert!(timeout(SETTLED, seen.recv()).await.is_err());
    drop((third, another));
}

#[tokio::test]
async fn a_janus_that_dies_takes_everybody_along() {
    let (mut server, engine, mut seen) = world().await;
    let guest = join(&engine, identity(1)).await.unwrap();
    assert_eq!(next(&mut seen).await, Observation::Joined(ANNA));
    server.kill();
    assert_eq!(next(&mut seen).await, Observation::Disconnected(ANNA));
    drop(guest);
}
