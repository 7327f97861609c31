//! Section signalling: the sockets of the pages, and the ICE servers that browsers are told.

use std::time::Duration;

use clap::Args;
use trialogue_http::SignallingSettings;
use trialogue_media::IceServers;

use super::address::ice_server;
use super::value::{list, seconds};
use super::values::Invalid;

#[derive(Args)]
#[command(next_help_heading = "Signalling")]
pub(super) struct SignallingSection {
    /// STUN and TURN servers for browsers, `stun:HOST`, `turn:HOST`, `turns:HOST:PORT?transport=tcp`, with commas between
    /// them.
    #[arg(long, value_parser = ice_servers)]
    ice_servers: Option<Urls>,

    /// The secret shared with the TURN servers (coturn's `static-auth-secret`); needed with `turn:` and `turns:`.
    #[arg(long)]
    turn_secret: Option<String>,

    /// How often a signalling socket is asked for a sign of life; two without an answer, and it is lost.
    #[arg(long, default_value = "10", value_parser = seconds)]
    heartbeat_seconds: Duration,
}

/// One value for clap, to which a field of type `Vec` would be an argument that is repeated.
type Urls = Vec<String>;

impl SignallingSection {
    /// `grace` is how long a lost socket may take to come back.
    pub(super) fn signalling(self, grace: Duration) -> Result<SignallingSettings, Invalid> {
        let urls = self.ice_servers.unwrap_or_default();
        if urls.iter().any(|url| url.starts_with("turn")) && self.turn_secret.is_none() {
            return Err(Invalid::new(
                "turn_secret",
                "it is needed with `turn:` and `turns:` in `ice_servers`: browsers take no TURN server without credentials",
            ));
        }
        let ice = IceServers { urls, turn_secret: self.turn_secret };
        Ok(SignallingSettings { heartbeat: self.heartbeat_seconds, grace, ice })
    }
}

fn ice_servers(text: &str) -> Result<Urls, String> {
    list(text, ice_server)
}
