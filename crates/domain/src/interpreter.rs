//! What an interpreter is matched by, beside languages and presence.

use crate::{LanguageId, Timestamp};

/// How an interpreter wishes to be addressed, where that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gender {
    /// As a woman.
    Female,
    /// As a man.
    Male,
}

/// What an interpreter is trained for, beside general conversation (contract section 4, "Specialty").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Specialty {
    /// Code 2.
    Medical,
    /// Code 3.
    Legal,
}

impl Specialty {
    /// All specialties, in the order of their codes.
    pub const ALL: [Self; 2] = [Self::Medical, Self::Legal];

    /// The wire's number.
    pub const fn code(self) -> i32 {
        match self {
            Self::Medical => 2,
            Self::Legal => 3,
        }
    }
}

/// For whom an interpreter works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Employment {
    /// The organisation's own.
    Staff,
    /// For himself or herself.
    Freelance,
    /// Another firm.
    Vendor,
}

/// A credential of an interpreter: a certificate, a licence, a clearance. One that is kept must be in force for the interpreter to serve: who needs none has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Credential {
    /// The language it is for; none if it is for all.
    pub language: Option<LanguageId>,
    /// From when on it is in force.
    pub effective: Timestamp,
    /// From when on it is not any more; none if it has no end.
    pub expires: Option<Timestamp>,
}

impl Credential {
    /// Whether it is in force.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.effective <= now && self.expires.is_none_or(|expires| now < expires)
    }
}

/// Whether an interpreter with these credentials may serve in this language: all that are for it are in force.
pub fn are_in_force(credentials: &[Credential], language: LanguageId, now: Timestamp) -> bool {
    let concerned = credentials.iter().filter(|c| c.language.is_none_or(|of| of == language));
    concerned.into_iter().all(|credential| credential.is_in_force(now))
}
