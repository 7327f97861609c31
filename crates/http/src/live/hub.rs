//! The one task that reads for all followers.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use trialogue_domain::ConferenceId;
use trialogue_storage::{Change, StoreError, Wake, Wakes};

use super::feed::KEPT;
use super::{Shared, locked};

/// So often it is looked whether something was not told.
const LOOK: Duration = Duration::from_secs(5);

/// What failed is tried again after so long.
const RETRY: Duration = Duration::from_millis(500);

/// So many logs are read in one go.
const BATCH: usize = 64;

/// Reads what is new until the store is closed.
pub(super) async fn run(shared: Arc<Shared>, mut wakes: Wakes) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let look = tokio::select! {
            wake = wakes.next() => match wake {
                Some(Wake::Changed(changes)) => {
                    shared.take_in(&changes);
                    false
                }
                Some(Wake::Missed) => true,
                None => return,
            },
            _ = looks.tick() => true,
            () = shared.stale_is_filled.notified() => false,
        };
        if let Err(error) = read(&shared, look).await {
            tracing::warn!(%error, "live events: what is new could not be read; it is tried again");
            looks.reset_after(RETRY);
        }
    }
}

impl Shared {
    fn take_in(&self, changes: &[Change]) {
        let feeds = locked(&self.feeds);
        let grown = changes.iter().filter(|change| {
            feeds.get(&change.conference).is_some_and(|feed| feed.last_seq() < change.last_seq)
        });
        locked(&self.stale).extend(grown.map(|change| change.conference));
    }

    fn next_batch(&self) -> Vec<(ConferenceId, i32)> {
        let feeds = locked(&self.feeds);
        let mut stale = locked(&self.stale);
        stale
            .extract_if(|_| true)
            .filter_map(|id| feeds.get(&id).map(|feed| (id, feed.last_seq())))
            .take(BATCH)
            .collect()
    }
}

/// Reads what is new; with a look, also of those that nobody told of.
async fn read(shared: &Shared, look: bool) -> Result<(), StoreError> {
    if look {
        let known: Vec<(ConferenceId, i32)> =
            locked(&shared.feeds).iter().map(|(id, feed)| (*id, feed.last_seq())).collect();
        if !known.is_empty() {
            let grown = shared.store.grown(known).await?;
            locked(&shared.stale).extend(grown);
        }
    }
    loop {
        let batch = shared.next_batch();
        if batch.is_empty() {
            return Ok(());
        }
        read_batch(shared, batch).await?;
    }
}

async fn read_batch(shared: &Shared, batch: Vec<(ConferenceId, i32)>) -> Result<(), StoreError> {
    for (conference, read) in shared.store.log_ends(batch, KEPT).await? {
        let feed = locked(&shared.feeds).get(&conference).map(Arc::clone);
        let Some(feed) = feed else { continue };
        match read {
            Ok(events) => feed.extend(events),
            Err(error) => {
                tracing::error!(%error, conference = conference.0, "live events: a log could not be read");
                feed.cannot_be_read();
            }
        }
    }
    Ok(())
}
