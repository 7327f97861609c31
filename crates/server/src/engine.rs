//! The engine that the settings name.

use std::sync::Arc;

use anyhow::Context as _;
use trialogue_http::{App, Clock, JanusReports};
use trialogue_media::{Janus, LiveKit, Mesh, Notifier, VideoEngine};

use crate::settings::Engine;

/// The engine, and an adapter that serves the routes which it needs.
pub(crate) struct Carrier {
    pub(crate) engine: Arc<dyn VideoEngine>,
    pub(crate) app: App,
    /// It has a memory that outlives the server's.
    pub(crate) janus: Option<Janus>,
}

/// Makes it. It is asked nothing yet.
pub(crate) fn carrier(
    which: &Engine,
    app: App,
    notifier: Notifier,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Carrier> {
    Ok(match which {
        Engine::Mesh => Carrier { engine: Arc::new(Mesh::new(notifier)), app, janus: None },
        Engine::Janus(choice) => {
            let janus = Janus::new(choice.engine.clone(), notifier);
            let app = match &choice.reports_as {
                Some((user, password)) => app.with_janus(JanusReports::new(janus.clone(), user, password)),
                None => app,
            };
            Carrier { engine: Arc::new(janus.clone()), app, janus: Some(janus) }
        }
        // What it sees comes by its webhook, past the notifier.
        Engine::LiveKit(settings) => {
            let ticking = Arc::clone(clock);
            let engine = LiveKit::new((**settings).clone(), Arc::new(move || ticking.now()));
            let engine = Arc::new(engine.context("setting up LiveKit")?);
            Carrier { engine, app: app.with_livekit(settings.key.clone()), janus: None }
        }
    })
}
