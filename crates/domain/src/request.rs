//! A request: the wish for an interpreter, and the search for one.

use std::time::Duration;

use crate::{ConferenceId, LanguageId, RequestId, Timestamp, UserId};

/// A wish for an interpreter. A conference has one from its beginning, and one for each second interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// The language asked for.
    pub language: LanguageId,
    /// What a second interpreter is wanted for; none for the main request.
    pub purpose: Option<Purpose>,
    /// How far it has come.
    pub stage: Stage,
}

/// What a second interpreter is wanted for (contract section 3, `ParaSecondRequest`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Another language is needed in the call.
    SecondLanguage,
    /// The language is reached through the one of the main request: the second interpreter renders from the one into the
    /// other.
    Relay,
    /// Two interpreters of the same language take turns: one works, the other supports.
    Team,
    /// Takes the interpreter's place. The call does not end.
    Successor,
}

/// How far a request has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Offered to providers; none has accepted, or the one who had is out again.
    Searching {
        /// To whom in this search, in the order of the offers. After a release, the provider who is out stands first.
        offers: Vec<Offer>,
        /// When the search is given up.
        deadline: Timestamp,
    },
    /// An interpreter accepted.
    Accepted {
        /// The interpreter.
        provider: UserId,
    },
    /// Over, for good.
    Ended {
        /// How.
        outcome: Outcome,
        /// The interpreter, if one had accepted.
        provider: Option<UserId>,
        /// When.
        at: Timestamp,
    },
}

/// An offer of the request to one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Offer {
    /// To whom.
    pub provider: UserId,
    /// Its state.
    pub state: OfferState,
    /// The number of the step of the ring plan that made it, from 0 on.
    pub step: u8,
    /// When it was made, or the provider released.
    pub at: Timestamp,
}

/// A provider who is to be rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ring {
    /// Who.
    pub provider: UserId,
    /// The number of the step of the ring plan, from 0 on.
    pub step: u8,
    /// For how long.
    pub lasts: Duration,
}

/// The state of an offer while the search is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferState {
    /// The provider is rung.
    Open {
        /// Until when.
        until: Timestamp,
    },
    /// Nothing became of it. It may still be accepted, and made again.
    Lapsed(Lapse),
    /// The provider said no.
    Declined,
    /// The provider had accepted, and is out of the request.
    Released(ReleaseReason),
}

/// Why nothing became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lapse {
    /// The provider did not answer in time.
    NoAnswer,
    /// The provider could not take it any more: it serves another request, or has gone.
    Unavailable,
}

/// Why a provider who had accepted is out of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReleaseReason {
    /// It refused the call.
    Refused,
    /// It did not confirm the call in time.
    Missed,
    /// It finished, or lost its login, before its service was used; or it gave up its place, and nobody was found for it.
    Left,
    /// The client asked for another one.
    Replaced,
    /// Another one took its place in the call.
    HandedOver,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The interpreter's service was used.
    Serviced,
    /// Ended before, or marked unsuccessful.
    Cancelled,
    /// Nobody accepted in time.
    NoInterpreter,
}

/// The wire's request status (contract section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestStatus {
    /// Code 1.
    New,
    /// Code 2.
    InService,
    /// Code 3.
    Serviced,
    /// Code 4.
    Cancelled,
    /// Code 5.
    InterpreterAccepted,
    /// Code 9.
    NoInterpreterAvailable,
}

impl Purpose {
    /// All purposes.
    pub const ALL: [Self; 4] = [Self::SecondLanguage, Self::Relay, Self::Team, Self::Successor];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecondLanguage => "SecondLanguage",
            Self::Relay => "Relay",
            Self::Team => "Team",
            Self::Successor => "Successor",
        }
    }

    /// Whether the language of the second interpreter is the one of the main request.
    pub const fn is_of_same_language(self) -> bool {
        match self {
            Self::SecondLanguage | Self::Relay => false,
            Self::Team | Self::Successor => true,
        }
    }
}

impl OfferState {
    /// The provider is rung.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// Until when the provider is rung.
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Open { until } => Some(until),
            Self::Lapsed(_) | Self::Declined | Self::Released(_) => None,
        }
    }
}

impl From<Outcome> for RequestStatus {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Serviced => Self::Serviced,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::NoInterpreter => Self::NoInterpreterAvailable,
        }
    }
}

impl RequestStatus {
    /// The wire's number.
    pub const fn code(self) -> i32 {
        match self {
            Self::New => 1,
            Self::InService => 2,
            Self::Serviced => 3,
            Self::Cancelled => 4,
            Self::InterpreterAccepted => 5,
            Self::NoInterpreterAvailable => 9,
        }
    }

    /// The reference's words for it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::InService => "In Service",
            Self::Serviced => "Serviced",
            Self::Cancelled => "Cancelled",
            Self::InterpreterAccepted => "Interpreter Accepted",
            Self::NoInterpreterAvailable => "No Interpreter Available",
        }
    }
}

impl RequestId {
    /// The request from which a conference begins has the conference's number; all others have numbers of their own.
    pub const fn main(conference: ConferenceId) -> Self {
        Self(conference.0)
    }
}

impl Request {
    pub(crate) const fn begin(
        id: RequestId,
        language: LanguageId,
        purpose: Option<Purpose>,
        deadline: Timestamp,
    ) -> Self {
        Self { id, language, purpose, stage: Stage::Searching { offers: Vec::new(), deadline } }
    }

    /// Not ended.
    pub const fn is_live(&self) -> bool {
        !matches!(self.stage, Stage::Ended { .. })
    }

    /// The interpreter who accepted.
    pub const fn provider(&self) -> Option<UserId> {
        match self.stage {
            Stage::Searching { .. } => None,
            Stage::Accepted { provider } => Some(provider),
            Stage::Ended { provider, .. } => provider,
        }
    }

    /// Its offers while the search is on, in their order.
    pub fn offers(&self) -> &[Offer] {
        match &self.stage {
            Stage::Searching { offers, .. } => offers,
            Stage::Accepted { .. } | Stage::Ended { .. } => &[],
        }
    }

    /// The providers who are rung now, in the order of the offers.
    pub fn open_offers(&self) -> impl Iterator<Item = UserId> {
        self.offers().iter().filter(|o| o.state.is_open()).map(|o| o.provider)
    }

    /// Why the last provider who had accepted is out of the request, while another one is searched for.
    pub fn released(&self) -> Option<ReleaseReason> {
        self.offers().iter().find_map(|offer| match offer.state {
            OfferState::Released(reason) => Some(reason),
            OfferState::Open { .. } | OfferState::Lapsed(_) | OfferState::Declined => None,
        })
    }
}
