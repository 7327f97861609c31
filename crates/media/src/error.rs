//! What can go wrong with an engine.

use std::fmt;

use trialogue_domain::ConferenceId;

use crate::Identity;

/// An operation of an engine that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} in room {room}: {failure}")]
pub struct EngineError {
    /// What was asked.
    pub operation: Operation,
    /// In which room.
    pub room: ConferenceId,
    /// What went wrong.
    pub failure: Failure,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No answer, or none that can be understood. The step may have been done.
    #[error("the engine does not answer: {0}")]
    Unreachable(String),
    /// The engine said no.
    #[error("the engine refuses ({code}): {reason}")]
    Refused {
        /// The engine's own code.
        code: i32,
        /// The engine's own words.
        reason: String,
    },
    /// The engine does not know the room: it was never opened, is closed, or was lost in a restart.
    #[error("the engine does not know the room")]
    UnknownRoom,
    /// The identity was removed before, and removed means for good.
    #[error("the identity was removed")]
    Removed,
}

/// What an engine can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// [`VideoEngine::open_room`](crate::VideoEngine::open_room).
    OpenRoom,
    /// [`VideoEngine::admit`](crate::VideoEngine::admit).
    Admit(Identity),
    /// [`VideoEngine::join`](crate::VideoEngine::join).
    Join(Identity),
    /// [`VideoEngine::remove`](crate::VideoEngine::remove).
    Remove(Identity),
    /// [`VideoEngine::list`](crate::VideoEngine::list).
    List,
    /// [`VideoEngine::close_room`](crate::VideoEngine::close_room).
    CloseRoom,
}

impl EngineError {
    /// Whether the same operation, asked for again later, may succeed. An unknown room must be opened first.
    pub const fn is_transient(&self) -> bool {
        match self.failure {
            Failure::Unreachable(_) => true,
            Failure::Refused { .. } | Failure::UnknownRoom | Failure::Removed => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenRoom => f.write_str("open"),
            Self::Admit(identity) => write!(f, "admit {identity}"),
            Self::Join(identity) => write!(f, "join {identity}"),
            Self::Remove(identity) => write!(f, "remove {identity}"),
            Self::List => f.write_str("list"),
            Self::CloseRoom => f.write_str("close"),
        }
    }
}

#[cfg(test)]
mod tests {
    use trialogue_domain::ParticipantId;

    use super::*;

    fn error(failure: Failure) -> EngineError {
        EngineError { operation: Operation::Remove(ParticipantId(9).into()), room: ConferenceId(7), failure }
    }

    #[test]
    fn it_says_what_failed_where_and_why() {
        let refused = error(Failure::Refused { code: 433, reason: "wrong pin".to_owned() });
        assert_eq!(refused.to_string(), "remove p9 in room 7: the engine refuses (433): wrong pin");
    }

    #[test]
    fn only_a_silent_engine_is_worth_asking_again() {
        assert!(error(Failure::Unreachable("timeout".to_owned())).is_transient());
        assert!(!error(Failure::UnknownRoom).is_transient());
        assert!(!error(Failure::Removed).is_transient());
        assert!(!error(Failure::Refused { code: 1, reason: String::new() }).is_transient());
    }
}
