use diesel::prelude::*;
use trialogue_domain::{Employment, Gender, UserId};

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
    /// Of an interpreter of whom nothing more is known: staff, for video.
    fn default() -> Self {
        Self {
            number: None,
            gender: None,
            employment: Employment::Staff,
            certification: 0,
            rate: 0,
            special_type: 1,
            takes_calls: false,
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

    pub(crate) fn profile(self) -> Result<Profile, StoreError> {
        let row = || self.id.to_string();
        let gender = |code| decode(&GENDERS, gender_code, code, ("interpreters", "gender"), row);
        Ok(Profile {
            gender: self.gender.map(gender).transpose()?,
            employment: decode(
                &EMPLOYMENTS,
                employment_code,
                self.employment,
                ("interpreters", "employment"),
                row,
            )?,
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
