//! Reading of values that several sections have.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// Reads a number.
pub(super) fn number<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{text:?} can't be read: {error}"))
}

/// Reads a number of seconds, at least 1.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u32>() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
        Err(error) => Err(format!("{text:?} is no number of seconds: {error}")),
    }
}

/// Reads a number of seconds; 0 is none.
pub(super) fn seconds_or_none(text: &str) -> Result<Duration, String> {
    let seconds =
        text.parse::<u32>().map_err(|error| format!("{text:?} is no number of seconds: {error}"))?;
    Ok(Duration::from_secs(seconds.into()))
}

/// Reads values with commas between them.
pub(super) fn list<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(read).collect()
}
