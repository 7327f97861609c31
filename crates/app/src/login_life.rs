//! How long logins last.

use std::time::Duration;

use trialogue_domain::Timestamp;
use trialogue_storage::Login;

/// How long a login lasts. Its life slides with use.
#[derive(Debug, Clone, Copy)]
pub struct LoginLife {
    /// Without use. Each use prolongs it to this again.
    pub idle: Duration,
    /// From the log-in on, whatever the use.
    pub total: Duration,
}

/// A login is written at most this often in its idle time.
const WRITES: u32 = 8;

impl LoginLife {
    /// When a new login ends.
    pub fn begins(&self, now: Timestamp) -> Timestamp {
        now.after(self.idle.min(self.total))
    }

    /// The new end of a login that is used now; none if it is not worth a write.
    pub fn prolonged(&self, login: &Login, now: Timestamp) -> Option<Timestamp> {
        let expires = now.after(self.idle).min(login.logged_in.after(self.total));
        let least = self.idle / WRITES;
        (expires > login.expires && (expires.since(login.expires) >= least || login.expires <= now))
            .then_some(expires)
    }
}
