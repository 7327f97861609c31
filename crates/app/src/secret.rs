//! Secrets: made, derived, and written as text.
//!
//! The store keeps their hashes only. So that a client that polls gets the same account secret each time, the secret is
//! not drawn but derived from the bearer token of its holder: whoever holds the token can be told it again, and the
//! server needs to keep neither.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use trialogue_domain::{ParticipantId, Timestamp};
use trialogue_media::Identity;

use crate::ports::Entropy;

/// A bearer secret, as it travels: 256 bits as hexadecimal text. It has no `Debug` and no `Display`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new one.
    pub fn random(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(hex(&bytes))
    }

    /// One that came in with a request.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret of the media account that this token's holder has.
    #[must_use]
    pub fn of_account(&self, identity: Identity) -> Self {
        self.derive(&format!("trialogue account v1:{identity}"))
    }

    /// The secret of an invitation that was made with this token, or by a server with this key: asked again, the same.
    /// The time is in it because a database that is put back from a copy numbers its participants anew.
    #[must_use]
    pub fn of_invitation(&self, participant: ParticipantId, invited_at: Timestamp) -> Self {
        self.derive(&format!("trialogue invitation delivery v1:p{participant}:{}", invited_at.0))
    }

    /// The invitation link that hands it out. It stands in the fragment, which browsers never send.
    pub fn link(&self, public_url: &str) -> String {
        format!("{public_url}/join#{}", self.0)
    }

    fn derive(&self, purpose: &str) -> Self {
        #[expect(clippy::expect_used, reason = "RFC 2104: HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        mac.update(purpose.as_bytes());
        Self(hex(&mac.finalize().into_bytes()))
    }

    /// The text, for the one answer that hands it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the store knows it by.
    pub fn hash(&self) -> trialogue_storage::SecretHash {
        trialogue_storage::hash_secret(&self.0)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|n| char::from_digit(n.into(), 16).unwrap_or('0'))
        .collect()
}
