//! The name of a participant at an engine.

use std::fmt;
use std::str::FromStr;

use trialogue_domain::ParticipantId;

/// The name of a participant's account at an engine: `p` and the participant's number. A participant has one account
/// at most and is never used twice, so that a fenced identity never hits a later invitation of the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(ParticipantId);

/// A text that is no [`Identity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identity: it must be `p` and a participant's number")]
pub struct NotAnIdentity;

impl Identity {
    /// Whose it is.
    pub const fn participant(self) -> ParticipantId {
        self.0
    }
}

impl From<ParticipantId> for Identity {
    fn from(participant: ParticipantId) -> Self {
        Self(participant)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl FromStr for Identity {
    type Err = NotAnIdentity;

    /// Reads back exactly what is displayed: one participant has one spelling.
    fn from_str(text: &str) -> Result<Self, NotAnIdentity> {
        let number = text.strip_prefix('p').and_then(|digits| digits.parse().ok()).ok_or(NotAnIdentity)?;
        let identity = Self(ParticipantId(number));
        if identity.to_string() == text { Ok(identity) } else { Err(NotAnIdentity) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_as_it_is_displayed() {
        for number in [1, 42, i32::MAX] {
            let identity = Identity::from(ParticipantId(number));
            assert_eq!(identity.to_string(), format!("p{number}"));
            assert_eq!(identity.to_string().parse(), Ok(identity));
            assert_eq!(identity.participant(), ParticipantId(number));
        }
    }

    #[test]
    fn nothing_else_is_an_identity() {
        for text in ["", "p", "1", "P1", "p01", "p+1", " p1", "p1 ", "p1x", "p2147483648", "pp1"] {
            assert_eq!(text.parse::<Identity>(), Err(NotAnIdentity), "{text:?}");
        }
    }
}
