//! The parties of a conference.

use serde::{Deserialize, Serialize};

use super::list::list_of;
use super::provider::ArrayOfParaRequestProvider;

/// One party of a conference; also the body of a kick, of which only the two ids count.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultVideoConferenceParticipant {
    /// Number of the conference.
    pub request_conference_session_id: i32,
    /// Number of the participant.
    pub request_conference_session_video_participant_id: i32,
    /// 1 client, 2 provider, 3 third-party guest, 4 second interpreter.
    pub request_conference_session_video_type_code_id: i32,
    /// 1 informed, 2 confirmed, 3 routed, 4 connected, 5 disconnected, 6 finished.
    pub request_conference_session_video_status_code_id: i32,
    /// Name of the party.
    pub person_name: Option<String>,
    /// Name of the interpreter, if the party is one.
    pub provider_name: Option<String>,
    /// E-mail address of the client user.
    pub app_client_email: Option<String>,
    /// Telephone number of the client user.
    pub app_client_phone_number: Option<String>,
    /// Name of the client user.
    pub app_client_name: Option<String>,
    /// Who the party is at the media engine.
    pub video_account_identity: Option<String>,
    /// Of a second interpreter: the request it is looked for by.
    #[serde(rename = "secondRequest")]
    pub second_request: Option<ResultVideoConferenceSecondRequest>,
}

/// The request for one more interpreter within a conference.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultVideoConferenceSecondRequest {
    /// Status of the request.
    pub request_status_code_id: Option<i32>,
    /// Interpreters it was offered to.
    #[serde(rename = "providerList")]
    pub provider_list: ArrayOfParaRequestProvider,
    /// What to show while waiting.
    #[serde(rename = "waitingMsg")]
    pub waiting_msg: Option<String>,
    /// Number of the participant that it becomes.
    pub request_conference_session_video_participant_id: Option<i32>,
    /// Number of the language.
    pub to_language_id: Option<i32>,
    /// Name of the language.
    pub to_language: Option<String>,
    /// A note for the interpreter.
    #[serde(rename = "additionalInfo")]
    pub additional_info: Option<String>,
}

list_of!(
    /// Who is in a conference.
    ArrayOfResultVideoConferenceParticipant,
    "ArrayOfResultVideoConferenceParticipant",
    ResultVideoConferenceParticipant
);
