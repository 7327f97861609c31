//! What one user has at the moment, shared by those who follow it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use trialogue_domain::{ConferenceId, Timestamp, UserId};
use trialogue_storage::{SecretHash, Standing, UserRole};

use super::{Follower, Shared, locked};

pub(super) struct StandingFeed {
    pub(super) role: UserRole,
    /// How many follow. Changed under the lock of the feeds only.
    followers: AtomicUsize,
    /// None before the first look.
    standing: watch::Sender<Option<Standing>>,
}

impl StandingFeed {
    /// Takes in what was read.
    pub(super) fn set(&self, read: Standing) {
        self.standing.send_if_modified(|standing| {
            let is_new = standing.as_ref() != Some(&read);
            *standing = Some(read);
            is_new
        });
    }
}

/// Tells what a user has at the moment, whenever it changes.
pub(crate) struct StandingFollower {
    shared: Arc<Shared>,
    feed: Arc<StandingFeed>,
    user: UserId,
    standing: watch::Receiver<Option<Standing>>,
}

impl StandingFollower {
    pub(super) fn new(shared: Arc<Shared>, role: UserRole, user: UserId) -> Self {
        let feed = {
            let mut feeds = locked(&shared.standings);
            let feed = feeds.entry(user).or_insert_with(|| {
                let (followers, standing) = (AtomicUsize::new(0), watch::Sender::new(None));
                Arc::new(StandingFeed { role, followers, standing })
            });
            feed.followers.fetch_add(1, Ordering::Relaxed);
            Arc::clone(feed)
        };
        let mut standing = feed.standing.subscribe();
        if standing.borrow().is_none() {
            shared.read_soon(|stale| _ = stale.users.insert(user));
        }
        standing.mark_changed();
        Self { shared, feed, user, standing }
    }

    /// Waits until it is another than the last one told; the first is told as soon as it is known.
    pub(super) async fn next(&mut self) -> Standing {
        loop {
            if self.standing.changed().await.is_err() {
                // Its sender is in the feed, which is held here.
                std::future::pending::<()>().await;
            }
            if let Some(standing) = &*self.standing.borrow_and_update() {
                return standing.clone();
            }
        }
    }

    /// Follows a conference from its beginning.
    pub(super) fn follow(&self, conference: ConferenceId) -> Follower {
        Follower::new(Arc::clone(&self.shared), conference, 0)
    }

    /// Whether this is a login of the user still. If that can't be asked, it is taken for one.
    pub(super) async fn is_login(&self, token: SecretHash, now: Timestamp) -> bool {
        !matches!(self.shared.store.session(token, now).await, Ok(None))
    }

    /// What the user has, as far as it is known.
    pub(super) fn now(&self) -> Option<Standing> {
        self.standing.borrow().clone()
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
