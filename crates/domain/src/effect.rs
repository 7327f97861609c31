//! What an event requires of the media engine.

use crate::{Conference, Event, ParticipantId};

/// Work for the media engine. At least once, and harmless when done twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Open the conference's room.
    OpenRoom,
    /// Make the participant's account usable.
    Admit(ParticipantId),
    /// Remove the participant's account, and make sure of it.
    Remove(ParticipantId),
    /// Close the room.
    CloseRoom,
}

/// The effects of an event on the state before it.
pub fn effects(before: &Conference, event: &Event) -> Vec<Effect> {
    match event {
        Event::AccountIssued(issued) => {
            let admit = Effect::Admit(issued.participant());
            if before.serviced { vec![admit] } else { vec![Effect::OpenRoom, admit] }
        }
        Event::Finished { participant, .. } => {
            let had_account = before.participant(*participant).is_some_and(|p| p.state.account().is_some());
            if had_account { vec![Effect::Remove(*participant)] } else { vec![] }
        }
        Event::RemovalReopened { participant } => vec![Effect::Remove(*participant)],
        Event::Ended { .. } => {
            if before.serviced {
                vec![Effect::CloseRoom]
            } else {
                vec![]
            }
        }
        Event::Requested { .. }
        | Event::Offered { .. }
        | Event::OfferLapsed { .. }
        | Event::OfferDeclined { .. }
        | Event::Accepted { .. }
        | Event::CallStarted { .. }
        | Event::Invited { .. }
        | Event::Confirmed { .. }
        | Event::Joined { .. }
        | Event::Disconnected { .. }
        | Event::CallEnded { .. }
        | Event::Released { .. }
        | Event::Rejoined { .. }
        | Event::PlaceKept { .. }
        | Event::HandedOver { .. }
        | Event::TurnTaken { .. }
        | Event::Removed { .. }
        | Event::RemovalVerified { .. } => vec![],
    }
}
