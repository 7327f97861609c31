//! What rooms and parties are called at `LiveKit`.

use trialogue_domain::ConferenceId;

use crate::Identity;

/// The room of a conference.
pub(super) fn room_name(conference: ConferenceId) -> String {
    format!("conference-{conference}")
}

/// Reads back exactly what [`room_name`] gives; none for a room that is not ours.
pub(super) fn conference_of(room: &str) -> Option<ConferenceId> {
    let conference = ConferenceId(room.strip_prefix("conference-")?.parse().ok()?);
    (room_name(conference) == room).then_some(conference)
}

/// Whose connection it is. A client that asks to `publish` in a connection of its own is listed under its identity with a
/// `#` and a name of its choice behind it: whoever removes the party must remove that too.
pub(super) fn identity_of(listed: &str) -> Option<Identity> {
    listed.split('#').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use trialogue_domain::ParticipantId;

    use super::*;

    #[test]
    fn a_room_name_is_read_back_and_no_other_is_ours() {
        for number in [1, 42, i32::MAX] {
            assert_eq!(conference_of(&room_name(ConferenceId(number))), Some(ConferenceId(number)));
        }
        for foreign in
            ["", "7", "conference-", "conference-07", "conference-+7", "conference-7x", "Conference-7"]
        {
            assert_eq!(conference_of(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn a_second_connection_belongs_to_the_same_identity() {
        let guest = Identity::from(ParticipantId(13));
        for listed in ["p13", "p13#", "p13#camera", "p13#a#b"] {
            assert_eq!(identity_of(listed), Some(guest), "{listed:?}");
        }
        for foreign in ["", "#p13", "agent-1", "p13x", "p013#camera"] {
            assert_eq!(identity_of(foreign), None, "{foreign:?}");
        }
    }
}
