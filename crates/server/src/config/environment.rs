//! Settings from the environment: `TRIALOGUE_NAME`, or `TRIALOGUE_NAME_FILE` with the path of a file that holds the value.

use std::ffi::OsString;
use std::io::Read as _;

use super::values::{Setting, SettingsError, Source};

/// The variable that names the file with settings.
pub(crate) const CONFIG: &str = "TRIALOGUE_CONFIG";

/// Longest value in a file, in bytes.
const LONGEST_VALUE: u64 = 64 * 1024;

/// The variables of the environment that begin with `TRIALOGUE_` and are not empty.
pub(crate) struct Variables(Vec<(String, OsString)>);

impl Variables {
    pub(crate) fn of(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let ours = |(name, value): (OsString, OsString)| {
            let name = name.to_string_lossy().into_owned();
            (name.starts_with("TRIALOGUE_") && !value.is_empty()).then_some((name, value))
        };
        Self(environment.into_iter().filter_map(ours).collect())
    }

    /// The value of a variable; none if it is not set, or empty.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&str>, SettingsError> {
        let Some((_, value)) = self.0.iter().find(|(known, _)| known == name) else { return Ok(None) };
        let not_text =
            || SettingsError::Variable { name: name.to_owned(), why: "its value is not UTF-8".to_owned() };
        value.to_str().map(Some).ok_or_else(not_text)
    }

    /// The value of a setting, from its variable or from the file that `..._FILE` names.
    pub(super) fn setting(&self, setting: &Setting) -> Result<Option<(String, Source)>, SettingsError> {
        let (variable, file_variable) = (setting.variable(), setting.file_variable());
        match (self.get(&variable)?, self.get(&file_variable)?) {
            (None, None) => Ok(None),
            (Some(value), None) => Ok(Some((value.to_owned(), Source::Environment(variable)))),
            (None, Some(path)) => {
                let source = Source::Environment(format!("{file_variable}, file {path}"));
                match read_value(path) {
                    Ok(value) => Ok(Some((value, source))),
                    Err(why) => {
                        Err(SettingsError::Wrong { name: setting.name().to_owned(), from: source, why })
                    }
                }
            }
            (Some(_), Some(_)) => Err(SettingsError::Variable {
                name: file_variable,
                why: format!("{variable} is set as well; set one of the two"),
            }),
        }
    }

    /// A warning for each variable that is no setting. A misspelt variable would otherwise silently do nothing.
    pub(super) fn warnings(&self, settings: &[Setting]) -> Vec<String> {
        let known: Vec<String> = settings
            .iter()
            .flat_map(|setting| [setting.variable(), setting.file_variable()])
            .chain([CONFIG.to_owned()])
            .collect();
        let unknown = self.0.iter().filter(|(name, _)| !known.contains(name) && !is_of_a_service(name));
        let warning = |name: &str| {
            let meant = nearest(name, known.iter().map(String::as_str));
            let hint = meant.map(|meant| format!(", did you mean {meant}?")).unwrap_or_default();
            format!("environment variable {name} is no setting and is ignored{hint}")
        };
        unknown.map(|(name, _)| warning(name)).collect()
    }
}

/// Whether a cluster or a container engine sets such a variable for each service that it runs: `..._SERVICE_HOST`,
/// `..._SERVICE_PORT[_NAME]`, `..._PORT`, `..._PORT_8080_TCP[_ADDR|_PORT|_PROTO]`. A service that is named `trialogue` makes
/// them begin as settings do.
fn is_of_a_service(name: &str) -> bool {
    let after_port = |rest: &str| {
        let Some((number, protocol)) = rest.split_once('_') else { return false };
        let protocol = protocol.split_once('_').map_or(protocol, |(protocol, part)| {
            if matches!(part, "ADDR" | "PORT" | "PROTO") { protocol } else { "" }
        });
        number.bytes().all(|b| b.is_ascii_digit()) && matches!(protocol, "TCP" | "UDP" | "SCTP")
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.ends_with("_PORT")
        || name.match_indices("_PORT_").any(|(at, found)| after_port(&name[at + found.len()..]))
}

/// The one of `names` that is at most a few letters away from `name`.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let near = names.map(|known| (strsim::damerau_levenshtein(name, known), known));
    near.filter(|(distance, _)| *distance <= 3).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// The text of a file, without the line end that editors and `echo` put behind it.
fn read_value(path: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LONGEST_VALUE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LONGEST_VALUE {
        return Err("the file is longer than 64 KiB".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() { Err("the file is empty".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(given: &[(&str, &str)]) -> Variables {
        Variables::of(given.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn variables_of_a_service_are_no_settings() {
        let given = variables(&[
            ("TRIALOGUE_PORT", "tcp://10.0.0.1:8080"),
            ("TRIALOGUE_SERVICE_HOST", "10.0.0.1"),
            ("TRIALOGUE_SERVICE_PORT", "8080"),
            ("TRIALOGUE_SERVICE_PORT_HTTP", "8080"),
            ("TRIALOGUE_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("TRIALOGUE_PORT_8080_TCP_PROTO", "tcp"),
            ("TRIALOGUE_PORT_8080_TCP_PORT", "8080"),
            ("TRIALOGUE_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("TRIALOGUE_METRICS_PORT_9090_UDP_ADDR", "10.0.0.1"),
            ("TRIALOGUE_WEB_SERVICE_HOST", "10.0.0.1"),
        ]);
        assert_eq!(given.warnings(&Setting::all()), Vec::<String>::new());
    }

    #[test]
    fn other_unknown_variables_are_warned_of() {
        let given = variables(&[
            ("TRIALOGUE_LISTTEN", "x"),
            ("TRIALOGUE_XYZZY", "x"),
            ("TRIALOGUE_PORT_X_TCP", "x"),
            ("TRIALOGUE_LISTEN", "x"),
            ("TRIALOGUE_QUUEE", ""),
            ("OTHER", "x"),
        ]);
        let warned = given.warnings(&Setting::all());
        assert_eq!(warned.len(), 3, "{warned:?}");
        assert!(
            warned[0].contains("TRIALOGUE_LISTTEN") && warned[0].ends_with("did you mean TRIALOGUE_LISTEN?")
        );
        assert!(warned[1].contains("TRIALOGUE_XYZZY") && !warned[1].contains("mean"));
    }
}
