//! What every request finds: the application, and what belongs to HTTP alone.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use trialogue_app::{App, Clock, Live, Readiness};
use trialogue_media::{Gateway, LiveKitKey};
use trialogue_storage::NodeId;

use crate::client_address::TrustedProxies;
use crate::connections::Connections;
use crate::receiving::Receiving;
use crate::routes::JanusReports;
use crate::signalling::{Signalling, SignallingSettings};

/// Maximum number of open connections, unless fewer are allowed.
const CONNECTIONS: usize = 16_384;

/// The settings of the adapter.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Below which path the routes are; `/API` unless configured.
    pub base_path: String,
    /// A stream of live events is never silent for longer than this.
    pub heartbeat: Duration,
    /// Of the signalling sockets.
    pub signalling: SignallingSettings,
    /// Whether the echo route is there.
    pub conformance_echo: bool,
    /// Whether each request is logged in a line.
    pub request_log: bool,
    /// Whether each request is counted and timed, with the `metrics` facade.
    pub metrics: bool,
    /// How long a connection is kept for the next request.
    pub keep_alive: Duration,
    /// How long the body of a request may take to arrive.
    pub body_deadline: Duration,
    /// Which proxies report the addresses of clients.
    pub proxies: TrustedProxies,
    /// The origins whose pages may use the API from a browser, beside this server's own.
    pub allowed_origins: Vec<String>,
}

/// What every request finds.
pub struct Adapter {
    pub(crate) app: App,
    pub(crate) settings: HttpSettings,
    pub(crate) connections: Arc<Connections>,
    pub(crate) receiving: Receiving,
    pub(crate) janus: Option<Data<JanusReports>>,
    pub(crate) livekit: Option<LiveKitKey>,
    /// This node, if its engine is embedded.
    pub(crate) node: Option<NodeId>,
    pub(crate) signalling: Signalling,
}

impl Adapter {
    /// Puts it together.
    pub fn new(app: App, settings: HttpSettings, gateway: Arc<Gateway>) -> Self {
        let connections = connections(&settings, app.clock(), CONNECTIONS);
        let receiving = Receiving::new(settings.body_deadline);
        let signalling = Signalling::new(gateway, Arc::clone(app.clock()));
        let (janus, livekit) = (None, None);
        Self { app, settings, connections, receiving, janus, livekit, node: None, signalling }
    }

    /// What the server knows of its own readiness.
    pub const fn readiness(&self) -> &Arc<Readiness> {
        self.app.readiness()
    }

    /// The open connections.
    pub const fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// The live events.
    pub const fn live(&self) -> &Live {
        self.app.live()
    }

    /// Lets parties in only to rooms that this node holds: its engine is embedded.
    #[must_use]
    pub fn with_embedded_engine(self, node: NodeId) -> Self {
        Self { node: Some(node), ..self }
    }

    /// Lowers the maximum number of open connections. An address that is no trusted proxy may have half of them.
    #[must_use]
    pub fn with_connections(self, limit: usize) -> Self {
        let connections = connections(&self.settings, self.app.clock(), limit.min(CONNECTIONS));
        Self { connections, ..self }
    }

    /// Takes in what a Janus tells.
    #[must_use]
    pub fn with_janus(self, reports: JanusReports) -> Self {
        Self { janus: Some(Data::new(reports)), ..self }
    }

    /// Serves the admission gate and the webhook of a `LiveKit` with this key.
    #[must_use]
    pub fn with_livekit(self, key: LiveKitKey) -> Self {
        Self { livekit: Some(key), ..self }
    }
}

fn connections(settings: &HttpSettings, clock: &Arc<dyn Clock>, limit: usize) -> Arc<Connections> {
    let (keep_alive, proxies) = (settings.keep_alive, settings.proxies.clone());
    Arc::new(Connections::new(limit, keep_alive, proxies, Arc::clone(clock)))
}
