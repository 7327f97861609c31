//! One server per SQLite file.

use std::fs::{File, TryLockError};

use crate::database::sqlite_files;
use crate::database::url::DatabaseUrl;
use crate::error::OpenError;

/// The right to serve from a database. On SQLite it is an advisory lock on `FILE.lock`, let go by the system when the
/// process ends, however it ends: two servers on one file would be two writers. PostgreSQL takes any number of servers.
#[derive(Debug)]
pub struct ServeLock {
    file: Option<File>,
}

impl ServeLock {
    /// Whether nobody else can be serving from the same database.
    pub(crate) const fn is_sole(&self) -> bool {
        self.file.is_some()
    }

    /// Takes it.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if another process has it.
    pub fn take(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let DatabaseUrl::Sqlite(database) = url else { return Ok(Self { file: None }) };
        let path = sqlite_files::lock_path(database);
        let failed = |e: std::io::Error| OpenError::Connect(format!("{}: {e}", path.display()));
        let file = sqlite_files::open_lock(database).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.display().to_string())),
            Err(TryLockError::Error(e)) => Err(failed(e)),
        }
    }
}
