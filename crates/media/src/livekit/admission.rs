//! The tokens with which browsers join, made and read back.

use std::time::Duration;

use serde_json::json;
use trialogue_domain::{ConferenceId, Timestamp};

use super::key::{BadToken, LiveKitKey};
use super::names::{conference_of, room_name};
use crate::Identity;

/// A browser uses its token at once. It is given another by `LiveKit` itself as soon as it is in.
const JOIN_LIFE: Duration = Duration::from_mins(2);

impl LiveKitKey {
    /// A token that lets one identity into one room, to send and to receive picture and sound and for nothing else.
    pub fn join_token(&self, room: ConferenceId, identity: Identity, now: Timestamp) -> String {
        let video = json!({
            "roomJoin": true,
            "room": room_name(room),
            "canPublish": true,
            "canSubscribe": true,
            "canPublishData": false,
            "canUpdateOwnMetadata": false,
        });
        self.sign(json!({ "sub": identity.to_string(), "video": video }), now, JOIN_LIFE)
    }

    /// Who wants to come in where, by its token: ours, or a fresh one that `LiveKit` made of it, which says the same.
    /// Whether it may is for the database to say.
    ///
    /// # Errors
    /// [`BadToken`].
    pub fn admission(&self, token: &str, now: Timestamp) -> Result<(ConferenceId, Identity), BadToken> {
        let claims = self.verify(token, now)?;
        let room =
            Some(&claims.video).filter(|video| video.room_join).and_then(|video| conference_of(&video.room));
        let room = room.ok_or(BadToken("not for joining a conference"))?;
        // Exactly an identity: one with a `#` behind it is a second connection, of which nobody here knows.
        let identity = claims.sub.parse().map_err(|_| BadToken("nobody's"))?;
        Ok((room, identity))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use trialogue_domain::ParticipantId;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn judged(claims: Value) -> Result<(ConferenceId, Identity), BadToken> {
        let key = LiveKitKey::new("key", "secret");
        let token = key.sign(claims, NOW, JOIN_LIFE);
        key.admission(&token, NOW)
    }

    #[test]
    fn a_join_token_tells_room_and_identity() {
        let key = LiveKitKey::new("key", "secret");
        let (room, identity) = (ConferenceId(7), Identity::from(ParticipantId(13)));
        let token = key.join_token(room, identity, NOW);
        assert_eq!(key.admission(&token, NOW), Ok((room, identity)));
        let later = NOW.after(JOIN_LIFE + Duration::from_mins(1));
        assert_eq!(key.admission(&token, later), Err(BadToken("expired")));
    }

    #[test]
    fn no_other_token_opens_the_door() {
        let join =
            |room: &str, identity: &str| json!({"sub": identity, "video": {"roomJoin": true, "room": room}});
        assert!(judged(join("conference-7", "p13")).is_ok());
        for claims in [
            json!({}),
            json!({"sub": "p13", "video": {"roomAdmin": true, "room": "conference-7"}}),
            json!({"sub": "p13", "video": {"roomJoin": false, "room": "conference-7"}}),
            json!({"video": {"roomJoin": true, "room": "conference-7"}}),
            join("", "p13"),
            join("7", "p13"),
            join("conference-7", ""),
            join("conference-7", "p13#camera"),
            join("conference-7", "somebody"),
        ] {
            assert!(judged(claims.clone()).is_err(), "{claims}");
        }
    }
}
