use diesel::prelude::*;
use trialogue_domain::{
    Conference, ConferenceId, LanguageId, Outcome, Participant, Stage, Timestamp, UserId,
};

use super::{OfferRow, decode, row};
use crate::schema::conferences;
use crate::{RequestDetails, StoreError};

row! {
    #[derive(Debug, Queryable, Selectable)]
    #[diesel(table_name = conferences)]
    pub(crate) struct ConferenceRow inserted into conferences {
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
}

row! {
    /// What events changed of a conference. It is saved if nobody else changed the conference since it was loaded: if its
    /// last event is still `stored_seq`.
    #[derive(Debug)]
    pub(crate) struct UpdateConference updated in conferences
    where {
        id: i32 = id,
        stored_seq: i32 = last_seq,
    }
    set {
        provider_id: Option<i32>,
        stage: i16,
        stage_deadline: Option<i64>,
        outcome: Option<i16>,
        ended_at: Option<i64>,
        serviced: bool,
        last_seq: i32,
        next_deadline: Option<i64>,
    }
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

impl UpdateConference {
    /// The columns of this state.
    pub(crate) fn to(conference: &Conference, stored_seq: i32) -> Self {
        let (stage, stage_deadline, outcome, ended_at) = match &conference.stage {
            Stage::Searching { deadline, .. } => (stage::SEARCHING, Some(deadline.0), None, None),
            Stage::Accepted { deadline, .. } => (stage::ACCEPTED, Some(deadline.0), None, None),
            Stage::InCall { .. } => (stage::IN_CALL, None, None, None),
            Stage::Ended { outcome, at, .. } => {
                (stage::ENDED, None, Some(outcome_code(*outcome)), Some(at.0))
            }
        };
        Self {
            id: conference.id.0,
            stored_seq,
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
    /// A new conference.
    pub(crate) fn new(conference: &Conference, requested_at: Timestamp, details: RequestDetails) -> Self {
        let UpdateConference {
            id,
            stored_seq: _,
            provider_id,
            stage,
            stage_deadline,
            outcome,
            ended_at,
            serviced,
            last_seq,
            next_deadline,
        } = UpdateConference::to(conference, 0);
        Self {
            id,
            client_id: conference.client.0,
            provider_id,
            language_id: conference.language.0,
            stage,
            stage_deadline,
            outcome,
            ended_at,
            serviced,
            last_seq,
            next_deadline,
            requested_at: requested_at.0,
            situation_code: details.situation_code,
            additional_info: details.additional_info,
            location: details.location,
            from_language_id: details.from_language_id,
        }
    }

    /// The domain's value. `offers` are those of a search that is on; empty otherwise.
    pub(crate) fn to_domain(
        &self,
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
