//! ICE servers, and the time-limited credentials of those that relay.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha1::Sha1;
use trialogue_domain::Timestamp;

use crate::identity::Identity;

/// One entry of a browser's list (WebRTC: `RTCIceServer`).
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct IceServer {
    /// Where it is.
    pub urls: Vec<String>,
    /// The name to log in with, for a relay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// What helps browsers to reach each other.
#[derive(Clone, Default)]
pub struct IceServers {
    /// `stun:`, `turn:` and `turns:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// The secret that the TURN servers share with us, if they ask for credentials.
    pub turn_secret: Option<String>,
}

impl fmt::Debug for IceServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IceServers({:?})", self.urls)
    }
}

impl IceServers {
    /// What one party is given. TURN credentials last until its account expires: the name is that time and who it is, the
    /// password is proof that the name is ours (coturn's `use-auth-secret`; draft-uberti-behave-turn-rest-00).
    pub fn of(&self, identity: Identity, expires: Timestamp) -> Vec<IceServer> {
        let (relays, others): (Vec<String>, Vec<String>) =
            self.urls.iter().cloned().partition(|url| url.starts_with("turn"));
        let plain = |urls: Vec<String>| IceServer { urls, username: None, credential: None };
        let mut servers = Vec::new();
        if !others.is_empty() {
            servers.push(plain(others));
        }
        if !relays.is_empty() {
            servers.push(match &self.turn_secret {
                None => plain(relays),
                Some(secret) => {
                    let username = format!("{}:{identity}", expires.0 / 1_000_000);
                    let credential = Some(credential(secret, &username));
                    IceServer { urls: relays, username: Some(username), credential }
                }
            });
        }
        servers
    }
}

fn credential(secret: &str, username: &str) -> String {
    #[expect(clippy::expect_used, reason = "RFC 2104: HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use trialogue_domain::ParticipantId;

    use super::*;

    #[test]
    fn relays_get_credentials_and_others_do_not() {
        let urls = ["stun:s.example", "turn:t.example", "turns:t.example:443"].map(str::to_owned).to_vec();
        let ice = IceServers { urls, turn_secret: Some("north".to_owned()) };
        let servers = ice.of(Identity::from(ParticipantId(7)), Timestamp(1_433_895_918_506_000));
        assert_eq!(
            servers[0],
            IceServer { urls: vec!["stun:s.example".to_owned()], username: None, credential: None }
        );
        assert_eq!(servers[1].urls.len(), 2);
        assert_eq!(servers[1].username.as_deref(), Some("1433895918:p7"));
    }

    #[test]
    fn the_credential_is_hmac_sha1_in_base64() {
        // RFC 2202, test case 2.
        let credential = credential("Jefe", "what do ya want for nothing?");
        assert_eq!(credential, "7/zfauXrL6LSdBbV8YTfnCWafHk=");
    }

    #[test]
    fn without_servers_nothing_is_given() {
        assert_eq!(IceServers::default().of(Identity::from(ParticipantId(7)), Timestamp(0)), []);
    }
}
