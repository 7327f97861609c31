//! Whether an interpreter takes calls: what it says of itself, and what follows from what it does.

use std::time::Duration;

use crate::{Timestamp, is_offline};

/// Missed rings in a row after which an interpreter is [`Availability::Away`].
pub const MISSED_RINGS: u8 = 2;

/// What an interpreter says of itself; [`Availability::Away`] is said by the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Availability {
    /// Takes no calls.
    Off,
    /// Takes calls.
    On,
    /// Takes none for a while.
    Break(BreakReason),
    /// Takes none after the one that is on.
    LastCall,
    /// Missed its last rings; takes none until it says that it is there.
    Away,
}

/// Why an interpreter has a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BreakReason {
    /// A rest.
    Rest,
    /// A meal.
    Meal,
    /// Other work.
    Work,
    /// Something does not work.
    Technical,
    /// Something else.
    Other,
}

impl BreakReason {
    /// All reasons.
    pub const ALL: [Self; 5] = [Self::Rest, Self::Meal, Self::Work, Self::Technical, Self::Other];
}

/// The status of an interpreter, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InterpreterStatus {
    /// Takes no calls, or is not there.
    Offline,
    /// Free for calls.
    Available,
    /// A request is offered to it.
    Ringing,
    /// Serves a request.
    Busy,
    /// Served one, and has until this time for what is left to do.
    WrapUp(Timestamp),
    /// Has a break.
    Break(BreakReason),
    /// Serves its last call.
    LastCall,
    /// Missed its last rings.
    Away,
}

/// What is known of an interpreter at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// What it says of itself.
    pub availability: Availability,
    /// When it said so last.
    pub said_at: Option<Timestamp>,
    /// The last sign of life.
    pub last_seen: Option<Timestamp>,
    /// Serves a request.
    pub busy: bool,
    /// When the last request that it served ended.
    pub served: Option<Timestamp>,
}

impl Presence {
    /// Its status, but for ringing: whoever is available and has an open offer is [`InterpreterStatus::Ringing`].
    pub fn status(&self, now: Timestamp, window: Duration, wrap_up: Duration) -> InterpreterStatus {
        if self.busy {
            let is_last = self.availability == Availability::LastCall;
            return if is_last { InterpreterStatus::LastCall } else { InterpreterStatus::Busy };
        }
        let is_there = !is_offline(self.last_seen, now, window);
        match self.availability {
            Availability::Away => InterpreterStatus::Away,
            Availability::Break(reason) if is_there => InterpreterStatus::Break(reason),
            Availability::On if is_there => self
                .wraps_up_until(wrap_up)
                .filter(|until| *until > now)
                .map_or(InterpreterStatus::Available, InterpreterStatus::WrapUp),
            Availability::Off | Availability::LastCall | Availability::Break(_) | Availability::On => {
                InterpreterStatus::Offline
            }
        }
    }

    /// The end of the wrap-up. An interpreter that said anything after the end of its last request has none.
    fn wraps_up_until(&self, wrap_up: Duration) -> Option<Timestamp> {
        let served = self.served.filter(|served| self.said_at.is_none_or(|said| said < *served))?;
        Some(served.after(wrap_up))
    }
}

/// The rings that an interpreter missed in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MissedRings {
    /// How many.
    pub count: u8,
    /// When the last one was over.
    pub last: Option<Timestamp>,
}

impl MissedRings {
    /// With one more, of a ring that began at `rung_at` and was over at `now`. A ring that began before the last counted one
    /// was over counts with that one.
    #[must_use]
    pub fn and(self, rung_at: Timestamp, now: Timestamp) -> Self {
        let is_same = self.last.is_some_and(|last| rung_at < last);
        // `last` stays, so that rings that overlap again and again are not counted as one for ever.
        if is_same { self } else { Self { count: self.count.saturating_add(1), last: Some(now) } }
    }

    /// Whether these make an interpreter away.
    pub const fn make_away(self) -> bool {
        self.count >= MISSED_RINGS
    }
}
