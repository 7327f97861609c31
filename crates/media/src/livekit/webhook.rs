//! What `LiveKit` tells of parties that come and go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use trialogue_domain::{Observation, Timestamp};

use super::key::{BadToken, LiveKitKey};
use super::names::{conference_of, identity_of};
use crate::{Identity, Notification};

/// A webhook that is not `LiveKit`'s, or can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BadWebhook {
    /// The token in its `Authorization` is not signed with our key, or not good now.
    #[error(transparent)]
    Token(#[from] BadToken),
    /// The token was signed for another body.
    #[error("the body is not the one that was signed")]
    Body,
    /// It is no event.
    #[error("the body is no webhook event: {0}")]
    Event(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Told {
    event: String,
    #[serde(default)]
    room: WebhookRoom,
    #[serde(default)]
    participant: WebhookParticipant,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WebhookRoom {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WebhookParticipant {
    identity: String,
    disconnect_reason: Value,
}

impl LiveKitKey {
    /// What a webhook tells; none if it is of no concern here. `authorization` is the header of that name.
    ///
    /// # Errors
    /// [`BadWebhook`]: nothing of it may be believed.
    pub fn webhook(
        &self,
        authorization: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Notification>, BadWebhook> {
        // The token was compared in constant time; it holds the hash, which is therefore no secret.
        if self.signed_hash(authorization, now)? != STANDARD.encode(Sha256::digest(body)) {
            return Err(BadWebhook::Body);
        }
        Ok(serde_json::from_slice::<Told>(body)?.notification())
    }

    /// Whether the token of a webhook is good, as far as that shows before its body has been read.
    ///
    /// # Errors
    /// [`BadWebhook`].
    pub fn has_signed_webhook(&self, authorization: &str, now: Timestamp) -> Result<(), BadWebhook> {
        self.signed_hash(authorization, now).map(drop)
    }

    /// The hash of the body for which the token was signed. The tokens of participants have none.
    fn signed_hash(&self, authorization: &str, now: Timestamp) -> Result<String, BadWebhook> {
        // LiveKit sends the bare token.
        let token = authorization.strip_prefix("Bearer ").unwrap_or(authorization);
        self.verify(token, now)?.sha256.ok_or(BadWebhook::Body)
    }
}

impl Told {
    fn notification(&self) -> Option<Notification> {
        let room = conference_of(&self.room.name)?;
        let participant = identity_of(&self.participant.identity)?.participant();
        let observation = match self.event.as_str() {
            "participant_joined" => Observation::Joined(participant),
            "participant_left" | "participant_connection_aborted" if self.participant.is_gone() => {
                Observation::Disconnected(participant)
            }
            // The end of a room is no news: each party's leaving has been told, and a room that has ended is opened again
            // by whoever joins. Tracks, recordings and the like are of no concern.
            _ => return None,
        };
        Some(Notification { room, observation })
    }
}

impl WebhookParticipant {
    /// Whether nothing of the party is left: neither the connection that took the place of this one, which may be told of
    /// first, nor the one beside which this was a second.
    fn is_gone(&self) -> bool {
        self.disconnect_reason != "DUPLICATE_IDENTITY" && self.identity.parse::<Identity>().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use trialogue_domain::{ConferenceId, ParticipantId};

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn key() -> LiveKitKey {
        LiveKitKey::new("key", "secret")
    }

    fn signed(body: &str) -> String {
        let sha256 = STANDARD.encode(Sha256::digest(body));
        key().sign(json!({ "sha256": sha256 }), NOW, Duration::from_mins(5))
    }

    fn told(event: &Value) -> Option<Observation> {
        let body = event.to_string();
        let received = key().webhook(&signed(&body), body.as_bytes(), NOW).unwrap();
        received.map(|notification| {
            assert_eq!(notification.room, ConferenceId(7));
            notification.observation
        })
    }

    fn event(name: &str, identity: &str) -> Value {
        json!({"event": name, "room": {"name": "conference-7"}, "participant": {"identity": identity}, "id": "EV_1"})
    }

    #[test]
    fn comings_and_goings_are_told() {
        let guest = ParticipantId(13);
        for (name, seen) in [
            ("participant_joined", Observation::Joined(guest)),
            ("participant_left", Observation::Disconnected(guest)),
            ("participant_connection_aborted", Observation::Disconnected(guest)),
        ] {
            assert_eq!(told(&event(name, "p13")), Some(seen), "{name}");
        }
    }

    #[test]
    fn the_rest_is_of_no_concern() {
        for name in ["room_started", "room_finished", "track_published", "egress_ended", "something_new"] {
            assert_eq!(told(&event(name, "p13")), None, "{name}");
        }
        assert_eq!(told(&json!({"event": "room_finished", "room": {"name": "conference-7"}})), None);
        assert_eq!(told(&event("participant_joined", "agent-1")), None);
        let mut foreign = event("participant_joined", "p13");
        foreign["room"]["name"] = "7".into();
        assert_eq!(told(&foreign), None);
    }

    #[test]
    fn a_connection_that_was_replaced_is_no_loss() {
        let mut left = event("participant_left", "p13");
        left["participant"]["disconnectReason"] = "DUPLICATE_IDENTITY".into();
        assert_eq!(told(&left), None);
        left["participant"]["disconnectReason"] = "CLIENT_INITIATED".into();
        assert_eq!(told(&left), Some(Observation::Disconnected(ParticipantId(13))));
    }

    #[test]
    fn a_second_connection_counts_when_it_comes_and_not_when_it_goes() {
        assert_eq!(told(&event("participant_joined", "p13#x")), Some(Observation::Joined(ParticipantId(13))));
        assert_eq!(told(&event("participant_left", "p13#x")), None);
    }

    #[test]
    fn what_is_not_signed_is_not_believed() {
        let body = event("participant_joined", "p13").to_string();
        let good = signed(&body);
        let judged = |authorization: &str, body: &str| key().webhook(authorization, body.as_bytes(), NOW);
        assert!(judged(&good, &body).is_ok());
        assert!(judged(&format!("Bearer {good}"), &body).is_ok());
        assert!(matches!(judged(&good, &format!("{body} ")), Err(BadWebhook::Body)));
        assert!(matches!(judged("", &body), Err(BadWebhook::Token(_))));
        let no_hash = key().sign(json!({}), NOW, Duration::from_mins(5));
        assert!(matches!(judged(&no_hash, &body), Err(BadWebhook::Body)));
        let join = key().join_token(ConferenceId(7), ParticipantId(13).into(), NOW);
        assert!(matches!(judged(&join, &body), Err(BadWebhook::Body)));
        assert!(matches!(judged(&signed("[]"), "[]"), Err(BadWebhook::Event(_))));
    }
}
