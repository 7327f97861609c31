//! The transaction of a writer.

use diesel::QueryResult;
use diesel::connection::SimpleConnection;

use crate::changes::change::Change;
use crate::database::connect::Age;
use crate::database::connection::AnyConnection;
use crate::executor::ids::Ids;

/// A writer's connection. An operation sees it inside a transaction, and may be undone as if it had not been.
pub(crate) struct Tx {
    pub(crate) connection: AnyConnection,
    pub(crate) ids: Ids,
    /// What the open transaction changed so far.
    pub(crate) changes: Vec<Change>,
    savepoint: Savepoint,
    pub(crate) age: Age,
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
    pub(crate) const fn new(connection: AnyConnection, age: Age, ids: Ids) -> Self {
        Self { connection, ids, changes: Vec::new(), savepoint: Savepoint::None, age }
    }

    pub(crate) fn begin(&mut self, operations: usize) -> QueryResult<()> {
        self.ids.refill(&mut self.connection, operations)?;
        self.savepoint = Savepoint::None;
        self.connection.batch_execute(match self.connection {
            // Conferences are loaded by several queries: they must see one state, whatever other writers commit between.
            AnyConnection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ",
            // A deferred transaction that reads and then writes fails under contention in spite of busy_timeout.
            AnyConnection::Sqlite(_) => "BEGIN IMMEDIATE",
        })
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
        self.changes.clear();
        self.sql("ROLLBACK")
    }

    pub(crate) fn sql(&mut self, text: &str) -> Result<(), String> {
        self.connection.batch_execute(text).map_err(|e| e.to_string())
    }
}
