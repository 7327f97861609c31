//! Section timings: how long each stage of a call may take.

use std::time::Duration;

use clap::Args;
use trialogue_domain::Timings;

use super::value::{seconds, seconds_or_none};

#[derive(Args)]
#[command(next_help_heading = "Timings of a call")]
#[expect(clippy::struct_field_names, reason = "they are the names of the settings")]
pub(super) struct TimingsSection {
    /// A party without a sign of life for so long is shown as offline, and is offered nothing.
    #[arg(long, default_value = "30", value_parser = seconds)]
    presence_seconds: Duration,

    /// How long an interpreter is looked for.
    #[arg(long, default_value = "300", value_parser = seconds)]
    search_seconds: Duration,

    /// How long an accepted request waits for a call before it is ended.
    #[arg(long, default_value = "900", value_parser = seconds)]
    start_seconds: Duration,

    /// How long the listener's confirmation is waited for.
    #[arg(long, default_value = "60", value_parser = seconds)]
    ring_seconds: Duration,

    /// How long a confirmed party may take to fetch its account.
    #[arg(long, default_value = "300", value_parser = seconds)]
    join_seconds: Duration,

    /// How long a guest's answer is waited for.
    #[arg(long, default_value = "900", value_parser = seconds)]
    invitation_seconds: Duration,

    /// How long a lost media connection may take to come back.
    #[arg(long, default_value = "30", value_parser = seconds)]
    reconnect_seconds: Duration,

    /// How long the place of an interpreter who was lost is kept, before a successor is asked for.
    #[arg(long, default_value = "120", value_parser = seconds)]
    place_seconds: Duration,

    /// How long a media account lives.
    #[arg(long, default_value = "43200", value_parser = seconds)]
    account_seconds: Duration,

    /// How long an interpreter is not rung after a request that it served, unless it says that it is ready.
    #[arg(long, default_value = "0", value_parser = seconds_or_none)]
    wrap_up_seconds: Duration,
}

impl TimingsSection {
    pub(super) fn timings(&self) -> Timings {
        Timings {
            search: self.search_seconds,
            start: self.start_seconds,
            ring: self.ring_seconds,
            join: self.join_seconds,
            invitation: self.invitation_seconds,
            reconnect: self.reconnect_seconds,
            place: self.place_seconds,
            account: self.account_seconds,
            presence: self.presence_seconds,
            wrap_up: self.wrap_up_seconds,
        }
    }
}
