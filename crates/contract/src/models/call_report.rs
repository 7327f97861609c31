//! What a client reports when a call is over.

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::date_time::DateTime;
use super::decimal::Decimal;
use super::list::list_of;
use super::validation::{at_most, at_most_items, not_negative};

/// The call is over, done or cancelled.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaCallInfoList {
    /// Whether the client wants to be asked how it was.
    #[validate(length(max = 100, message = "At most 100 characters are allowed."))]
    pub need_survey: Option<String>,
    /// Length of all calls together.
    #[validate(custom(function = not_negative))]
    pub total_time: Decimal,
    /// Whether it was a success.
    pub is_successful: bool,
    /// The legs of the call.
    #[validate(custom(function = legs))]
    pub calls: ArrayOfParaCallInfo,
}

/// One leg of a call.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaCallInfo {
    /// When it began.
    #[serde(rename = "StartTime_Utc")]
    pub start_time_utc: DateTime,
    /// When it ended.
    #[serde(rename = "EndTime_Utc")]
    pub end_time_utc: DateTime,
    /// Its length.
    pub call_time: Decimal,
    /// Whether it was a success.
    pub is_successful: bool,
    /// A note.
    pub additional_info: Option<String>,
    /// Its identity at the media engine.
    pub third_party_call_id: Option<String>,
}

list_of!(
    /// The legs of a call.
    ArrayOfParaCallInfo,
    "ArrayOfParaCallInfo",
    ParaCallInfo
);

fn legs(calls: &ArrayOfParaCallInfo) -> Result<(), ValidationError> {
    at_most_items("", calls.count())?;
    for (n, leg) in calls.0.iter().flatten().enumerate() {
        let Some(leg) = leg else { continue };
        at_most(&format!("[{n}].AdditionalInfo"), leg.additional_info.as_deref(), 2000)?;
        at_most(&format!("[{n}].ThirdPartyCallId"), leg.third_party_call_id.as_deref(), 200)?;
    }
    Ok(())
}
