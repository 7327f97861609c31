//! Rows as the tables hold them, and the way from and to domain values.
//!
//! A row whose columns form no legal state is [`StoreError::Inconsistent`]: corrupt data cannot become a domain value.

mod call;
mod conference;
pub(crate) mod details;
mod event;
pub(crate) mod interpreter;
pub(crate) mod leg;
mod offer;
mod participant;
pub(crate) mod plan;
mod request;
mod write;

pub(crate) use call::{CallLegRow, UpdateReported};
pub(crate) use conference::{
    ConferenceRow, ConferenceState, UpdateConference, UpdateConferenceIndexed, UpdatePlace,
};
pub(crate) use event::{EventRow, kind};
pub(crate) use offer::{
    IsOpen, OfferRow, RenewOffer, UpdateOffer, lapse_code, offer_state, release_code, release_reason,
};
pub(crate) use participant::state::{CONNECTED, DISCONNECTED, INFORMED, ROUTED};
pub(crate) use participant::{
    Invitee, ParticipantRow, ParticipantState, UpdateAccountSecret, UpdateParticipant, UpdateParty,
};
pub(crate) use plan::SearchLookRow;
pub(crate) use request::{
    RequestRow, RequestState, UpdateAccepted, UpdateRequest, WantsRow, medium, outcome_code, purpose_of,
};
pub(crate) use write::{Row, Statement, row, write, write_returning_ids};

use crate::error::StoreError;

/// Reads a code through a table of all values; anything else is an inconsistency.
fn decode<T: Copy>(
    all: &[T],
    code: impl Fn(T) -> i16,
    stored: i16,
    place: (&'static str, &'static str),
    row: impl Fn() -> String,
) -> Result<T, StoreError> {
    all.iter().copied().find(|value| code(*value) == stored).ok_or_else(|| StoreError::Inconsistent {
        table: place.0,
        column: place.1,
        row: row(),
    })
}
