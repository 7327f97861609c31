//! Logs: to standard error, as text or JSON, without making a request wait.

use anyhow::Context as _;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{fmt, registry};

use crate::config::{LogFormat, Settings};

/// Starts logging. What is left in the buffer is written when the guard goes.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<WorkerGuard> {
    let wanted = EnvFilter::try_new(&settings.log).context("setting `log`")?;
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    let lines = match settings.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    registry().with(lines.with_filter(wanted.and(allowed()))).init();
    Ok(guard)
}

/// What may be logged, whatever is wanted. Below `info`, libraries write what they send and receive: secrets, addresses,
/// bodies. Only our own crates take care not to.
fn allowed() -> Targets {
    Targets::new().with_default(LevelFilter::INFO).with_target("trialogue", LevelFilter::TRACE)
}
