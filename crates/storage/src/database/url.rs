//! The address of a database. Its scheme decides which database it is; nothing is guessed.

use std::path::PathBuf;

use crate::error::OpenError;

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
    let query = parameters(url).unwrap_or("");
    let wants_tls = |mode: &&str| matches!(*mode, "require" | "verify-ca" | "verify-full");
    match query.split('&').filter_map(|pair| pair.strip_prefix("sslmode=")).find(wants_tls) {
        Some(mode) if cfg!(feature = "bundled-libpq") => Err(OpenError::NoTls(mode.to_owned())),
        _ => Ok(()),
    }
}

/// The parameters of a URL: what follows the first `?` behind user and password, which may hold one, too.
pub(crate) fn parameters(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = match rest.find(['@', '/']) {
        Some(at) if rest.as_bytes()[at] == b'@' => &rest[at + 1..],
        _ => rest,
    };
    place.split_once('?').map(|(_, parameters)| parameters)
}
