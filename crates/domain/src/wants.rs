//! What is wanted of an interpreter, beside the language.

use crate::{Gender, Specialty, UserId};

/// What a client wants of the interpreter, beside the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Wants {
    /// The gender.
    pub gender: Option<(Gender, Strength)>,
    /// The specialty.
    pub specialty: Option<(Specialty, Strength)>,
    /// The lowest level of certification.
    pub certification: Option<(i32, Strength)>,
    /// With a picture or without.
    pub medium: Medium,
    /// This very interpreter. A wish is for the plan to follow, which may ring him or her before all others.
    pub interpreter: Option<(UserId, Strength)>,
}

impl Wants {
    /// What is wanted of one more interpreter: of what is not said, the same as of the first. The first one's name is no wish for
    /// another one.
    #[must_use]
    pub fn or_as(self, first: Self) -> Self {
        Self {
            gender: self.gender.or(first.gender),
            specialty: self.specialty.or(first.specialty),
            certification: self.certification.or(first.certification),
            medium: if self.medium == Medium::default() { first.medium } else { self.medium },
            interpreter: self.interpreter,
        }
    }
}

/// How an interpreter is to be seen and heard (contract section 4, "Video option").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Medium {
    /// With a picture.
    Video(Strength),
    /// Without one.
    Audio,
}

impl Medium {
    /// The wire's number.
    pub const fn code(self) -> i32 {
        match self {
            Self::Video(Strength::Wish) => 1,
            Self::Audio => 2,
            Self::Video(Strength::Requirement) => 3,
        }
    }
}

impl Default for Medium {
    fn default() -> Self {
        Self::Video(Strength::Wish)
    }
}

/// How much something is wanted: a wish may be relaxed by the plan, a requirement never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// It may be relaxed.
    Wish,
    /// It is never relaxed.
    Requirement,
}
