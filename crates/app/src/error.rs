//! Why a use case did not do what was asked.

use std::time::Duration;

use trialogue_domain::Refusal;
use trialogue_storage::{StoreError, UserRole};

/// Why a use case did not do what was asked. The texts are for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store did not do it, or the rules refused it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The token is unknown, or its login was ended.
    #[error("the token is unknown, or its login was ended; log in again")]
    InvalidToken,
    /// The token was good, and was not used for too long, or has reached the end of its life.
    #[error("the login has expired; log in again")]
    TokenExpired,
    /// The invitation is unknown, or its guest is out of the call.
    #[error("this invitation is not valid, or no longer valid; ask to be invited again")]
    InvalidInvitation,
    /// A client's token where an interpreter's is needed, or the other way round.
    #[error("this token belongs to another role; this route is for a {}", role_name(*.0))]
    WrongRole(UserRole),
    /// The user, or the invited party, has as many streams of events as it may.
    #[error("too many streams of events are open; close one first")]
    TooManyStreams,
    /// Name or password is wrong; which of them is not said.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// Too many log-ins from one address.
    #[error("too many log-ins from this network address; try again in {} seconds", whole_seconds(*.0))]
    TooManyLogins(Duration),
    /// Too many wrong passwords.
    #[error("too many wrong passwords; try again in {} seconds", whole_seconds(*.0))]
    TooManyWrongPasswords(Duration),
    /// Too many log-ins wait for their passwords to be checked.
    #[error("too many log-ins are waiting; try again shortly")]
    TooManyWait,
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::Store(refusal.into())
    }
}

const fn role_name(role: UserRole) -> &'static str {
    match role {
        UserRole::Client => "client",
        UserRole::Provider => "provider",
    }
}

/// So many whole seconds, rounded up, and never none: who waits that long is not too early.
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
