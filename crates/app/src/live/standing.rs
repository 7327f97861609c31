//! What one user has at the moment, shared by those who follow it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use trialogue_domain::{ConferenceId, UserId};
use trialogue_storage::{Standing, UserRole};

use super::{Follower, Shared, locked};

pub(super) struct StandingFeed {
    pub(super) role: UserRole,
    /// How many follow. Changed under the lock of the feeds only.
    followers: AtomicUsize,
    /// None before the first look.
    known: watch::Sender<Option<LatestStanding>>,
}

/// What is known of a user.
#[derive(Clone, PartialEq, Eq)]
pub struct LatestStanding {
    /// What the user has at the moment.
    pub standing: Standing,
    /// The request that is live, or was when the hub last saw one: a follower may be slower than a short call.
    pub latest: Option<ConferenceId>,
}

impl StandingFeed {
    /// Takes in what was read.
    pub(super) fn set(&self, read: Standing) {
        self.known.send_if_modified(|known| {
            let latest = read.live.or_else(|| known.as_ref()?.latest);
            let now = Some(LatestStanding { standing: read, latest });
            let is_new = *known != now;
            *known = now;
            is_new
        });
    }
}

/// Tells what a user has at the moment, whenever it changes.
pub struct StandingFollower {
    shared: Arc<Shared>,
    feed: Arc<StandingFeed>,
    user: UserId,
    known: watch::Receiver<Option<LatestStanding>>,
}

impl StandingFollower {
    pub(super) fn new(shared: Arc<Shared>, role: UserRole, user: UserId) -> Self {
        let feed = {
            let mut feeds = locked(&shared.standings);
            let feed = feeds.entry(user).or_insert_with(|| {
                let (followers, known) = (AtomicUsize::new(0), watch::Sender::new(None));
                Arc::new(StandingFeed { role, followers, known })
            });
            feed.followers.fetch_add(1, Ordering::Relaxed);
            Arc::clone(feed)
        };
        let mut known = feed.known.subscribe();
        if known.borrow().is_none() {
            shared.read_soon(|stale| _ = stale.users.insert(user));
        }
        known.mark_changed();
        Self { shared, feed, user, known }
    }

    /// Waits for a value that differs from the last one returned. The first is returned as soon as it is read.
    pub async fn next(&mut self) -> LatestStanding {
        loop {
            if self.known.changed().await.is_err() {
                // Its sender is in the feed, which is held here.
                std::future::pending::<()>().await;
            }
            if let Some(known) = &*self.known.borrow_and_update() {
                return known.clone();
            }
        }
    }

    /// Follows a conference from its beginning.
    pub fn follow(&self, conference: ConferenceId) -> Follower {
        Follower::new(Arc::clone(&self.shared), conference, 0)
    }

    /// What the user has, as far as it is known.
    pub fn now(&self) -> Option<LatestStanding> {
        self.known.borrow().clone()
    }
}

impl Drop for StandingFollower {
    fn drop(&mut self) {
        let mut feeds = locked(&self.shared.standings);
        if self.feed.followers.fetch_sub(1, Ordering::Relaxed) == 1 {
            feeds.remove(&self.user);
        }
    }
}
