//! The engine that the settings name.

use std::sync::Arc;

use anyhow::Context as _;
use trialogue_app::Clock;
use trialogue_http::{Adapter, JanusReports};
use trialogue_media::{Janus, LiveKit, Mesh, Notifier, VideoEngine};

use crate::config::Engine;

/// What carries the picture.
pub(crate) struct Carrier {
    pub(crate) engine: Arc<dyn VideoEngine>,
    /// If it is Janus, which has a memory that outlives the server's, and may report.
    pub(crate) janus: Option<Janus>,
}

/// Makes it. It is asked nothing yet.
pub(crate) fn carrier(which: &Engine, notifier: Notifier, clock: &Arc<dyn Clock>) -> anyhow::Result<Carrier> {
    Ok(match which {
        Engine::Mesh => Carrier { engine: Arc::new(Mesh::new(notifier)), janus: None },
        Engine::Janus(choice) => {
            let janus = Janus::new(choice.engine.clone(), notifier);
            Carrier { engine: Arc::new(janus.clone()), janus: Some(janus) }
        }
        // What it sees comes by its webhook, past the notifier.
        Engine::LiveKit(settings) => {
            let clock = Arc::clone(clock);
            let engine = LiveKit::new((**settings).clone(), Arc::new(move || clock.now()));
            Carrier { engine: Arc::new(engine.context("setting up LiveKit")?), janus: None }
        }
    })
}

/// The adapter with the routes by which the engine tells and asks.
pub(crate) fn with_routes(adapter: Adapter, which: &Engine, janus: Option<Janus>) -> Adapter {
    match which {
        Engine::Mesh => adapter,
        Engine::Janus(choice) => match (janus, &choice.reports_as) {
            (Some(janus), Some((user, password))) => {
                adapter.with_janus(JanusReports::new(janus, user, password))
            }
            (_, None) | (None, _) => adapter,
        },
        Engine::LiveKit(settings) => adapter.with_livekit(settings.key.clone()),
    }
}
