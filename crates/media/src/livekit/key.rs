//! The key that Trialogue and `LiveKit` share, and the tokens signed with it: JSON Web Tokens (RFC 7519) with HMAC and
//! SHA-256, and no other way of signing.

use std::fmt;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::Value;
use trialogue_domain::Timestamp;

use super::hs256;

/// An API key of `LiveKit` with its secret.
#[derive(Clone)]
pub struct LiveKitKey {
    id: String,
    signing: EncodingKey,
    checking: DecodingKey,
    accepted: Validation,
}

/// A token that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is {0}")]
pub struct BadToken(pub(super) &'static str);

/// What a token says, as far as anybody here asks.
#[derive(Deserialize)]
pub(super) struct Claims {
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

/// So far may `LiveKit`'s clock and ours be apart; it grants the same itself.
const SKEW_SECONDS: i64 = 60;

impl LiveKitKey {
    /// The pair as it stands in `LiveKit`'s own configuration.
    pub fn new(id: impl Into<String>, secret: &str) -> Self {
        hs256::install();
        let id = id.into();
        let mut accepted = Validation::new(Algorithm::HS256);
        accepted.set_issuer(&[&id]);
        accepted.set_required_spec_claims(&["iss", "exp"]);
        // The library would ask the system's clock: `verify` looks at `exp` and `nbf` itself. Nothing here has an audience.
        accepted.validate_exp = false;
        accepted.validate_aud = false;
        let (signing, checking) =
            (EncodingKey::from_secret(secret.as_bytes()), DecodingKey::from_secret(secret.as_bytes()));
        Self { id, signing, checking, accepted }
    }

    /// A token with these claims, good from `now` on for `life`.
    #[expect(
        clippy::expect_used,
        reason = "a JSON value can be written, and HMAC takes keys of every length"
    )]
    pub(super) fn sign(&self, mut claims: Value, now: Timestamp, life: Duration) -> String {
        claims["iss"] = self.id.as_str().into();
        claims["nbf"] = seconds(now).into();
        claims["exp"] = seconds(now.after(life)).into();
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing).expect("a signed token")
    }

    /// What a token says, if it was signed with this key and its time is now.
    pub(super) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, BadToken> {
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.accepted);
        let claims = decoded.map_err(|error| BadToken::of(error.kind()))?.claims;
        let now = seconds(now);
        if claims.exp.saturating_add(SKEW_SECONDS) <= now {
            return Err(BadToken("expired"));
        }
        if claims.nbf.saturating_sub(SKEW_SECONDS) > now {
            return Err(BadToken("not good yet"));
        }
        Ok(claims)
    }
}

impl BadToken {
    fn of(error: &ErrorKind) -> Self {
        Self(match error {
            ErrorKind::InvalidSignature => "not signed with this server's key",
            ErrorKind::InvalidAlgorithm => "signed in another way than HS256",
            ErrorKind::InvalidIssuer => "of another key",
            _ => "malformed",
        })
    }
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
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit, Mac};
    use serde_json::json;
    use sha2::Sha256;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn key() -> LiveKitKey {
        LiveKitKey::new("key", "secret")
    }

    /// Signed with the right secret, whatever it says.
    fn forged(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        let signature = mac.chain_update(&signed).finalize().into_bytes();
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
        for alg in ["HS384", "HS512", "RS256", "ES256", "EdDSA"] {
            let header = format!(r#"{{"alg":"{alg}"}}"#);
            assert_eq!(why(&forged(&header, claims), NOW), "signed in another way than HS256", "{alg}");
        }
        for alg in ["none", "None", "hs256", "HS257", ""] {
            let header = format!(r#"{{"alg":"{alg}"}}"#);
            assert_eq!(why(&forged(&header, claims), NOW), "malformed", "{alg}");
            let [header, body] = [&*header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
            assert_eq!(why(&format!("{header}.{body}."), NOW), "malformed", "{alg}");
        }
        let [header, body] = [r#"{"alg":"HS256"}"#, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        assert_eq!(why(&format!("{header}.{body}."), NOW), "not signed with this server's key");
        for claims in [
            r#"{"iss":"key"}"#,
            r#"{"exp":1700000060}"#,
            r#"{"iss":"key","exp":"1700000060"}"#,
            r#"{"iss":"key","exp":1700000060,"nbf":"1700000060"}"#,
            r#"{"iss":7,"exp":1700000060}"#,
            "[]",
        ] {
            assert_eq!(why(&forged(r#"{"alg":"HS256"}"#, claims), NOW), "malformed", "{claims}");
        }
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
