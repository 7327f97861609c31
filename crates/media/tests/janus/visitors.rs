//! Parties that come to a Janus.

use std::pin::Pin;
use std::sync::Mutex;

use tokio::sync::mpsc;
use trialogue_domain::ConferenceId;
use trialogue_media::{Browser, Identity, Janus, JoinRefused, Seat, ToBrowser};
use trialogue_testkit::Visitors;

/// A party that is in.
pub(crate) struct Guest {
    pub(crate) seat: Box<dyn Seat>,
    pub(crate) told: mpsc::Receiver<ToBrowser>,
}

/// Lets a party in.
pub(crate) async fn join(
    engine: &Janus,
    room: ConferenceId,
    identity: Identity,
) -> Result<Guest, JoinRefused> {
    let (browser, told) = Browser::new();
    Ok(Guest { seat: engine.join(room, identity, browser).await?, told })
}

/// Parties that stay.
pub(crate) struct Parties {
    pub(crate) engine: Janus,
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
            let joined = join(&self.engine, room, identity).await;
            joined.map(|guest| self.inside.lock().unwrap().push(guest)).is_ok()
        })
    }
}
