//! The classes behind the recorded documents.
#![expect(clippy::struct_excessive_bools, clippy::struct_field_names, reason = "the contract has them so")]

use std::fmt;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ResultVideoConferenceParticipant {
    #[serde(rename = "RequestConferenceSessionId")]
    pub request_conference_session_id: i32,
    #[serde(rename = "RequestConferenceSessionVideoParticipantId")]
    pub request_conference_session_video_participant_id: i32,
    #[serde(rename = "RequestConferenceSessionVideoTypeCodeId")]
    pub request_conference_session_video_type_code_id: i32,
    #[serde(rename = "RequestConferenceSessionVideoStatusCodeId")]
    pub request_conference_session_video_status_code_id: i32,
    #[serde(rename = "PersonName")]
    pub person_name: Option<String>,
    #[serde(rename = "ProviderName")]
    pub provider_name: Option<String>,
    #[serde(rename = "AppClientEmail")]
    pub app_client_email: Option<String>,
    #[serde(rename = "AppClientPhoneNumber")]
    pub app_client_phone_number: Option<String>,
    #[serde(rename = "AppClientName")]
    pub app_client_name: Option<String>,
    #[serde(rename = "VideoAccountIdentity")]
    pub video_account_identity: Option<String>,
    #[serde(rename = "secondRequest")]
    pub second_request: Option<ResultVideoConferenceSecondRequest>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ResultVideoConferenceSecondRequest {
    #[serde(rename = "RequestStatusCodeId")]
    pub request_status_code_id: Option<i32>,
    #[serde(rename = "providerList")]
    pub provider_list: Providers,
    #[serde(rename = "waitingMsg")]
    pub waiting_msg: Option<String>,
    #[serde(rename = "RequestConferenceSessionVideoParticipantId")]
    pub request_conference_session_video_participant_id: Option<i32>,
    #[serde(rename = "ToLanguageId")]
    pub to_language_id: Option<i32>,
    #[serde(rename = "ToLanguage")]
    pub to_language: Option<String>,
    #[serde(rename = "additionalInfo")]
    pub additional_info: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ParaRequestProvider {
    #[serde(rename = "RequestProviderId")]
    pub request_provider_id: i32,
    #[serde(rename = "Name")]
    pub name: Option<String>,
    #[serde(rename = "NativeLanguage")]
    pub native_language: Strings,
    #[serde(rename = "OtherLanguage")]
    pub other_language: Strings,
    #[serde(rename = "ProviderRate")]
    pub provider_rate: Decimal,
    #[serde(rename = "ProviderPerformance")]
    pub provider_performance: Decimal,
    #[serde(rename = "NeedHelpLanguage")]
    pub need_help_language: Option<String>,
    #[serde(rename = "SupportCall")]
    pub support_call: bool,
    #[serde(rename = "SupportVideo")]
    pub support_video: bool,
    #[serde(rename = "SupportText")]
    pub support_text: bool,
    #[serde(rename = "ProfileImage")]
    pub profile_image: Option<ProfileImage>,
    #[serde(rename = "ProviderSpecialTypeId")]
    pub provider_special_type_id: i32,
    #[serde(rename = "isSchedule")]
    pub is_schedule: Option<ScheduledRequest>,
    #[serde(rename = "AnyMeetingExist")]
    pub any_meeting_exist: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ProfileImage {
    #[serde(rename = "FileName")]
    pub file_name: Option<String>,
    #[serde(rename = "MimeType")]
    pub mime_type: Option<String>,
    #[serde(rename = "ImageData")]
    pub image_data: Option<String>,
    #[serde(rename = "ServerImageId")]
    pub server_image_id: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ScheduledRequest {
    #[serde(rename = "ScheduledRequestId")]
    pub scheduled_request_id: Option<i32>,
    #[serde(rename = "ScheduledBlockId")]
    pub scheduled_block_id: Option<i32>,
    #[serde(rename = "startUtcDate")]
    pub start_utc_date: Option<DateTime>,
    #[serde(rename = "startUtcDateStr")]
    pub start_utc_date_str: Option<String>,
    #[serde(rename = "ScheduleDuration")]
    pub schedule_duration: Option<i32>,
    #[serde(rename = "PersonId")]
    pub person_id: Option<i32>,
    #[serde(rename = "ClientName")]
    pub client_name: Option<String>,
    #[serde(rename = "PIN")]
    pub pin: Option<String>,
    #[serde(rename = "ForceId")]
    pub force_id: Option<String>,
    #[serde(rename = "PersonName")]
    pub person_name: Option<String>,
    #[serde(rename = "PersonEmail")]
    pub person_email: Option<String>,
    #[serde(rename = "PersonPhoneNumber")]
    pub person_phone_number: Option<String>,
    #[serde(rename = "ClientUserId")]
    pub client_user_id: Option<i32>,
    #[serde(rename = "FromLanguageId")]
    pub from_language_id: Option<i32>,
    #[serde(rename = "FromLanguage")]
    pub from_language: Option<String>,
    #[serde(rename = "ToLanguageId")]
    pub to_language_id: Option<i32>,
    #[serde(rename = "ToLanguage")]
    pub to_language: Option<String>,
    #[serde(rename = "ProductName")]
    pub product_name: Option<String>,
    #[serde(rename = "ProductDescription")]
    pub product_description: Option<String>,
    #[serde(rename = "ProviderId")]
    pub provider_id: Option<i32>,
    #[serde(rename = "ProviderEmail")]
    pub provider_email: Option<String>,
    #[serde(rename = "ProviderPhoneNumber")]
    pub provider_phone_number: Option<String>,
    #[serde(rename = "ProviderName")]
    pub provider_name: Option<String>,
    #[serde(rename = "ScheduleStatusDescription")]
    pub schedule_status_description: Option<String>,
    #[serde(rename = "ScheduleStatusId")]
    pub schedule_status_id: Option<i32>,
    #[serde(rename = "BillPersonPrechargeProductId")]
    pub bill_person_precharge_product_id: Option<i32>,
    #[serde(rename = "ScheduledRequestRoutingStatusCodeId")]
    pub scheduled_request_routing_status_code_id: Option<i32>,
    #[serde(rename = "ScheduledRequestRoutingStatus")]
    pub scheduled_request_routing_status: Option<String>,
    #[serde(rename = "JoinAvailable")]
    pub join_available: Option<bool>,
    #[serde(rename = "callPurpose")]
    pub call_purpose: Option<String>,
    #[serde(rename = "ConfirmationNumber")]
    pub confirmation_number: Option<String>,
    #[serde(rename = "GenderOptionCode")]
    pub gender_option_code: Option<String>,
    #[serde(rename = "VideoOptionCode")]
    pub video_option_code: Option<String>,
    #[serde(rename = "IsOffered")]
    pub is_offered: Option<bool>,
    #[serde(rename = "ScheduledRequestProviderId")]
    pub scheduled_request_provider_id: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "ArrayOfParaRequestProvider")]
pub(crate) struct Providers(pub Option<Vec<Option<ParaRequestProvider>>>);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "ArrayOfstring")]
pub(crate) struct Strings(pub Option<Vec<Option<String>>>);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "dateTime")]
pub(crate) struct DateTime(pub String);

/// Digits with an optional fraction.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename = "decimal")]
pub(crate) struct Decimal(pub String);

impl Default for Decimal {
    fn default() -> Self {
        Self("0".to_owned())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Decimal, D::Error> {
                inner.deserialize_any(self)
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Decimal, E> {
                Ok(Decimal(format!("{number:?}")))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
                let number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
                if number {
                    Ok(Decimal(text.to_owned()))
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
                }
            }
        }
        deserializer.deserialize_newtype_struct("decimal", Text)
    }
}
