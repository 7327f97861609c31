//! The settings of the program. Each section is a struct in a file of its own. A field is a setting: its name, type, default
//! and meaning are declared there, as a clap argument, and nowhere else. Flags, environment variables, keys of the file,
//! `config check` and `docs/settings.md` are made from these declarations.
//!
//! Settings are read in three steps. [`Values::gather`] finds the text of each setting and its source. [`Sections`] gives the
//! texts their types. [`Values::settings`] checks what depends on several settings, and makes what each part of the program
//! takes.

mod address;
mod database;
mod delivery;
mod docs;
mod engine;
mod environment;
mod http;
mod logins;
mod signalling;
mod telemetry;
mod timings;
mod value;
mod values;

use std::time::Duration;

use clap::Args;
use trialogue_app::{AppSettings, DeliverySettings};
use trialogue_http::HttpSettings;
use trialogue_storage::{DatabaseUrl, StoreOptions};

pub(crate) use address::Listen;
use database::DatabaseSection;
use delivery::{Deliveries, DeliverySection};
pub(crate) use docs::markdown;
pub(crate) use engine::Engine;
use engine::EngineSection;
pub(crate) use environment::{CONFIG as CONFIG_VARIABLE, Variables};
use http::HttpSection;
use logins::LoginsSection;
use signalling::SignallingSection;
pub(crate) use telemetry::LogFormat;
use telemetry::TelemetrySection;
use timings::TimingsSection;
use values::{Invalid, SettingsError};
pub(crate) use values::{Values, flags};

/// All sections, in the order of the documentation.
#[derive(Args)]
struct Sections {
    #[command(flatten)]
    http: HttpSection,
    #[command(flatten)]
    database: DatabaseSection,
    #[command(flatten)]
    logins: LoginsSection,
    #[command(flatten)]
    timings: TimingsSection,
    #[command(flatten)]
    engine: EngineSection,
    #[command(flatten)]
    signalling: SignallingSection,
    #[command(flatten)]
    delivery: DeliverySection,
    #[command(flatten)]
    telemetry: TelemetrySection,
}

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
    pub(crate) app: AppSettings,
    pub(crate) http: HttpSettings,
    pub(crate) deliveries: Deliveries,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) shutdown: Duration,
}

/// Number of passwords that are checked at a time. Each takes 19 MiB.
const PASSWORD_WORKERS: usize = 2;

/// How long the body of a request may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(15);

/// How long an event stream may be silent. docs/events.md promises it; proxies close what is silent for a minute.
const EVENTS_HEARTBEAT: Duration = Duration::from_secs(15);

impl Values {
    /// The settings, read and checked.
    pub(crate) fn settings(&self) -> Result<Settings, SettingsError> {
        self.sections()?.settings().map_err(|invalid| self.invalid(invalid))
    }
}

impl Sections {
    fn settings(self) -> Result<Settings, Invalid> {
        let Self { http, database, logins, timings, engine, signalling, delivery, telemetry } = self;
        let (timings, regions) = (timings.timings(), http.regions());
        let (key, deliveries) = (delivery.link_key()?, delivery.deliveries()?);
        let channels = deliveries.iter().map(|(channel, _)| *channel).collect();
        Ok(Settings {
            links_name_listen: http.public_url.is_none(),
            auto_migrate: database.auto_migrate,
            retention: database.retention(),
            workers: http.workers,
            store: database.store(),
            engine: engine.engine()?,
            shutdown: http.shutdown_seconds,
            http: HttpSettings {
                proxies: http.proxies(),
                allowed_origins: http.origins(),
                base_path: http.base_path,
                heartbeat: EVENTS_HEARTBEAT,
                signalling: signalling.signalling(timings.reconnect)?,
                conformance_echo: http.conformance_echo,
                request_log: telemetry.request_log,
                metrics: telemetry.metrics_listen.is_some(),
                keep_alive: http.keep_alive_seconds,
                body_deadline: BODY_DEADLINE,
            },
            app: AppSettings {
                timings,
                regions,
                public_url: http.public_url.unwrap_or_else(|| http.listen.url()),
                logins: logins.life(),
                delivery: key.map(|key| DeliverySettings { key, channels }),
                password_workers: PASSWORD_WORKERS,
            },
            listen: http.listen,
            database: database.database,
            metrics_listen: telemetry.metrics_listen,
            deliveries,
            log: telemetry.log,
            log_format: telemetry.log_format,
        })
    }
}

#[cfg(test)]
mod tests {
    use trialogue_app::RegionOf;
    use trialogue_domain::Timings;

    use super::values::Setting;
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
        let timings = values.settings().unwrap().app.timings;
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
    fn requests_go_to_other_servers_in_the_order_that_was_written() {
        let regions =
            |text: &str| gathered(&[("regions", text)], &[], None).and_then(|values| values.settings());
        let read =
            regions("company:Court = https://court.example/API/, language:vi=http://asia.example").unwrap();
        let court = RegionOf::Company("Court".to_owned());
        let vietnamese = RegionOf::Language("vi".to_owned());
        let expected = [(court, "https://court.example/API"), (vietnamese, "http://asia.example")];
        assert_eq!(read.app.regions, expected.map(|(of, address)| (of, address.to_owned())));
        for wrong in
            ["court=https://x.example", "company:=https://x.example", "company:a", "language:vi=ftp://x"]
        {
            let told = message(gathered(&[("regions", wrong)], &[], None));
            assert!(told.contains("`regions`"), "{wrong}: {told}");
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        let origins = |text: &str| {
            gathered(&[("allowed_origins", text)], &[], None).and_then(|values| values.settings())
        };
        let read = origins("https://app.example, http://127.0.0.1:3000").unwrap();
        assert_eq!(read.http.allowed_origins, ["https://app.example", "http://127.0.0.1:3000"]);
        for wrong in
            ["https://app.example/", "https://app.example/x", "app.example", "https://App.example", "*"]
        {
            let told = message(gathered(&[("allowed_origins", wrong)], &[], None));
            assert!(told.contains("`allowed_origins`"), "{wrong}: {told}");
        }
    }

    #[test]
    fn secrets_are_not_shown_and_have_no_default() {
        let all = Setting::all();
        let secrets: Vec<(&str, &str)> = all
            .iter()
            .filter(|setting| setting.name().starts_with("janus_") && setting.default().is_empty())
            .map(|setting| (setting.name(), "hunter2"))
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
}
