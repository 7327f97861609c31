//! The server's end of the signalling sockets (`docs/signalling.md`).

mod ice;
mod party;
mod session;
mod words;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use trialogue_media::Gateway;

pub use ice::IceServers;
pub(crate) use session::serve;

/// So many sockets may be open without having said who they are.
const STRANGERS: usize = 256;

/// The settings of signalling.
#[derive(Debug, Clone)]
pub struct SignallingSettings {
    /// How often a browser is asked whether it is still there; two without an answer, and its socket is lost.
    pub heartbeat: Duration,
    /// How long a lost socket's line is kept.
    pub grace: Duration,
    /// What helps browsers to reach each other.
    pub ice: IceServers,
}

/// What all sockets share.
pub(crate) struct Signalling {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) strangers: Semaphore,
}

impl Signalling {
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway, strangers: Semaphore::new(STRANGERS) }
    }
}
