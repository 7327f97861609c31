//! The text of each setting, and where it comes from: a flag wins over the environment, the environment over the file, the
//! file over the default. [`Values::sections`] gives the texts their types.

use std::error::Error as _;
use std::fmt;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Args as _, Command, FromArgMatches as _};
use trialogue_storage::DatabaseUrl;

use super::Sections;
use super::environment::{Variables, nearest};

/// One setting, as its section declares it.
pub(crate) struct Setting(Arg);

impl Setting {
    /// All settings, section by section.
    pub(super) fn all() -> Vec<Self> {
        command().get_arguments().cloned().map(Self).collect()
    }

    /// The key in the file.
    pub(super) fn name(&self) -> &str {
        self.0.get_id().as_str()
    }

    pub(super) fn flag(&self) -> String {
        format!("--{}", self.name().replace('_', "-"))
    }

    pub(super) fn variable(&self) -> String {
        format!("TRIALOGUE_{}", self.name().to_uppercase())
    }

    /// The variable with the path of a file that holds the value, as container engines mount secrets.
    pub(super) fn file_variable(&self) -> String {
        format!("{}_FILE", self.variable())
    }

    /// Empty if there is none.
    pub(super) fn default(&self) -> String {
        self.0.get_default_values().iter().map(|value| value.to_string_lossy()).collect()
    }

    /// What it means, in sentences.
    pub(super) fn help(&self) -> String {
        // The derive takes the last full stop away.
        self.0.get_help().map(|help| format!("{help}.")).unwrap_or_default()
    }

    pub(super) fn section(&self) -> &str {
        self.0.get_help_heading().unwrap_or_default()
    }

    /// Its flag on the program's command line, before or after a command. The value is taken as text: it counts only if no
    /// other source wins, and then [`Values::sections`] reads it.
    fn argument(self) -> Arg {
        let help = self.help();
        self.0.help(help).value_name("VALUE").value_parser(clap::value_parser!(String)).global(true)
    }

    /// What `config check` shows of a value. Secrets are not shown.
    fn shown(&self, value: &str) -> String {
        let is_secret = ["_secret", "_key", "_password"].iter().any(|end| self.name().ends_with(end));
        match self.name() {
            "database" => {
                DatabaseUrl::parse(value).map_or_else(|_| "(unreadable)".to_owned(), |url| url.to_string())
            }
            // The addresses of the mail server and the webhook may hold a password or a key as well.
            "smtp_url" | "sms_webhook" if !value.is_empty() => "(not shown)".to_owned(),
            _ if is_secret && !value.is_empty() => "(not shown)".to_owned(),
            _ => value.to_owned(),
        }
    }
}

/// The flags of all settings.
pub(crate) fn flags() -> impl Iterator<Item = Arg> {
    Setting::all().into_iter().map(Setting::argument)
}

/// A command whose arguments are the settings.
fn command() -> Command {
    Sections::augment_args(Command::new("settings").no_binary_name(true))
}

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
    Wrong { name: String, from: Source, why: String },
    #[error("{file}: there is no setting `{name}`{hint}; `trialogue config list` shows all")]
    Unknown { file: String, name: String, hint: String },
    #[error("{file}: {why}")]
    File { file: String, why: String },
    #[error("environment variable {name}: {why}")]
    Variable { name: String, why: String },
    /// clap has failed for another reason than a value: a mistake in a section's declaration.
    #[error("the settings can't be read: {0}")]
    Unreadable(clap::error::ErrorKind),
}

/// A setting that does not go with the others.
#[derive(Debug)]
pub(super) struct Invalid {
    setting: &'static str,
    why: String,
}

impl Invalid {
    pub(super) fn new(setting: &'static str, why: impl fmt::Display) -> Self {
        Self { setting, why: why.to_string() }
    }
}

/// Every setting's text, and where it came from.
pub(crate) struct Values {
    values: Vec<(Setting, String, Source)>,
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
        let settings = Setting::all();
        let warnings = variables.warnings(&settings);
        let table = file.map(|file| read_file(file, &settings)).transpose()?;
        let find = |setting: Setting| {
            if let Some(value) = flag(setting.name()).filter(|value| !value.is_empty()) {
                let from = Source::Flag(setting.flag());
                return Ok((setting, value, from));
            }
            if let Some((value, from)) = variables.setting(&setting)? {
                return Ok((setting, value, from));
            }
            let in_file = table.as_ref().and_then(|table| table.get(setting.name())).map(text_of);
            if let (Some(value), Some(file)) = (in_file.filter(|value| !value.is_empty()), file) {
                return Ok((setting, value, Source::File(file.to_owned())));
            }
            let default = setting.default();
            Ok((setting, default, Source::Default))
        };
        let values = settings.into_iter().map(find).collect::<Result<_, SettingsError>>()?;
        Ok(Self { values, warnings })
    }

    /// Each setting with its value and source; secrets are not shown.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, String, &Source)> {
        self.values.iter().map(|(setting, value, from)| (setting.name(), setting.shown(value), from))
    }

    /// Gives the values their types. clap reads them as if each had been given as a flag, whatever it came from.
    pub(super) fn sections(&self) -> Result<Sections, SettingsError> {
        let set = self.values.iter().filter(|(_, value, _)| !value.is_empty());
        let flags = set.map(|(setting, value, _)| format!("{}={value}", setting.flag()));
        let matches = command().try_get_matches_from(flags);
        matches.and_then(|matches| Sections::from_arg_matches(&matches)).map_err(|error| self.explain(&error))
    }

    /// clap's own message would be wrong: it repeats the value, which may be a secret, and knows flags only.
    fn explain(&self, error: &clap::Error) -> SettingsError {
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => text.as_str(),
            _ => "",
        };
        // Named as in a usage: `--ring-seconds <RING_SECONDS>`.
        let flag = text(ContextKind::InvalidArg).split(' ').next().unwrap_or_default();
        let Some((setting, ..)) = self.values.iter().find(|(setting, ..)| setting.flag() == flag) else {
            return SettingsError::Unreadable(error.kind());
        };
        let why = match (error.source(), error.get(ContextKind::ValidValue)) {
            (Some(cause), _) => cause.to_string(),
            // A choice among names, which is no secret.
            (None, Some(ContextValue::Strings(choices))) => {
                let value = text(ContextKind::InvalidValue);
                format!("{value:?} can't be read: write one of `{}`", choices.join("`, `"))
            }
            (None, _) => error.kind().to_string(),
        };
        self.wrong(setting.name(), why)
    }

    pub(super) fn invalid(&self, invalid: Invalid) -> SettingsError {
        self.wrong(invalid.setting, invalid.why)
    }

    fn wrong(&self, name: &str, why: String) -> SettingsError {
        let found = self.values.iter().find(|(setting, ..)| setting.name() == name);
        let from = found.map_or(Source::Default, |(_, _, from)| from.clone());
        SettingsError::Wrong { name: name.to_owned(), from, why }
    }
}

fn read_file(file: &str, settings: &[Setting]) -> Result<toml::Table, SettingsError> {
    let failed = |why: String| SettingsError::File { file: file.to_owned(), why };
    let text = std::fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| failed(e.to_string()))?;
    match table.keys().find(|key| settings.iter().all(|setting| setting.name() != key.as_str())) {
        Some(name) => {
            let meant = nearest(name, settings.iter().map(Setting::name));
            let hint = meant.map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
            Err(SettingsError::Unknown { file: file.to_owned(), name: name.clone(), hint })
        }
        None => Ok(table),
    }
}

fn text_of(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
