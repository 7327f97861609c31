//! The port: what the server needs of a media engine.

use std::pin::Pin;

use trialogue_domain::ConferenceId;

use crate::{Browser, EngineError, Identity, JoinFuture};

/// The answer of an engine, to be awaited. Nothing is done before it is first polled.
pub type EngineFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send + 'a>>;

/// What carries the picture. A conference has at most one room, which bears its number.
///
/// Every operation may be done twice, by a caller who does not know whether the first time succeeded: the second
/// answer is then the same. A failure leaves open whether the step was done. The operations on one room are asked
/// for one after the other; rooms don't wait for each other.
///
/// An engine keeps rooms in memory only. When it has lost them, [`admit`](Self::admit) and [`list`](Self::list) fail
/// with [`UnknownRoom`](crate::Failure::UnknownRoom), and whoever knows the conference opens the room and admits its
/// live participants again.
pub trait VideoEngine: Send + Sync {
    /// Its name, as browsers are told it: `mesh`, `janus`, `livekit`.
    fn name(&self) -> &'static str;

    /// Whether its rooms live in this process, so that no other server can reach them.
    fn is_embedded(&self) -> bool {
        false
    }

    /// Opens a room, empty. A room that is open stays as it is.
    fn open_room(&self, room: ConferenceId) -> EngineFuture<'_, ()>;

    /// Makes an identity's credential usable: it may join from now on, as often as it likes.
    ///
    /// Fails with [`Removed`](crate::Failure::Removed) if the identity was removed from this room before, and with
    /// [`UnknownRoom`](crate::Failure::UnknownRoom) if the room is not open.
    fn admit(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()>;

    /// Lets an admitted identity's browser in. What the engine has to say to it goes through `browser`, which the engine
    /// drops when it has removed the identity or closed the room. Fails as [`admit`](Self::admit) does, and with
    /// [`NotAdmitted`](crate::JoinRefused::NotAdmitted).
    fn join(&self, room: ConferenceId, identity: Identity, browser: Browser) -> JoinFuture<'_>;

    /// Takes an identity away, for good: first the fence, after which it can neither join nor be admitted, then
    /// whatever handles it has. After the answer [`list`](Self::list) does not show it.
    ///
    /// An identity that was never admitted is fenced as well. A room that is not open has nobody in it: a success.
    /// See the [removal contract](crate#the-removal-contract).
    fn remove(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()>;

    /// Who is in the room, in the order of their identities. Who is admitted and has not joined is not.
    ///
    /// Fails with [`UnknownRoom`](crate::Failure::UnknownRoom) if the room is not open.
    fn list(&self, room: ConferenceId) -> EngineFuture<'_, Vec<Occupant>>;

    /// Throws everybody out and forgets the room: its credentials, and its fences as well.
    fn close_room(&self, room: ConferenceId) -> EngineFuture<'_, ()>;
}

/// An identity that is in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupant {
    /// Who.
    pub identity: Identity,
    /// Its connections, oldest first; never none. There are two for a while when a party reconnects before the loss of
    /// the old link is noticed.
    pub handles: Vec<Handle>,
}

/// The engine's own number of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(pub u64);
