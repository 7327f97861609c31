//! The participant state machine (contract sections 4 and 5).
//!
//! Every state carries the data that exists in it, and no other. States map one to one to the wire's codes 1..6.

use crate::{LanguageId, ParticipantId, Purpose, RequestId, Timestamp, UserId};

/// One party of a conference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Participant {
    /// Unique over all conferences; also names the party's media account, which is issued at most once.
    pub id: ParticipantId,
    /// Who it is.
    pub party: Party,
    /// Where it stands.
    pub state: State,
}

/// Who a participant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The client: the caller.
    Client(UserId),
    /// The interpreter: the listener.
    Provider(UserId),
    /// An invited third party.
    Guest,
    /// A second interpreter, asked for by this request.
    SecondInterpreter(RequestId),
}

/// A party that comes in addition to the client and the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvitedParty {
    /// A third party.
    Guest,
    /// One more interpreter.
    SecondInterpreter {
        /// The new request for it.
        request: RequestId,
        /// The language asked for.
        language: LanguageId,
        /// What it is wanted for.
        purpose: Purpose,
    },
}

impl From<InvitedParty> for Party {
    fn from(invited: InvitedParty) -> Self {
        match invited {
            InvitedParty::Guest => Self::Guest,
            InvitedParty::SecondInterpreter { request, .. } => Self::SecondInterpreter(request),
        }
    }
}

/// The kind of a participant (wire: `RequestConferenceSessionVideoTypeCodeId`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Code 1.
    Client,
    /// Code 2.
    Provider,
    /// Code 3.
    Guest,
    /// Code 4.
    SecondInterpreter,
}

impl Kind {
    /// All kinds, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Client, Self::Provider, Self::Guest, Self::SecondInterpreter];

    /// The wire's number (contract section 4, "Video type of a participant").
    pub const fn code(self) -> i32 {
        match self {
            Self::Client => 1,
            Self::Provider => 2,
            Self::Guest => 3,
            Self::SecondInterpreter => 4,
        }
    }

    /// The client and the provider: the two that the call is made of. They cannot be kicked.
    pub const fn is_principal(self) -> bool {
        match self {
            Self::Client | Self::Provider => true,
            Self::Guest | Self::SecondInterpreter => false,
        }
    }
}

/// Where a participant stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum State {
    /// Told of the call; has not said yes.
    Informed {
        /// Until when a yes is waited for.
        deadline: Timestamp,
    },
    /// Said yes; no account yet.
    Confirmed {
        /// Until when the account must have been fetched.
        deadline: Timestamp,
    },
    /// Holds an account; the engine has not seen it yet.
    Routed {
        /// The media account.
        account: Account,
    },
    /// In the call.
    Connected {
        /// The media account.
        account: Account,
    },
    /// Was in the call; the link is lost.
    Disconnected {
        /// The media account.
        account: Account,
        /// Until when it may come back.
        deadline: Timestamp,
    },
    /// Out, for good.
    Finished {
        /// Why.
        reason: FinishReason,
        /// When.
        at: Timestamp,
        /// Whether the engine has let go of its account.
        removal: Removal,
    },
}

/// The name of a state, without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateName {
    /// Code 1.
    Informed,
    /// Code 2.
    Confirmed,
    /// Code 3 (wire: `ConferenceRouted`).
    Routed,
    /// Code 4 (wire: `ConferenceConnected`).
    Connected,
    /// Code 5 (wire: `ConferenceDisconnected`).
    Disconnected,
    /// Code 6.
    Finished,
}

impl StateName {
    /// All states, in the order of their codes.
    pub const ALL: [Self; 6] =
        [Self::Informed, Self::Confirmed, Self::Routed, Self::Connected, Self::Disconnected, Self::Finished];

    /// The wire's number (contract section 4, "Video status of a participant").
    pub const fn code(self) -> i32 {
        match self {
            Self::Informed => 1,
            Self::Confirmed => 2,
            Self::Routed => 3,
            Self::Connected => 4,
            Self::Disconnected => 5,
            Self::Finished => 6,
        }
    }
}

impl State {
    /// The state's name.
    pub const fn name(&self) -> StateName {
        match self {
            Self::Informed { .. } => StateName::Informed,
            Self::Confirmed { .. } => StateName::Confirmed,
            Self::Routed { .. } => StateName::Routed,
            Self::Connected { .. } => StateName::Connected,
            Self::Disconnected { .. } => StateName::Disconnected,
            Self::Finished { .. } => StateName::Finished,
        }
    }

    /// The account that is alive in this state.
    pub const fn account(&self) -> Option<&Account> {
        match self {
            Self::Routed { account } | Self::Connected { account } | Self::Disconnected { account, .. } => {
                Some(account)
            }
            Self::Informed { .. } | Self::Confirmed { .. } | Self::Finished { .. } => None,
        }
    }

    /// Not finished.
    pub const fn is_live(&self) -> bool {
        !matches!(self, Self::Finished { .. })
    }
}

impl Participant {
    /// The kind of its party.
    pub const fn kind(&self) -> Kind {
        match self.party {
            Party::Client(_) => Kind::Client,
            Party::Provider(_) => Kind::Provider,
            Party::Guest => Kind::Guest,
            Party::SecondInterpreter(_) => Kind::SecondInterpreter,
        }
    }

    /// Not finished.
    pub const fn is_live(&self) -> bool {
        self.state.is_live()
    }
}

/// A media credential. It is named by its participant's id, and a participant is issued one at most: so a fenced
/// identity never hits a later invitation of the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account {
    /// The end of its life.
    pub expires: Timestamp,
}

/// Why a participant is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FinishReason {
    /// The call was finished in the ordinary way.
    Completed,
    /// It left by itself.
    Left,
    /// It said no, or the listener did.
    Declined,
    /// Nobody answered in time.
    NoAnswer,
    /// The request was cancelled.
    Cancelled,
    /// It was removed from the call.
    Kicked(Kicker),
    /// The link was lost and did not come back within the grace.
    Lost,
    /// Its account reached the end of its life.
    Expired,
    /// The call was started again; a new participant took its place.
    Replaced,
    /// An operator ended the user's access.
    Revoked,
    /// Another interpreter took its place in the call.
    HandedOver,
}

/// Who may kick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kicker {
    /// The client.
    Client,
    /// The provider.
    Provider,
}

/// What is known of a finished participant's place at the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Removal {
    /// It never had an account.
    NotNeeded,
    /// The engine has been, or will be, told to remove it.
    Pending,
    /// The engine says it is removed.
    Removed,
    /// The engine, asked again, lists no handle of it.
    Verified,
}
