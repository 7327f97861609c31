//! One connection type for both databases. The URL's scheme decides which, and nothing is guessed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use r2d2::ManageConnection;

use crate::error::OpenError;
use crate::{postgres, sqlite_files};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Runs a query on the connection that this one is. Through the enum, diesel writes a query's text anew for each run,
/// though its statement is long prepared: a quarter of all that a kick costs on SQLite.
macro_rules! native {
    ($connection:expr, $native:ident => $run:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Postgres($native) => $run,
            $crate::connection::AnyConnection::Sqlite($native) => $run,
        }
    };
}
pub(crate) use native;

/// Loads the keys of rows that are going to be changed. On PostgreSQL their rows are locked, and those that another
/// session has locked are left out: nothing is waited for.
macro_rules! lock_free_rows {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Postgres(native) => {
                $query.for_no_key_update().skip_locked().load(native)
            }
            $crate::connection::AnyConnection::Sqlite(native) => $query.load(native),
        }
    };
}
pub(crate) use lock_free_rows;

/// Loads the rows of many keys: on PostgreSQL by one statement with an array, on SQLite by one cached statement for each
/// key. Without keys nothing is asked.
macro_rules! load_by {
    ($connection:expr, $column:expr, $keys:expr, $query:expr) => {
        match $connection {
            _ if $keys.is_empty() => Ok(Vec::new()),
            $crate::connection::AnyConnection::Postgres(native) => {
                $query.filter($column.eq_any($keys)).load(native)
            }
            $crate::connection::AnyConnection::Sqlite(native) => {
                $keys.iter().try_fold(Vec::new(), |mut rows, key| {
                    rows.append(&mut $query.filter($column.eq(*key)).load(native)?);
                    Ok(rows)
                })
            }
        }
    };
}
pub(crate) use load_by;

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A libpq connection URL.
    Postgres(String),
    /// A file.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Reads `postgres://...`, `postgresql://...` or `sqlite://PATH`.
    ///
    /// # Errors
    /// [`OpenError`] for another scheme, a missing path, or TLS that this build does not have.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            // SQLite reads file: as a URI, whose parameters may ask for memory: then each connection had its own data.
            if path.is_empty() || path == ":memory:" || path.starts_with("file:") {
                return Err(OpenError::NoPath);
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            refuse_tls_without_tls(url)?;
            return Ok(Self::Postgres(url.to_owned()));
        }
        let scheme = url.split("://").next().filter(|_| url.contains("://")).unwrap_or("");
        Err(OpenError::UnknownScheme(scheme.to_owned()))
    }
}

/// The URL without its password, for logs and messages.
impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let (head, parameters) = rest.split_once('?').unwrap_or((rest, ""));
                // Parameters may hold a password. An @ behind the first ? may as well be the end of one that holds a ?.
                let place = if parameters.contains('@') { "..." } else { head };
                write!(f, "postgres://{}", place.rsplit_once('@').map_or(place, |(_, place)| place))
            }
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

fn refuse_tls_without_tls(url: &str) -> Result<(), OpenError> {
    let query = postgres::parameters(url).unwrap_or("");
    let wants_tls = |mode: &&str| matches!(*mode, "require" | "verify-ca" | "verify-full");
    match query.split('&').filter_map(|pair| pair.strip_prefix("sslmode=")).find(wants_tls) {
        Some(mode) if cfg!(feature = "bundled-libpq") => Err(OpenError::NoTls(mode.to_owned())),
        _ => Ok(()),
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Changes: SQLite's one writer.
    Write,
    /// Reads.
    Read,
    /// Changes of the schema, which may wait longer for locks and take longer.
    Migrate,
}

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

    /// Asks nobody: a connection that died unseen is found by its next operation, which is repeated.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), OpenError> {
        if self.has_broken(pooled) { Err(OpenError::Connect("it was lost".to_owned())) } else { Ok(()) }
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.spoilt || !self.is_current(pooled.age)
    }
}
