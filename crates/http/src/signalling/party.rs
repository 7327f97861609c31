//! The parties of a conference, as a signalling socket tells of them, and how one's own part in it ended.

use trialogue_domain::{FinishReason, Kind, Participant, ParticipantId, State, StateName};
use trialogue_media::{Gateway, Identity};
use trialogue_storage::ConferenceView;

use super::words::Party;

/// Why a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Kicked,
    Finished(&'static str),
    /// The connection was lost for longer than the grace; the others may talk on.
    Lost,
    /// It left by itself, perhaps in another window; the others may talk on.
    Left,
    Expired,
    Replaced,
    Refused,
    Protocol(&'static str),
    TooMuch(&'static str),
    Stopping(&'static str),
    /// To the browser the same as [`Self::Stopping`]; here its links are given up, and it gets others.
    Anew(&'static str),
}

impl End {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Kicked => "kicked",
            Self::Finished(_) => "finished",
            Self::Lost => "lost",
            Self::Left => "left",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::Refused => "refused",
            Self::Protocol(_) => "protocol",
            Self::TooMuch(_) => "too_much",
            Self::Stopping(_) | Self::Anew(_) => "stopping",
        }
    }

    /// The WebSocket close code, of the range for applications (RFC 6455 section 7.4.2).
    pub(super) const fn close_code(self) -> u16 {
        match self {
            Self::Kicked => 4001,
            Self::Finished(_) => 4002,
            Self::Expired => 4003,
            Self::Replaced => 4004,
            Self::Refused => 4005,
            Self::Protocol(_) => 4006,
            Self::TooMuch(_) => 4007,
            Self::Stopping(_) | Self::Anew(_) => 4008,
            Self::Lost => 4009,
            Self::Left => 4010,
        }
    }

    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Kicked => "You were removed from the call.",
            Self::Lost => "The connection was lost for too long.",
            Self::Left => "You have left the call.",
            Self::Expired => "The account has reached the end of its life.",
            Self::Replaced => "The call goes on in another window.",
            Self::Refused => "There is no such account in this conference, or not any more.",
            Self::Finished(why)
            | Self::Protocol(why)
            | Self::TooMuch(why)
            | Self::Stopping(why)
            | Self::Anew(why) => why,
        }
    }

    pub(super) const fn reconnect(self) -> bool {
        match self {
            Self::TooMuch(_) | Self::Stopping(_) | Self::Anew(_) => true,
            Self::Kicked
            | Self::Finished(_)
            | Self::Lost
            | Self::Left
            | Self::Expired
            | Self::Replaced
            | Self::Refused
            | Self::Protocol(_) => false,
        }
    }

    /// Of a participant that is finished.
    const fn of(reason: FinishReason) -> Self {
        match reason {
            FinishReason::Kicked(_) => Self::Kicked,
            FinishReason::Completed => Self::Finished("The call is over."),
            FinishReason::Left => Self::Left,
            FinishReason::Declined => Self::Finished("The call was declined."),
            FinishReason::NoAnswer => Self::Finished("Nobody answered in time."),
            FinishReason::Cancelled => Self::Finished("The request was cancelled."),
            FinishReason::Lost => Self::Lost,
            FinishReason::Expired => Self::Expired,
            FinishReason::Replaced => Self::Finished("The call was started again."),
            FinishReason::HandedOver => Self::Finished("Another interpreter has taken over."),
            FinishReason::Revoked => {
                Self::Finished("Your access to this call was ended. Log in again to go on.")
            }
        }
    }
}

/// Why this participant may not have a socket (any more); none if it may.
pub(super) fn ended(view: &ConferenceView, me: ParticipantId) -> Option<End> {
    match view.conference.participant(me).map(|p| &p.state) {
        None | Some(State::Informed { .. } | State::Confirmed { .. }) => Some(End::Refused),
        Some(State::Routed { .. } | State::Connected { .. } | State::Disconnected { .. }) => None,
        Some(State::Finished { reason, .. }) => Some(End::of(*reason)),
    }
}

/// All who are in the conference, or may come.
pub(super) fn parties(view: &ConferenceView, gateway: &Gateway) -> Vec<Party> {
    view.conference.participants.iter().filter(|p| p.is_live()).map(|p| party(view, p, gateway)).collect()
}

fn party(view: &ConferenceView, participant: &Participant, gateway: &Gateway) -> Party {
    let identity = Identity::from(participant.id);
    let (kind, name) = match participant.kind() {
        Kind::Client => ("client", Some(view.client.name.clone())),
        Kind::Provider => ("provider", view.provider.as_ref().map(|p| p.name.clone())),
        Kind::Guest => ("guest", invited_name(view, participant.id)),
        Kind::SecondInterpreter => (
            "second_interpreter",
            view.request_of(participant).and_then(|r| Some(r.interpreter.as_ref()?.name.clone())),
        ),
    };
    let devices = gateway.devices(identity).unwrap_or_default();
    Party {
        identity: identity.to_string(),
        kind,
        name,
        here: participant.state.name() == StateName::Connected,
        microphone: devices.microphone,
        camera: devices.camera,
    }
}

fn invited_name(view: &ConferenceView, participant: ParticipantId) -> Option<String> {
    view.invited.iter().find(|i| i.participant == participant)?.name.clone()
}
