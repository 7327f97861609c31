//! What the delivery of invitations needs: which way it goes, and the link.
//!
//! The store keeps of an invitation's secret the hash alone, so what delivers it later must be able to derive it. Where
//! invitations are delivered, the secret is therefore derived from a key of the server rather than from the inviter's
//! login token.

use std::fmt;

use trialogue_domain::{ParticipantId, Timestamp};
use trialogue_storage::Channel;

use crate::secret::Secret;

/// The key from which the secrets of invitations are derived; the same on every node. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct LinkKey(pub(crate) Secret);

impl LinkKey {
    /// Minimum number of characters.
    pub const LENGTH: usize = 32;

    /// The key of this text; none if it is too short to be one.
    pub fn new(text: &str) -> Option<Self> {
        (text.chars().count() >= Self::LENGTH).then(|| Self(Secret::presented(text)))
    }

    /// Whether this key's link opens the invitation with this hash: not if it was made under another key.
    pub fn opens(&self, participant: ParticipantId, invited_at: Timestamp, invitation: &[u8]) -> bool {
        // A hash of 256 random bits tells nothing by the time that comparing it takes.
        self.0.of_invitation(participant, invited_at).hash() == invitation
    }

    /// The link that opens an invitation.
    pub fn link(&self, public_url: &str, participant: ParticipantId, invited_at: Timestamp) -> String {
        self.0.of_invitation(participant, invited_at).link(public_url)
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(..)")
    }
}

/// How invitations are delivered.
#[derive(Debug, Clone)]
pub struct DeliverySettings {
    /// What their secrets are derived from.
    pub key: LinkKey,
    /// The channels that are configured.
    pub channels: Vec<Channel>,
}

impl DeliverySettings {
    /// The way to somebody with these addresses: e-mail rather than text, which is read aloud on lock screens; none if
    /// there is none.
    pub fn channel(&self, email: bool, phone: bool) -> Option<Channel> {
        let reaches = |channel: &&Channel| match channel {
            Channel::Email => email,
            Channel::Text => phone,
        };
        self.channels.iter().filter(reaches).min().copied()
    }
}
