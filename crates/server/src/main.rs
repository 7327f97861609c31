//! The trialogue program: command line, settings, wiring and lifecycle.

mod cli;
mod clock;
mod deadlines;
mod demo;
mod engine;
mod entropy;
mod heartbeat;
mod lane;
mod metrics;
mod notifications;
mod postman;
mod presence;
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
            eprintln!("trialogue: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
