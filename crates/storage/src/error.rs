//! What can go wrong in the store, by what it means to the caller.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use trialogue_domain::Refusal;

use crate::limits::Limit;

/// Why an operation of the store did not happen. Unless it says so, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The rules do not allow it.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// An idempotency key was used before, with another request.
    #[error("the idempotency key was used before with another request")]
    IdempotencyMismatch,
    /// The code of a language that the language table does not have.
    #[error("unknown language {0}")]
    UnknownLanguage(i32),
    /// Another user of this role has the e-mail address.
    #[error("another user of this role has this e-mail address")]
    EmailTaken,
    /// A text with a NUL character, which PostgreSQL can't keep: so neither database is asked to.
    #[error("{field} holds a NUL character")]
    InvalidText {
        /// Which text.
        field: &'static str,
    },
    /// It was made too often.
    #[error("the limit of {limit:?} is reached; try again in {wait:?}")]
    TooOften {
        /// Which limit.
        limit: Limit,
        /// When the next is allowed.
        wait: Duration,
    },
    /// Too much work is waiting; try again in a moment.
    #[error("the {lane} queue is full")]
    Busy {
        /// Which queue.
        lane: &'static str,
    },
    /// The database can't be reached, or was lost on the way. After a lost connection the work may have been done.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Others changed the same conference at the same time, again and again.
    #[error("conference {conference} was changed by others {tries} times in a row")]
    Contended {
        /// Which conference.
        conference: i32,
        /// How often it was tried.
        tries: u32,
    },
    /// A row whose columns form no legal state.
    #[error("table {table}, row {row}: column {column} holds no legal value")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column that does not fit.
        column: &'static str,
        /// The row's key.
        row: String,
    },
    /// A query failed for another reason.
    #[error("{operation} failed")]
    Query {
        /// What was being done.
        operation: &'static str,
        /// Why.
        #[source]
        source: DieselError,
    },
    /// The operation panicked; its changes were rolled back.
    #[error("{operation} panicked")]
    Panicked {
        /// What was being done.
        operation: &'static str,
    },
    /// A conflict with another writer: the executor tries again.
    #[error("conference {0} was changed by another writer")]
    Conflict(i32),
}

impl StoreError {
    /// Wraps a database error; a lost connection becomes [`StoreError::Unavailable`].
    pub(crate) fn query(operation: &'static str) -> impl FnOnce(DieselError) -> Self {
        move |source| {
            if is_connection_lost(&source) {
                Self::Unavailable(source.to_string())
            } else {
                Self::Query { operation, source }
            }
        }
    }

    /// Whether another try may go well at once: a clash with another writer.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Conflict(_) => true,
            Self::Query { source: DieselError::DatabaseError(kind, info), .. } => {
                // A deadlock between two nodes' groups has no kind of its own (SQLSTATE 40P01).
                matches!(kind, DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::UniqueViolation)
                    || info.message().contains("deadlock detected")
                    // Another node held the row for longer than `lock_timeout` (SQLSTATE 55P03).
                    || info.message().contains("lock timeout")
            }
            _ => false,
        }
    }
}

/// Whether the connection can be used no more.
pub(crate) fn is_connection_lost(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
        | DieselError::BrokenTransactionManager => true,
        DieselError::DatabaseError(_, info) => {
            let message = info.message();
            [
                "server closed the connection",
                "no connection to the server",
                "connection not open",
                "terminating connection",
                "the database system is",
                "could not receive data",
                "could not send data",
                // SQLite's messages are constants, in English everywhere.
                "disk I/O error",
                "database or disk is full",
                "attempt to write a readonly database",
                "unable to open database file",
            ]
            .iter()
            .any(|sign| message.contains(sign))
        }
        _ => false,
    }
}

/// A database that can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no known database.
    #[error("the database URL must begin with sqlite:// or postgres://, this one begins with {0:?}")]
    UnknownScheme(String),
    /// An SQLite URL without a path.
    #[error(
        "an SQLite URL needs a path to a file: sqlite://trialogue.db or sqlite:///var/lib/trialogue/trialogue.db"
    )]
    NoPath,
    /// TLS was asked for, and this build has none.
    #[error(
        "sslmode={0} asks for TLS, and this build of trialogue carries a libpq without TLS; build it with \
         `--no-default-features` against the system's libpq (as the Dockerfile does), or use sslmode=disable on a trusted network"
    )]
    NoTls(String),
    /// There is no such file.
    #[error("there is no database file {0}; run `trialogue migrate` to make one")]
    NoFile(String),
    /// There was a database, and its file is gone or empty.
    #[error(
        "the database file {database} is missing or empty, although a database existed there; restore a backup to this \
         path, or delete {marker} to begin with an empty database"
    )]
    Gone {
        /// The database file.
        database: String,
        /// The file that remembers it.
        marker: String,
    },
    /// Another process serves from the same SQLite file.
    #[error("another trialogue process is serving from {0}; stop it first, or use another file")]
    InUse(String),
    /// The database does not answer.
    #[error("cannot connect to the database: {0}")]
    Connect(String),
    /// The schema is newer than this program.
    #[error(
        "the database schema has migrations that this program does not know ({0}): it was made by a newer trialogue; \
         run that version, or restore a backup"
    )]
    NewerSchema(String),
    /// Migrations are missing.
    #[error("the database schema is out of date ({0} to run); run `trialogue migrate`")]
    OlderSchema(usize),
    /// A migration failed.
    #[error("migrating the database failed: {0}")]
    Migrate(String),
}
