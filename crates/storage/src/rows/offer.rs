use diesel::backend::Backend;
use diesel::expression::ValidGrouping;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;
use trialogue_domain::{ConferenceId, Lapse, Offer, OfferState, ReleaseReason, RequestId, Timestamp, UserId};

use super::{decode, row};
use crate::error::StoreError;
use crate::schema::offers;

row! {
    #[derive(Debug, Clone, Copy, Queryable, Selectable)]
    #[diesel(table_name = offers)]
    pub(crate) struct OfferRow inserted into offers {
        pub(crate) conference_id: i32,
        pub(crate) request_id: i32,
        pub(crate) provider_id: i32,
        pub(crate) position: i32,
        pub(crate) state: i16,
        pub(crate) offered_at: i64,
        pub(crate) step: i16,
        pub(crate) rung_until: i64,
    }
}

/// That an offer is open, with its state written into the statement. Whether an index of some rows serves depends on the
/// value, so SQLite would prepare a statement with a bound one anew for each run.
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub(crate) struct IsOpen;

const _: () = assert!(offer_state::OPEN == 1, "the state in the text of IsOpen");

impl Expression for IsOpen {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for IsOpen {}

impl<QS> SelectableExpression<QS> for IsOpen {}

impl<DB: Backend> QueryFragment<DB> for IsOpen {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("offers.state = 1");
        Ok(())
    }
}

row! {
    /// An offer that is made again.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct RenewOffer updated in offers
    where {
        pub(crate) conference_id: i32 = conference_id,
        pub(crate) request_id: i32 = request_id,
        pub(crate) provider_id: i32 = provider_id,
    }
    set {
        state: i16,
        offered_at: i64,
        step: i16,
        rung_until: i64,
    }
}

row! {
    /// What became of an offer.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct UpdateOffer updated in offers
    where {
        pub(crate) conference_id: i32 = conference_id,
        pub(crate) request_id: i32 = request_id,
        pub(crate) provider_id: i32 = provider_id,
    }
    set {
        pub(crate) state: i16,
    }
}

/// The stored states of an offer. An accepted or withdrawn one exists only after the search.
pub(crate) mod offer_state {
    pub(crate) const OPEN: i16 = 1;
    pub(crate) const DECLINED: i16 = 2;
    pub(crate) const ACCEPTED: i16 = 3;
    pub(crate) const WITHDRAWN: i16 = 4;
    pub(crate) const REFUSED: i16 = 5;
    pub(crate) const MISSED: i16 = 6;
    pub(crate) const LEFT: i16 = 7;
    pub(crate) const REPLACED: i16 = 8;
    pub(crate) const NO_ANSWER: i16 = 9;
    pub(crate) const UNAVAILABLE: i16 = 10;
    pub(crate) const HANDED_OVER: i16 = 11;
}

/// Why a provider was released.
pub(super) const RELEASE_REASONS: [ReleaseReason; 5] = [
    ReleaseReason::Refused,
    ReleaseReason::Missed,
    ReleaseReason::Left,
    ReleaseReason::Replaced,
    ReleaseReason::HandedOver,
];

/// The state of the offer of a provider who was released.
pub(crate) const fn release_code(reason: ReleaseReason) -> i16 {
    match reason {
        ReleaseReason::Refused => offer_state::REFUSED,
        ReleaseReason::Missed => offer_state::MISSED,
        ReleaseReason::Left => offer_state::LEFT,
        ReleaseReason::Replaced => offer_state::REPLACED,
        ReleaseReason::HandedOver => offer_state::HANDED_OVER,
    }
}

/// The reason in the state of an offer whose provider was released.
pub(crate) fn release_reason(state: i16, row: impl Fn() -> String) -> Result<ReleaseReason, StoreError> {
    decode(&RELEASE_REASONS, release_code, state, ("offers", "state"), row)
}

/// The state of an offer of which nothing became.
pub(crate) const fn lapse_code(lapse: Lapse) -> i16 {
    match lapse {
        Lapse::NoAnswer => offer_state::NO_ANSWER,
        Lapse::Unavailable => offer_state::UNAVAILABLE,
    }
}

pub(super) const LAPSES: [Lapse; 2] = [Lapse::NoAnswer, Lapse::Unavailable];

impl RenewOffer {
    /// The row of an offer that is made once more.
    pub(crate) const fn of(row: &OfferRow) -> Self {
        let OfferRow { conference_id, request_id, provider_id, state, offered_at, step, rung_until, .. } =
            *row;
        Self { conference_id, request_id, provider_id, state, offered_at, step, rung_until }
    }
}

impl OfferRow {
    /// An offer that is made now, as the `position`th of its search.
    pub(crate) fn made(
        (conference, request, provider): (ConferenceId, RequestId, UserId),
        position: usize,
        at: Timestamp,
        (step, until): (u8, Timestamp),
    ) -> Self {
        Self {
            conference_id: conference.0,
            request_id: request.0,
            provider_id: provider.0,
            position: i32::try_from(position).unwrap_or(i32::MAX),
            state: offer_state::OPEN,
            offered_at: at.0,
            step: step.into(),
            rung_until: until.0,
        }
    }

    pub(crate) fn to_domain(self) -> Result<Offer, StoreError> {
        let key = || format!("{}/{}", self.request_id, self.provider_id);
        let state = match self.state {
            offer_state::OPEN => OfferState::Open { until: Timestamp(self.rung_until) },
            offer_state::DECLINED => OfferState::Declined,
            offer_state::NO_ANSWER => OfferState::Lapsed(Lapse::NoAnswer),
            offer_state::UNAVAILABLE => OfferState::Lapsed(Lapse::Unavailable),
            released => OfferState::Released(release_reason(released, key)?),
        };
        let step = u8::try_from(self.step).map_err(|_| StoreError::Inconsistent {
            table: "offers",
            column: "step",
            row: key(),
        })?;
        Ok(Offer { provider: UserId(self.provider_id), state, step, at: Timestamp(self.offered_at) })
    }
}
