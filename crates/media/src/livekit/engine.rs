//! The engine: the room service behind the port.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use trialogue_domain::{ConferenceId, Timestamp};

use super::key::LiveKitKey;
use super::room_service::RoomService;
use super::seats::Seats;
use crate::{
    Browser, EngineError, EngineFuture, Failure, FromBrowser, Handle, Identity, JoinFuture, JoinRefused,
    Occupant, Operation, Seat, ToBrowser, VideoEngine,
};

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where `LiveKit` is, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct LiveKitSettings {
    /// Where browsers find it: the address of the proxy with the admission gate, `wss://...`.
    pub url: String,
    /// Where its room service is: `http://...`, not through the gate.
    pub api_url: String,
    /// The key in its configuration. It must be the only one: tokens of another are refused at the gate.
    pub key: LiveKitKey,
    /// How long a call of the room service may take.
    pub patience: Duration,
}

/// `LiveKit`.
///
/// What this process knows is who may join through it. Who is in a room, `LiveKit` is asked. That somebody came or went
/// is told by its webhook.
pub struct LiveKit {
    url: String,
    key: LiveKitKey,
    rooms: RoomService,
    seats: Arc<Seats>,
    now: Now,
}

/// A removal asks so often whether it has succeeded. It is done again by whoever owes it, so that there is no need to be
/// stubborn.
const ROUNDS: usize = 3;

impl LiveKit {
    /// The engine at this address. Nobody is asked anything yet.
    ///
    /// # Errors
    /// If no HTTP client can be made: the system has no root certificates.
    pub fn new(settings: LiveKitSettings, now: Now) -> Result<Self, Failure> {
        let LiveKitSettings { url, api_url, key, patience } = settings;
        let rooms = RoomService::new(&api_url, key.clone(), patience, Arc::clone(&now))
            .map_err(|error| Failure::Unreachable(format!("no HTTP client can be made: {error}")))?;
        Ok(Self { url, key, rooms, seats: Arc::default(), now })
    }

    async fn take_seat(
        &self,
        room: ConferenceId,
        identity: Identity,
        browser: Browser,
    ) -> Result<Box<dyn Seat>, JoinRefused> {
        let handle = self.seats.take(room, identity, browser.clone())?;
        let seat = LiveKitSeat { seats: Arc::clone(&self.seats), room, identity, handle };
        // It may have lost the room in a restart.
        self.rooms.create(room).await.map_err(|failure| seat.error(failure))?;
        let token = self.key.join_token(room, identity, (self.now)());
        // A browser that is deaf is gone, and its socket drops the seat.
        let _ = browser.tell(ToBrowser::JoinDirectly { url: self.url.clone(), token });
        Ok(Box::new(seat))
    }

    async fn throw_out(&self, room: ConferenceId, identity: Identity) -> Result<(), Failure> {
        self.seats.fence(room, identity);
        // A list may be behind the truth, so the plain name comes first.
        self.rooms.remove(room, &identity.to_string()).await?;
        for _ in 0..ROUNDS {
            let Some(listed) = self.rooms.list(room).await?.remove(&identity) else { return Ok(()) };
            for name in listed.keys() {
                self.rooms.remove(room, name).await?;
            }
        }
        Err(Failure::Unreachable(format!("it still lists {identity} after {ROUNDS} removals")))
    }

    async fn occupants(&self, room: ConferenceId) -> Result<Vec<Occupant>, Failure> {
        let parties = self.rooms.list(room).await?;
        // A room that does not exist is listed empty.
        if parties.is_empty() && !self.rooms.exists(room).await? {
            return Err(Failure::UnknownRoom);
        }
        let occupant = |(identity, listed): (Identity, BTreeMap<String, Vec<String>>)| Occupant {
            identity,
            handles: listed.values().flatten().map(|sid| handle_of(sid)).collect(),
        };
        Ok(parties.into_iter().map(occupant).collect())
    }
}

/// `LiveKit` names its connections by texts; the port wants numbers.
fn handle_of(sid: &str) -> Handle {
    let digest: [u8; 32] = Sha256::digest(sid).into();
    Handle(digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

impl VideoEngine for LiveKit {
    fn name(&self) -> &'static str {
        "livekit"
    }

    fn open_room(&self, room: ConferenceId) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            let operation = Operation::OpenRoom;
            self.rooms.create(room).await.map_err(|failure| EngineError { operation, room, failure })?;
            self.seats.open(room);
            Ok(())
        })
    }

    fn admit(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            let operation = Operation::Admit(identity);
            self.seats.admit(room, identity).map_err(|failure| EngineError { operation, room, failure })
        })
    }

    fn join(&self, room: ConferenceId, identity: Identity, browser: Browser) -> JoinFuture<'_> {
        Box::pin(self.take_seat(room, identity, browser))
    }

    fn remove(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            let operation = Operation::Remove(identity);
            let removed = self.throw_out(room, identity).await;
            removed.map_err(|failure| EngineError { operation, room, failure })
        })
    }

    fn list(&self, room: ConferenceId) -> EngineFuture<'_, Vec<Occupant>> {
        Box::pin(async move {
            let operation = Operation::List;
            self.occupants(room).await.map_err(|failure| EngineError { operation, room, failure })
        })
    }

    fn close_room(&self, room: ConferenceId) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            let operation = Operation::CloseRoom;
            self.seats.close(room);
            self.rooms.delete(room).await.map_err(|failure| EngineError { operation, room, failure })
        })
    }
}

/// The line to a browser that is at `LiveKit` itself.
struct LiveKitSeat {
    seats: Arc<Seats>,
    room: ConferenceId,
    identity: Identity,
    handle: Handle,
}

impl LiveKitSeat {
    fn error(&self, failure: Failure) -> EngineError {
        EngineError { operation: Operation::Join(self.identity), room: self.room, failure }
    }
}

impl Seat for LiveKitSeat {
    fn handle(&self) -> Handle {
        self.handle
    }

    fn receive(&self, _: FromBrowser) -> Pin<Box<dyn Future<Output = Result<(), EngineError>> + Send + '_>> {
        // Its client library says such things to LiveKit.
        let reason = "there are no links to speak of: the browser joins the engine directly".to_owned();
        let error = self.error(Failure::Refused { code: 0, reason });
        Box::pin(std::future::ready(Err(error)))
    }
}

impl Drop for LiveKitSeat {
    fn drop(&mut self) {
        self.seats.leave(self.room, self.identity, self.handle);
    }
}

impl fmt::Debug for LiveKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKit").field("url", &self.url).field("seats", &self.seats).finish_non_exhaustive()
    }
}
