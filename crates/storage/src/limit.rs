//! Which limits there are.

use std::time::Duration;

/// A limit on how often something is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests of one client that ended within a minute: 20.
    Requests,
    /// Invitations into one conference within a minute: 30.
    Invitations,
    /// Deliveries to one address within an hour, from all conferences: 10.
    Deliveries,
}

impl Limit {
    /// How many are allowed within the window.
    pub(crate) const fn allowed(self) -> i64 {
        match self {
            Self::Requests => 20,
            Self::Invitations => 30,
            Self::Deliveries => 10,
        }
    }

    /// The time within which they are counted.
    pub const fn window(self) -> Duration {
        match self {
            Self::Requests | Self::Invitations => Duration::from_mins(1),
            Self::Deliveries => Duration::from_hours(1),
        }
    }
}
