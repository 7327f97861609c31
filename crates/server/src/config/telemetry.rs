//! Section logs and metrics.

use clap::{ArgAction, Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use super::address::Listen;

#[derive(Args)]
#[command(next_help_heading = "Logs and metrics")]
pub(super) struct TelemetrySection {
    /// Whether each request is logged in a line.
    #[arg(long, default_value = "true", action = ArgAction::Set)]
    pub(super) request_log: bool,

    /// What is logged: a level, or `tracing` directives such as `info,trialogue_http=debug`. Libraries log nothing below
    /// `info`: it would hold secrets and personal data.
    #[arg(long, default_value = "info", value_parser = directives)]
    pub(super) log: String,

    /// `text` or `json`.
    #[arg(long, default_value = "text")]
    pub(super) log_format: LogFormat,

    /// Address and port of a second listener that answers `GET /metrics` for Prometheus; none if empty. Not for the outside.
    #[arg(long, value_parser = Listen::parse)]
    pub(super) metrics_listen: Option<Listen>,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

fn directives(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map_err(|error| format!("{text:?} can't be read: {error}"))?;
    Ok(text.to_owned())
}
