//! Why a request to Janus failed.

use crate::Failure;

/// Janus' codes that we act on (the plugin's, then the core's).
pub(super) const NO_SUCH_ROOM: i32 = 426;
pub(super) const ROOM_EXISTS: i32 = 427;
pub(super) const NO_SUCH_FEED: i32 = 428;
pub(super) const UNAUTHORIZED: i32 = 433;
pub(super) const ID_EXISTS: i32 = 436;
pub(super) const NO_SUCH_SESSION: i32 = 458;
pub(super) const NO_SUCH_HANDLE: i32 = 459;

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// The link is gone, or there was none to be had.
    #[error("{0}")]
    Lost(String),
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// An answer without what was asked for.
    #[error("an answer without {0}")]
    Unreadable(&'static str),
    /// Janus said no.
    #[error("{reason} ({code})")]
    Refused { code: i32, reason: String },
}

impl Fault {
    pub(super) const fn code(&self) -> Option<i32> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Lost(_) | Self::Late | Self::Unreadable(_) => None,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused { code: NO_SUCH_ROOM, .. } => Self::UnknownRoom,
            Fault::Refused { code, reason } => Self::Refused { code, reason },
            Fault::Lost(_) | Fault::Late | Fault::Unreadable(_) => Self::Unreachable(fault.to_string()),
        }
    }
}

/// Success for a step whose aim is reached already: `codes` say so.
pub(super) fn unless_gone<T>(answer: Result<T, Fault>, codes: &[i32]) -> Result<Option<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(fault) if fault.code().is_some_and(|code| codes.contains(&code)) => Ok(None),
        Err(fault) => Err(fault),
    }
}
