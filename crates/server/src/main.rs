//! The trialogue program: command line, settings, wiring and lifecycle.

// They panic when the reader of a pipe has gone.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod cli;
mod clock;
mod companies;
mod config;
mod demo;
mod engine;
mod entropy;
mod files;
mod interpreters;
mod languages;
mod metrics;
mod output;
mod plans;
mod serve;
mod telemetry;
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
