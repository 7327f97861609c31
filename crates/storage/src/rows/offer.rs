use diesel::prelude::*;
use trialogue_domain::{Offer, OfferState, ReleaseReason, UserId};

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
}

/// Why a provider was released.
pub(super) const RELEASE_REASONS: [ReleaseReason; 4] =
    [ReleaseReason::Refused, ReleaseReason::Missed, ReleaseReason::Left, ReleaseReason::Replaced];

/// The state of the offer of a provider who was released.
pub(crate) const fn release_code(reason: ReleaseReason) -> i16 {
    match reason {
        ReleaseReason::Refused => offer_state::REFUSED,
        ReleaseReason::Missed => offer_state::MISSED,
        ReleaseReason::Left => offer_state::LEFT,
        ReleaseReason::Replaced => offer_state::REPLACED,
    }
}

/// The reason in the state of an offer whose provider was released.
pub(crate) fn release_reason(state: i16, row: impl Fn() -> String) -> Result<ReleaseReason, StoreError> {
    decode(&RELEASE_REASONS, release_code, state, ("offers", "state"), row)
}

impl OfferRow {
    pub(super) fn to_domain(self) -> Result<Offer, StoreError> {
        let state = match self.state {
            offer_state::OPEN => OfferState::Open,
            offer_state::DECLINED => OfferState::Declined,
            released => OfferState::Released(release_reason(released, || {
                format!("{}/{}", self.request_id, self.provider_id)
            })?),
        };
        Ok(Offer { provider: UserId(self.provider_id), state })
    }
}
