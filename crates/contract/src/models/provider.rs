//! Interpreters as a client sees them.

use serde::{Deserialize, Serialize};

use super::decimal::Decimal;
use super::list::{ArrayOfString, list_of};
use super::schedule::ScheduledRequest;

/// An interpreter that a request was offered to.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the contract has these members")]
pub struct ParaRequestProvider {
    /// Number of the offer.
    pub request_provider_id: i32,
    /// Name of the interpreter.
    pub name: Option<String>,
    /// Languages spoken natively.
    pub native_language: ArrayOfString,
    /// Other languages.
    pub other_language: ArrayOfString,
    /// Its rate.
    pub provider_rate: Decimal,
    /// The share of its last requests that were serviced.
    pub provider_performance: Decimal,
    /// The language that is asked for.
    pub need_help_language: Option<String>,
    /// Whether calls are taken.
    pub support_call: bool,
    /// Whether video calls are taken.
    pub support_video: bool,
    /// Whether text chats are taken.
    pub support_text: bool,
    /// Picture of the interpreter.
    pub profile_image: Option<ProfileImage>,
    /// Number of the speciality.
    pub provider_special_type_id: i32,
    /// The scheduled request, if it is one; an object in spite of its name.
    #[serde(rename = "isSchedule")]
    pub is_schedule: Option<ScheduledRequest>,
    /// Whether the interpreter is in a meeting.
    pub any_meeting_exist: bool,
}

/// A picture.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ProfileImage {
    /// Name of the file.
    pub file_name: Option<String>,
    /// Its media type.
    pub mime_type: Option<String>,
    /// Its bytes in base 64.
    pub image_data: Option<String>,
    /// Its number on the server.
    pub server_image_id: Option<i32>,
}

list_of!(
    /// The interpreters that a request was offered to.
    ArrayOfParaRequestProvider,
    "ArrayOfParaRequestProvider",
    ParaRequestProvider
);
