//! The application: the dependencies of every use case.

use std::sync::Arc;

use trialogue_domain::{Actor, Command, Conference, Timestamp, Timings};
use trialogue_storage::{ConferenceLookup, Store};

use crate::conferences::Conferences;
use crate::error::AppError;
use crate::limits::login::LoginLimits;
use crate::links::DeliverySettings;
use crate::live::Live;
use crate::login_life::LoginLife;
use crate::password_queue::PasswordQueue;
use crate::ports::{Clock, Entropy};
use crate::readiness::Readiness;
use crate::regions::Regions;
use crate::wait_estimates::WaitEstimates;

/// The settings of the application.
#[derive(Debug, Clone)]
pub struct AppSettings {
    /// How a browser reaches this server, without a slash at the end; invitation links begin with it.
    pub public_url: String,
    /// How long each waiting state waits.
    pub timings: Timings,
    /// How long a login lasts.
    pub logins: LoginLife,
    /// How invitations are delivered; none if the inviter passes each link on.
    pub delivery: Option<DeliverySettings>,
    /// Whose requests go to other servers.
    pub regions: Regions,
    /// Number of passwords that are checked at a time.
    pub password_workers: usize,
}

/// The application. Each use case is a method, in a file of its own.
pub struct App {
    pub(crate) store: Store,
    pub(crate) conferences: Conferences,
    pub(crate) settings: AppSettings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) passwords: PasswordQueue,
    pub(crate) login_limits: LoginLimits,
    pub(crate) wait_estimates: WaitEstimates,
    live: Live,
    readiness: Arc<Readiness>,
}

impl App {
    /// Puts it together, and starts what serves live events: on the async runtime that this is called on.
    pub fn new(
        store: Store,
        settings: AppSettings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let readiness = Arc::new(Readiness::default());
        let live = Live::start(store.clone(), Arc::clone(&clock), settings.timings.presence, &readiness);
        let passwords = PasswordQueue::new(settings.password_workers.max(1));
        let login_limits = LoginLimits::new(Arc::clone(&clock), &*entropy);
        let conferences = Conferences::new(store.clone(), settings.timings);
        let wait_estimates = WaitEstimates::default();
        Self {
            store,
            conferences,
            settings,
            clock,
            entropy,
            passwords,
            login_limits,
            wait_estimates,
            live,
            readiness,
        }
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells the time.
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Conferences, changed by the rules.
    pub const fn conferences(&self) -> &Conferences {
        &self.conferences
    }

    /// The live events.
    pub const fn live(&self) -> &Live {
        &self.live
    }

    /// What the server knows of its own readiness.
    pub const fn readiness(&self) -> &Arc<Readiness> {
        &self.readiness
    }

    /// Executes a command of the domain.
    pub(crate) async fn command(
        &self,
        lookup: ConferenceLookup,
        actor: Actor,
        command: Command,
    ) -> Result<Conference, AppError> {
        Ok(self.conferences.command(lookup, actor, command, self.now()).await?)
    }
}
