//! The server's end of the signalling sockets (`docs/signalling.md`).

mod allowance;
mod party;
mod session;
mod socket;
mod strangers;
mod words;

use std::sync::Arc;
use std::time::Duration;

use trialogue_media::{Gateway, IceServers};

pub(crate) use session::{HELLO_WITHIN, serve};

use allowance::Allowances;
use strangers::Strangers;

use trialogue_app::Clock;

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
    strangers: Arc<Strangers>,
    allowances: Arc<Allowances>,
}

impl Signalling {
    pub(crate) fn new(gateway: Arc<Gateway>, clock: Arc<dyn Clock>) -> Self {
        Self { gateway, strangers: Arc::default(), allowances: Arc::new(Allowances::new(clock)) }
    }
}
