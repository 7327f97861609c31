//! What every request finds: the store, the settings, the ports.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use trialogue_domain::{Moment, Observation, Refusal, UserId, observe};
use trialogue_media::{Gateway, LiveKitKey};
use trialogue_storage::{ConferenceView, NodeId, Store, StoreError, Whose};

use crate::client_address::TrustedProxies;
use crate::connections::Connections;
use crate::delivery::DeliverySettings;
use crate::live::Live;
use crate::login_limits::LoginLimits;
use crate::logins::LoginLife;
use crate::password_queue::PasswordQueue;
use crate::ports::{Clock, Entropy};
use crate::readiness::Readiness;
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
    /// How a browser reaches this server, without a slash at the end; invitation links begin with it.
    pub public_url: String,
    /// How long a login lasts.
    pub logins: LoginLife,
    /// How invitations are delivered; none if the inviter passes each link on.
    pub delivery: Option<DeliverySettings>,
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
    /// Number of passwords that are checked at a time.
    pub password_workers: usize,
    /// How long a connection is kept for the next request.
    pub keep_alive: Duration,
    /// How long the body of a request may take to arrive.
    pub body_deadline: Duration,
    /// Which proxies report the addresses of clients.
    pub proxies: TrustedProxies,
}

/// What every request finds.
pub struct App {
    pub(crate) store: Store,
    pub(crate) settings: HttpSettings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) passwords: PasswordQueue,
    pub(crate) login_limits: LoginLimits,
    pub(crate) connections: Arc<Connections>,
    pub(crate) receiving: Receiving,
    pub(crate) janus: Option<Data<JanusReports>>,
    pub(crate) livekit: Option<LiveKitKey>,
    pub(crate) live: Live,
    pub(crate) readiness: Arc<Readiness>,
    /// This node, if its engine is embedded.
    pub(crate) holder: Option<NodeId>,
    pub(crate) signalling: Signalling,
}

impl App {
    /// Puts it together, and starts what serves live events: on the async runtime that this is called on.
    pub fn new(
        store: Store,
        settings: HttpSettings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        gateway: Arc<Gateway>,
    ) -> Self {
        let passwords = PasswordQueue::new(settings.password_workers.max(1));
        let login_limits = LoginLimits::new(Arc::clone(&clock), &*entropy);
        let connections = connections(&settings, &clock, CONNECTIONS);
        let receiving = Receiving::new(settings.body_deadline);
        let readiness = Arc::new(Readiness::default());
        let live = Live::start(
            store.clone(),
            Arc::clone(&clock),
            store.timings().presence,
            settings.logins,
            settings.heartbeat,
            &readiness,
        );
        let signalling = Signalling::new(gateway, Arc::clone(&clock));
        let (janus, livekit) = (None, None);
        Self {
            store,
            settings,
            clock,
            entropy,
            passwords,
            login_limits,
            connections,
            receiving,
            janus,
            livekit,
            live,
            readiness,
            holder: None,
            signalling,
        }
    }

    /// A conference as it stands now: what is due has ended, whether or not the background work has come round to it.
    pub(crate) async fn view(&self, whose: Whose) -> Result<Option<ConferenceView>, StoreError> {
        let Some(view) = self.store.view(whose).await? else { return Ok(None) };
        Ok(Some(Arc::unwrap_or_clone(self.as_of_now(whose, Arc::new(view)).await?)))
    }

    /// The same for those who poll; the signs of life of people may be older ones.
    pub(crate) async fn polled(&self, whose: Whose) -> Result<Option<Arc<ConferenceView>>, StoreError> {
        let Some(view) = self.store.polled(whose).await? else { return Ok(None) };
        Ok(Some(self.as_of_now(whose, view).await?))
    }

    async fn as_of_now(
        &self,
        whose: Whose,
        mut view: Arc<ConferenceView>,
    ) -> Result<Arc<ConferenceView>, StoreError> {
        let (now, timings) = (self.clock.now(), self.store.timings());
        let due = observe(&view.conference, Observation::DeadlinePassed, Moment { now, timings: &timings });
        if due.is_empty() {
            return Ok(view);
        }
        let shown = Arc::make_mut(&mut view);
        shown.conference = due.iter().fold(shown.conference.clone(), |state, event| state.apply(event, now));
        let provider = shown.conference.provider();
        if let Whose::Provider(user) = whose
            && provider != Some(user)
        {
            // It missed its call a moment ago.
            self.store.observe(view.conference.id, [Observation::DeadlinePassed], now).await?;
            return Err(Refusal::Released.into());
        }
        shown.provider = shown.provider.take().filter(|person| provider == Some(person.id));
        let open: Vec<UserId> = shown.conference.open_offers().collect();
        shown.offered.retain(|offered| open.contains(&offered.person.id));
        Ok(view)
    }

    /// What the server knows of its own readiness.
    pub const fn readiness(&self) -> &Arc<Readiness> {
        &self.readiness
    }

    /// The open connections.
    pub const fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// The live events.
    pub const fn live(&self) -> &Live {
        &self.live
    }

    /// Lets parties in only to rooms that this node holds: its engine is embedded.
    #[must_use]
    pub fn with_embedded_engine(self, node: NodeId) -> Self {
        Self { holder: Some(node), ..self }
    }

    /// Lowers the maximum number of open connections. An address that is no trusted proxy may have half of them.
    #[must_use]
    pub fn with_connections(self, limit: usize) -> Self {
        let connections = connections(&self.settings, &self.clock, limit.min(CONNECTIONS));
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
