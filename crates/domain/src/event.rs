//! What happened. The log of a conference's events is its truth; its rows are a cache of their replay.

use crate::{
    AccountIssued, FinishReason, InvitedParty, LanguageId, Lapse, Outcome, ParticipantId, ReleaseReason,
    RequestId, Timestamp, UserId,
};

/// A fact of a conference's history. It carries no personal data, and every deadline it sets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// A client asked for an interpreter; the first event of every conference.
    Requested {
        /// Who.
        client: UserId,
        /// Into which language.
        language: LanguageId,
        /// When the search is given up.
        deadline: Timestamp,
    },
    /// A request was offered to a provider.
    Offered {
        /// Which.
        request: RequestId,
        /// To whom.
        provider: UserId,
        /// The number of the step of the ring plan, from 0 on.
        step: u8,
        /// Until when the provider is rung.
        until: Timestamp,
    },
    /// Nothing became of an offer: it may be made again.
    OfferLapsed {
        /// Of which request.
        request: RequestId,
        /// To whom.
        provider: UserId,
        /// Why.
        lapse: Lapse,
    },
    /// A provider said no.
    OfferDeclined {
        /// To which request.
        request: RequestId,
        /// Who.
        provider: UserId,
    },
    /// A provider took a request.
    Accepted {
        /// Which.
        request: RequestId,
        /// Who.
        provider: UserId,
        /// Until when a call must be started, or the second interpreter's yes is waited for.
        deadline: Timestamp,
    },
    /// The caller is ready; the listener is told.
    CallStarted {
        /// The caller, confirmed by asking.
        client: ParticipantId,
        /// The listener, informed.
        provider: ParticipantId,
        /// Until when the listener's yes is waited for.
        deadline: Timestamp,
    },
    /// A party was invited; a second interpreter's request begins with it.
    Invited {
        /// Its new participant.
        participant: ParticipantId,
        /// Who it is.
        party: InvitedParty,
        /// Until when its yes, or an interpreter who accepts, is waited for.
        deadline: Timestamp,
    },
    /// A participant said yes.
    Confirmed {
        /// Who.
        participant: ParticipantId,
        /// Until when the account must be fetched; of the listener's yes, for the caller as well.
        deadline: Timestamp,
    },
    /// A media account was issued.
    AccountIssued(AccountIssued),
    /// The engine saw the participant join.
    Joined {
        /// Who.
        participant: ParticipantId,
    },
    /// The participant's media link is gone.
    Disconnected {
        /// Who.
        participant: ParticipantId,
        /// Until when it may come back.
        deadline: Timestamp,
    },
    /// A participant is out, for good. A second interpreter's request ends with it.
    Finished {
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: FinishReason,
    },
    /// No client and no provider participant is live any more; the conference waits for another call.
    CallEnded {
        /// Until when another call must be started.
        deadline: Timestamp,
    },
    /// The interpreter who had accepted a request is out of it, and another one is searched for.
    Released {
        /// Of which request.
        request: RequestId,
        /// Who.
        provider: UserId,
        /// Why.
        reason: ReleaseReason,
        /// When the search is given up.
        deadline: Timestamp,
    },
    /// The provider whose connection was lost comes back into the running call.
    Rejoined {
        /// Its new participant, confirmed by asking.
        participant: ParticipantId,
        /// Until when its account must be fetched.
        deadline: Timestamp,
    },
    /// The interpreter is out of a call that goes on: its place is kept for a while.
    PlaceKept {
        /// When another interpreter is asked for.
        deadline: Timestamp,
    },
    /// A successor takes the interpreter's place in the running call. Its own request ends with that.
    HandedOver {
        /// The interpreter who had the main request.
        from: UserId,
        /// The successor.
        participant: ParticipantId,
    },
    /// Of two interpreters who take turns, this one works from now on.
    TurnTaken {
        /// Who.
        participant: ParticipantId,
    },
    /// A finished participant was seen at the engine: it must be removed again.
    RemovalReopened {
        /// Who.
        participant: ParticipantId,
    },
    /// The engine says that it removed a finished participant.
    Removed {
        /// Who.
        participant: ParticipantId,
    },
    /// The engine, asked again, lists no handle of a finished participant.
    RemovalVerified {
        /// Who.
        participant: ParticipantId,
    },
    /// The main request is over, and with it the conference.
    Ended {
        /// How.
        outcome: Outcome,
    },
}
