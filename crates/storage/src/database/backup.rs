//! A copy of an SQLite database, made while a server may be writing.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::database::connect::connect;
use crate::database::connection::{AnyConnection, Purpose};
use crate::database::sqlite_files;
use crate::database::url::DatabaseUrl;
use crate::error::{OpenError, explained};

/// How the name of an unfinished backup begins. One that was killed leaves its file behind.
const UNFINISHED: &str = ".trialogue-backup-";

/// Why there is no backup. What stood at the backup's path before is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// PostgreSQL has tools of its own.
    #[error("{0} is a PostgreSQL database: back it up with `pg_dump --format=custom`")]
    Postgres(DatabaseUrl),
    /// A backup never replaces a file.
    #[error("{} exists: name a file that does not", .0.display())]
    Exists(PathBuf),
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file holds something else, or nothing.
    #[error("{0} holds no trialogue database")]
    Foreign(DatabaseUrl),
    /// The copy can't be made.
    #[error("copying the database failed: {0}")]
    Copy(String),
    /// The file can't be written.
    #[error("writing {} failed: {error}", .file.display())]
    Write {
        /// The file of the backup.
        file: PathBuf,
        /// What the system says.
        error: Error,
    },
}

/// Copies an SQLite database as it is at one moment into a new file, which is complete and on the disk once this returns,
/// and that only its owner can read. Reads and writes go on meanwhile. The schema may be of another version.
///
/// # Errors
/// [`BackupError`].
pub fn backup(url: &DatabaseUrl, file: &Path) -> Result<(), BackupError> {
    let DatabaseUrl::Sqlite(database) = url else { return Err(BackupError::Postgres(url.clone())) };
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    sqlite_files::refuse_missing(database)?;
    let mut connection = connect(url, Purpose::Read)?;
    if let AnyConnection::Sqlite(c) = &mut connection {
        sqlite_files::refuse_emptied(database, c)?;
    }
    if !is_ours(&mut connection)? {
        return Err(BackupError::Foreign(url.clone()));
    }
    let failed = |error| BackupError::Write { file: file.to_owned(), error };
    // It gets its name when it is complete: an interrupted backup must not look like one.
    let directory = directory_of(file).map_err(failed)?;
    let copy = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&directory).map_err(failed)?;
    // SQLite's own way to copy a database in use: one read transaction, whatever is written meanwhile.
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(sqlite_files::uri(copy.path()))
        .execute(&mut connection)
        .map_err(|e| copying(&e))?;
    // SQLite leaves it to the system when the copy reaches the disk.
    copy.as_file().sync_all().map_err(failed)?;
    copy.persist_noclobber(file).map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => failed(error.error),
    })?;
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)
}

/// Whether the database has our tables, of whatever version.
fn is_ours(connection: &mut AnyConnection) -> Result<bool, BackupError> {
    let tables = "(SELECT count(*) FROM sqlite_schema WHERE name = 'conferences')";
    let tables: i64 =
        diesel::select(diesel::dsl::sql::<BigInt>(tables)).get_result(connection).map_err(|e| copying(&e))?;
    Ok(tables > 0)
}

fn copying(error: &diesel::result::Error) -> BackupError {
    BackupError::Copy(explained(error.to_string()))
}

/// The absolute path of the directory that the file is to stand in.
fn directory_of(file: &Path) -> std::io::Result<PathBuf> {
    let directory = match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    directory.canonicalize()
}
