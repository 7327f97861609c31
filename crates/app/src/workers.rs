//! Starts background work, supervised.

use std::sync::Arc;

use trialogue_media::Notifications;

use crate::background::Background;
use crate::jobs;
use crate::notifications::Waiting;
use crate::readiness::{Readiness, supervise};

impl Background {
    /// Starts all of it, supervised.
    pub fn start(self, seen: Notifications, readiness: &Arc<Readiness>) -> Vec<tokio::task::JoinHandle<()>> {
        let readiness = || Arc::clone(readiness);
        let (effects, deadlines, presence) = (self.clone(), self.clone(), self.clone());
        // A restarted task goes on with what the one before it had not stored.
        let seen = Arc::new(tokio::sync::Mutex::new((seen, Waiting::default())));
        vec![
            supervise(readiness(), "engine", move || jobs::run(effects.clone(), effects.stop.clone())),
            supervise(readiness(), "deadlines", move || deadlines.clone().deadlines()),
            supervise(readiness(), "presence", move || presence.clone().presence()),
            supervise(readiness(), "notifications", move || {
                let (background, seen) = (self.clone(), Arc::clone(&seen));
                async move {
                    let (seen, waiting) = &mut *seen.lock().await;
                    background.notifications(seen, waiting).await;
                }
            }),
        ]
    }
}
