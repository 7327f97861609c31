//! One follower of a conference.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::watch;
use trialogue_domain::ConferenceId;
use trialogue_storage::StoreError;

use super::feed::{Feed, Next};
use super::{LiveEvent, Shared, locked};

/// Gives the events of a conference in their order, without a gap and none twice.
pub struct Follower {
    shared: Arc<Shared>,
    feed: Arc<Feed>,
    conference: ConferenceId,
    /// The place of the last event given.
    after: i32,
    /// What was read from the log because the feed no longer kept it.
    ready: VecDeque<Arc<LiveEvent>>,
    changes: watch::Receiver<u64>,
}

impl Follower {
    pub(super) fn new(shared: Arc<Shared>, conference: ConferenceId, after: i32) -> Self {
        let feed = {
            let mut feeds = locked(&shared.feeds);
            let feed = feeds.entry(conference).or_insert_with(|| Arc::new(Feed::new()));
            feed.followers.fetch_add(1, Ordering::Relaxed);
            Arc::clone(feed)
        };
        if feed.last_seq() == 0 {
            shared.read_soon(|stale| _ = stale.conferences.insert(conference));
        }
        let changes = feed.changes();
        Self { shared, feed, conference, after, ready: VecDeque::new(), changes }
    }

    /// Which conference.
    pub const fn conference(&self) -> ConferenceId {
        self.conference
    }

    /// Waits for the next event. Dropped while it waits, it loses nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the log could not be read; ask again after a while, it goes on where it was.
    pub async fn next(&mut self) -> Result<Arc<LiveEvent>, StoreError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.after = event.recorded.seq;
                return Ok(event);
            }
            // Seen before the look: what comes after the look wakes.
            self.changes.borrow_and_update();
            match self.feed.after(self.after) {
                Next::Event(event) => {
                    self.after = event.recorded.seq;
                    return Ok(event);
                }
                Next::Read => {
                    let read = self.shared.store.timeline_after(self.conference, self.after).await?;
                    self.ready = read.into_iter().map(|event| Arc::new(event.into())).collect();
                    if self.ready.is_empty() {
                        self.wait().await;
                    }
                }
                Next::Wait => self.wait().await,
            }
        }
    }

    async fn wait(&mut self) {
        if self.changes.changed().await.is_err() {
            // Its sender is in the feed, which is held here.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut feeds = locked(&self.shared.feeds);
        if self.feed.followers.fetch_sub(1, Ordering::Relaxed) == 1 {
            feeds.remove(&self.conference);
        }
    }
}
