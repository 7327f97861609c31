use diesel::prelude::*;
use trialogue_domain::{
    Availability, BreakReason, Employment, Gender, MissedRings, Specialty, Timestamp, UserId,
};

use super::{decode, row};
use crate::error::StoreError;
use crate::schema::interpreters;

/// What clients are shown of an interpreter, and requests are matched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The organisation's own number.
    pub number: Option<String>,
    /// How the interpreter wishes to be addressed.
    pub gender: Option<Gender>,
    /// For whom the interpreter works.
    pub employment: Employment,
    /// The level of certification; 0 is none.
    pub certification: i32,
    /// The rate, in hundredths.
    pub rate: i32,
    /// The number of the special type.
    pub special_type: i32,
    /// Takes calls without a picture.
    pub takes_calls: bool,
    /// Takes video calls.
    pub takes_video: bool,
    /// Takes text chats.
    pub takes_text: bool,
}

impl Default for Profile {
    /// Of an interpreter of whom nothing more is known: staff, for calls with a picture and without.
    fn default() -> Self {
        Self {
            number: None,
            gender: None,
            employment: Employment::Staff,
            certification: 0,
            rate: 0,
            special_type: 1,
            takes_calls: true,
            takes_video: true,
            takes_text: false,
        }
    }
}

row! {
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = interpreters)]
    pub(crate) struct InterpreterRow inserted into interpreters {
        id: i32,
        number: Option<String>,
        gender: Option<i16>,
        employment: i16,
        certification: i32,
        rate: i32,
        special_type: i32,
        takes_calls: bool,
        takes_video: bool,
        takes_text: bool,
    }
}

const AVAILABILITIES: [Availability; 9] = [
    Availability::Off,
    Availability::On,
    Availability::LastCall,
    Availability::Away,
    Availability::Break(BreakReason::Rest),
    Availability::Break(BreakReason::Meal),
    Availability::Break(BreakReason::Work),
    Availability::Break(BreakReason::Technical),
    Availability::Break(BreakReason::Other),
];

pub(crate) const fn availability_code(availability: Availability) -> i16 {
    match availability {
        Availability::Off => 0,
        Availability::On => 1,
        Availability::LastCall => 2,
        Availability::Away => 3,
        Availability::Break(BreakReason::Rest) => 10,
        Availability::Break(BreakReason::Meal) => 11,
        Availability::Break(BreakReason::Work) => 12,
        Availability::Break(BreakReason::Technical) => 13,
        Availability::Break(BreakReason::Other) => 14,
    }
}

pub(crate) fn availability(user: UserId, code: i16) -> Result<Availability, StoreError> {
    decode(&AVAILABILITIES, availability_code, code, ("users", "availability"), || user.to_string())
}

pub(crate) fn missed_rings(user: UserId, count: i16, last: Option<i64>) -> Result<MissedRings, StoreError> {
    let count = u8::try_from(count).map_err(|_| StoreError::Inconsistent {
        table: "interpreters",
        column: "missed_rings",
        row: user.to_string(),
    })?;
    Ok(MissedRings { count, last: last.map(Timestamp) })
}

pub(crate) fn gender(user: UserId, code: Option<i16>) -> Result<Option<Gender>, StoreError> {
    let of = |code| decode(&GENDERS, gender_code, code, ("interpreters", "gender"), || user.to_string());
    code.map(of).transpose()
}

pub(crate) fn employment(user: UserId, code: i16) -> Result<Employment, StoreError> {
    decode(&EMPLOYMENTS, employment_code, code, ("interpreters", "employment"), || user.to_string())
}

pub(crate) fn specialty(user: UserId, code: i32) -> Result<Specialty, StoreError> {
    Specialty::ALL.into_iter().find(|specialty| specialty.code() == code).ok_or_else(|| {
        StoreError::Inconsistent {
            table: "interpreter_specialties",
            column: "specialty",
            row: user.to_string(),
        }
    })
}

const GENDERS: [Gender; 2] = [Gender::Female, Gender::Male];

const EMPLOYMENTS: [Employment; 3] = [Employment::Staff, Employment::Freelance, Employment::Vendor];

const fn gender_code(gender: Gender) -> i16 {
    match gender {
        Gender::Female => 1,
        Gender::Male => 2,
    }
}

const fn employment_code(employment: Employment) -> i16 {
    match employment {
        Employment::Staff => 1,
        Employment::Freelance => 2,
        Employment::Vendor => 3,
    }
}

impl InterpreterRow {
    pub(crate) fn new(id: UserId, profile: &Profile) -> Self {
        Self {
            id: id.0,
            number: profile.number.clone(),
            gender: profile.gender.map(gender_code),
            employment: employment_code(profile.employment),
            certification: profile.certification,
            rate: profile.rate,
            special_type: profile.special_type,
            takes_calls: profile.takes_calls,
            takes_video: profile.takes_video,
            takes_text: profile.takes_text,
        }
    }

    pub(crate) const fn interpreter(&self) -> i32 {
        self.id
    }

    pub(crate) fn profile(self) -> Result<Profile, StoreError> {
        let user = UserId(self.id);
        Ok(Profile {
            gender: gender(user, self.gender)?,
            employment: employment(user, self.employment)?,
            number: self.number,
            certification: self.certification,
            rate: self.rate,
            special_type: self.special_type,
            takes_calls: self.takes_calls,
            takes_video: self.takes_video,
            takes_text: self.takes_text,
        })
    }
}
