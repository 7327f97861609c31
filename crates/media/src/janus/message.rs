//! What Janus says, as far as it matters to us.

use serde::Deserialize;
use serde_json::Value;

use crate::{Candidate, Description, DescriptionKind};

/// One message: an answer, or something that happened.
#[derive(Deserialize)]
pub(super) struct Said {
    /// What kind of message it is.
    pub(super) janus: String,
    /// The request that it answers.
    pub(super) transaction: Option<String>,
    /// The handle that it concerns.
    pub(super) sender: Option<u64>,
    /// Why the core refused.
    pub(super) error: Option<CoreError>,
    /// The new session's or handle's number.
    pub(super) data: Option<Made>,
    /// What the plugin says.
    pub(super) plugindata: Option<PluginData>,
    /// A session description.
    pub(super) jsep: Option<Jsep>,
    /// A candidate.
    pub(super) candidate: Option<Value>,
    /// Admin API: the plugin's answer.
    pub(super) response: Option<RoomSaid>,
    /// Admin API: all sessions.
    #[serde(default)]
    pub(super) sessions: Vec<u64>,
    /// Admin API: the handles of a session.
    #[serde(default)]
    pub(super) handles: Vec<u64>,
    /// Admin API: about a handle.
    pub(super) info: Option<HandleInfo>,
}

#[derive(Deserialize)]
pub(super) struct CoreError {
    pub(super) code: i32,
    pub(super) reason: String,
}

#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) id: u64,
}

#[derive(Deserialize)]
pub(super) struct PluginData {
    pub(super) data: RoomSaid,
}

/// What the `VideoRoom` says, as an answer or by itself.
#[derive(Deserialize)]
pub(super) struct RoomSaid {
    pub(super) videoroom: String,
    pub(super) error_code: Option<i32>,
    pub(super) error: Option<String>,
    /// Of who has joined.
    pub(super) private_id: Option<u64>,
    /// Who sends, or has begun to.
    #[serde(default)]
    pub(super) publishers: Vec<Publisher>,
    /// Who does not send any more.
    pub(super) unpublished: Option<String>,
    /// Who is out.
    pub(super) leaving: Option<String>,
    /// Who was thrown out.
    pub(super) kicked: Option<String>,
    /// The room's list, after a change of it.
    pub(super) allowed: Option<Vec<String>>,
    /// Who is in a room, to send.
    #[serde(default)]
    pub(super) participants: Vec<Publisher>,
    /// All rooms.
    pub(super) list: Option<Vec<ListedRoom>>,
}

#[derive(Deserialize)]
pub(super) struct Publisher {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct ListedRoom {
    pub(super) room: String,
}

#[derive(Deserialize)]
pub(super) struct HandleInfo {
    #[serde(default)]
    pub(super) opaque_id: String,
    /// On Janus' own clock.
    #[serde(default)]
    pub(super) created: u64,
    pub(super) plugin_specific: Option<PluginInfo>,
}

#[derive(Deserialize)]
pub(super) struct PluginInfo {
    /// Where it is, once it has joined.
    pub(super) room: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Jsep {
    #[serde(rename = "type")]
    kind: String,
    sdp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JanusCandidate {
    candidate: String,
    sdp_mid: Option<String>,
    sdp_m_line_index: Option<u16>,
}

impl Jsep {
    pub(super) fn description(self) -> Option<Description> {
        let kind = match self.kind.as_str() {
            "offer" => DescriptionKind::Offer,
            "answer" => DescriptionKind::Answer,
            _ => return None,
        };
        Some(Description { kind, sdp: self.sdp })
    }
}

/// A description, as Janus wants it.
pub(super) fn jsep(description: &Description) -> Value {
    let kind = match description.kind {
        DescriptionKind::Offer => "offer",
        DescriptionKind::Answer => "answer",
    };
    serde_json::json!({ "type": kind, "sdp": description.sdp })
}

/// A candidate, or the end of them, as Janus wants it.
pub(super) fn trickle(candidate: Option<&Candidate>) -> Value {
    candidate.map_or_else(
        || serde_json::json!({ "completed": true }),
        |c| {
            serde_json::json!({
                "candidate": c.candidate, "sdpMid": c.sdp_mid, "sdpMLineIndex": c.sdp_m_line_index,
            })
        },
    )
}

/// A candidate of Janus': the end of them if there is none in it.
pub(super) fn candidate(value: Value) -> Option<Candidate> {
    let JanusCandidate { candidate, sdp_mid, sdp_m_line_index } = serde_json::from_value(value).ok()?;
    Some(Candidate { candidate, sdp_mid, sdp_m_line_index })
}
