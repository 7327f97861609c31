//! Ring plans: whom a request is offered to, and how the search widens (docs/ring-plans.md).

use std::time::Duration;

use crate::{Employment, UserId};

/// Maximum number of steps of a plan.
pub const MAX_STEPS: usize = 20;

/// Maximum number of interpreters that one step rings at the same time.
pub const MAX_WIDTH: usize = 100;

/// Maximum number of interpreters in a list of a plan.
pub const MAX_LISTED: usize = 1000;

/// The interpreters that the requests of a company are offered to, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// One after the other; there is one at least. A later step adds to the earlier ones.
    pub steps: Vec<PlanStep>,
    /// The lowest level of certification that is wished.
    pub certification: i32,
    /// Of what the company's clients wish, what is never relaxed, by no step.
    pub required: Vec<Wish>,
    /// The interpreters of [`Group::Preferred`].
    pub prefer: Vec<UserId>,
    /// If it is not empty, nobody else is ever rung.
    pub only: Vec<UserId>,
    /// Interpreters that are never rung.
    pub never: Vec<UserId>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStep {
    /// The interpreters that it adds.
    pub who: Group,
    /// How many of them are rung at the same time.
    pub mode: RingMode,
    /// How long each of them is rung.
    pub ring: Duration,
    /// How long after its first offer the next step begins. It begins at once when nobody of this step is left.
    pub lasts: Duration,
    /// Wishes that do not count any more, from this step on.
    pub relaxes: Vec<Wish>,
}

/// The interpreters that a step adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// All interpreters.
    Everyone,
    /// The one that the client named.
    Named,
    /// Those of the list [`Plan::prefer`].
    Preferred,
    /// Those with this employment.
    Employed(Employment),
}

/// How many interpreters of a step are rung at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RingMode {
    /// This many at the same time. The first interpreter to accept serves the request.
    Star(usize),
    /// One after the other.
    Rotating,
}

/// A wish that a plan may relax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wish {
    /// The interpreter's gender.
    Gender,
    /// The interpreter's specialty.
    Specialty,
    /// The level of certification.
    Certification,
    /// A picture. Relaxed, whoever takes calls without one is rung as well.
    Video,
}

impl Wish {
    /// All wishes.
    pub const ALL: [Self; 4] = [Self::Gender, Self::Specialty, Self::Certification, Self::Video];
}

impl RingMode {
    /// How many are rung at the same time.
    pub const fn width(self) -> usize {
        match self {
            Self::Star(width) => width,
            Self::Rotating => 1,
        }
    }
}

impl Default for Plan {
    /// The system's own: whom the client named, then staff, then freelancers, then everyone, whatever was wished.
    fn default() -> Self {
        let step = |who, width, relaxes: &[Wish]| PlanStep {
            who,
            mode: RingMode::Star(width),
            ring: Duration::from_mins(1),
            lasts: Duration::from_secs(20),
            relaxes: relaxes.to_vec(),
        };
        Self {
            steps: vec![
                step(Group::Named, 1, &[]),
                step(Group::Employed(Employment::Staff), 10, &[]),
                step(Group::Employed(Employment::Freelance), 10, &[]),
                step(Group::Everyone, 20, &Wish::ALL),
            ],
            certification: 0,
            required: Vec::new(),
            prefer: Vec::new(),
            only: Vec::new(),
            never: Vec::new(),
        }
    }
}
