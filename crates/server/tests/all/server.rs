//! `trialogue serve` on a free port.

use std::process::Command;

use crate::database::Database;
use crate::http::Api;
use crate::process::{Finished, Process, program};
use crate::wait::eventually;

/// A server, killed when dropped.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) api: Api,
}

impl Server {
    pub(crate) fn start(database: &Database) -> Self {
        Self::with(database, &[])
    }

    /// With more arguments.
    pub(crate) fn with(database: &Database, more: &[&str]) -> Self {
        Self::start_with("127.0.0.1:0", database, more, None)
    }

    /// On an address of the test's choice.
    pub(crate) fn at(address: &str, database: &Database, more: &[&str]) -> Self {
        Self::start_with(address, database, more, None)
    }

    /// And in an environment with one more variable.
    pub(crate) fn with_environment(
        database: &Database,
        more: &[&str],
        variable: Option<(&str, &str)>,
    ) -> Self {
        Self::start_with("127.0.0.1:0", database, more, variable)
    }

    fn start_with(address: &str, database: &Database, more: &[&str], variable: Option<(&str, &str)>) -> Self {
        let arguments = [database.with(&["serve", "--listen", address]), more.to_vec()].concat();
        let mut command = program(&arguments);
        command.envs(variable);
        Self::of(command)
    }

    /// By a command of the test's own.
    pub(crate) fn of(command: Command) -> Self {
        let mut process = Process::start(command, "");
        let address = eventually("the server listens", || {
            let ended = process.has_ended();
            let address = address_in(&process.stdout());
            assert!(address.is_some() || !ended, "the server ended before it listened");
            address
        });
        Self { process, api: Api(address) }
    }

    /// Its log so far.
    pub(crate) fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(self) -> Finished {
        self.process.signal("TERM");
        self.process.finish()
    }
}

/// The line that scripts wait for.
fn address_in(stdout: &str) -> Option<std::net::SocketAddr> {
    let line = stdout.lines().next()?;
    let url =
        line.strip_prefix("listening on http://").unwrap_or_else(|| panic!("the first line is {line:?}"));
    Some(url.strip_suffix("/API").unwrap().parse().unwrap())
}
