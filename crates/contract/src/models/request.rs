//! Requests for an interpreter.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::date_time::DateTime;
use super::participant::ArrayOfResultVideoConferenceParticipant;
use super::provider::ArrayOfParaRequestProvider;

/// A client's wish for an interpreter.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaRequest {
    /// Number of the language asked for.
    #[validate(range(min = 1, message = "A language is required."))]
    pub need_help_language_id: i32,
    /// Number of the speciality; 0 is the default one.
    #[validate(range(min = 0, message = "This must not be negative."))]
    pub request_situation_code_id: i32,
    /// A note for the interpreter.
    #[validate(length(max = 2000, message = "At most 2000 characters are allowed."))]
    pub additional_info: Option<String>,
    /// Number of the language spoken.
    #[validate(range(min = 1, message = "This is not a language."))]
    pub from_language: Option<i32>,
    /// Version of the client's program.
    #[validate(length(max = 100, message = "At most 100 characters are allowed."))]
    pub related_version_code: Option<String>,
    /// Company whose program it is.
    #[validate(length(max = 100, message = "At most 100 characters are allowed."))]
    pub application_company_code: Option<String>,
    /// 1 iPhone, 2 Android, 5 web.
    pub device_type_code_id: Option<i32>,
    /// Kind of program.
    pub application_type_code_id: Option<i32>,
    /// Number of the institution.
    #[serde(rename = "BJCVRIEntityNumber")]
    #[validate(length(max = 100, message = "At most 100 characters are allowed."))]
    pub bjcvri_entity_number: Option<String>,
    /// Secret number of the department.
    #[serde(rename = "BJCVRIDepartmentPinNumber")]
    #[validate(length(max = 100, message = "At most 100 characters are allowed."))]
    pub bjcvri_department_pin_number: Option<String>,
    /// Where the client is.
    #[validate(length(max = 500, message = "At most 500 characters are allowed."))]
    pub request_location: Option<String>,
    /// 1 no preference, also when null; 2 female preferred, 3 female only, 4 male preferred, 5 male only.
    #[validate(range(min = 1, max = 5, message = "The gender option is a number from 1 to 5."))]
    pub gender_option_code_id: Option<i32>,
    /// 1 general, 2 medical, 3 legal; when null, the speciality of the situation. Ours, as all that follow.
    #[validate(range(min = 1, max = 3, message = "The specialty is a number from 1 to 3."))]
    pub specialty_option_code_id: Option<i32>,
    /// Whether the specialty is required; otherwise it is wished.
    pub specialty_required: Option<bool>,
    /// 1 video preferred, also when null; 2 audio only, 3 video only.
    #[validate(range(min = 1, max = 3, message = "The video option is a number from 1 to 3."))]
    pub video_option_code_id: Option<i32>,
    /// The lowest level of certification.
    #[validate(range(min = 0, message = "This must not be negative."))]
    pub certification_level: Option<i32>,
    /// Whether the level is required; otherwise it is wished.
    pub certification_required: Option<bool>,
    /// The organisation's own number of the one interpreter who is wanted.
    #[validate(length(max = 100, message = "At most 100 characters are allowed."))]
    pub interpreter_number: Option<String>,
    /// Whether nobody else may serve; otherwise that interpreter is wished.
    pub interpreter_required: Option<bool>,
}

/// Where a client is to go on with its request.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultRequestPrecheck {
    /// The base address of another server; null: this one.
    pub transaction_server_url: Option<String>,
}

/// The wish for one more interpreter within a call. Ours: the reference does not document it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaSecondRequest {
    /// Number of the language asked for.
    #[validate(range(min = 1, message = "A language is required."))]
    pub to_language_id: i32,
    /// A note for the interpreter.
    #[serde(rename = "additionalInfo")]
    #[validate(length(max = 2000, message = "At most 2000 characters are allowed."))]
    pub additional_info: Option<String>,
    /// 1 no preference, also when null; 2 female preferred, 3 female only, 4 male preferred, 5 male only.
    #[validate(range(min = 1, max = 5, message = "The gender option is a number from 1 to 5."))]
    pub gender_option_code_id: Option<i32>,
    /// 1 general, also when null; 2 medical, 3 legal.
    #[validate(range(min = 1, max = 3, message = "The specialty is a number from 1 to 3."))]
    pub specialty_option_code_id: Option<i32>,
    /// Whether the specialty is required; otherwise it is wished.
    pub specialty_required: Option<bool>,
    /// 1 video preferred, also when null; 2 audio only, 3 video only.
    #[validate(range(min = 1, max = 3, message = "The video option is a number from 1 to 3."))]
    pub video_option_code_id: Option<i32>,
    /// The lowest level of certification.
    #[validate(range(min = 0, message = "This must not be negative."))]
    pub certification_level: Option<i32>,
    /// Whether the level is required; otherwise it is wished.
    pub certification_required: Option<bool>,
    /// The organisation's own number of the one interpreter who is wanted.
    #[validate(length(max = 100, message = "At most 100 characters are allowed."))]
    pub interpreter_number: Option<String>,
    /// Whether nobody else may serve; otherwise that interpreter is wished.
    pub interpreter_required: Option<bool>,
    /// `SecondLanguage`, also when null; `Relay`, `Team` or `Successor`, in any letter case.
    #[validate(custom(function = is_purpose))]
    pub purpose: Option<String>,
}

/// What is wanted of an interpreter, beside the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterpreterOptions<'a> {
    /// As [`ParaSecondRequest::gender_option_code_id`].
    pub gender: Option<i32>,
    /// The number of a specialty, and whether it is required.
    pub specialty: (Option<i32>, bool),
    /// As [`ParaSecondRequest::video_option_code_id`].
    pub video: Option<i32>,
    /// The lowest level, and whether it is required.
    pub certification: (Option<i32>, bool),
    /// The number of one interpreter, and whether nobody else may serve.
    pub interpreter: (Option<&'a str>, bool),
}

impl ParaRequest {
    /// What is wanted of the interpreter.
    pub fn options(&self) -> InterpreterOptions<'_> {
        InterpreterOptions {
            gender: self.gender_option_code_id,
            specialty: (
                self.specialty_option_code_id.or(Some(self.request_situation_code_id)),
                self.specialty_required == Some(true),
            ),
            video: self.video_option_code_id,
            certification: (self.certification_level, self.certification_required == Some(true)),
            interpreter: (self.interpreter_number.as_deref(), self.interpreter_required == Some(true)),
        }
    }
}

impl ParaSecondRequest {
    /// What is wanted of the interpreter.
    pub fn options(&self) -> InterpreterOptions<'_> {
        InterpreterOptions {
            gender: self.gender_option_code_id,
            specialty: (self.specialty_option_code_id, self.specialty_required == Some(true)),
            video: self.video_option_code_id,
            certification: (self.certification_level, self.certification_required == Some(true)),
            interpreter: (self.interpreter_number.as_deref(), self.interpreter_required == Some(true)),
        }
    }
}

fn is_purpose(purpose: &str) -> Result<(), ValidationError> {
    if ["SecondLanguage", "Relay", "Team", "Successor"]
        .iter()
        .any(|known| purpose.eq_ignore_ascii_case(known))
    {
        return Ok(());
    }
    let message = "The purpose is SecondLanguage, Relay, Team or Successor.";
    Err(ValidationError::new("purpose").with_message(Cow::Borrowed(message)))
}

/// The state of a request; what a client polls. Ours: the reference does not document it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultRequest {
    /// Its number.
    pub request_id: i32,
    /// 0 not initiated, 1 new, 2 in service, 3 serviced, 4 cancelled, 5 accepted, 9 nobody available.
    pub request_status_code_id: i32,
    /// The status as a text.
    pub request_status: Option<String>,
    /// What to show while waiting.
    #[serde(rename = "waitingMsg")]
    pub waiting_msg: Option<String>,
    /// Seconds since it was made.
    pub elapsed_seconds: i32,
    /// Number of the language asked for.
    pub to_language_id: i32,
    /// Name of the language asked for.
    pub to_language: Option<String>,
    /// Number of the conference, once there is one.
    pub request_conference_session_id: Option<i32>,
    /// Number of the participant that the asker is, or was last, in it.
    pub request_conference_session_video_participant_id: Option<i32>,
    /// Name of the interpreter who accepted.
    pub provider_name: Option<String>,
    /// Interpreters it was offered to.
    #[serde(rename = "providerList")]
    pub provider_list: ArrayOfParaRequestProvider,
    /// Who is in the conference.
    #[serde(rename = "participantList")]
    pub participant_list: ArrayOfResultVideoConferenceParticipant,
    /// What is waited for, or what has happened, as a word for programs.
    pub waiting_code: Option<String>,
    /// Since when, if the word tells something that has happened.
    pub waiting_since_utc_date: Option<DateTime>,
    /// While it waits: how many interpreters are rung.
    pub rung_count: Option<i32>,
    /// While it waits: how many have said no.
    pub declined_count: Option<i32>,
    /// While it waits: its place among those that wait for the language; 1 is the next.
    pub queue_position: Option<i32>,
    /// Half of the requests for the language that were accepted within the last hour (the latest 200) waited so long at most.
    pub wait_median_seconds: Option<i32>,
    /// Nine of ten waited so long at most.
    pub wait_ninetieth_percentile_seconds: Option<i32>,
    /// What this second interpreter is here for: `SecondLanguage`, `Relay`, `Team` or `Successor`.
    pub purpose: Option<String>,
    /// The participant who is to take the interpreter's place.
    pub successor_participant_id: Option<i32>,
    /// Of two interpreters who take turns, the participant who works now.
    pub working_participant_id: Option<i32>,
    /// The interpreter is out of a call that goes on: seconds until a successor is asked for.
    pub place_seconds: Option<i32>,
    /// 1 video preferred, 2 audio only, 3 video only; null for an interpreter who is out of the request.
    pub video_option_code_id: Option<i32>,
}
