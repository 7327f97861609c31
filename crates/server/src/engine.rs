//! The engine that the settings name.

use std::sync::Arc;

use anyhow::Context as _;
use trialogue_http::Clock;
use trialogue_media::{LiveKit, Mesh, Notifier, VideoEngine};

use crate::settings::Engine;

/// Makes it. It is asked nothing yet.
pub(crate) fn engine(
    which: &Engine,
    notifier: Notifier,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn VideoEngine>> {
    Ok(match which {
        Engine::Mesh => Arc::new(Mesh::new(notifier)),
        // What it sees comes by its webhook, past the notifier.
        Engine::LiveKit(settings) => {
            let clock = Arc::clone(clock);
            let engine = LiveKit::new((**settings).clone(), Arc::new(move || clock.now()));
            Arc::new(engine.context("setting up LiveKit")?)
        }
    })
}
