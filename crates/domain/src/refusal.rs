//! Why a command is refused.

use crate::{CommandKind, Hindrance, Outcome, Purpose, Role, StateName};

/// A command that the rules do not allow. Its code is public: it never changes, whatever the variant is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// The target is unknown, or of another's conference: the two are alike on purpose.
    #[error("no such session or participant")]
    NotFound,
    /// The user never had a request: there is nothing that the call could be about.
    #[error("there is no request yet; a client makes one with Request/New, an interpreter accepts one")]
    NoRequest,
    /// The role may not give this command at all.
    #[error("this role may not do this")]
    NotPermitted {
        /// Whose.
        role: Role,
        /// What was asked.
        command: CommandKind,
    },
    /// The client and the provider cannot be kicked.
    #[error("the client and the interpreter of a call cannot be removed; finish the call instead")]
    PrincipalKick,
    /// The request is over.
    #[error("the request has ended ({})", .0.text())]
    RequestEnded(Outcome),
    /// No interpreter has accepted yet.
    #[error("no interpreter has accepted the request yet; it is still being offered")]
    StillSearching,
    /// Another interpreter was first, or this one accepted and can no longer decline.
    #[error("the request is no longer on offer: an interpreter has accepted it")]
    OfferTaken,
    /// A client has one live request at most.
    #[error("this client has a live request already; finish it first")]
    LiveRequest,
    /// An interpreter serves one request at a time.
    #[error("this interpreter is in another live request; finish it first")]
    ProviderBusy,
    /// An interpreter serves only with every credential for the language in force.
    #[error("a credential of this interpreter for the language of the request is not in force")]
    CredentialNotInForce,
    /// This interpreter declined the offer before.
    #[error("this interpreter declined the offer before")]
    OfferDeclined,
    /// This interpreter had accepted, and is out of the request.
    #[error("this interpreter is out of the request; another one is searched for")]
    Released,
    /// `VideoAgain` before any call.
    #[error("there was no call yet; start one with StartVideoProcess")]
    NoCallYet,
    /// There is no call to act on.
    #[error("no call is on; the client must start one")]
    NoCall,
    /// A call is on already.
    #[error("a call is on already (the interpreter is in state {})", .0.text())]
    CallRunning(StateName),
    /// An account was asked for before the listener's, or the guest's own, yes.
    #[error("not confirmed yet (state {}): no account exists before the confirmation", .0.text())]
    NotConfirmed(StateName),
    /// A no after the account was issued.
    #[error("too late to refuse in state {}; finish the call instead", .0.text())]
    AlreadyAnswered(StateName),
    /// The participant is out.
    #[error("this participant is out of the call (state Finished)")]
    ParticipantFinished,
    /// The conference holds as many invited parties as it may.
    #[error("no more than {} invited parties can be in one call; remove one first", crate::MAX_INVITED)]
    TooManyInvited,
    /// As many parties were invited into the conference as ever may be.
    #[error("no more than {} parties can be invited in one request; make a new one", crate::MAX_INVITATIONS)]
    InvitationsUsedUp,
    /// As many calls were made in the request as ever may be.
    #[error("no more than {} calls can be made in one request; make a new one", crate::MAX_CALLS)]
    CallsUsedUp,
    /// The language does not go with what the second interpreter is wanted for.
    #[error("{}", language_of(*.0))]
    OtherLanguage(Purpose),
    /// Another interpreter is to take this one's place already.
    #[error("another interpreter is to take this place already; wait for it, or remove it first")]
    SuccessorAsked,
    /// The interpreter who is to take over is not in the call.
    #[error("the successor is not in the call yet; stay until it is, or remove it and finish the call")]
    SuccessorNotPresent,
    /// There are no two interpreters here who take turns.
    #[error("these are not two interpreters who take turns; ask for one with the purpose Team first")]
    NoTeam,
}

const fn language_of(purpose: Purpose) -> &'static str {
    if purpose.is_of_same_language() {
        "for this purpose the second interpreter must speak the language of the request"
    } else {
        "for this purpose the second interpreter must speak another language than that of the request"
    }
}

impl Refusal {
    /// One value of every variant, for tables.
    pub const SAMPLES: [Self; 25] = [
        Self::NotFound,
        Self::NoRequest,
        Self::NotPermitted { role: Role::Guest, command: CommandKind::Kick },
        Self::PrincipalKick,
        Self::RequestEnded(Outcome::Serviced),
        Self::StillSearching,
        Self::OfferTaken,
        Self::LiveRequest,
        Self::ProviderBusy,
        Self::CredentialNotInForce,
        Self::OfferDeclined,
        Self::Released,
        Self::NoCallYet,
        Self::NoCall,
        Self::CallRunning(StateName::Connected),
        Self::NotConfirmed(StateName::Informed),
        Self::AlreadyAnswered(StateName::Connected),
        Self::ParticipantFinished,
        Self::TooManyInvited,
        Self::InvitationsUsedUp,
        Self::CallsUsedUp,
        Self::OtherLanguage(Purpose::Team),
        Self::SuccessorAsked,
        Self::SuccessorNotPresent,
        Self::NoTeam,
    ];

    /// The stable, machine-readable code (wire: header `X-Error-Code`).
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NoRequest => "no_request",
            Self::NotPermitted { .. } => "not_permitted",
            Self::PrincipalKick => "principal_kick",
            Self::RequestEnded(_) => "request_ended",
            Self::StillSearching => "still_searching",
            Self::OfferTaken => "offer_taken",
            Self::LiveRequest => "live_request",
            Self::ProviderBusy => "provider_busy",
            Self::CredentialNotInForce => "credential_not_in_force",
            Self::OfferDeclined => "offer_declined",
            Self::Released => "released",
            Self::NoCallYet => "no_call_yet",
            Self::NoCall => "no_call",
            Self::CallRunning(_) => "call_running",
            Self::NotConfirmed(_) => "not_confirmed",
            Self::AlreadyAnswered(_) => "already_answered",
            Self::ParticipantFinished => "participant_finished",
            Self::TooManyInvited => "too_many_invited",
            Self::InvitationsUsedUp => "invitations_used_up",
            Self::CallsUsedUp => "calls_used_up",
            Self::OtherLanguage(_) => "other_language",
            Self::SuccessorAsked => "successor_asked",
            Self::SuccessorNotPresent => "successor_not_present",
            Self::NoTeam => "no_team",
        }
    }
}

impl From<Hindrance> for Refusal {
    fn from(hindrance: Hindrance) -> Self {
        match hindrance {
            Hindrance::Busy => Self::ProviderBusy,
            Hindrance::Credential => Self::CredentialNotInForce,
        }
    }
}

impl Outcome {
    /// The reference's word for it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Serviced => "Serviced",
            Self::Cancelled => "Cancelled",
            Self::NoInterpreter => "No Interpreter Available",
        }
    }
}

impl StateName {
    /// The wire's name of the state (contract section 4).
    pub const fn text(self) -> &'static str {
        match self {
            Self::Informed => "Informed",
            Self::Confirmed => "Confirmed",
            Self::Routed => "ConferenceRouted",
            Self::Connected => "ConferenceConnected",
            Self::Disconnected => "ConferenceDisconnected",
            Self::Finished => "Finished",
        }
    }
}
