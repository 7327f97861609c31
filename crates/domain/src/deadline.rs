//! Deadlines are data: each waiting state holds its own, and [`Conference::next_deadline`] is the first of them.

use std::time::Duration;

use crate::{Conference, Participant, Request, Stage, State, Timestamp};

/// How long each waiting state waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// The search for an interpreter.
    pub search: Duration,
    /// An accepted request without a call.
    pub start: Duration,
    /// The listener's yes.
    pub ring: Duration,
    /// A confirmed participant's fetch of its account.
    pub join: Duration,
    /// A guest's yes.
    pub invitation: Duration,
    /// A lost link's return.
    pub reconnect: Duration,
    /// The place of an interpreter who was lost, before another one is asked for.
    pub place: Duration,
    /// The life of an account.
    pub account: Duration,
    /// How long a sign of life counts.
    pub presence: Duration,
    /// What an interpreter has after a request, before it is rung again.
    pub wrap_up: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            search: Duration::from_mins(5),
            start: Duration::from_mins(15),
            ring: Duration::from_mins(1),
            join: Duration::from_mins(5),
            invitation: Duration::from_mins(15),
            reconnect: Duration::from_secs(30),
            place: Duration::from_mins(2),
            account: Duration::from_hours(12),
            presence: Duration::from_secs(30),
            wrap_up: Duration::ZERO,
        }
    }
}

/// When something is judged, and how long things may wait from then on.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The present.
    pub now: Timestamp,
    /// The waiting times in force.
    pub timings: &'a Timings,
}

impl Participant {
    /// When its state ends by itself.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.state {
            State::Informed { deadline } | State::Confirmed { deadline } => Some(*deadline),
            State::Routed { account } | State::Connected { account } => Some(account.expires),
            State::Disconnected { account, deadline } => Some(account.expires.min(*deadline)),
            State::Finished { .. } => None,
        }
    }
}

impl Conference {
    /// When something in it ends by itself next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        // A second interpreter's request waits as long as its participant.
        let stage = match &self.main.stage {
            Stage::Searching { deadline, .. } => Some(*deadline),
            Stage::Accepted { .. } => self.start_by,
            Stage::Ended { .. } => None,
        };
        let rings = self.requests().flat_map(Request::offers).filter_map(|offer| offer.state.until());
        let participants = self.participants.iter().filter_map(Participant::deadline);
        stage.into_iter().chain(self.place_deadline()).chain(rings).chain(participants).min()
    }
}
