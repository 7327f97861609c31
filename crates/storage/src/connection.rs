//! One connection type for both databases. The URL's scheme decides which, and nothing is guessed.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::error::OpenError;
use crate::sqlite_files;

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
    let query = url.split_once('?').map_or("", |(_, query)| query);
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
}

pub(crate) fn connect(url: &DatabaseUrl, purpose: Purpose) -> Result<AnyConnection, OpenError> {
    let failed = |e: &dyn std::fmt::Display| OpenError::Connect(format!("{url}: {e}"));
    match url {
        DatabaseUrl::Postgres(text) => {
            let mut connection = PgConnection::establish(text).map_err(|e| failed(&without_secrets(&e)))?;
            connection.batch_execute(POSTGRES_SESSION).map_err(|e| failed(&e))?;
            Ok(AnyConnection::Postgres(connection))
        }
        DatabaseUrl::Sqlite(path) => {
            let mut connection = sqlite_files::establish(path)?;
            connection.batch_execute(SQLITE_SESSION).map_err(|e| failed(&e))?;
            if purpose == Purpose::Write {
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

// A lock that is not had in two seconds is a conflict, which is tried again; a deadlock is found after one.
const POSTGRES_SESSION: &str = "SET TIME ZONE 'UTC'; SET client_min_messages TO warning;
     SET synchronous_commit TO on; SET lock_timeout TO '2s'; SET statement_timeout TO '30s';";

// A log that grew beside a foreign reader is cut to 8 MiB when it is begun anew.
// Measured: WAL with 1,000 pages a checkpoint and 64 MiB of cache gives the steadiest p99; mmap gains nothing.
const SQLITE_SESSION: &str =
    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;
     PRAGMA trusted_schema = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;
     PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 8388608; PRAGMA synchronous = NORMAL;";

// What is deleted or blanked leaves no trace in the file.
const SQLITE_WRITER: &str = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;";

/// Makes pooled connections for reading.
#[derive(Debug)]
pub(crate) struct ReadManager(pub(crate) DatabaseUrl);

impl diesel::r2d2::ManageConnection for ReadManager {
    type Connection = AnyConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<AnyConnection, Self::Error> {
        connect(&self.0, Purpose::Read).map_err(|e| {
            diesel::r2d2::Error::ConnectionError(diesel::ConnectionError::BadConnection(e.to_string()))
        })
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), Self::Error> {
        connection.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || diesel::r2d2::R2D2Connection::is_broken(connection)
    }
}
