//! Requests for a later time; the server passes them on and gives them no meaning.

use serde::{Deserialize, Serialize};

use super::date_time::DateTime;

/// A scheduled request, the value of the member `isSchedule`.
///
/// `IsOffered` may be null in the recorded answers, though the help page does not say so.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ScheduledRequest {
    /// Its number.
    pub scheduled_request_id: Option<i32>,
    /// Number of the block of time it lies in.
    pub scheduled_block_id: Option<i32>,
    /// When it begins.
    #[serde(rename = "startUtcDate")]
    pub start_utc_date: Option<DateTime>,
    /// When it begins, as a text to show.
    #[serde(rename = "startUtcDateStr")]
    pub start_utc_date_str: Option<String>,
    /// How many minutes it is to last.
    pub schedule_duration: Option<i32>,
    /// Number of the person.
    pub person_id: Option<i32>,
    /// Name of the client.
    pub client_name: Option<String>,
    /// Secret number that opens it.
    #[serde(rename = "PIN")]
    pub pin: Option<String>,
    /// Identity at a customer's system.
    pub force_id: Option<String>,
    /// Name of the person.
    pub person_name: Option<String>,
    /// E-mail address of the person.
    pub person_email: Option<String>,
    /// Telephone number of the person.
    pub person_phone_number: Option<String>,
    /// Number of the client user.
    pub client_user_id: Option<i32>,
    /// Number of the language spoken.
    pub from_language_id: Option<i32>,
    /// Name of the language spoken.
    pub from_language: Option<String>,
    /// Number of the language asked for.
    pub to_language_id: Option<i32>,
    /// Name of the language asked for.
    pub to_language: Option<String>,
    /// Name of the product.
    pub product_name: Option<String>,
    /// Description of the product.
    pub product_description: Option<String>,
    /// Number of the interpreter.
    pub provider_id: Option<i32>,
    /// E-mail address of the interpreter.
    pub provider_email: Option<String>,
    /// Telephone number of the interpreter.
    pub provider_phone_number: Option<String>,
    /// Name of the interpreter.
    pub provider_name: Option<String>,
    /// Status as a text.
    pub schedule_status_description: Option<String>,
    /// Status as a number.
    pub schedule_status_id: Option<i32>,
    /// Number of the product charged before.
    pub bill_person_precharge_product_id: Option<i32>,
    /// Status of the routing as a number.
    pub scheduled_request_routing_status_code_id: Option<i32>,
    /// Status of the routing as a text.
    pub scheduled_request_routing_status: Option<String>,
    /// Whether it can be joined.
    pub join_available: Option<bool>,
    /// What the call is for.
    #[serde(rename = "callPurpose")]
    pub call_purpose: Option<String>,
    /// Number to refer to it by.
    pub confirmation_number: Option<String>,
    /// Wish as to the interpreter's gender.
    pub gender_option_code: Option<String>,
    /// Wish as to video or audio.
    pub video_option_code: Option<String>,
    /// Whether it has been offered.
    pub is_offered: Option<bool>,
    /// Number of its interpreter.
    pub scheduled_request_provider_id: Option<i32>,
}
