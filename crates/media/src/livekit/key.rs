//! The key that Trialogue and `LiveKit` share, and the tokens signed with it: JSON Web Tokens (RFC 7519) with HMAC and
//! SHA-256, and no other way of signing.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;
use trialogue_domain::Timestamp;

/// An API key of `LiveKit` with its secret.
#[derive(Clone)]
pub struct LiveKitKey {
    id: String,
    mac: Hmac<Sha256>,
}

/// A token that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is {0}")]
pub struct BadToken(pub(super) &'static str);

/// What a token says, as far as anybody here asks.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    exp: i64,
    #[serde(default)]
    nbf: i64,
    #[serde(default)]
    pub(super) sub: String,
    #[serde(default)]
    pub(super) video: VideoGrant,
    #[serde(default)]
    pub(super) sha256: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VideoGrant {
    pub(super) room: String,
    pub(super) room_join: bool,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// So far may `LiveKit`'s clock and ours be apart; it grants the same itself.
const SKEW_SECONDS: i64 = 60;

impl LiveKitKey {
    /// The pair as it stands in `LiveKit`'s own configuration.
    pub fn new(id: impl Into<String>, secret: &str) -> Self {
        Self { id: id.into(), mac: keyed(secret) }
    }

    /// A token with these claims, good from `now` on for `life`.
    pub(super) fn sign(&self, mut claims: Value, now: Timestamp, life: Duration) -> String {
        claims["iss"] = self.id.as_str().into();
        claims["nbf"] = seconds(now).into();
        claims["exp"] = seconds(now.after(life)).into();
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.mac.clone().chain_update(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a token says, if it was signed with this key and its time is now.
    pub(super) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, BadToken> {
        let malformed = BadToken("malformed");
        let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed)?;
        // Compares in constant time. Nothing of the token is looked at before it.
        self.mac
            .clone()
            .chain_update(signed)
            .verify_slice(&signature)
            .map_err(|_| BadToken("not signed with this server's key"))?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        if read::<Header>(header)?.alg != "HS256" {
            return Err(BadToken("signed in another way than HS256"));
        }
        let claims: Claims = read(claims)?;
        let now = seconds(now);
        if claims.iss != self.id {
            return Err(BadToken("of another key"));
        }
        if claims.exp.saturating_add(SKEW_SECONDS) <= now {
            return Err(BadToken("expired"));
        }
        if claims.nbf.saturating_sub(SKEW_SECONDS) > now {
            return Err(BadToken("not good yet"));
        }
        Ok(claims)
    }
}

#[expect(clippy::expect_used, reason = "RFC 2104: HMAC takes keys of every length")]
fn keyed(secret: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.as_bytes()).expect("a key of any length")
}

fn read<T: DeserializeOwned>(part: &str) -> Result<T, BadToken> {
    let malformed = BadToken("malformed");
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed)?;
    serde_json::from_slice(&json).map_err(|_| malformed)
}

const fn seconds(time: Timestamp) -> i64 {
    time.0.div_euclid(1_000_000)
}

impl fmt::Debug for LiveKitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKitKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn key() -> LiveKitKey {
        LiveKitKey::new("key", "secret")
    }

    /// Signed with the right secret, whatever it says.
    fn forged(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = key().mac.chain_update(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn why(token: &str, now: Timestamp) -> &'static str {
        key().verify(token, now).map_or_else(|bad| bad.0, |_| "good")
    }

    #[test]
    fn what_is_signed_is_accepted() {
        let token = key().sign(json!({ "sub": "p1" }), NOW, MINUTE);
        assert_eq!(key().verify(&token, NOW).unwrap().sub, "p1");
    }

    #[test]
    fn another_key_or_secret_is_refused() {
        let secret = LiveKitKey::new("key", "Secret").sign(json!({}), NOW, MINUTE);
        assert_eq!(why(&secret, NOW), "not signed with this server's key");
        let id = LiveKitKey::new("other", "secret").sign(json!({}), NOW, MINUTE);
        assert_eq!(why(&id, NOW), "of another key");
    }

    #[test]
    fn no_character_can_be_changed() {
        let token = key().sign(json!({ "sub": "p1" }), NOW, MINUTE);
        for (at, old) in token.char_indices() {
            let new = if old == 'A' { 'B' } else { 'A' };
            let changed = format!("{}{new}{}", &token[..at], &token[at + 1..]);
            assert_ne!(why(&changed, NOW), "good", "{at}");
        }
    }

    #[test]
    fn it_is_good_in_its_time_and_a_minute_around() {
        let token = key().sign(json!({}), NOW, MINUTE);
        let at = |seconds: i64| Timestamp(NOW.0 + seconds * 1_000_000);
        assert_eq!(why(&token, at(-61)), "not good yet");
        assert_eq!(why(&token, at(-60)), "good");
        assert_eq!(why(&token, at(119)), "good");
        assert_eq!(why(&token, at(120)), "expired");
    }

    #[test]
    fn only_hs256_with_an_end_is_accepted() {
        let claims = r#"{"iss":"key","exp":1700000060}"#;
        assert_eq!(why(&forged(r#"{"alg":"HS256"}"#, claims), NOW), "good");
        assert_eq!(why(&forged(r#"{"alg":"none"}"#, claims), NOW), "signed in another way than HS256");
        assert_eq!(why(&forged(r#"{"alg":"HS256"}"#, r#"{"iss":"key"}"#), NOW), "malformed");
        let [header, body] = [r#"{"alg":"none"}"#, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        assert_eq!(why(&format!("{header}.{body}."), NOW), "not signed with this server's key");
    }

    #[test]
    fn nonsense_is_refused() {
        for token in ["", ".", "..", "a.b.c", "%%%", "é.é.é"] {
            assert_ne!(why(token, NOW), "good", "{token:?}");
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert_eq!(format!("{:?}", key()), r#"LiveKitKey { id: "key", .. }"#);
    }
}
