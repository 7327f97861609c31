//! Inviting a third party.

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::validation::{email_or_empty, name_or_empty, phone_or_empty};

/// A third party to be invited, by e-mail or by telephone.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaThirdPartyVideoParticipant {
    /// Address to invite.
    #[validate(custom(function = email_or_empty), length(max = 254, message = "At most 254 characters are allowed."))]
    pub email: Option<String>,
    /// Number of the telephone number's region.
    #[validate(range(min = 0, message = "This must not be negative."))]
    pub region_id: i32,
    /// Number to invite.
    #[validate(custom(function = phone_or_empty), length(max = 40, message = "At most 40 characters are allowed."))]
    pub phone_number: Option<String>,
    /// Name of the third party.
    #[validate(custom(function = name_or_empty), length(max = 200, message = "At most 200 characters are allowed."))]
    pub name: Option<String>,
    /// Keys to dial once the call is answered.
    #[serde(rename = "DTMF")]
    #[validate(length(max = 40, message = "At most 40 characters are allowed."))]
    pub dtmf: Option<String>,
    /// Whether to dial the number rather than to send a link; counts before `isPSTNStr`.
    #[serde(rename = "isPSTN")]
    pub is_pstn: Option<bool>,
    /// The same as a text.
    #[serde(rename = "isPSTNStr")]
    #[validate(length(max = 10, message = "At most 10 characters are allowed."))]
    pub is_pstn_str: Option<String>,
}

/// What an invited party is told before it says yes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultGuestInvitation {
    /// Number of the conference.
    pub request_conference_session_id: i32,
    /// Number of the invited party.
    pub request_conference_session_video_participant_id: i32,
    /// 1 informed, 2 confirmed, 3 routed, 4 connected, 5 disconnected, 6 finished.
    pub request_conference_session_video_status_code_id: i32,
    /// Name of the invited party, as the inviter gave it.
    pub person_name: Option<String>,
    /// Who invited it.
    pub inviter_name: Option<String>,
    /// What the inviter is: 1 client, 2 provider.
    pub inviter_type_code_id: Option<i32>,
    /// Number of the language that is interpreted.
    pub to_language_id: i32,
    /// Name of that language.
    pub to_language: Option<String>,
}
