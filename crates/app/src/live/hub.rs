//! The one task that reads for all followers.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use trialogue_domain::{ConferenceId, UserId};
use trialogue_storage::{Change, StoreError, UserRole, Wake, Wakes};

use super::feed::KEPT;
use super::{Shared, locked};

/// Interval at which the hub polls, in case a notification was lost.
const LOOK: Duration = Duration::from_secs(5);

/// Delay before a read that failed is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Maximum number of logs that are read in one operation: requests wait for a reader meanwhile.
const LOGS: usize = 64;

/// Maximum number of users that are read in one operation.
const USERS: usize = 1000;

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

/// Reads what is new; with a look, also what nobody told of.
async fn read(shared: &Shared, look: bool) -> Result<(), StoreError> {
    if look {
        let known: Vec<(ConferenceId, i32)> =
            locked(&shared.feeds).iter().map(|(id, feed)| (*id, feed.last_seq())).collect();
        let users: Vec<UserId> = locked(&shared.standings).keys().copied().collect();
        let grown = if known.is_empty() { Vec::new() } else { shared.store.grown(known).await? };
        let mut stale = locked(&shared.stale);
        stale.conferences.extend(grown);
        stale.users.extend(users);
    }
    loop {
        let users = shared.next_users();
        if users.is_empty() {
            break;
        }
        for (user, standing) in shared.store.standings(users).await? {
            if let Some(feed) = locked(&shared.standings).get(&user) {
                feed.set(standing);
            }
        }
    }
    loop {
        let logs = shared.next_logs();
        if logs.is_empty() {
            return Ok(());
        }
        read_logs(shared, logs).await?;
    }
}

async fn read_logs(shared: &Shared, logs: Vec<(ConferenceId, i32)>) -> Result<(), StoreError> {
    for (conference, read) in shared.store.log_ends(logs, KEPT).await? {
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

impl Shared {
    fn take_in(&self, changes: &[Change]) {
        let feeds = locked(&self.feeds);
        let grown = changes.iter().filter(|change| {
            feeds.get(&change.conference).is_some_and(|feed| feed.last_seq() < change.last_seq)
        });
        let grown: Vec<ConferenceId> = grown.map(|change| change.conference).collect();
        drop(feeds);
        let standings = locked(&self.standings);
        let users = changes.iter().flat_map(|change| &change.users).copied();
        let users: Vec<UserId> = users.filter(|user| standings.contains_key(user)).collect();
        drop(standings);
        let mut stale = locked(&self.stale);
        stale.conferences.extend(grown);
        stale.users.extend(users);
    }

    fn next_logs(&self) -> Vec<(ConferenceId, i32)> {
        let feeds = locked(&self.feeds);
        let followed = |id| feeds.get(&id).map(|feed| (id, feed.last_seq()));
        locked(&self.stale).conferences.extract_if(|_| true).filter_map(followed).take(LOGS).collect()
    }

    fn next_users(&self) -> Vec<(UserRole, UserId)> {
        let standings = locked(&self.standings);
        let followed = |id| standings.get(&id).map(|feed| (feed.role, id));
        locked(&self.stale).users.extract_if(|_| true).filter_map(followed).take(USERS).collect()
    }
}
