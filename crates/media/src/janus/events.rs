//! What Janus' event handler (`sampleevh`) posts: who came, who went.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use trialogue_domain::ConferenceId;

use super::admin::{Admin, PLUGIN};
use crate::Identity;

/// Something that happened at Janus. What it holds is secret (invitations are in it), so it has no `Debug` to speak of.
pub struct JanusEvent(pub(super) Happened);

/// A body that is no list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not what Janus' event handler sends: JSON, an event or a list of them")]
pub struct NotEvents;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// Somebody joined, or asked to receive.
    Came(Came),
    /// A party is out.
    Went { room: ConferenceId, identity: Identity },
}

/// Who came, by what he said. Whether it is true is for whoever has the keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) room: ConferenceId,
    pub(super) session: u64,
    pub(super) mark: String,
    /// Who joined, and with what invitation; none asked to receive only.
    pub(super) joined: Option<(String, String)>,
}

#[derive(Deserialize)]
struct Posted {
    #[serde(default)]
    session_id: u64,
    #[serde(default)]
    opaque_id: String,
    event: PluginEvent,
}

#[derive(Deserialize)]
struct PluginEvent {
    plugin: String,
    data: RoomEvent,
}

#[derive(Deserialize)]
struct RoomEvent {
    event: String,
    room: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    token: String,
}

impl JanusEvent {
    /// Reads what was posted; what does not concern us is left out.
    ///
    /// # Errors
    /// [`NotEvents`].
    pub fn read(body: &[u8]) -> Result<Vec<Self>, NotEvents> {
        let posted = match serde_json::from_slice(body).map_err(|_| NotEvents)? {
            Value::Array(events) => events,
            event @ Value::Object(_) => vec![event],
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(NotEvents),
        };
        Ok(posted.into_iter().filter_map(Self::of).collect())
    }

    fn of(event: Value) -> Option<Self> {
        // Every kind of event has a form of its own: what has not this one is not ours.
        let Posted { session_id, opaque_id, event } = serde_json::from_value(event).ok()?;
        if event.plugin != PLUGIN {
            return None;
        }
        let RoomEvent { event, room, id, token } = event.data;
        let room = Admin::room_of(&room)?;
        let came = |joined| Came { room, session: session_id, mark: opaque_id, joined };
        match event.as_str() {
            "joined" => Some(Self(Happened::Came(came(Some((id, token)))))),
            "subscribing" => Some(Self(Happened::Came(came(None)))),
            "leaving" | "kicked" => Some(Self(Happened::Went { room, identity: id.parse().ok()? })),
            _ => None,
        }
    }
}

impl fmt::Debug for JanusEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JanusEvent(..)")
    }
}

#[cfg(test)]
mod tests {
    use trialogue_domain::ParticipantId;

    use super::*;

    /// As Janus 1.1.2 posted them, some left out.
    const RECORDED: &str = r#"[
      {"emitter":"x","type":256,"subtype":1,"timestamp":1795487855447234,"event":{"status":"started","info":{"janus":"server_info","version":1102}}},
      {"emitter":"x","type":64,"timestamp":1795487856290977,"event":{"plugin":"janus.plugin.videoroom","data":{"event":"created","room":"call-2"}}},
      {"emitter":"x","type":64,"timestamp":1795487856295070,"session_id":7547094491436385,"handle_id":1100644222789612,"opaque_id":"o1","event":{"plugin":"janus.plugin.videoroom","data":{"event":"joined","room":"call-2","id":"p1","private_id":2953692101,"token":"i1"}}},
      {"emitter":"x","type":64,"timestamp":1795487856298992,"session_id":7547094491436385,"handle_id":1100644222789612,"opaque_id":"o1","event":{"plugin":"janus.plugin.videoroom","data":{"event":"configured","room":"call-2","id":"p1","bitrate":0}}},
      {"emitter":"x","type":64,"timestamp":1795487856308753,"event":{"plugin":"janus.plugin.videoroom","data":{"event":"unpublished","room":"call-2","id":"p2"}}},
      {"emitter":"x","type":64,"timestamp":1795487856308771,"event":{"plugin":"janus.plugin.videoroom","data":{"event":"leaving","room":"call-2","id":"p2"}}},
      {"emitter":"x","type":64,"timestamp":1795487856501966,"event":{"plugin":"janus.plugin.videoroom","data":{"event":"kicked","room":"call-1","id":"p1"}}},
      {"emitter":"x","type":64,"timestamp":1795487856504119,"event":{"plugin":"janus.plugin.videoroom","data":{"event":"destroyed","room":"call-1"}}},
      {"emitter":"x","type":256,"subtype":2,"timestamp":1795487857518949,"event":{"status":"shutdown","signum":15}}
    ]"#;

    fn read(body: &str) -> Result<Vec<Happened>, NotEvents> {
        Ok(JanusEvent::read(body.as_bytes())?.into_iter().map(|event| event.0).collect())
    }

    fn went(room: i32, participant: i32) -> Happened {
        Happened::Went { room: ConferenceId(room), identity: ParticipantId(participant).into() }
    }

    #[test]
    fn a_recorded_call_is_who_came_and_who_went() {
        let came = Came {
            room: ConferenceId(2),
            session: 7_547_094_491_436_385,
            mark: "o1".to_owned(),
            joined: Some(("p1".to_owned(), "i1".to_owned())),
        };
        assert_eq!(read(RECORDED).unwrap(), [Happened::Came(came), went(2, 2), went(1, 1)]);
    }

    #[test]
    fn one_alone_is_read_as_well() {
        let alone = r#"{"type":64,"event":{"plugin":"janus.plugin.videoroom","data":{"event":"leaving","room":"call-2","id":"p2"}}}"#;
        assert_eq!(read(alone).unwrap(), [went(2, 2)]);
    }

    #[test]
    fn what_is_not_ours_is_left_out() {
        let event = |plugin: &str, room: &str, id: &str| {
            format!(
                r#"{{"event":{{"plugin":"{plugin}","data":{{"event":"leaving","room":{room},"id":{id}}}}}}}"#
            )
        };
        for stranger in [
            event("janus.plugin.textroom", r#""call-2""#, r#""p2""#),
            event(PLUGIN, r#""demo""#, r#""p2""#),
            event(PLUGIN, r#""call-x""#, r#""p2""#),
            event(PLUGIN, "1234", r#""p2""#),
            event(PLUGIN, r#""call-2""#, r#""ghost""#),
            event(PLUGIN, r#""call-2""#, "7"),
            "7".to_owned(),
        ] {
            assert_eq!(read(&format!("[{stranger}]")).unwrap(), [], "{stranger}");
        }
        assert_eq!(read("[]").unwrap(), []);
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for body in ["", "x", "7", "null", "\"joined\"", "[{]"] {
            assert_eq!(read(body), Err(NotEvents), "{body:?}");
        }
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let events = JanusEvent::read(RECORDED.as_bytes()).unwrap();
        assert!(!format!("{events:?}").contains("i1"));
    }
}
