//! The account pair as the wire shows it (contract section 5, flags of the account pair).

use crate::{Conference, FinishReason, Participant, ParticipantId, Stage, State, Timestamp};

/// One side's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Whose.
    pub participant: ParticipantId,
    /// The end of its life.
    pub expires: Timestamp,
}

/// What the caller and the listener poll for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountPair {
    /// The client's account.
    pub caller: Option<Leg>,
    /// The provider's account.
    pub listener: Option<Leg>,
    /// Ended on purpose: stop polling. Never an account beside it.
    pub killed: bool,
    /// The media link was up and is lost; `VideoAgain` may follow.
    pub disconnected: bool,
}

/// The pair of the call that is on or was last on.
pub fn account_pair(conference: &Conference) -> AccountPair {
    let pair = conference.pair();
    // A call whose interpreter is out of the request does not go on.
    let is_released = matches!(conference.main.stage, Stage::Searching { .. }) && pair.is_some();
    let killed = !conference.is_live()
        || is_released
        || pair.is_some_and(|(c, p)| !c.is_live() && !p.is_live() && (on_purpose(c) || on_purpose(p)));
    if killed {
        return AccountPair { killed, ..AccountPair::default() };
    }
    let Some((client, provider)) = pair else { return AccountPair::default() };
    AccountPair {
        caller: leg(client),
        listener: leg(provider),
        killed,
        disconnected: link_lost(client) || link_lost(provider),
    }
}

/// An invited party's own view: only its own account.
pub fn own_account(conference: &Conference, id: ParticipantId) -> AccountPair {
    let Some(own) = conference.participant(id).filter(|_| conference.is_live()) else {
        return AccountPair { killed: true, ..AccountPair::default() };
    };
    AccountPair {
        caller: None,
        listener: leg(own),
        // A guest has no VideoAgain: once finished, it is out, whatever the reason.
        killed: !own.is_live(),
        disconnected: own.is_live() && link_lost(own),
    }
}

fn leg(participant: &Participant) -> Option<Leg> {
    participant.state.account().map(|account| Leg { participant: participant.id, expires: account.expires })
}

fn link_lost(participant: &Participant) -> bool {
    match &participant.state {
        State::Disconnected { .. } => true,
        State::Finished { reason, .. } => !ended_on_purpose(*reason),
        State::Informed { .. } | State::Confirmed { .. } | State::Routed { .. } | State::Connected { .. } => {
            false
        }
    }
}

fn on_purpose(participant: &Participant) -> bool {
    matches!(&participant.state, State::Finished { reason, .. } if ended_on_purpose(*reason))
}

const fn ended_on_purpose(reason: FinishReason) -> bool {
    match reason {
        FinishReason::Completed
        | FinishReason::Left
        | FinishReason::Declined
        | FinishReason::NoAnswer
        | FinishReason::Cancelled
        | FinishReason::Kicked(_)
        | FinishReason::Replaced
        | FinishReason::Revoked
        | FinishReason::HandedOver => true,
        FinishReason::Lost | FinishReason::Expired => false,
    }
}
