//! The transaction of a writer.

use std::sync::Arc;

use diesel::QueryResult;
use diesel::connection::SimpleConnection;

use crate::changes::change::Change;
use crate::database::connect::Age;
use crate::database::connection::{AnyConnection, command};
use crate::executor::ids::Ids;
use crate::jobs::handover::{Handover, Workers};

/// A writer's connection. An operation sees it inside a transaction, and may be rolled back.
pub(crate) struct Tx {
    pub(crate) connection: AnyConnection,
    pub(crate) ids: Ids,
    /// The workers of this node.
    pub(crate) workers: Arc<Workers>,
    /// What the open transaction leads to once it is committed.
    pub(crate) after_commit: AfterCommit,
    savepoint: Savepoint,
    pub(crate) age: Age,
}

/// What is announced and handed over after a COMMIT, and never before.
#[derive(Default)]
pub(crate) struct AfterCommit {
    pub(crate) changes: Vec<Change>,
    pub(crate) jobs: Vec<Handover>,
}

impl AfterCommit {
    /// How much there is so far.
    pub(crate) const fn len(&self) -> (usize, usize) {
        (self.changes.len(), self.jobs.len())
    }

    /// Forgets what came after.
    pub(crate) fn truncate(&mut self, (changes, jobs): (usize, usize)) {
        self.changes.truncate(changes);
        self.jobs.truncate(jobs);
    }
}

/// The savepoint of the open transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Savepoint {
    /// There is none.
    None,
    /// Nothing was done since it was made.
    Fresh,
    /// An operation was done since, and stays done.
    Used,
}

impl Tx {
    pub(crate) fn new(connection: AnyConnection, age: Age, ids: Ids, workers: Arc<Workers>) -> Self {
        let after_commit = AfterCommit::default();
        Self { connection, ids, workers, after_commit, savepoint: Savepoint::None, age }
    }

    pub(crate) fn begin(&mut self, operations: usize) -> QueryResult<()> {
        self.ids.refill(&mut self.connection, operations)?;
        self.savepoint = Savepoint::None;
        let begin = match self.connection {
            // Conferences are loaded by several queries: they must see one state, whatever other writers commit between.
            AnyConnection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ",
            // A deferred transaction that reads and then writes fails under contention in spite of busy_timeout.
            AnyConnection::Sqlite(_) => "BEGIN IMMEDIATE",
        };
        command(&mut self.connection, begin)
    }

    pub(crate) fn commit(&mut self) -> Result<AfterCommit, String> {
        command(&mut self.connection, "COMMIT").map_err(|e| e.to_string())?;
        Ok(std::mem::take(&mut self.after_commit))
    }

    /// Makes it possible to undo the next operation.
    pub(crate) fn savepoint(&mut self) -> Result<(), String> {
        match self.savepoint {
            Savepoint::None => self.sql("SAVEPOINT operation")?,
            Savepoint::Fresh => {}
            Savepoint::Used => self.sql("RELEASE operation; SAVEPOINT operation")?,
        }
        self.savepoint = Savepoint::Used;
        Ok(())
    }

    /// Undoes the operation since the savepoint.
    pub(crate) fn undo(&mut self) -> Result<(), String> {
        self.savepoint = Savepoint::Fresh;
        self.sql("ROLLBACK TO operation")
    }

    /// Undoes all.
    pub(crate) fn roll_back(&mut self) -> Result<(), String> {
        self.after_commit = AfterCommit::default();
        self.sql("ROLLBACK")
    }

    fn sql(&mut self, text: &str) -> Result<(), String> {
        self.connection.batch_execute(text).map_err(|e| e.to_string())
    }
}
