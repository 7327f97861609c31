//! The interpreter's side: being online and taking offers. Ours: the reference does not document these models.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::date_time::DateTime;
use super::list::list_of;

/// An interpreter goes online or offline.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaProviderOnlineStatus {
    /// 1 iPhone, 2 Android, 5 web.
    #[validate(range(min = 0, message = "This must not be negative."))]
    pub device_type_code_id: Option<i32>,
    /// Whether video calls are taken; null leaves it as it was.
    pub support_video: Option<bool>,
}

/// What an interpreter says of itself.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaProviderAvailability {
    /// `Available`, `Break`, `LastCall` (no more calls after the one that is on) or `Offline`; letter case does not count.
    #[validate(required(message = "A status is required."), custom(function = is_said))]
    pub status: Option<String>,
    /// 1 iPhone, 2 Android, 5 web.
    #[validate(range(min = 0, message = "This must not be negative."))]
    pub device_type_code_id: Option<i32>,
    /// Of a break: `Rest`, `Meal`, `Work`, `Technical` or `Other`, also when null.
    #[validate(custom(function = is_break_reason))]
    pub break_reason: Option<String>,
}

const SAID: [&str; 4] = ["Available", "Break", "LastCall", "Offline"];

const BREAK_REASONS: [&str; 5] = ["Rest", "Meal", "Work", "Technical", "Other"];

fn is_said(status: &str) -> Result<(), ValidationError> {
    is_one_of(&SAID, status, "The status is Available, Break, LastCall or Offline.")
}

fn is_break_reason(reason: &str) -> Result<(), ValidationError> {
    is_one_of(&BREAK_REASONS, reason, "The reason is Rest, Meal, Work, Technical or Other.")
}

fn is_one_of(known: &[&str], given: &str, message: &'static str) -> Result<(), ValidationError> {
    if known.iter().any(|one| one.eq_ignore_ascii_case(given)) {
        return Ok(());
    }
    Err(ValidationError::new("unknown").with_message(Cow::Borrowed(message)))
}

/// The status of an interpreter.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultProviderAvailability {
    /// `Offline`, `Available`, `Ringing`, `Busy`, `WrapUp`, `Break`, `LastCall`, or `Away` after missed rings.
    pub status: Option<String>,
    /// Of a break.
    pub break_reason: Option<String>,
    /// Of the time for what is left to do after a call: what is left of it.
    pub wrap_up_seconds: Option<i32>,
    /// The rings that were missed in a row.
    pub missed_rings: i32,
}

/// Which offer an interpreter accepts or declines.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaTaskReference {
    /// Number of the offered request.
    #[validate(range(min = 1, message = "The number of a request is required."))]
    pub request_id: i32,
}

/// A request that is offered to an interpreter.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultTaskOffer {
    /// Number of the request.
    pub request_id: i32,
    /// 1 new, 2 sent, 3 received, 4 accepted, 5 confirmed.
    pub offer_status_code_id: i32,
    /// Name of the client.
    pub client_name: Option<String>,
    /// Number of the language spoken.
    pub from_language: Option<i32>,
    /// Number of the language asked for.
    pub to_language_id: i32,
    /// Name of the language asked for.
    pub to_language: Option<String>,
    /// Number of the speciality.
    pub request_situation_code_id: i32,
    /// The client's note.
    pub additional_info: Option<String>,
    /// When it was offered.
    pub offered_utc_date: DateTime,
    /// How long the interpreter is still rung.
    pub expiration_seconds: i32,
    /// What a second interpreter is asked for: `SecondLanguage`, `Relay`, `Team` or `Successor`.
    pub purpose: Option<String>,
    /// 1 general, 2 medical, 3 legal.
    pub specialty_option_code_id: i32,
    /// 1 video preferred, 2 audio only, 3 video only.
    pub video_option_code_id: i32,
}

list_of!(
    /// What is offered to an interpreter.
    ArrayOfResultTaskOffer,
    "ArrayOfResultTaskOffer",
    ResultTaskOffer
);
