//! Parties that come to a Janus.

use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use trialogue_domain::{ConferenceId, ParticipantId};
use trialogue_media::{
    Browser, Identity, Janus, JanusSettings, JoinRefused, Seat, ToBrowser, VideoEngine, notifications,
};
use trialogue_testkit::{JanusServer, Visitors};

pub(crate) const ROOM: ConferenceId = ConferenceId(7);

/// The longest that anything here may take.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) fn identity(number: i32) -> Identity {
    ParticipantId(number).into()
}

/// An engine whose notifications nobody hears.
pub(crate) fn engine_at(settings: JanusSettings) -> Janus {
    Janus::new(settings, notifications().0)
}

/// A Janus, and an engine with an open room to which 1 and 2 are admitted.
pub(crate) async fn with_room() -> (JanusServer, Janus) {
    let server = JanusServer::new();
    let engine = engine_at(server.settings());
    open(&engine).await;
    (server, engine)
}

pub(crate) async fn open(engine: &Janus) {
    engine.open_room(ROOM).await.unwrap();
    engine.admit(ROOM, identity(1)).await.unwrap();
    engine.admit(ROOM, identity(2)).await.unwrap();
}

/// A party that is in.
pub(crate) struct Guest {
    pub(crate) seat: Box<dyn Seat>,
    pub(crate) told: mpsc::Receiver<ToBrowser>,
}

impl Guest {
    /// The next thing that the browser is told; none if it is let go.
    pub(crate) async fn next(&mut self) -> Option<ToBrowser> {
        timeout(SOON, self.told.recv()).await.expect("the browser is told something")
    }

    /// Waits until the browser is let go.
    pub(crate) async fn is_let_go(&mut self) {
        while self.next().await.is_some() {}
    }
}

/// Lets a party in.
pub(crate) async fn join(engine: &Janus, identity: Identity) -> Result<Guest, JoinRefused> {
    join_room(engine, ROOM, identity).await
}

async fn join_room(engine: &Janus, room: ConferenceId, identity: Identity) -> Result<Guest, JoinRefused> {
    let (browser, told) = Browser::new();
    Ok(Guest { seat: engine.join(room, identity, browser).await?, told })
}

/// Who is in the room.
pub(crate) async fn inside(engine: &Janus) -> Vec<Identity> {
    engine.list(ROOM).await.unwrap().into_iter().map(|occupant| occupant.identity).collect()
}

/// Parties that stay.
pub(crate) struct Parties {
    engine: Janus,
    inside: Mutex<Vec<Guest>>,
}

impl Parties {
    pub(crate) fn new(engine: Janus) -> Self {
        Self { engine, inside: Mutex::default() }
    }
}

impl Visitors for Parties {
    fn join<'a>(
        &'a self,
        room: ConferenceId,
        identity: Identity,
    ) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(async move {
            let joined = join_room(&self.engine, room, identity).await;
            joined.map(|guest| self.inside.lock().unwrap().push(guest)).is_ok()
        })
    }
}
