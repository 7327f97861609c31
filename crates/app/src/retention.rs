//! Deletes and blanks what was kept long enough.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use trialogue_storage::{Limit, Outdated, Store, StoreError};

use crate::ports::Clock;

/// Interval between two sweeps.
const INTERVAL: Duration = Duration::from_hours(1);

/// Interval after a failed one.
const RETRY: Duration = Duration::from_mins(1);

/// Pause between two steps of a sweep, so that the writer is free most of the time.
const PAUSE: Duration = Duration::from_millis(20);

/// How long expired tokens and the answers of idempotency keys are kept.
const DAY: Duration = Duration::from_hours(24);

/// What sweeps.
#[derive(Clone)]
pub struct Sweeper {
    /// What is swept.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How long personal data of an ended conference is kept; none for good.
    pub retention: Option<Duration>,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
}

impl Sweeper {
    /// Sweeps at once and every hour, until told to stop.
    pub async fn run(self) {
        let mut stop = self.stop.clone();
        let sweeps = async {
            loop {
                let pause = match self.sweep().await {
                    Ok(()) => INTERVAL,
                    Err(error) => {
                        tracing::warn!(%error, "outdated rows could not be deleted; it is tried again in a minute");
                        RETRY
                    }
                };
                sleep(pause).await;
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = sweeps => {}
        }
    }

    /// Sweeps once, in small steps.
    pub(crate) async fn sweep(&self) -> Result<(), StoreError> {
        let kept = [
            (Outdated::Tokens, Some(DAY)),
            (Outdated::Answers, Some(DAY)),
            (Outdated::Deliveries, Some(Limit::Deliveries.window())),
            (Outdated::PersonalData, self.retention),
        ];
        for (what, kept) in kept {
            let Some(kept) = kept else { continue };
            let before = self.clock.now().before(kept);
            while self.store.sweep(what, before).await? {
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }
}
