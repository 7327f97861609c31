//! What every request finds: the store, the settings, the ports.

use std::sync::Arc;
use std::time::Duration;

use trialogue_storage::Store;

use crate::delivery::DeliverySettings;
use crate::passwords::PasswordLane;
use crate::ports::{Clock, Entropy};
use crate::throttle::Throttle;

/// The settings of the adapter.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Below which path the routes are; `/API` unless configured.
    pub base_path: String,
    /// How a browser reaches this server, without a slash at the end; invitation links begin with it.
    pub public_url: String,
    /// How long a login token lives.
    pub token_life: Duration,
    /// A party without a sign of life for so long is shown as offline.
    pub presence_window: Duration,
    /// How invitations are delivered; none if the inviter passes each link on.
    pub delivery: Option<DeliverySettings>,
    /// Whether the echo route is there.
    pub conformance_echo: bool,
    /// Whether each request is logged in a line.
    pub request_log: bool,
    /// So many passwords are judged at a time.
    pub password_lane: usize,
}

/// What every request finds.
pub struct App {
    pub(crate) store: Store,
    pub(crate) settings: HttpSettings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) passwords: PasswordLane,
    pub(crate) throttle: Throttle,
}

impl App {
    /// Puts it together.
    ///
    /// # Errors
    /// The password hasher's own words; it can't happen with its default parameters.
    pub fn new(
        store: Store,
        settings: HttpSettings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, String> {
        let passwords = PasswordLane::new(settings.password_lane.max(1), &*entropy)?;
        Ok(Self { store, settings, clock, entropy, passwords, throttle: Throttle::default() })
    }
}
