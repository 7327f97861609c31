//! The interpreter's side: being online and taking offers. Ours: the reference does not document these models.

use serde::{Deserialize, Serialize};
use validator::Validate;

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
    /// How long it can still be accepted.
    pub expiration_seconds: i32,
}

list_of!(
    /// What is offered to an interpreter.
    ArrayOfResultTaskOffer,
    "ArrayOfResultTaskOffer",
    ResultTaskOffer
);
