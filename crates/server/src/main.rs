//! The trialogue program: command line, settings, wiring and lifecycle.

// They panic when the reader of a pipe has gone.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod clock;
mod demo;
mod engine;
mod entropy;
mod lane;
mod metrics;
mod output;
mod postman;
mod reconcile;
mod relay;
mod serve;
mod settings;
mod telemetry;
#[cfg(test)]
mod tests;
mod timeline;
mod users;

fn main() -> std::process::ExitCode {
    match cli::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes in one line: what failed, and why.
            output::complain(format_args!("{error:#}"));
            std::process::ExitCode::FAILURE
        }
    }
}
