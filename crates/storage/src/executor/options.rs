//! How many threads serve, and how long the queues are and how long an operation may wait.

use std::time::Duration;

use crate::database::url::DatabaseUrl;

/// How the store works.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// Writer threads on PostgreSQL; SQLite always has one. More than 2 to 4 on two cores lose.
    pub writers: usize,
    /// Reader threads, each with a connection.
    pub readers: usize,
    /// Maximum number of operations that wait in each queue; the next is [`StoreError::Busy`](crate::StoreError::Busy).
    pub queue: usize,
    /// How long an operation may take, the time in the queue included, before its caller gets [`StoreError::Unavailable`](crate::StoreError::Unavailable).
    pub answer_within: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        let answer_within = Duration::from_secs(8);
        Self { writers: 2, readers: 2, queue: 1024, answer_within }
    }
}

impl StoreOptions {
    /// The number of writers for this database.
    pub(crate) fn writers_of(self, url: &DatabaseUrl) -> usize {
        match url {
            DatabaseUrl::Sqlite(_) => 1,
            DatabaseUrl::Postgres(_) => self.writers.max(1),
        }
    }
}
