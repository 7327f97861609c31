//! An open stream is a sign of life of its user: all of them are noted together, a few times in a presence window.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use trialogue_domain::{Timestamp, UserId};

use super::{Shared, locked};

pub(super) async fn run(shared: Arc<Shared>, window: Duration) {
    let step = (window / 3).max(Duration::from_millis(1));
    let mut ticks = interval(step);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let users: Vec<UserId> = locked(&shared.standings).keys().copied().collect();
        if users.is_empty() {
            continue;
        }
        let now = shared.clock.now();
        // A request of theirs may have noted it a moment ago.
        let lately = Timestamp(now.0 - i64::try_from((step / 2).as_micros()).unwrap_or(0));
        if let Err(error) = shared.store.touch_all(users, lately, now).await {
            tracing::warn!(%error, "signs of life were not noted");
        }
    }
}
