use diesel::prelude::*;
use trialogue_domain::{
    ConferenceId, Gender, LanguageId, Medium, Outcome, Purpose, Request, RequestId, Specialty, Stage,
    Strength, Timestamp, UserId, Wants,
};

use super::{OfferRow, decode, row};
use crate::error::StoreError;
use crate::schema::requests;

/// The state of a request.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = requests)]
pub(crate) struct RequestState {
    pub(crate) conference_id: i32,
    pub(crate) id: i32,
    language_id: i32,
    provider_id: Option<i32>,
    stage: i16,
    deadline: Option<i64>,
    outcome: Option<i16>,
    ended_at: Option<i64>,
    purpose: Option<i16>,
}

/// What is wanted of the interpreter of a request, beside the language. Only a search looks at it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = requests)]
pub(crate) struct WantsRow {
    gender_option: i16,
    specialty: i16,
    specialty_required: bool,
    certification: Option<i32>,
    certification_required: bool,
    video_option: i16,
    interpreter_id: Option<i32>,
    interpreter_required: bool,
}

row! {
    /// A new request.
    #[derive(Debug)]
    pub(crate) struct RequestRow inserted into requests {
        conference_id: i32,
        id: i32,
        language_id: i32,
        provider_id: Option<i32>,
        stage: i16,
        deadline: Option<i64>,
        outcome: Option<i16>,
        ended_at: Option<i64>,
        purpose: Option<i16>,
        gender_option: i16,
        specialty: i16,
        specialty_required: bool,
        certification: Option<i32>,
        certification_required: bool,
        video_option: i16,
        interpreter_id: Option<i32>,
        interpreter_required: bool,
    }
}

row! {
    /// What events changed of a request.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct UpdateRequest updated in requests
    where {
        conference_id: i32 = conference_id,
        id: i32 = id,
    }
    set {
        provider_id: Option<i32>,
        stage: i16,
        deadline: Option<i64>,
        outcome: Option<i16>,
        ended_at: Option<i64>,
    }
}

row! {
    /// When an interpreter accepted, the first time.
    #[derive(Debug)]
    pub(crate) struct UpdateAccepted updated in requests
    where {
        pub(crate) conference_id: i32 = conference_id,
        pub(crate) id: i32 = id,
    }
    set {
        pub(crate) accepted_at: Option<i64>,
    }
}

mod stage {
    pub(super) const SEARCHING: i16 = 1;
    pub(super) const ACCEPTED: i16 = 2;
    pub(super) const ENDED: i16 = 3;
}

pub(super) const OUTCOMES: [Outcome; 3] = [Outcome::Serviced, Outcome::Cancelled, Outcome::NoInterpreter];

pub(crate) const fn outcome_code(outcome: Outcome) -> i16 {
    match outcome {
        Outcome::Serviced => 1,
        Outcome::Cancelled => 2,
        Outcome::NoInterpreter => 3,
    }
}

pub(super) const fn purpose_code(purpose: Purpose) -> i16 {
    match purpose {
        Purpose::SecondLanguage => 1,
        Purpose::Relay => 2,
        Purpose::Team => 3,
        Purpose::Successor => 4,
    }
}

/// What a second interpreter is wanted for, from its column. `row` names the request.
pub(crate) fn purpose_of(
    code: Option<i16>,
    row: impl Fn() -> String + Copy,
) -> Result<Option<Purpose>, StoreError> {
    let column = ("requests", "purpose");
    code.map(|code| decode(&Purpose::ALL, purpose_code, code, column, row)).transpose()
}

/// No preference, female preferred, female only, male preferred, male only (contract section 4, "Gender option").
const fn gender_option(wanted: Option<(Gender, Strength)>) -> i16 {
    match wanted {
        None => 1,
        Some((Gender::Female, Strength::Wish)) => 2,
        Some((Gender::Female, Strength::Requirement)) => 3,
        Some((Gender::Male, Strength::Wish)) => 4,
        Some((Gender::Male, Strength::Requirement)) => 5,
    }
}

const fn specialty_code(wanted: Option<Specialty>) -> i16 {
    match wanted {
        None => 1,
        Some(Specialty::Medical) => 2,
        Some(Specialty::Legal) => 3,
    }
}

/// Video preferred, audio only, video only (contract section 4, "Video option").
const fn video_option(medium: Medium) -> i16 {
    match medium {
        Medium::Video(Strength::Wish) => 1,
        Medium::Audio => 2,
        Medium::Video(Strength::Requirement) => 3,
    }
}

/// With a picture or without, from its column. `row` names the request.
pub(crate) fn medium(code: i16, row: impl Fn() -> String + Copy) -> Result<Medium, StoreError> {
    const ALL: [Medium; 3] =
        [Medium::Video(Strength::Wish), Medium::Audio, Medium::Video(Strength::Requirement)];
    decode(&ALL, video_option, code, ("requests", "video_option"), row)
}

const fn strength(is_required: bool) -> Strength {
    if is_required { Strength::Requirement } else { Strength::Wish }
}

fn is_required<T>(wanted: Option<(T, Strength)>) -> bool {
    wanted.is_some_and(|(_, strength)| strength == Strength::Requirement)
}

impl WantsRow {
    /// The domain's value. `row` names the request.
    pub(crate) fn to_domain(&self, row: impl Fn() -> String + Copy) -> Result<Wants, StoreError> {
        const GENDERS: [Option<(Gender, Strength)>; 5] = [
            None,
            Some((Gender::Female, Strength::Wish)),
            Some((Gender::Female, Strength::Requirement)),
            Some((Gender::Male, Strength::Wish)),
            Some((Gender::Male, Strength::Requirement)),
        ];
        const SPECIALTIES: [Option<Specialty>; 3] = [None, Some(Specialty::Medical), Some(Specialty::Legal)];
        let specialty = decode(&SPECIALTIES, specialty_code, self.specialty, ("requests", "specialty"), row)?;
        Ok(Wants {
            gender: decode(&GENDERS, gender_option, self.gender_option, ("requests", "gender_option"), row)?,
            specialty: specialty.map(|specialty| (specialty, strength(self.specialty_required))),
            certification: self.certification.map(|level| (level, strength(self.certification_required))),
            medium: medium(self.video_option, row)?,
            interpreter: self.interpreter_id.map(|id| (UserId(id), strength(self.interpreter_required))),
        })
    }
}

impl UpdateRequest {
    /// The columns of this state.
    pub(crate) fn to(conference: ConferenceId, request: &Request) -> Self {
        let (stage, deadline, outcome, ended_at) = match &request.stage {
            Stage::Searching { deadline, .. } => (stage::SEARCHING, Some(deadline.0), None, None),
            Stage::Accepted { .. } => (stage::ACCEPTED, None, None, None),
            Stage::Ended { outcome, at, .. } => {
                (stage::ENDED, None, Some(outcome_code(*outcome)), Some(at.0))
            }
        };
        Self {
            conference_id: conference.0,
            id: request.id.0,
            provider_id: request.provider().map(|p| p.0),
            stage,
            deadline,
            outcome,
            ended_at,
        }
    }
}

impl UpdateRequest {
    /// Whether the request is over.
    pub(crate) const fn is_over(&self) -> bool {
        self.stage == stage::ENDED
    }
}

impl RequestRow {
    /// A new request.
    pub(crate) fn new(conference: ConferenceId, request: &Request, wants: Wants) -> Self {
        let UpdateRequest { conference_id, id, provider_id, stage, deadline, outcome, ended_at } =
            UpdateRequest::to(conference, request);
        Self {
            conference_id,
            id,
            language_id: request.language.0,
            provider_id,
            stage,
            deadline,
            outcome,
            ended_at,
            purpose: request.purpose.map(purpose_code),
            gender_option: gender_option(wants.gender),
            specialty: specialty_code(wants.specialty.map(|(specialty, _)| specialty)),
            specialty_required: is_required(wants.specialty),
            certification: wants.certification.map(|(level, _)| level),
            certification_required: is_required(wants.certification),
            video_option: video_option(wants.medium),
            interpreter_id: wants.interpreter.map(|(interpreter, _)| interpreter.0),
            interpreter_required: is_required(wants.interpreter),
        }
    }
}

impl RequestState {
    /// Whether the search is on, so that the offers are part of the state.
    pub(crate) const fn is_searching(&self) -> bool {
        self.stage == stage::SEARCHING
    }

    /// The domain's value. `offers` are those of all requests of the conference whose search is on.
    pub(super) fn to_domain(&self, offers: &[OfferRow]) -> Result<Request, StoreError> {
        let stage = self.stage(offers.iter().filter(|offer| offer.request_id == self.id))?;
        let purpose = purpose_of(self.purpose, || self.key())?;
        let (id, language) = (RequestId(self.id), LanguageId(self.language_id));
        Ok(Request { id, language, purpose, stage })
    }

    fn stage<'a>(&self, offers: impl Iterator<Item = &'a OfferRow>) -> Result<Stage, StoreError> {
        let provider = self.provider_id.map(UserId);
        match (self.stage, provider, self.deadline, self.outcome, self.ended_at) {
            (stage::SEARCHING, None, Some(deadline), None, None) => Ok(Stage::Searching {
                offers: offers.copied().map(OfferRow::to_domain).collect::<Result<_, _>>()?,
                deadline: Timestamp(deadline),
            }),
            (stage::ACCEPTED, Some(provider), None, None, None) => Ok(Stage::Accepted { provider }),
            (stage::ENDED, provider, None, Some(outcome), Some(at)) => Ok(Stage::Ended {
                outcome: decode(&OUTCOMES, outcome_code, outcome, ("requests", "outcome"), || self.key())?,
                provider,
                at: Timestamp(at),
            }),
            _ => Err(self.inconsistent("stage")),
        }
    }

    pub(super) fn inconsistent(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: "requests", column, row: self.key() }
    }

    fn key(&self) -> String {
        format!("{}/{}", self.conference_id, self.id)
    }
}
