//! Identifiers and the domain's own point in time.

use std::fmt;
use std::time::Duration;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A conference (wire: `RequestConferenceSessionId`).
    ConferenceId
);
id!(
    /// A request, of whichever conference (wire: `RequestId`).
    RequestId
);
id!(
    /// One party of one conference, never used twice (wire: `RequestConferenceSessionVideoParticipantId`).
    ParticipantId
);
id!(
    /// A client or a provider who can log in.
    UserId
);
id!(
    /// A row of the language table (wire: `ToLanguageId`; 44 is Spanish).
    LanguageId
);

/// A point in time: microseconds since 1970-01-01T00:00:00Z, the finest that both databases keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment `span` later; stays at the end of time instead of overflowing.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The moment `span` earlier; stays at the beginning of time instead of overflowing.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to this moment; zero if `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}
