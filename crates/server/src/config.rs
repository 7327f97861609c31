//! The settings: one list, from which the flags, the environment variables, the file's keys and `docs/settings.md` are
//! made. A flag wins over the environment, the environment over the file, the file over the default.

mod address;
mod environment;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use trialogue_delivery::{Bearer, Delivery, Email, Language, Sender, TextMessage};
use trialogue_domain::Timings;
use trialogue_http::{
    AddressHeader, DeliverySettings, HttpSettings, IceServers, LinkKey, LoginLife, SignallingSettings,
    TrustedProxies,
};
use trialogue_media::{JanusSettings, LiveKitKey, LiveKitSettings};
use trialogue_storage::{Channel, DatabaseUrl, StoreOptions};

pub(crate) use address::Listen;
use address::{ice_server, network, public_url, web_url};
use environment::nearest;
pub(crate) use environment::{CONFIG as CONFIG_VARIABLE, Variables};

/// One setting.
pub(crate) struct Setting {
    /// The key in the file; the flag is `--` and the same with hyphens.
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) help: &'static str,
}

/// How long the body of a request may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(15);

/// All settings, in the order of the documentation.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        default: "127.0.0.1:8080",
        help: "Name or address, and port, to listen on; of a name, on all its addresses.",
    },
    Setting {
        name: "public_url",
        default: "",
        help: "How a browser reaches this server, for invitation links: `https://HOST`, with a path if a proxy puts one before \
               it. `http://` and `listen` if empty, with `localhost` for all addresses.",
    },
    Setting { name: "base_path", default: "/API", help: "Below which path the routes are." },
    Setting {
        name: "database",
        default: "sqlite://trialogue.db",
        help: "`sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME?sslmode=...`.",
    },
    Setting {
        name: "auto_migrate",
        default: "true",
        help: "Whether `serve` brings the schema up to date by itself; otherwise run `trialogue migrate`.",
    },
    Setting { name: "writers", default: "2", help: "Writer threads on PostgreSQL; SQLite has one." },
    Setting { name: "readers", default: "2", help: "Reader threads, each with a connection." },
    Setting {
        name: "queue",
        default: "1024",
        help: "So many operations may wait for the database; more are answered 503.",
    },
    Setting {
        name: "database_seconds",
        default: "8",
        help: "How long an operation may wait for the database's answer; then it is answered 503.",
    },
    Setting {
        name: "retention_days",
        default: "30",
        help: "How long personal data of an ended conference is kept: names, addresses and telephone numbers of those who \
               were invited, free texts and places. 0 keeps it for good.",
    },
    Setting { name: "workers", default: "0", help: "HTTP worker threads; 0 means one for each core." },
    Setting {
        name: "keep_alive_seconds",
        default: "75",
        help: "How long an idle connection is kept open for the next request. Keep it longer than the proxy in front does.",
    },
    Setting {
        name: "trusted_proxies",
        default: "",
        help: "Addresses and networks of the proxies in front, such as `127.0.0.1, 10.0.0.0/8`. What they report as the client's address \
               counts for limits; what others report does not. If empty, all clients of a proxy share the limits of one address.",
    },
    Setting {
        name: "client_address_header",
        default: "X-Forwarded-For",
        help: "The header in which the trusted proxies report it: `X-Forwarded-For` or `Forwarded`. The proxy must append to this header or \
               replace it. The right-most address that is no trusted proxy counts.",
    },
    Setting {
        name: "metrics_listen",
        default: "",
        help: "Address and port of a second listener that answers `GET /metrics` for Prometheus; none if empty. Not for the outside.",
    },
    Setting {
        name: "engine",
        default: "mesh",
        help: "What carries the picture: `mesh`, `janus` or `livekit` (docs/engines.md).",
    },
    Setting { name: "janus_url", default: "ws://127.0.0.1:8188", help: "Janus' WebSocket for parties." },
    Setting { name: "janus_admin_url", default: "ws://127.0.0.1:7188", help: "Janus' WebSocket for admins." },
    Setting { name: "janus_api_secret", default: "", help: "Janus' `api_secret`." },
    Setting { name: "janus_admin_secret", default: "", help: "Janus' `admin_secret`." },
    Setting {
        name: "janus_room_key",
        default: "",
        help: "The `admin_key` of Janus' VideoRoom; what secures each room is derived from it.",
    },
    Setting {
        name: "janus_events_user",
        default: "janus",
        help: "As whom Janus posts what happens to `{base_path}/Engine/Janus/Events`.",
    },
    Setting {
        name: "janus_events_password",
        default: "",
        help: "With what password it does; if empty, the route is not there.",
    },
    Setting {
        name: "livekit_url",
        default: "",
        help: "Where browsers find LiveKit, `wss://...`: the proxy with the admission gate.",
    },
    Setting {
        name: "livekit_api_url",
        default: "http://127.0.0.1:7880",
        help: "Where LiveKit's room service is.",
    },
    Setting {
        name: "livekit_api_key",
        default: "",
        help: "The API key in LiveKit's configuration, which must be the only one there.",
    },
    Setting { name: "livekit_api_secret", default: "", help: "Its secret, 32 characters or more." },
    Setting {
        name: "ice_servers",
        default: "",
        help: "STUN and TURN servers for browsers, `stun:HOST`, `turn:HOST`, `turns:HOST:PORT?transport=tcp`, with commas \
               between them.",
    },
    Setting {
        name: "turn_secret",
        default: "",
        help: "The secret shared with the TURN servers (coturn's `static-auth-secret`); needed with `turn:` and `turns:`.",
    },
    Setting {
        name: "heartbeat_seconds",
        default: "10",
        help: "How often a signalling socket is asked for a sign of life; two without an answer, and it is lost.",
    },
    Setting {
        name: "token_seconds",
        default: "43200",
        help: "How long a login lasts without use; each use prolongs it.",
    },
    Setting {
        name: "token_max_seconds",
        default: "604800",
        help: "How long a login lasts at most. It never ends during a live request of its user.",
    },
    Setting {
        name: "presence_seconds",
        default: "30",
        help: "A party without a sign of life for so long is shown as offline, and is offered nothing.",
    },
    Setting { name: "search_seconds", default: "300", help: "How long an interpreter is looked for." },
    Setting {
        name: "start_seconds",
        default: "900",
        help: "How long an accepted request waits for a call before it is ended.",
    },
    Setting {
        name: "ring_seconds",
        default: "60",
        help: "How long the listener's confirmation is waited for.",
    },
    Setting {
        name: "join_seconds",
        default: "300",
        help: "How long a confirmed party may take to fetch its account.",
    },
    Setting { name: "invitation_seconds", default: "900", help: "How long a guest's answer is waited for." },
    Setting {
        name: "reconnect_seconds",
        default: "30",
        help: "How long a lost media link may take to come back.",
    },
    Setting { name: "account_seconds", default: "43200", help: "How long a media account lives." },
    Setting {
        name: "smtp_url",
        default: "",
        help: "Sends invitations by e-mail: `smtps://USER:PASSWORD@HOST` (TLS), `smtp://USER:PASSWORD@HOST?tls=required` \
               (STARTTLS) or `smtp://HOST` (neither). No e-mail if empty.",
    },
    Setting { name: "smtp_from", default: "", help: "The sender of e-mails: `ADDRESS` or `NAME <ADDRESS>`." },
    Setting {
        name: "sms_webhook",
        default: "",
        help: "Sends invitations by text message to guests without an e-mail address: `{\"to\", \"text\"}` is posted to \
               this URL. No text message if empty.",
    },
    Setting { name: "sms_secret", default: "", help: "The bearer token that `sms_webhook` is called with." },
    Setting {
        name: "link_key",
        default: "",
        help: "What the secrets of delivered invitations are derived from: 32 characters at least, random, the same on \
               every node (`openssl rand -hex 32`). Needed with `smtp_url` and `sms_webhook`.",
    },
    Setting {
        name: "delivery_language",
        default: "en",
        help: "The language of e-mails and text messages: `en` or `es`.",
    },
    Setting {
        name: "conformance_echo",
        default: "false",
        help: "Whether `POST {base_path}/Conformance/Echo/ResultVideoConferenceParticipant` answers how a body was read.",
    },
    Setting { name: "request_log", default: "true", help: "Whether each request is logged in a line." },
    Setting {
        name: "log",
        default: "info",
        help: "What is logged: a level, or `tracing` directives such as `info,trialogue_http=debug`. Libraries log \
               nothing below `info`: it would hold secrets and personal data.",
    },
    Setting { name: "log_format", default: "text", help: "`text` or `json`." },
    Setting {
        name: "shutdown_seconds",
        default: "30",
        help: "How long a stop waits for the requests that are being served.",
    },
];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(String),
    Environment(String),
    File(String),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting that can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("setting `{name}` (from {from}): {why}")]
    Wrong { name: &'static str, from: Source, why: String },
    #[error("{file}: there is no setting `{name}`{hint}; `trialogue config list` shows all")]
    Unknown { file: String, name: String, hint: String },
    #[error("{file}: {why}")]
    File { file: String, why: String },
    #[error("environment variable {name}: {why}")]
    Variable { name: String, why: String },
}

impl Setting {
    pub(crate) fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    /// Whether its name says that nobody may see its value.
    fn is_secret(&self) -> bool {
        ["_secret", "_key", "_password"].iter().any(|end| self.name.ends_with(end))
    }

    pub(crate) fn variable(&self) -> String {
        format!("TRIALOGUE_{}", self.name.to_uppercase())
    }

    /// The variable with the path of a file that holds the value, as container engines mount secrets.
    fn file_variable(&self) -> String {
        format!("{}_FILE", self.variable())
    }
}

/// Every setting's text, and where it came from.
pub(crate) struct Values {
    values: Vec<(&'static Setting, String, Source)>,
    /// What is to be told to whoever starts the program.
    pub(crate) warnings: Vec<String>,
}

impl Values {
    /// Gathers them. `flag` gives the value of a flag, `file` is the path of a TOML file. An empty value counts as not set.
    pub(crate) fn gather(
        flag: impl Fn(&str) -> Option<String>,
        variables: &Variables,
        file: Option<&str>,
    ) -> Result<Self, SettingsError> {
        let table = file.map(read_file).transpose()?;
        let find = |setting: &'static Setting| {
            if let Some(value) = flag(setting.name).filter(|value| !value.is_empty()) {
                return Ok((setting, value, Source::Flag(setting.flag())));
            }
            if let Some((value, from)) = variables.setting(setting)? {
                return Ok((setting, value, from));
            }
            let in_file = table.as_ref().and_then(|table| table.get(setting.name)).map(text_of);
            if let (Some(value), Some(file)) = (in_file.filter(|value| !value.is_empty()), file) {
                return Ok((setting, value, Source::File(file.to_owned())));
            }
            Ok((setting, setting.default.to_owned(), Source::Default))
        };
        let values = SETTINGS.iter().map(find).collect::<Result<_, SettingsError>>()?;
        Ok(Self { values, warnings: variables.warnings() })
    }

    /// Each setting with its value and source; secrets are not shown.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&'static str, String, &Source)> {
        self.values.iter().map(|(setting, value, from)| {
            let value = match (setting.name, DatabaseUrl::parse(value)) {
                ("database", Ok(url)) => url.to_string(),
                ("database", Err(_)) => "(unreadable)".to_owned(),
                // The addresses of the mail server and the webhook may hold a password or a key as well.
                ("smtp_url" | "sms_webhook", _) if !value.is_empty() => "(not shown)".to_owned(),
                _ if setting.is_secret() && !value.is_empty() => "(not shown)".to_owned(),
                _ => value.clone(),
            };
            (setting.name, value, from)
        })
    }

    /// The settings, read and checked.
    pub(crate) fn settings(&self) -> Result<Settings, SettingsError> {
        let listen = self.checked("listen", Listen::parse)?;
        let public_url = self.optional("public_url", public_url)?;
        let links_name_listen = public_url.is_none();
        let base_path = self.checked("base_path", |path| {
            let sound =
                path.starts_with('/') && !path.ends_with('/') && !path.contains(['{', '}', '?', '#', ' ']);
            if sound { Ok(path.to_owned()) } else { Err("write a path such as /API".to_owned()) }
        })?;
        let metrics_listen = self.optional("metrics_listen", Listen::parse)?;
        let (key, deliveries) = (self.link_key()?, self.deliveries()?);
        self.unused_engines()?;
        Ok(Settings {
            database: self.checked("database", |text| DatabaseUrl::parse(text).map_err(|e| e.to_string()))?,
            auto_migrate: self.parsed("auto_migrate")?,
            retention: match self.parsed::<u32>("retention_days")? {
                0 => None,
                days => Some(Duration::from_hours(u64::from(days) * 24)),
            },
            workers: self.parsed("workers")?,
            store: StoreOptions {
                writers: self.parsed("writers")?,
                readers: self.parsed("readers")?,
                queue: self.parsed("queue")?,
                answer_within: self.seconds("database_seconds")?,
                timings: Timings {
                    search: self.seconds("search_seconds")?,
                    start: self.seconds("start_seconds")?,
                    ring: self.seconds("ring_seconds")?,
                    join: self.seconds("join_seconds")?,
                    invitation: self.seconds("invitation_seconds")?,
                    reconnect: self.seconds("reconnect_seconds")?,
                    account: self.seconds("account_seconds")?,
                    presence: self.seconds("presence_seconds")?,
                },
            },
            engine: match self.text("engine").0 {
                "mesh" => Engine::Mesh,
                "janus" => Engine::Janus(Box::new(self.janus()?)),
                "livekit" => Engine::LiveKit(Box::new(self.livekit()?)),
                _ => self.checked("engine", |_| {
                    Err("this version knows `mesh`, `janus` and `livekit`".to_owned())
                })?,
            },
            http: HttpSettings {
                base_path,
                public_url: public_url.unwrap_or_else(|| listen.url()),
                logins: LoginLife {
                    idle: self.seconds("token_seconds")?,
                    total: self.seconds("token_max_seconds")?,
                },
                delivery: key.map(|key| DeliverySettings {
                    key,
                    channels: deliveries.iter().map(|(channel, _)| *channel).collect(),
                }),
                // Docs/events.md promises it; proxies cut what is silent for a minute.
                heartbeat: Duration::from_secs(15),
                signalling: SignallingSettings {
                    heartbeat: self.seconds("heartbeat_seconds")?,
                    grace: self.seconds("reconnect_seconds")?,
                    ice: self.ice_servers()?,
                },
                conformance_echo: self.parsed("conformance_echo")?,
                request_log: self.parsed("request_log")?,
                metrics: metrics_listen.is_some(),
                password_workers: 2,
                keep_alive: self.seconds("keep_alive_seconds")?,
                body_deadline: BODY_DEADLINE,
                proxies: self.proxies()?,
            },
            links_name_listen,
            listen,
            metrics_listen,
            deliveries,
            log: self.checked("log", |text| match EnvFilter::try_new(text) {
                Ok(_) => Ok(text.to_owned()),
                Err(e) => Err(format!("{text:?} can't be read: {e}")),
            })?,
            log_json: self.checked("log_format", |text| match text {
                "text" => Ok(false),
                "json" => Ok(true),
                _ => Err("write `text` or `json`".to_owned()),
            })?,
            shutdown: self.seconds("shutdown_seconds")?,
        })
    }

    /// Reads the addresses of all engines: a wrong one is told where it is set, not when the engine is switched on.
    fn unused_engines(&self) -> Result<(), SettingsError> {
        for name in ["janus_url", "janus_admin_url"] {
            self.url(name, &["ws"])?;
        }
        self.url("livekit_api_url", &["https", "http"])?;
        if !self.text("livekit_url").0.is_empty() {
            self.url("livekit_url", &["wss", "ws"])?;
        }
        Ok(())
    }

    fn janus(&self) -> Result<JanusChoice, SettingsError> {
        let secret = |name| {
            self.checked(name, |secret| match secret {
                "" => Err("the engine `janus` needs it; there is no default for a secret".to_owned()),
                _ => Ok(secret.to_owned()),
            })
        };
        let reports = (self.text("janus_events_user").0, self.text("janus_events_password").0);
        Ok(JanusChoice {
            engine: JanusSettings {
                url: self.url("janus_url", &["ws"])?,
                admin_url: self.url("janus_admin_url", &["ws"])?,
                api_secret: secret("janus_api_secret")?,
                admin_secret: secret("janus_admin_secret")?,
                room_key: secret("janus_room_key")?,
                patience: JANUS_PATIENCE,
            },
            reports_as: (!reports.1.is_empty()).then(|| (reports.0.to_owned(), reports.1.to_owned())),
        })
    }

    fn livekit(&self) -> Result<LiveKitSettings, SettingsError> {
        let key = self.checked("livekit_api_key", |id| {
            if id.is_empty() { Err("LiveKit needs an API key".to_owned()) } else { Ok(id.to_owned()) }
        })?;
        // LiveKit itself wants as much.
        let secret = self.checked("livekit_api_secret", |secret| {
            if secret.len() < 32 {
                Err("LiveKit needs 32 characters or more".to_owned())
            } else {
                Ok(secret.to_owned())
            }
        })?;
        Ok(LiveKitSettings {
            url: self.url("livekit_url", &["wss", "ws"])?,
            api_url: self.url("livekit_api_url", &["https", "http"])?,
            key: LiveKitKey::new(key, &secret),
            patience: Duration::from_secs(5),
        })
    }

    /// The proxies that report the addresses of clients.
    fn proxies(&self) -> Result<TrustedProxies, SettingsError> {
        let networks = self.checked("trusted_proxies", |text| {
            let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty());
            networks.map(network).collect::<Result<Vec<_>, _>>()
        })?;
        let header = self.checked("client_address_header", |name| {
            let known =
                [("X-Forwarded-For", AddressHeader::XForwardedFor), ("Forwarded", AddressHeader::Forwarded)];
            let found = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, header)| header).ok_or_else(|| "write `X-Forwarded-For` or `Forwarded`".to_owned())
        })?;
        Ok(TrustedProxies { networks, header })
    }

    /// The key of invitation links; needed where they are delivered.
    fn link_key(&self) -> Result<Option<LinkKey>, SettingsError> {
        let is_set = |name| !self.text(name).0.is_empty();
        self.checked("link_key", |text| match LinkKey::new(text) {
            None if !text.is_empty() => Err(format!("a key of {} characters at least is needed", LinkKey::LENGTH)),
            None if is_set("smtp_url") || is_set("sms_webhook") => Err(
                "it is needed to deliver invitations: set a random key, the same on every node (`openssl rand -hex 32`)"
                    .to_owned(),
            ),
            key => Ok(key),
        })
    }

    /// What delivers invitations.
    fn deliveries(&self) -> Result<Deliveries, SettingsError> {
        let is_set = |name| !self.text(name).0.is_empty();
        let language = self.checked("delivery_language", |text| {
            Language::ALL
                .into_iter()
                .find(|l| l.code() == text)
                .ok_or_else(|| "write `en` or `es`".to_owned())
        })?;
        let mut deliveries: Deliveries = Vec::new();
        if is_set("smtp_url") {
            let from = self.checked("smtp_from", |text| Sender::parse(text).map_err(|e| e.to_string()))?;
            let email = self.checked("smtp_url", |url| {
                let url = address::url(url, &["smtps", "smtp"])?;
                Email::new(url.as_str(), from.clone(), language).map_err(|e| e.to_string())
            })?;
            deliveries.push((Channel::Email, Arc::new(email)));
        }
        if is_set("sms_webhook") {
            let secret = self.checked("sms_secret", |text| Bearer::new(text).map_err(|e| e.to_string()))?;
            let text = self.checked("sms_webhook", |url| {
                let url = address::url(url, &["https", "http"])?;
                TextMessage::new(url.as_str(), secret.clone(), language).map_err(|e| e.to_string())
            })?;
            deliveries.push((Channel::Text, Arc::new(text)));
        }
        Ok(deliveries)
    }

    fn ice_servers(&self) -> Result<IceServers, SettingsError> {
        let urls = self.checked("ice_servers", |text| {
            let urls = text.split(',').map(str::trim).filter(|url| !url.is_empty());
            urls.map(ice_server).collect::<Result<Vec<_>, _>>()
        })?;
        let has_turn = urls.iter().any(|url| url.starts_with("turn"));
        let turn_secret = self.checked("turn_secret", |secret| match secret {
            "" if has_turn => {
                Err("it is needed with `turn:` and `turns:` in `ice_servers`: browsers take no TURN server \
                                   without credentials"
                    .to_owned())
            }
            "" => Ok(None),
            secret => Ok(Some(secret.to_owned())),
        })?;
        Ok(IceServers { urls, turn_secret })
    }

    /// An address with a host, and without a slash at the end if it has no path.
    fn url(&self, name: &'static str, schemes: &[&str]) -> Result<String, SettingsError> {
        self.checked(name, |text| {
            let url = web_url(text, schemes)?;
            Ok(if url.path() == "/" { url.as_str().trim_end_matches('/') } else { url.as_str() }.to_owned())
        })
    }

    /// A setting that may be left empty.
    fn optional<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, SettingsError> {
        self.checked(name, |text| if text.is_empty() { Ok(None) } else { read(text).map(Some) })
    }

    fn text(&self, name: &str) -> (&str, &Source) {
        let found = self.values.iter().find(|(setting, ..)| setting.name == name);
        found.map_or(("", &Source::Default), |(_, value, from)| (value, from))
    }

    fn checked<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, SettingsError> {
        let (value, from) = self.text(name);
        read(value).map_err(|why| SettingsError::Wrong { name, from: from.clone(), why })
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &'static str) -> Result<T, SettingsError> {
        self.checked(name, |text| text.parse().map_err(|e| format!("{text:?} can't be read: {e}")))
    }

    fn seconds(&self, name: &'static str) -> Result<Duration, SettingsError> {
        self.checked(name, |text| match text.parse::<u32>() {
            Ok(0) => Err("must be at least 1".to_owned()),
            Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
            Err(e) => Err(format!("{text:?} is no number of seconds: {e}")),
        })
    }
}

/// The channels that are configured, and what sends through each.
pub(crate) type Deliveries = Vec<(Channel, Arc<dyn Delivery>)>;

/// The settings, ready for use.
pub(crate) struct Settings {
    pub(crate) listen: Listen,
    /// Whether links begin with `listen`, as no public URL is set.
    pub(crate) links_name_listen: bool,
    pub(crate) database: DatabaseUrl,
    pub(crate) auto_migrate: bool,
    /// How long personal data of an ended conference is kept; none for good.
    pub(crate) retention: Option<Duration>,
    pub(crate) workers: usize,
    pub(crate) metrics_listen: Option<Listen>,
    pub(crate) store: StoreOptions,
    pub(crate) engine: Engine,
    pub(crate) http: HttpSettings,
    pub(crate) deliveries: Deliveries,
    pub(crate) log: String,
    pub(crate) log_json: bool,
    pub(crate) shutdown: Duration,
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

/// How long an answer of Janus is waited for: it answers in milliseconds, or not at all.
const JANUS_PATIENCE: Duration = Duration::from_secs(5);

fn read_file(file: &str) -> Result<toml::Table, SettingsError> {
    let failed = |why: String| SettingsError::File { file: file.to_owned(), why };
    let text = std::fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| failed(e.to_string()))?;
    match table.keys().find(|key| SETTINGS.iter().all(|s| s.name != key.as_str())) {
        Some(name) => {
            let meant = nearest(name, SETTINGS.iter().map(|setting| setting.name));
            let hint = meant.map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
            Err(SettingsError::Unknown { file: file.to_owned(), name: name.clone(), hint })
        }
        None => Ok(table),
    }
}

fn text_of(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `docs/settings.md`.
pub(crate) fn markdown() -> String {
    use fmt::Write as _;
    let mut out = String::from(
        "# Settings\n\nPrinted from the code by `trialogue config list`. A flag wins over the environment, the environment over \
         the file, the file over the default. The file is TOML with the names of the first column as keys; `--config FILE` or \
         `TRIALOGUE_CONFIG` names it. An empty value counts as not set. A variable's name with `_FILE` behind it, such as \
         `TRIALOGUE_TURN_SECRET_FILE`, names a file that holds the value; a line end behind it is left out. `trialogue config check` shows what is in force and where it came from.\n\n\
         | Setting | Flag | Environment | Default | Meaning |\n|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | `{}` | `{}` | {default} | {} |",
            setting.name,
            setting.flag(),
            setting.variable(),
            setting.help
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(
        flags: &[(&str, &str)],
        variables: &[(&str, &str)],
        file: Option<&str>,
    ) -> Result<Values, SettingsError> {
        let variables = Variables::of(variables.iter().map(|(name, value)| (name.into(), value.into())));
        let flag = |name: &str| flags.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Values::gather(flag, &variables, file)
    }

    fn message(outcome: Result<Values, SettingsError>) -> String {
        match outcome.and_then(|values| values.settings()) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_defaults_are_sound() {
        assert_eq!(message(gathered(&[], &[], None)), "");
    }

    #[test]
    fn flag_over_environment_over_file_over_default() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.toml");
        std::fs::write(&path, "ring_seconds = 5\njoin_seconds = 6\nsearch_seconds = 7\n").unwrap();
        let variables = [("TRIALOGUE_RING_SECONDS", "15"), ("TRIALOGUE_JOIN_SECONDS", "16")];
        let values = gathered(&[("ring_seconds", "25")], &variables, path.to_str()).unwrap();
        let timings = values.settings().unwrap().store.timings;
        assert_eq!(timings.ring, Duration::from_secs(25));
        assert_eq!(timings.join, Duration::from_secs(16));
        assert_eq!(timings.search, Duration::from_secs(7));
        assert_eq!(timings.start, Timings::default().start);
    }

    #[test]
    fn a_wrong_setting_is_explained_by_its_name_and_source() {
        let wrong = message(gathered(&[], &[("TRIALOGUE_LISTEN", "nowhere")], None));
        assert!(wrong.contains("`listen`") && wrong.contains("TRIALOGUE_LISTEN"), "{wrong}");
        let wrong = message(gathered(&[("ring_seconds", "0")], &[], None));
        assert!(wrong.contains("`ring_seconds`") && wrong.contains("flag --ring-seconds"), "{wrong}");
        let wrong = message(gathered(&[("database", "mysql://x")], &[], None));
        assert!(wrong.contains("`database`") && wrong.contains("mysql"), "{wrong}");
    }

    #[test]
    fn secrets_are_not_shown_and_have_no_default() {
        let secrets: Vec<(&str, &str)> = SETTINGS
            .iter()
            .filter(|s| s.name.starts_with("janus_") && s.default.is_empty())
            .map(|s| (s.name, "hunter2"))
            .collect();
        let names: Vec<_> = secrets.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            ["janus_api_secret", "janus_admin_secret", "janus_room_key", "janus_events_password"]
        );
        let janus = [secrets, vec![("engine", "janus")]].concat();
        let values = gathered(&janus, &[], None).unwrap();
        assert!(values.shown().all(|(_, value, _)| !value.contains("hunter2")));
        assert!(matches!(values.settings().map(|settings| settings.engine), Ok(Engine::Janus(_))));
        let wrong = message(gathered(&[("engine", "janus")], &[], None));
        assert!(wrong.contains("`janus_api_secret`") && wrong.contains("no default"), "{wrong}");
        let wrong = message(gathered(&[janus, vec![("janus_url", "http://x")]].concat(), &[], None));
        assert!(wrong.contains("`janus_url`") && wrong.contains("ws://"), "{wrong}");
    }

    #[test]
    fn misspelt_names_are_refused() {
        let warned = gathered(&[], &[("TRIALOGUE_LISTTEN", "x")], None).unwrap().warnings;
        assert!(warned.concat().contains("TRIALOGUE_LISTTEN"), "{warned:?}");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.toml");
        std::fs::write(&path, "lissten = 5\n").unwrap();
        let told = message(gathered(&[], &[], path.to_str()));
        assert!(told.contains("`lissten`") && told.contains("`listen`"), "{told}");
    }

    #[test]
    fn a_database_password_is_not_shown() {
        let values =
            gathered(&[("database", "postgres://me:hunter2@db/x?password=hunter3")], &[], None).unwrap();
        assert!(values.shown().all(|(_, value, _)| !value.contains("hunter")));
    }

    #[test]
    fn livekit_needs_its_own_settings_and_its_secret_is_not_shown() {
        let secret = "hunter2 hunter2 hunter2 hunter2 hunter2";
        let all = [
            ("engine", "livekit"),
            ("livekit_url", "wss://livekit.example.org"),
            ("livekit_api_key", "trialogue"),
            ("livekit_api_secret", secret),
        ];
        assert_eq!(message(gathered(&all, &[], None)), "");
        for (left_out, _) in &all[1..] {
            let rest: Vec<_> = all.iter().filter(|(name, _)| name != left_out).copied().collect();
            let wrong = message(gathered(&rest, &[], None));
            assert!(wrong.contains(&format!("`{left_out}`")), "{wrong}");
        }
        let short = message(gathered(&[&all[..3], &[("livekit_api_secret", "hunter2")]].concat(), &[], None));
        assert!(short.contains("32 characters") && !short.contains("hunter"), "{short}");
        assert!(gathered(&all, &[], None).unwrap().shown().all(|(_, value, _)| !value.contains("hunter")));
    }

    #[test]
    fn delivery_needs_a_key_and_a_sender() {
        let key = ("link_key", "0123456789abcdef0123456789abcdef");
        let (smtp, from) =
            (("smtp_url", "smtp://user:hunter2@mail.example?tls=required"), ("smtp_from", "T <t@x.org>"));
        let (hook, secret) = (("sms_webhook", "https://sms.example/?key=hunter3"), ("sms_secret", "hunter4"));
        for sound in [&[smtp, from, key][..], &[hook, secret, key], &[smtp, from, hook, secret, key], &[key]]
        {
            assert_eq!(message(gathered(sound, &[], None)), "");
        }
        for (flags, name) in [
            (&[smtp, from][..], "link_key"),
            (&[hook, secret], "link_key"),
            (&[("link_key", "0123456789abcdef0123456789abcde")], "link_key"),
            (&[smtp, key], "smtp_from"),
            (&[smtp, ("smtp_from", "nobody"), key], "smtp_from"),
            (&[("smtp_url", "mail.example:hunter2"), from, key], "smtp_url"),
            (&[("smtp_url", "smtp://hunter2@mail.example?tls=maybe"), from, key], "smtp_url"),
            (&[hook, key], "sms_secret"),
            (&[hook, ("sms_secret", "hunter5 \u{e9}"), key], "sms_secret"),
            (&[("sms_webhook", "ftp://hunter2@sms.example"), secret, key], "sms_webhook"),
            (&[("delivery_language", "de")], "delivery_language"),
        ] {
            let wrong = message(gathered(flags, &[], None));
            assert!(
                wrong.starts_with(&format!("setting `{name}` ")) && !wrong.contains("hunter"),
                "{flags:?}: {wrong}"
            );
        }
        let all = gathered(&[smtp, from, hook, secret, key], &[], None).unwrap();
        assert!(all.shown().all(|(_, value, _)| !value.contains("hunter") && !value.contains("0123")));
        assert_eq!(all.settings().unwrap().deliveries.len(), 2);
    }

    #[test]
    fn the_documentation_is_printed_from_the_list() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, markdown(), "docs/settings.md is stale; run the tests with UPDATE_DOCS=1");
    }
}
