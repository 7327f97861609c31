//! The heartbeat of this node: proof that writes work, and a sign of life for the other nodes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use trialogue_storage::{NodeId, Store};

use crate::ports::Clock;
use crate::readiness::Readiness;

/// Interval between two heartbeats.
const INTERVAL: Duration = Duration::from_secs(5);

/// Interval after a failed one.
const RETRY: Duration = Duration::from_secs(1);

/// How long to wait for the commit of a heartbeat.
const PATIENCE: Duration = Duration::from_secs(5);

/// What writes heartbeats.
#[derive(Clone)]
pub struct Heartbeat {
    /// This node.
    pub node: NodeId,
    /// What is written to.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What is told.
    pub readiness: Arc<Readiness>,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
}

impl Heartbeat {
    /// Writes heartbeats until told to stop.
    pub async fn run(mut self) {
        loop {
            let pause = if self.beat().await { INTERVAL } else { RETRY };
            tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Writes one; whether it was committed.
    pub async fn beat(&self) -> bool {
        let now = self.clock.now();
        let error = match timeout(PATIENCE, self.store.heartbeat(self.node, now)).await {
            Ok(Ok(())) => {
                self.readiness.heartbeat_committed(now);
                return true;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(error, "a heartbeat was not written; the server is not ready");
        self.readiness.heartbeat_failed();
        false
    }
}
