//! What rooms and parties are secured with: derived, so that a server that has just started can drive the rooms that
//! another one opened.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use trialogue_domain::ConferenceId;

use crate::Identity;

/// Derives every secret of a room from one key. It has no secret in its `Debug`.
#[derive(Clone)]
pub(super) struct Keys(String);

impl Keys {
    pub(super) fn new(key: String) -> Self {
        Self(key)
    }

    /// The key itself, by which Janus lets rooms be made (`admin_key`).
    pub(super) fn room_key(&self) -> &str {
        &self.0
    }

    /// Lets its holder change the room.
    pub(super) fn secret(&self, room: ConferenceId) -> String {
        self.derive(&format!("room secret:{room}"))
    }

    /// Lets its holder ask to join, or to receive.
    pub(super) fn pin(&self, room: ConferenceId) -> String {
        self.derive(&format!("room pin:{room}"))
    }

    /// Lets one identity join, while the room's list holds it.
    pub(super) fn invitation(&self, room: ConferenceId, identity: Identity) -> String {
        self.derive(&format!("invitation:{room}/{identity}"))
    }

    /// Stands in the room's list for a removal. Nobody ever joins with it, and nobody can guess it.
    pub(super) fn fence(&self, room: ConferenceId, identity: Identity) -> String {
        self.derive(&format!("fence:{room}/{identity}"))
    }

    /// How a handle of ours is marked. A stranger's can't be: the mark holds for one session only.
    pub(super) fn mark(&self, room: ConferenceId, identity: Identity, session: u64) -> String {
        let proof = self.derive(&format!("handle:{room}/{identity}/{session}"));
        format!("{room}/{identity}/{proof}")
    }

    /// Whose a mark is; none if it is not of our making.
    pub(super) fn read_mark(&self, mark: &str, session: u64) -> Option<(ConferenceId, Identity)> {
        let mut parts = mark.splitn(3, '/');
        let room = ConferenceId(parts.next()?.parse().ok()?);
        let identity: Identity = parts.next()?.parse().ok()?;
        let proof = unhex(parts.next()?)?;
        let mac = self.mac(&format!("handle:{room}/{identity}/{session}"));
        // In constant time.
        mac.verify_slice(&proof).is_ok().then_some((room, identity))
    }

    fn derive(&self, purpose: &str) -> String {
        let bytes = self.mac(purpose).finalize().into_bytes();
        bytes
            .iter()
            .flat_map(|b| [b >> 4, b & 15])
            .map(|n| char::from_digit(n.into(), 16).unwrap_or('0'))
            .collect()
    }

    fn mac(&self, purpose: &str) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "RFC 2104: HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        mac.update(b"trialogue janus v1:");
        mac.update(purpose.as_bytes());
        mac
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

#[cfg(test)]
mod tests {
    use trialogue_domain::ParticipantId;

    use super::*;

    const ROOM: ConferenceId = ConferenceId(101);

    fn anna() -> Identity {
        ParticipantId(1).into()
    }

    #[test]
    fn every_secret_is_its_own_and_the_same_after_a_restart() {
        let keys = Keys::new("room key".to_owned());
        let all = |keys: &Keys| {
            vec![
                keys.secret(ROOM),
                keys.secret(ConferenceId(102)),
                keys.pin(ROOM),
                keys.invitation(ROOM, anna()),
                keys.invitation(ROOM, ParticipantId(2).into()),
                keys.fence(ROOM, anna()),
            ]
        };
        let secrets = all(&keys);
        assert_eq!(secrets, all(&Keys::new("room key".to_owned())));
        let others = all(&Keys::new("another key".to_owned()));
        for (index, secret) in secrets.iter().enumerate() {
            assert_eq!(secret.len(), 64);
            assert!(!secrets[..index].contains(secret));
            assert!(!others.contains(secret));
        }
    }

    #[test]
    fn a_mark_is_read_back_and_cant_be_made_or_moved() {
        let keys = Keys::new("room key".to_owned());
        let mark = keys.mark(ROOM, anna(), 7);
        assert_eq!(keys.read_mark(&mark, 7), Some((ROOM, anna())));
        assert_eq!(keys.read_mark(&mark, 8), None, "another session's");
        assert_eq!(Keys::new("x".to_owned()).read_mark(&mark, 7), None, "another key's");
        assert_eq!(keys.read_mark(&mark.replace("p1/", "p2/"), 7), None);
        for text in ["", "101", "101/p1", "101/p1/", "101/p1/zz", "101/p1/abc", "x/y/z"] {
            assert_eq!(keys.read_mark(text, 7), None, "{text:?}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        assert!(!format!("{:?}", Keys::new("room key".to_owned())).contains("room key"));
    }
}
