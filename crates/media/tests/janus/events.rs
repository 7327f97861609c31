//! What a real Janus reports.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use trialogue_domain::{Observation, ParticipantId};
use trialogue_media::{JanusEvent, Notification, VideoEngine};
use trialogue_testkit::{EventSink, JanusServer};

use crate::visitors::{ROOM, SOON, engine_at, identity, join, open};

const ANNA: ParticipantId = ParticipantId(1);

/// A place that Janus posts to: the bodies, in their order.
async fn sink() -> (EventSink, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let (posted, bodies) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, posted.clone()));
        }
    });
    (EventSink { url, user: "janus".to_owned(), password: "its-password".to_owned() }, bodies)
}

async fn serve(mut connection: TcpStream, posted: mpsc::UnboundedSender<Vec<u8>>) {
    let mut read = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                break String::from_utf8(read.drain(..end + 4).collect()).unwrap();
            }
            if connection.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return;
            }
        };
        // janus:its-password
        assert!(head.contains("Authorization: Basic amFudXM6aXRzLXBhc3N3b3Jk\r\n"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let length: usize = length.parse().unwrap();
        while read.len() < length {
            assert_ne!(connection.read_buf(&mut read).await.unwrap(), 0, "cut off");
        }
        posted.send(read.drain(..length).collect()).unwrap();
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    }
}

#[tokio::test]
async fn who_comes_and_goes_is_heard() {
    let (sink, mut posted) = sink().await;
    let server = JanusServer::reporting_to(Some(&sink));
    let engine = engine_at(server.settings());
    open(&engine).await;
    let heard = async |posted: &mut mpsc::UnboundedReceiver<Vec<u8>>| loop {
        let body = timeout(SOON, posted.recv()).await.expect("Janus reports").unwrap();
        let notifications = engine.heed(JanusEvent::read(&body).unwrap()).await;
        if let Some(notification) = notifications.first() {
            return *notification;
        }
    };
    let joined = Notification { room: ROOM, observation: Observation::Joined(ANNA) };
    let gone = Notification { room: ROOM, observation: Observation::Disconnected(ANNA) };

    let guest = join(&engine, identity(1)).await.unwrap();
    assert_eq!(heard(&mut posted).await, joined);
    drop(guest);
    assert_eq!(heard(&mut posted).await, gone);

    // It comes again before its going is reported: that it went is not true any more.
    let guest = join(&engine, identity(1)).await.unwrap();
    assert_eq!(heard(&mut posted).await, joined);
    let again = join(&engine, identity(1)).await.unwrap();
    assert_eq!(heard(&mut posted).await, joined);
    drop(guest);

    engine.remove(ROOM, identity(1)).await.unwrap();
    assert_eq!(heard(&mut posted).await, gone);
    drop(again);
}
