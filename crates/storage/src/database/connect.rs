//! Opens connections, and replaces all of them when one was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection};
use r2d2::ManageConnection;

use crate::database::connection::{AnyConnection, Purpose};
use crate::database::url::DatabaseUrl;
use crate::database::{postgres, sqlite_files};
use crate::error::OpenError;

pub(crate) fn connect(url: &DatabaseUrl, purpose: Purpose) -> Result<AnyConnection, OpenError> {
    let failed = |e: &dyn std::fmt::Display| OpenError::Connect(format!("{url}: {e}"));
    match url {
        DatabaseUrl::Postgres(text) => {
            let mut connection = PgConnection::establish(&postgres::with_parameters(text))
                .map_err(|e| failed(&without_secrets(&e)))?;
            connection.batch_execute(postgres::session(purpose)).map_err(|e| failed(&e))?;
            Ok(AnyConnection::Postgres(connection))
        }
        DatabaseUrl::Sqlite(path) => {
            let mut connection = sqlite_files::establish(path)?;
            connection.batch_execute(SQLITE_SESSION).map_err(|e| failed(&e))?;
            if purpose != Purpose::Read {
                connection.batch_execute(SQLITE_WRITER).map_err(|e| failed(&e))?;
            }
            Ok(AnyConnection::Sqlite(connection))
        }
    }
}

/// Of a server that it asked, libpq names host, port and user; of a URL that it can't read, whatever is in it.
fn without_secrets(error: &diesel::ConnectionError) -> String {
    match error {
        diesel::ConnectionError::BadConnection(text)
            if ["connection to server", "could not translate host name", "could not connect to server"]
                .iter()
                .any(|sign| text.trim_start().starts_with(sign)) =>
        {
            // It takes several lines, with tabs; ours are one.
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        _ => "the connection URL is not well-formed".to_owned(),
    }
}

// A log that grew beside a foreign reader is cut to 8 MiB when it is begun anew.
// Measured: WAL with 1,000 pages a checkpoint and 64 MiB of cache gives the steadiest p99; mmap gains nothing.
const SQLITE_SESSION: &str =
    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;
     PRAGMA trusted_schema = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;
     PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 8388608; PRAGMA synchronous = NORMAL;";

// What is deleted or blanked leaves no trace in the file.
const SQLITE_WRITER: &str = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;";

/// Makes the connections of a store. A connection is kept until a loss is seen on it or on another one: a server that
/// restarted or lost its role has mostly cut, or spoiled, all of them.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    url: DatabaseUrl,
    losses: Arc<AtomicU64>,
}

/// How many losses had been seen when a connection was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age(u64);

/// A connection of the readers' pool.
pub(crate) struct Pooled {
    pub(crate) connection: AnyConnection,
    pub(crate) age: Age,
    /// It may be in a transaction, or otherwise not fit for the next operation.
    pub(crate) spoilt: bool,
}

impl Connector {
    pub(crate) fn new(url: &DatabaseUrl) -> Self {
        Self { url: url.clone(), losses: Arc::default() }
    }

    pub(crate) fn connect(&self, purpose: Purpose) -> Result<(AnyConnection, Age), OpenError> {
        let age = Age(self.losses.load(Ordering::Relaxed));
        Ok((connect(&self.url, purpose)?, age))
    }

    /// Whether no loss was seen since a connection of this age was made.
    pub(crate) fn is_current(&self, age: Age) -> bool {
        self.losses.load(Ordering::Relaxed) == age.0
    }

    /// A connection of this age was lost. A second loss of the same age is the same event.
    pub(crate) fn lost(&self, age: Age) {
        let counted = self.losses.compare_exchange(age.0, age.0 + 1, Ordering::Relaxed, Ordering::Relaxed);
        if counted.is_ok() {
            tracing::warn!("a connection to the database was lost; all of them are replaced");
        }
    }
}

impl ManageConnection for Connector {
    type Connection = Pooled;
    type Error = OpenError;

    fn connect(&self) -> Result<Pooled, OpenError> {
        let (connection, age) = self.connect(Purpose::Read)?;
        Ok(Pooled { connection, age, spoilt: false })
    }

    /// Sends nothing: a dead connection is found by its next operation, which is repeated.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), OpenError> {
        if self.has_broken(pooled) { Err(OpenError::Connect("it was lost".to_owned())) } else { Ok(()) }
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.spoilt || !self.is_current(pooled.age)
    }
}

/// Opens a connection for as long as the files are to be watched.
pub(crate) fn watched(url: &DatabaseUrl) -> Result<AnyConnection, OpenError> {
    if let DatabaseUrl::Sqlite(path) = url {
        sqlite_files::refuse_missing(path)?;
        sqlite_files::make_private(path)?;
    }
    connect(url, Purpose::Read)
}
