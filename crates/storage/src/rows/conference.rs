use diesel::prelude::*;
use trialogue_domain::{
    Conference, ConferenceId, LanguageId, Offer, OfferState, Outcome, Participant, ReleaseReason, Stage,
    Timestamp, UserId,
};

use super::decode;
use crate::StoreError;
use crate::schema::{conferences, offers};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = conferences, treat_none_as_default_value = false)]
pub(crate) struct ConferenceRow {
    pub(crate) id: i32,
    pub(crate) client_id: i32,
    pub(crate) provider_id: Option<i32>,
    pub(crate) language_id: i32,
    pub(crate) stage: i16,
    pub(crate) stage_deadline: Option<i64>,
    pub(crate) outcome: Option<i16>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) serviced: bool,
    pub(crate) last_seq: i32,
    pub(crate) next_deadline: Option<i64>,
    pub(crate) requested_at: i64,
    pub(crate) situation_code: i32,
    pub(crate) additional_info: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) from_language_id: Option<i32>,
}

/// The columns of a conference that events change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConferenceChange {
    pub(crate) provider_id: Option<i32>,
    pub(crate) stage: i16,
    pub(crate) stage_deadline: Option<i64>,
    pub(crate) outcome: Option<i16>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) serviced: bool,
    pub(crate) last_seq: i32,
    pub(crate) next_deadline: Option<i64>,
}

#[derive(Debug, Clone, Copy, Queryable, Selectable, Insertable)]
#[diesel(table_name = offers)]
pub(crate) struct OfferRow {
    pub(crate) conference_id: i32,
    pub(crate) provider_id: i32,
    pub(crate) position: i32,
    pub(crate) state: i16,
    pub(crate) offered_at: i64,
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
}

/// Why a provider was released.
pub(super) const RELEASE_REASONS: [ReleaseReason; 3] =
    [ReleaseReason::Refused, ReleaseReason::Missed, ReleaseReason::Left];

/// The state of the offer of a provider who was released.
pub(crate) const fn release_code(reason: ReleaseReason) -> i16 {
    match reason {
        ReleaseReason::Refused => offer_state::REFUSED,
        ReleaseReason::Missed => offer_state::MISSED,
        ReleaseReason::Left => offer_state::LEFT,
    }
}

/// The reason in the state of an offer whose provider was released.
pub(crate) fn release_reason(state: i16, row: impl Fn() -> String) -> Result<ReleaseReason, StoreError> {
    decode(&RELEASE_REASONS, release_code, state, ("offers", "state"), row)
}

mod stage {
    pub(super) const SEARCHING: i16 = 1;
    pub(super) const ACCEPTED: i16 = 2;
    pub(super) const IN_CALL: i16 = 3;
    pub(super) const ENDED: i16 = 4;
}

pub(super) const OUTCOMES: [Outcome; 3] = [Outcome::Serviced, Outcome::Cancelled, Outcome::NoInterpreter];

pub(crate) const fn outcome_code(outcome: Outcome) -> i16 {
    match outcome {
        Outcome::Serviced => 1,
        Outcome::Cancelled => 2,
        Outcome::NoInterpreter => 3,
    }
}

impl From<&Conference> for ConferenceChange {
    fn from(conference: &Conference) -> Self {
        let (stage, stage_deadline, outcome, ended_at) = match &conference.stage {
            Stage::Searching { deadline, .. } => (stage::SEARCHING, Some(deadline.0), None, None),
            Stage::Accepted { deadline, .. } => (stage::ACCEPTED, Some(deadline.0), None, None),
            Stage::InCall { .. } => (stage::IN_CALL, None, None, None),
            Stage::Ended { outcome, at, .. } => {
                (stage::ENDED, None, Some(outcome_code(*outcome)), Some(at.0))
            }
        };
        Self {
            provider_id: conference.provider().map(|p| p.0),
            stage,
            stage_deadline,
            outcome,
            ended_at,
            serviced: conference.serviced,
            last_seq: conference.last_seq,
            next_deadline: conference.next_deadline().map(|d| d.0),
        }
    }
}

impl ConferenceRow {
    /// The domain's value. `offers` are those of a search that is on; empty otherwise.
    pub(crate) fn into_domain(
        self,
        offers: &[OfferRow],
        participants: Vec<Participant>,
    ) -> Result<Conference, StoreError> {
        Ok(Conference {
            id: ConferenceId(self.id),
            client: UserId(self.client_id),
            language: LanguageId(self.language_id),
            stage: self.stage(offers)?,
            serviced: self.serviced,
            participants,
            last_seq: self.last_seq,
        })
    }

    /// Whether the search is on, so that the offers are part of the state.
    pub(crate) const fn is_searching(&self) -> bool {
        self.stage == stage::SEARCHING
    }

    fn stage(&self, offers: &[OfferRow]) -> Result<Stage, StoreError> {
        let provider = self.provider_id.map(UserId);
        match (self.stage, provider, self.stage_deadline, self.outcome, self.ended_at) {
            (stage::SEARCHING, None, Some(deadline), None, None) => Ok(Stage::Searching {
                offers: offers.iter().copied().map(OfferRow::to_domain).collect::<Result<_, _>>()?,
                deadline: Timestamp(deadline),
            }),
            (stage::ACCEPTED, Some(provider), Some(deadline), None, None) => {
                Ok(Stage::Accepted { provider, deadline: Timestamp(deadline) })
            }
            (stage::IN_CALL, Some(provider), None, None, None) => Ok(Stage::InCall { provider }),
            (stage::ENDED, provider, None, Some(outcome), Some(at)) => Ok(Stage::Ended {
                outcome: decode(&OUTCOMES, outcome_code, outcome, ("conferences", "outcome"), || {
                    self.id.to_string()
                })?,
                provider,
                at: Timestamp(at),
            }),
            _ => Err(StoreError::Inconsistent {
                table: "conferences",
                column: "stage",
                row: self.id.to_string(),
            }),
        }
    }
}

impl OfferRow {
    fn to_domain(self) -> Result<Offer, StoreError> {
        let state = match self.state {
            offer_state::OPEN => OfferState::Open,
            offer_state::DECLINED => OfferState::Declined,
            released => OfferState::Released(release_reason(released, || {
                format!("{}/{}", self.conference_id, self.provider_id)
            })?),
        };
        Ok(Offer { provider: UserId(self.provider_id), state })
    }
}
