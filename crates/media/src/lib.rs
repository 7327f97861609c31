//! The video engine port and its adapters.
//!
//! The server decides who may be in a call; an engine carries the picture. What the server needs of an engine is the
//! [`VideoEngine`] port: rooms, and in them identities that are admitted once and removed for good. What an engine
//! sees comes back as [`Notification`]s. Engines know nothing of roles, of rules or of the database.
//!
//! # The removal contract
//!
//! A removal must be verified. A removal has three stages, each an event of the conference:
//!
//! 1. **pending**: the participant is finished. The server lets nobody in with its account any more, and owes the
//!    engine a [`remove`](VideoEngine::remove).
//! 2. **removed**: the engine has answered `remove`. It fences first and throws out second, so that a join which
//!    races the removal is either refused or thrown out.
//! 3. **verified**: the engine, asked again *after* that answer, lists no handle of the identity: [`is_gone`].
//!
//! Only an answer that follows the fence proves anything. An engine that answers "not found" right after a join may
//! just not have noticed the join yet; taken for a removal, that answer would leave somebody in the call. So no
//! adapter may take "not found" for "removed" unless the fence stands, and a removal that was lost or half done is
//! simply done again.

mod engine;
mod error;
mod gateway;
mod ice;
mod identity;
mod janus;
mod livekit;
mod mesh;
mod notification;
mod removal;
mod signalling;

pub use engine::{EngineFuture, Handle, Occupant, VideoEngine};
pub use error::{EngineError, Failure, Operation};
pub use gateway::{Connection, Devices, DevicesChanged, Gateway, Received};
pub use ice::{IceServer, IceServers};
pub use identity::{Identity, NotAnIdentity};
pub use janus::{Janus, JanusEvent, JanusSettings, NotEvents};
pub use livekit::{BadToken, BadWebhook, LiveKit, LiveKitKey, LiveKitSettings, Now};
pub use mesh::{Mesh, MeshSeat};
pub use notification::{Notification, Notifications, Notifier, notifications};
pub use removal::is_gone;
pub use signalling::{
    Browser, Candidate, Description, DescriptionKind, FromBrowser, JoinFuture, JoinRefused, LinkName,
    ReceiverGone, Seat, ToBrowser,
};
