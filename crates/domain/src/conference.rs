//! The aggregate: one request with its offers, its conference and its participants.
//!
//! A request has exactly one conference, and a repeated call (`VideoAgain`) goes on in it with new participants; so the
//! two share one id, one stream of events and one version.

use crate::{ConferenceId, Kind, LanguageId, Participant, ParticipantId, StateName, Timestamp, UserId};

/// At most this many invited parties may be in a conference at a time.
pub const MAX_INVITED: usize = 8;

/// Maximum number of invitations in one request, whatever became of them. It bounds what is loaded to judge a command.
pub const MAX_INVITATIONS: usize = 100;

/// Maximum number of calls in one request, for the same reason.
pub const MAX_CALLS: usize = 50;

/// A request and the conference that serves it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conference {
    /// Its number.
    pub id: ConferenceId,
    /// Who asked.
    pub client: UserId,
    /// The language asked for.
    pub language: LanguageId,
    /// How far the request has come.
    pub stage: Stage,
    /// An account was issued once: the interpreter's service has been used.
    pub serviced: bool,
    /// Everybody who was ever in it, oldest first.
    pub participants: Vec<Participant>,
    /// The sequence number of its last event; the first event has 1.
    pub last_seq: i32,
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
    /// An interpreter accepted; no call is on.
    Accepted {
        /// The interpreter.
        provider: UserId,
        /// Until when a call must be started.
        deadline: Timestamp,
    },
    /// A call is on: a client or provider participant is live.
    InCall {
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
}

/// The state of an offer while the search is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferState {
    /// May be accepted.
    Open,
    /// The provider said no.
    Declined,
    /// The provider had accepted, and is out of the request.
    Released(ReleaseReason),
}

/// Why a provider who had accepted is out of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReleaseReason {
    /// It refused the call.
    Refused,
    /// It did not confirm the call in time.
    Missed,
    /// It finished, or lost its login, before its service was used.
    Left,
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

impl Conference {
    /// The wire's request status. A request is in service from the listener's confirmation on.
    pub fn status(&self) -> RequestStatus {
        match &self.stage {
            Stage::Searching { .. } => RequestStatus::New,
            Stage::Accepted { .. } => RequestStatus::InterpreterAccepted,
            Stage::InCall { .. } => {
                let informed =
                    self.current(Kind::Provider).is_some_and(|p| p.state.name() == StateName::Informed);
                if informed { RequestStatus::InterpreterAccepted } else { RequestStatus::InService }
            }
            Stage::Ended { outcome, .. } => match outcome {
                Outcome::Serviced => RequestStatus::Serviced,
                Outcome::Cancelled => RequestStatus::Cancelled,
                Outcome::NoInterpreter => RequestStatus::NoInterpreterAvailable,
            },
        }
    }

    /// Not ended.
    pub const fn is_live(&self) -> bool {
        !matches!(self.stage, Stage::Ended { .. })
    }

    /// The interpreter who accepted.
    pub const fn provider(&self) -> Option<UserId> {
        match self.stage {
            Stage::Searching { .. } => None,
            Stage::Accepted { provider, .. } | Stage::InCall { provider } => Some(provider),
            Stage::Ended { provider, .. } => provider,
        }
    }

    /// The participant with this id.
    pub fn participant(&self, id: ParticipantId) -> Option<&Participant> {
        self.participants.iter().find(|p| p.id == id)
    }

    /// The newest participant of a kind: of the client and the provider, the one of the latest call.
    pub fn current(&self, kind: Kind) -> Option<&Participant> {
        self.participants.iter().rev().find(|p| p.kind() == kind)
    }

    /// The client and the provider of the call that is on or was last on.
    pub(crate) fn pair(&self) -> Option<(&Participant, &Participant)> {
        self.current(Kind::Client).zip(self.current(Kind::Provider))
    }

    /// The providers who may accept now, in the order of the offers.
    pub fn open_offers(&self) -> impl Iterator<Item = UserId> {
        let offers = match &self.stage {
            Stage::Searching { offers, .. } => offers.as_slice(),
            Stage::Accepted { .. } | Stage::InCall { .. } | Stage::Ended { .. } => &[],
        };
        offers.iter().filter(|o| o.state == OfferState::Open).map(|o| o.provider)
    }

    /// Why the last provider who had accepted is out of the request, while another one is searched for.
    pub fn released(&self) -> Option<ReleaseReason> {
        let Stage::Searching { offers, .. } = &self.stage else { return None };
        offers.iter().find_map(|offer| match offer.state {
            OfferState::Released(reason) => Some(reason),
            OfferState::Open | OfferState::Declined => None,
        })
    }

    /// How many participants of a kind there ever were.
    pub(crate) fn ever(&self, is_counted: impl Fn(Kind) -> bool) -> usize {
        self.participants.iter().filter(|p| is_counted(p.kind())).count()
    }

    /// The live invited parties.
    pub(crate) fn invited(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter().filter(|p| p.is_live() && !p.kind().is_principal())
    }
}
