use diesel::prelude::*;
use trialogue_domain::{
    Conference, ConferenceId, Participant, ParticipantId, Party, Request, Stage, Timestamp, UserId,
    VacantPlace,
};

use super::{OfferRow, RequestState, row};
use crate::error::StoreError;
use crate::rows::details::RequestDetails;
use crate::schema::conferences;

row! {
    #[derive(Debug)]
    pub(crate) struct ConferenceRow inserted into conferences {
        pub(crate) id: i32,
        pub(crate) client_id: i32,
        pub(crate) start_by: Option<i64>,
        pub(crate) ended_at: Option<i64>,
        pub(crate) serviced: bool,
        pub(crate) last_seq: i32,
        pub(crate) next_deadline: Option<i64>,
        pub(crate) requested_at: i64,
        pub(crate) situation_code: i32,
        pub(crate) additional_info: Option<String>,
        pub(crate) location: Option<String>,
        pub(crate) from_language_id: Option<i32>,
        pub(crate) place_until: Option<i64>,
        pub(crate) working_id: Option<i32>,
    }
}

/// What the rules see of a conference. What the client said of its request is loaded only where it is shown.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = conferences)]
pub(crate) struct ConferenceState {
    pub(crate) id: i32,
    client_id: i32,
    start_by: Option<i64>,
    ended_at: Option<i64>,
    serviced: bool,
    last_seq: i32,
    place_until: Option<i64>,
    working_id: Option<i32>,
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
        start_by: Option<i64>,
        serviced: bool,
        last_seq: i32,
    }
}

row! {
    /// Whose place is kept, and whose turn it is. They are written only when they change, which is seldom.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct UpdatePlace updated in conferences
    where {
        id: i32 = id,
    }
    set {
        place_until: Option<i64>,
        working_id: Option<i32>,
    }
}

row! {
    /// The columns of a conference that have an index. They are written only when they change, because SQLite writes the
    /// index of each column that an update names.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct UpdateConferenceIndexed updated in conferences
    where {
        id: i32 = id,
    }
    set {
        ended_at: Option<i64>,
        next_deadline: Option<i64>,
    }
}

impl UpdateConference {
    /// The columns of this state.
    pub(crate) fn to(conference: &Conference, stored_seq: i32) -> Self {
        Self {
            id: conference.id.0,
            stored_seq,
            start_by: conference.start_by.map(|deadline| deadline.0),
            serviced: conference.serviced,
            last_seq: conference.last_seq,
        }
    }
}

/// What stands in the column for a place that is given up: a time that has always passed.
const GIVEN_UP: i64 = 0;

const fn place_until(place: VacantPlace) -> i64 {
    match place {
        VacantPlace::Kept(until) => until.0,
        VacantPlace::GivenUp => GIVEN_UP,
    }
}

const fn vacant_place(until: i64) -> VacantPlace {
    match until {
        GIVEN_UP => VacantPlace::GivenUp,
        until => VacantPlace::Kept(Timestamp(until)),
    }
}

impl UpdatePlace {
    /// The columns of this state.
    pub(crate) fn to(conference: &Conference) -> Self {
        Self {
            id: conference.id.0,
            place_until: conference.place.map(place_until),
            working_id: conference.working.map(|participant| participant.0),
        }
    }
}

impl UpdateConferenceIndexed {
    /// The columns of this state.
    pub(crate) fn to(conference: &Conference) -> Self {
        Self {
            id: conference.id.0,
            ended_at: ended_at(&conference.main.stage),
            next_deadline: conference.next_deadline().map(|deadline| deadline.0),
        }
    }
}

const fn ended_at(stage: &Stage) -> Option<i64> {
    match stage {
        Stage::Searching { .. } | Stage::Accepted { .. } => None,
        Stage::Ended { at, .. } => Some(at.0),
    }
}

impl ConferenceRow {
    /// A new conference.
    pub(crate) fn new(conference: &Conference, requested_at: Timestamp, details: RequestDetails) -> Self {
        let UpdateConference { id, stored_seq: _, start_by, serviced, last_seq } =
            UpdateConference::to(conference, 0);
        let UpdatePlace { id: _, place_until, working_id } = UpdatePlace::to(conference);
        let UpdateConferenceIndexed { id: _, ended_at, next_deadline } =
            UpdateConferenceIndexed::to(conference);
        Self {
            id,
            client_id: conference.client.0,
            start_by,
            ended_at,
            serviced,
            last_seq,
            next_deadline,
            requested_at: requested_at.0,
            situation_code: details.situation_code,
            additional_info: details.additional_info,
            location: details.location,
            from_language_id: details.from_language_id,
            place_until,
            working_id,
        }
    }
}

impl ConferenceState {
    /// The domain's value. `offers` are those of the searches that are on; empty otherwise.
    pub(crate) fn to_domain(
        &self,
        requests: &[RequestState],
        offers: &[OfferRow],
        participants: Vec<Participant>,
    ) -> Result<Conference, StoreError> {
        let is_main = |row: &&RequestState| row.id == self.id;
        let main = requests.iter().find(is_main).ok_or_else(|| self.inconsistent("id"))?.to_domain(offers)?;
        let others = requests.iter().filter(|row| !is_main(row)).map(|row| row.to_domain(offers));
        let mut others: Vec<Request> = others.collect::<Result<_, _>>()?;
        others.sort_by_key(|request| request.id);
        let has_request = |participant: &Participant| match participant.party {
            Party::SecondInterpreter(id) => others.iter().any(|request| request.id == id),
            Party::Client(_) | Party::Provider(_) | Party::Guest => true,
        };
        let has_participant =
            |request: &Request| participants.iter().any(|p| p.party == Party::SecondInterpreter(request.id));
        if !participants.iter().all(has_request)
            || !others.iter().filter(|request| request.is_live()).all(has_participant)
        {
            return Err(self.inconsistent("id"));
        }
        if self.ended_at != ended_at(&main.stage) {
            return Err(self.inconsistent("ended_at"));
        }
        if self.start_by.is_some() && !matches!(main.stage, Stage::Accepted { .. }) {
            return Err(self.inconsistent("start_by"));
        }
        Ok(Conference {
            id: ConferenceId(self.id),
            client: UserId(self.client_id),
            main,
            others,
            start_by: self.start_by.map(Timestamp),
            place: self.place_until.map(vacant_place),
            working: self.working_id.map(ParticipantId),
            serviced: self.serviced,
            participants,
            last_seq: self.last_seq,
        })
    }

    fn inconsistent(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: "conferences", column, row: self.id.to_string() }
    }
}
