//! Section engine: what carries the picture. The addresses of all engines are checked, whichever is chosen.

use std::time::Duration;

use clap::{Args, ValueEnum};
use trialogue_media::{JanusSettings, LiveKitKey, LiveKitSettings};

use super::address::base_url;
use super::values::Invalid;

/// How long Janus' or LiveKit's answer is waited for. They answer in milliseconds, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// Length of `livekit_api_secret`, in bytes. LiveKit refuses to start with a shorter one.
const LIVEKIT_SECRET_LENGTH: usize = 32;

#[derive(Args)]
#[command(next_help_heading = "Engine")]
pub(super) struct EngineSection {
    /// What carries the picture: `mesh`, `janus` or `livekit` (docs/engines.md).
    #[arg(long, default_value = "mesh")]
    engine: EngineName,

    /// Janus' WebSocket for parties.
    #[arg(long, default_value = "ws://127.0.0.1:8188", value_parser = janus_url)]
    janus_url: String,

    /// Janus' WebSocket for admins.
    #[arg(long, default_value = "ws://127.0.0.1:7188", value_parser = janus_url)]
    janus_admin_url: String,

    /// Janus' `api_secret`.
    #[arg(long)]
    janus_api_secret: Option<String>,

    /// Janus' `admin_secret`.
    #[arg(long)]
    janus_admin_secret: Option<String>,

    /// The `admin_key` of Janus' `VideoRoom`; what secures each room is derived from it.
    #[arg(long)]
    janus_room_key: Option<String>,

    /// User name with which Janus posts what happens to `{base_path}/Engine/Janus/Events`.
    #[arg(long, default_value = "janus")]
    janus_events_user: String,

    /// Password with which it does; if empty, the route is not there.
    #[arg(long)]
    janus_events_password: Option<String>,

    /// Where browsers find LiveKit, `wss://...`: the proxy with the admission gate.
    #[arg(long, value_parser = livekit_url)]
    livekit_url: Option<String>,

    /// Where LiveKit's room service is.
    #[arg(long, default_value = "http://127.0.0.1:7880", value_parser = livekit_api_url)]
    livekit_api_url: String,

    /// The API key in LiveKit's configuration, which must be the only one there.
    #[arg(long)]
    livekit_api_key: Option<String>,

    /// Its secret, 32 characters or more.
    #[arg(long)]
    livekit_api_secret: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EngineName {
    Mesh,
    Janus,
    #[value(name = "livekit")]
    LiveKit,
}

/// What carries the picture.
#[derive(Clone)]
pub(crate) enum Engine {
    /// Browsers connect to each other.
    Mesh,
    /// A Janus does.
    Janus(Box<JanusChoice>),
    /// `LiveKit`.
    LiveKit(Box<LiveKitSettings>),
}

/// The engine `janus`.
#[derive(Clone)]
pub(crate) struct JanusChoice {
    pub(crate) engine: JanusSettings,
    /// User and password of what it reports, if it does.
    pub(crate) reports_as: Option<(String, String)>,
}

impl EngineSection {
    pub(super) fn engine(self) -> Result<Engine, Invalid> {
        Ok(match self.engine {
            EngineName::Mesh => Engine::Mesh,
            EngineName::Janus => Engine::Janus(Box::new(self.janus()?)),
            EngineName::LiveKit => Engine::LiveKit(Box::new(self.livekit()?)),
        })
    }

    fn janus(self) -> Result<JanusChoice, Invalid> {
        let why = "the engine `janus` needs it; there is no default for a secret";
        let user = self.janus_events_user;
        Ok(JanusChoice {
            engine: JanusSettings {
                url: self.janus_url,
                admin_url: self.janus_admin_url,
                api_secret: self.janus_api_secret.ok_or(Invalid::new("janus_api_secret", why))?,
                admin_secret: self.janus_admin_secret.ok_or(Invalid::new("janus_admin_secret", why))?,
                room_key: self.janus_room_key.ok_or(Invalid::new("janus_room_key", why))?,
                patience: PATIENCE,
            },
            reports_as: self.janus_events_password.map(|password| (user, password)),
        })
    }

    fn livekit(self) -> Result<LiveKitSettings, Invalid> {
        let why = "the engine `livekit` needs it";
        let secret = self.livekit_api_secret.filter(|secret| secret.len() >= LIVEKIT_SECRET_LENGTH);
        let secret =
            secret.ok_or(Invalid::new("livekit_api_secret", "LiveKit needs 32 characters or more"))?;
        let key = self.livekit_api_key.ok_or(Invalid::new("livekit_api_key", why))?;
        Ok(LiveKitSettings {
            url: self.livekit_url.ok_or(Invalid::new("livekit_url", why))?,
            api_url: self.livekit_api_url,
            key: LiveKitKey::new(key, &secret),
            patience: PATIENCE,
        })
    }
}

fn janus_url(text: &str) -> Result<String, String> {
    base_url(text, &["ws"])
}

fn livekit_url(text: &str) -> Result<String, String> {
    base_url(text, &["wss", "ws"])
}

fn livekit_api_url(text: &str) -> Result<String, String> {
    base_url(text, &["https", "http"])
}
