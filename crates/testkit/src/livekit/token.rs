//! Tokens, looked at from the other side.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The key pair in the stand-in's configuration.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
}

/// A webhook as it is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The header of that name.
    pub authorization: String,
    /// What is posted.
    pub body: String,
}

impl Key {
    /// The claims of a token, if it is signed with this key and has a beginning and an end.
    pub(super) fn claims(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let claims = json(claims)?;
        let sound = json(header)?["alg"] == "HS256"
            && URL_SAFE_NO_PAD.decode(signature).ok()? == self.mac(signed)
            && claims["iss"] == self.id.as_str()
            && claims["nbf"].as_i64()? < claims["exp"].as_i64()?;
        sound.then_some(claims)
    }

    /// The webhook of an event, signed as `LiveKit` does, from `now` on (seconds since 1970).
    pub(super) fn webhook(&self, event: &Value, now: i64) -> Webhook {
        let body = event.to_string();
        let sha256 = STANDARD.encode(Sha256::digest(&body));
        let claims = json!({"iss": self.id, "nbf": now, "exp": now + 300, "sha256": sha256});
        let [header, claims] = [r#"{"alg":"HS256","typ":"JWT"}"#.to_owned(), claims.to_string()]
            .map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&signed));
        Webhook { authorization: format!("{signed}.{signature}"), body }
    }

    fn mac(&self, signed: &str) -> Vec<u8> {
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("a key of any length");
        mac.chain_update(signed).finalize().into_bytes().to_vec()
    }
}
