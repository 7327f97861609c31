//! What is announced of a commit.

use std::sync::Arc;

use trialogue_domain::{ConferenceId, UserId};

/// A conference whose log has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which one.
    pub conference: ConferenceId,
    /// The place of its last event.
    pub last_seq: i32,
    /// Those for whom there is a new or a lost request, an offer, or the end of a login.
    pub users: Vec<UserId>,
}

impl Change {
    /// Something about a user that is in no conference's log: its logins. No conference has this number.
    pub(crate) fn of_user(user: UserId) -> Self {
        Self { conference: ConferenceId(0), last_seq: 0, users: vec![user] }
    }
}

/// An announcement.
#[derive(Debug, Clone)]
pub enum Wake {
    /// This was committed, at this node or at another.
    Changed(Arc<[Change]>),
    /// Something may have been committed that was not announced.
    Missed,
}
