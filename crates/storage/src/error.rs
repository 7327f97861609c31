//! What can go wrong in the store, by what it means to the caller.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use trialogue_domain::Refusal;

use crate::limit::Limit;

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
    #[error("the {queue} queue is full")]
    Busy {
        /// Which queue.
        queue: &'static str,
    },
    /// The database can't be reached, was lost on the way, or did not answer in time. The work may have been done.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database did not do it, and may do it later: a lock was not had in time, a statement was cancelled, the disk is
    /// full. Nothing was changed.
    #[error("the database could not {operation}: {cause}")]
    NotDone {
        /// What was being done.
        operation: &'static str,
        /// The database's own message.
        cause: String,
    },
    /// Others held or changed the same conference at the same time, again and again.
    #[error("conference {conference} was locked or changed by others {tries} times in a row")]
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
    /// Another session has locked the conference: the executor tries again.
    #[error("conference {0} is locked by another session of the database")]
    Locked(i32),
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

    /// Whether another try may go well: a clash with another session, or trouble of the database.
    pub(crate) const fn is_conflict(&self) -> bool {
        match self {
            Self::Conflict(_) | Self::Locked(_) => true,
            Self::Query { source: DieselError::DatabaseError(kind, _), .. } => {
                matches!(kind, DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::UniqueViolation)
                    || self.is_trouble()
            }
            _ => false,
        }
    }

    /// Whether the database could not do it for a reason that diesel has no kind for: a deadlock, a lock that was not had in
    /// time, a full disk. Their messages are translated. A statement that is wrong in itself looks the same.
    pub(crate) const fn is_trouble(&self) -> bool {
        matches!(self, Self::Query { source, .. } if is_trouble(source))
    }

    /// The error for the caller after the last try.
    pub(crate) fn after_tries(self, tries: u32) -> Self {
        use DatabaseErrorKind::SerializationFailure;
        match self {
            Self::Conflict(conference) | Self::Locked(conference) => Self::Contended { conference, tries },
            Self::Query { operation, source }
                if matches!(source, DieselError::DatabaseError(SerializationFailure, _))
                    || is_trouble(&source) =>
            {
                Self::NotDone { operation, cause: explained(source.to_string()) }
            }
            other => other,
        }
    }
}

const fn is_trouble(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::Unknown, _))
}

/// Whether the connection can be used no more.
pub(crate) fn is_connection_lost(error: &DieselError) -> bool {
    use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UnableToSendCommand, Unknown};
    match error {
        // A session on a server that has become a standby only reads. libpq's status, not a text, says what is closed.
        DieselError::DatabaseError(ClosedConnection | ReadOnlyTransaction | UnableToSendCommand, _)
        | DieselError::BrokenTransactionManager => true,
        // SQLite's messages are constants, in English everywhere; diesel keeps no other sign of these.
        DieselError::DatabaseError(Unknown, info) => [
            "disk I/O error",
            "database or disk is full",
            "attempt to write a readonly database",
            "unable to open database file",
        ]
        .contains(&info.message()),
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
    /// PostgreSQL keeps texts in an encoding that does not have every character.
    #[error(
        "the database keeps texts in {0}, which lacks characters of other languages; make one with \
         CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
    )]
    WrongEncoding(String),
    /// Between this program and PostgreSQL is a pooler that shares sessions.
    #[error(
        "the database URL leads to a connection pooler (pgbouncer?) that shares one session among several connections; \
         use its session mode (pool_mode = session), or connect to PostgreSQL itself"
    )]
    TransactionPooler,
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

/// What SQLite's message about a failed write means to an operator.
pub(crate) fn explained(message: String) -> String {
    let advice = if message.contains("disk is full") {
        "free space on the disk of the database"
    } else if message.contains("readonly database") {
        "let the server's user write the database file and its directory, and mount them writable"
    } else if message.contains("disk I/O error") || message.contains("unable to open database file") {
        "look at the disk and the permissions of the database's directory"
    } else {
        return message;
    };
    format!("{message}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_says_what_to_do() {
        for message in ["database or disk is full", "attempt to write a readonly database", "disk I/O error"]
        {
            assert!(explained(message.to_owned()).len() > message.len());
        }
        assert_eq!(explained("another".to_owned()), "another");
    }
}
