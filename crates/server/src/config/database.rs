//! Section database: where the data is, and how it is reached.

use std::time::Duration;

use clap::{ArgAction, Args};
use trialogue_storage::{DatabaseUrl, StoreOptions};

use super::value::{number, seconds};

#[derive(Args)]
#[command(next_help_heading = "Database")]
pub(super) struct DatabaseSection {
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME?sslmode=...`.
    #[arg(long, default_value = "sqlite://trialogue.db", value_parser = DatabaseUrl::parse)]
    pub(super) database: DatabaseUrl,

    /// Whether `serve` brings the schema up to date by itself; otherwise run `trialogue migrate`.
    #[arg(long, default_value = "true", action = ArgAction::Set)]
    pub(super) auto_migrate: bool,

    /// Number of writer threads on PostgreSQL; SQLite has one.
    #[arg(long, default_value = "2", value_parser = number::<usize>)]
    writers: usize,

    /// Number of reader threads, each with a connection.
    #[arg(long, default_value = "2", value_parser = number::<usize>)]
    readers: usize,

    /// Maximum number of operations that wait for the database; more are answered 503.
    #[arg(long, default_value = "1024", value_parser = number::<usize>)]
    queue: usize,

    /// How long an operation may wait for the database's answer; then it is answered 503.
    #[arg(long, default_value = "8", value_parser = seconds)]
    database_seconds: Duration,

    /// How long personal data of an ended conference is kept: names, addresses and telephone numbers of those who were
    /// invited, free texts and places. 0 keeps it for good.
    #[arg(long, default_value = "30", value_parser = number::<u32>)]
    retention_days: u32,
}

impl DatabaseSection {
    pub(super) const fn store(&self) -> StoreOptions {
        StoreOptions {
            writers: self.writers,
            readers: self.readers,
            queue: self.queue,
            answer_within: self.database_seconds,
        }
    }

    /// None if personal data is kept for good.
    pub(super) fn retention(&self) -> Option<Duration> {
        (self.retention_days > 0).then(|| Duration::from_hours(u64::from(self.retention_days) * 24))
    }
}
