//! Media accounts and the room form of a call.

use serde::{Deserialize, Serialize};

/// The media accounts of a call's two sides; what both of them poll.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the contract has these members")]
pub struct ParaVideoEngineAccountPair {
    /// Account of the caller; null while none is issued.
    pub caller: Option<ParaVideoEngineAccount>,
    /// Account of the listener; null while none is issued.
    pub listener: Option<ParaVideoEngineAccount>,
    /// The caller shows no sign of life.
    pub is_caller_offline: bool,
    /// The listener shows no sign of life.
    pub is_listener_offline: bool,
    /// Ended on purpose: stop polling.
    pub killed: bool,
    /// The media link was up and is lost.
    pub disconnected: bool,
}

/// One credential for the media engine.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaVideoEngineAccount {
    /// The credential itself.
    pub account_number: Option<String>,
    /// How long it can be used.
    pub expiration_seconds: i32,
    /// What it is for.
    pub purpose: Option<String>,
}

/// The room form of a call. The spelling of `EnableInvitaion` is the reference's.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultConferenceCall {
    /// Kind of conference.
    pub conference_call_type_code_id: Option<i32>,
    /// Name of the room.
    pub conference_room_name: Option<String>,
    /// Number of the media engine.
    pub conference_engine_id: Option<i32>,
    /// The parties as a text.
    pub call_party_str: Option<String>,
    /// Whether third parties can be invited.
    #[serde(rename = "EnableInvitaion")]
    pub enable_invitation: Option<bool>,
    /// Keys to dial instead of an invitation.
    #[serde(rename = "InvitationReplaceDTMF")]
    pub invitation_replace_dtmf: Option<String>,
    /// Whether third parties can be dialled.
    #[serde(rename = "EnablePSTNInvitation")]
    pub enable_pstn_invitation: Option<bool>,
    /// Whether an operator takes part.
    pub operator_model_enabled: Option<bool>,
    /// Whether the controls are shown at first.
    pub control_panel_initial_display: Option<bool>,
    /// Seconds after which the controls hide.
    pub control_panel_time_out: Option<i32>,
    /// Picture shown without video.
    pub video_image_name: Option<String>,
    /// Whether the parties can be changed.
    pub editable: Option<bool>,
    /// Region of the client's media link.
    pub person_signal_region: Option<String>,
    /// Region of the interpreter's media link.
    pub provider_signal_region: Option<String>,
}
