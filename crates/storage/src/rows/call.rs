use trialogue_domain::ConferenceId;

use super::leg::CallLeg;
use super::row;

row! {
    /// A leg of a call, as the client reported it.
    pub(crate) struct CallLegRow inserted into call_legs {
        conference_id: i32,
        position: i32,
        started_at: Option<i64>,
        ended_at: Option<i64>,
        call_time: String,
        successful: bool,
        additional_info: Option<String>,
        third_party_call_id: Option<String>,
    }
}

impl CallLegRow {
    pub(crate) fn new(conference: ConferenceId, position: i32, leg: &CallLeg) -> Self {
        Self {
            conference_id: conference.0,
            position,
            started_at: leg.started.map(|t| t.0),
            ended_at: leg.ended.map(|t| t.0),
            call_time: leg.call_time.clone(),
            successful: leg.successful,
            additional_info: leg.additional_info.clone(),
            third_party_call_id: leg.third_party_call_id.clone(),
        }
    }
}

row! {
    /// A call was reported after its personal data was blanked: the next sweep blanks the texts of the report.
    pub(crate) struct UpdateReported updated in conferences
    where {
        id: i32 = id,
        was_blanked: bool = blanked,
    }
    set {
        blanked: bool,
    }
}

impl UpdateReported {
    pub(crate) const fn new(conference: ConferenceId) -> Self {
        Self { id: conference.0, was_blanked: true, blanked: false }
    }
}
