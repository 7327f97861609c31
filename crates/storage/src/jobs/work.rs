//! What a job says is to be done: typed in the program, versioned JSON in the row.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trialogue_domain::{Effect, ParticipantId, Timestamp, UserId};

/// The work of one kind of jobs. A payload holds numbers only: no personal data, no secret.
pub trait Work: Send + Sync + Sized + 'static {
    /// The form of the payload in the row.
    type Payload: Serialize + DeserializeOwned;

    /// The version of that form. A release that changes the form raises it, and reads the earlier ones.
    const VERSION: i16;

    /// The payload of this work.
    fn payload(&self) -> Self::Payload;

    /// The work of a payload.
    fn of(payload: Self::Payload) -> Self;
}

/// The work as the row has it; none if it is no JSON, or of an unknown form.
pub(crate) fn read<W: Work>(version: i16, payload: &str) -> Option<W> {
    if version != W::VERSION {
        return None;
    }
    serde_json::from_str(payload).ok().map(W::of)
}

/// An effect on the engine.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectPayload {
    /// [`Effect::OpenRoom`].
    OpenRoom,
    /// [`Effect::Admit`].
    Admit(i32),
    /// [`Effect::Remove`].
    Remove(i32),
    /// [`Effect::CloseRoom`].
    CloseRoom,
}

impl Work for Effect {
    type Payload = EffectPayload;

    const VERSION: i16 = 1;

    fn payload(&self) -> EffectPayload {
        match self {
            Self::OpenRoom => EffectPayload::OpenRoom,
            Self::Admit(participant) => EffectPayload::Admit(participant.0),
            Self::Remove(participant) => EffectPayload::Remove(participant.0),
            Self::CloseRoom => EffectPayload::CloseRoom,
        }
    }

    fn of(payload: EffectPayload) -> Self {
        match payload {
            EffectPayload::OpenRoom => Self::OpenRoom,
            EffectPayload::Admit(participant) => Self::Admit(ParticipantId(participant)),
            EffectPayload::Remove(participant) => Self::Remove(ParticipantId(participant)),
            EffectPayload::CloseRoom => Self::CloseRoom,
        }
    }
}

/// An invitation to be delivered. The address stands in the participant's row only, and the secret nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryWork {
    /// The participant that is invited.
    pub participant: ParticipantId,
    /// The user who invites it.
    pub inviter: UserId,
    /// When it was invited: the secret is derived from it.
    pub invited_at: Timestamp,
}

/// An invitation to be delivered.
#[derive(Serialize, Deserialize)]
pub struct DeliveryPayload {
    participant: i32,
    inviter: i32,
    invited_at: i64,
}

impl Work for DeliveryWork {
    type Payload = DeliveryPayload;

    const VERSION: i16 = 1;

    fn payload(&self) -> DeliveryPayload {
        let Self { participant, inviter, invited_at } = *self;
        DeliveryPayload { participant: participant.0, inviter: inviter.0, invited_at: invited_at.0 }
    }

    fn of(payload: DeliveryPayload) -> Self {
        let DeliveryPayload { participant, inviter, invited_at } = payload;
        Self {
            participant: ParticipantId(participant),
            inviter: UserId(inviter),
            invited_at: Timestamp(invited_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written<W: Work>(work: &W) -> String {
        serde_json::to_string(&work.payload()).unwrap()
    }

    /// The rows of earlier releases, and of the migration, have these forms.
    #[test]
    fn the_forms_of_version_1() {
        for (effect, payload) in [
            (Effect::OpenRoom, r#""open_room""#),
            (Effect::Admit(ParticipantId(7)), r#"{"admit":7}"#),
            (Effect::Remove(ParticipantId(7)), r#"{"remove":7}"#),
            (Effect::CloseRoom, r#""close_room""#),
        ] {
            assert_eq!(written(&effect), payload);
            assert_eq!(read::<Effect>(1, payload), Some(effect));
        }
        let work =
            DeliveryWork { participant: ParticipantId(14), inviter: UserId(7), invited_at: Timestamp(9) };
        let payload = r#"{"participant":14,"inviter":7,"invited_at":9}"#;
        assert_eq!(written(&work), payload);
        assert_eq!(read::<DeliveryWork>(1, payload), Some(work));
    }

    #[test]
    fn what_is_no_effect_is_not_read() {
        for (version, payload) in
            [(1, "null"), (1, r#"{"admit":null}"#), (1, r#""remove""#), (1, "{"), (0, r#""open_room""#)]
        {
            assert_eq!(read::<Effect>(version, payload), None, "{version} {payload}");
        }
    }
}
