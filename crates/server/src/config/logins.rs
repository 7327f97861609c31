//! Section logins: how long one lasts.

use std::time::Duration;

use clap::Args;
use trialogue_app::LoginLife;

use super::value::seconds;

#[derive(Args)]
#[command(next_help_heading = "Logins")]
pub(super) struct LoginsSection {
    /// How long a login lasts without use; each use prolongs it.
    #[arg(long, default_value = "43200", value_parser = seconds)]
    token_seconds: Duration,

    /// How long a login lasts at most. It never ends during a live request of its user.
    #[arg(long, default_value = "604800", value_parser = seconds)]
    token_max_seconds: Duration,
}

impl LoginsSection {
    pub(super) fn life(&self) -> LoginLife {
        LoginLife { idle: self.token_seconds, total: self.token_max_seconds }
    }
}
