//! The files of an SQLite database: who may read them, whether they are still the ones that were opened, and whether a
//! database existed before.
//!
//! A Unix process keeps its open files when their names are deleted or given to other files. SQLite would go on writing
//! into such a file, and everything written would be lost at the next start.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use diesel::prelude::*;

use crate::database::connection::AnyConnection;
use crate::database::url::DatabaseUrl;
use crate::error::OpenError;

/// Permissions of every file that holds data: the owner reads and writes, nobody else.
const PRIVATE: u32 = 0o600;

/// The files of a database that is open. PostgreSQL's files are not ours: there is nothing to check.
pub(crate) struct OpenFiles {
    /// Each file with the identity that it had when it was opened.
    files: Vec<(PathBuf, Identity)>,
    /// While one connection is open, SQLite itself never deletes or replaces the write-ahead log.
    _connection: Option<Mutex<AnyConnection>>,
}

/// What tells a file from another one of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl OpenFiles {
    /// Takes the connection that read the schema: since then, all files exist.
    pub(crate) fn of(url: &DatabaseUrl, connection: AnyConnection) -> Result<Self, OpenError> {
        let DatabaseUrl::Sqlite(path) = url else { return Ok(Self { files: Vec::new(), _connection: None }) };
        let [log, index] = beside(path).map_err(|e| failed(path, &e))?;
        let identified = |path: PathBuf| match Identity::of(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(error) => Err(failed(&path, &error)),
        };
        let files = [path.clone(), log, index].into_iter().map(identified).collect::<Result<_, _>>()?;
        Ok(Self { files, _connection: Some(Mutex::new(connection)) })
    }

    /// Whether each name still belongs to the file that is open. It costs a `stat` for each file.
    ///
    /// # Errors
    /// What happened to which file, and what to do.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (path, opened) in &self.files {
            let happened = match Identity::of(path) {
                Ok(found) if found == *opened => continue,
                Ok(_) => "was replaced by another file".to_owned(),
                Err(error) if error.kind() == ErrorKind::NotFound => "was deleted or renamed".to_owned(),
                Err(error) => format!("cannot be looked at ({error})"),
            };
            return Err(format!(
                "{} {happened} while the server runs; move the file back, or stop the server, restore a backup and \
                 start it again",
                path.display()
            ));
        }
        Ok(())
    }
}

impl Identity {
    /// The database file is never empty, nor is the log's index. A file that was cut to nothing counts as replaced.
    fn of(path: &Path) -> std::io::Result<Self> {
        let found = fs::metadata(path)?;
        let cut = found.len() == 0 && !path.as_os_str().as_encoded_bytes().ends_with(b"-wal");
        let inode = if cut { 0 } else { found.ino() };
        Ok(Self { device: found.dev(), inode })
    }
}

/// The write-ahead log and its index. SQLite puts them beside the file that a symbolic link leads to.
fn beside(database: &Path) -> std::io::Result<[PathBuf; 2]> {
    let database = fs::canonicalize(database)?;
    Ok(["-wal", "-shm"].map(|end| with_end(&database, end)))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path.into()
}

/// The file that is locked while a server runs, and that remembers that there was a database.
pub(crate) fn lock_path(database: &Path) -> PathBuf {
    with_end(database, ".lock")
}

/// Makes an empty database file, unless there is one. SQLite gives its other files the same permissions.
///
/// # Errors
/// [`OpenError::Gone`] if there was a database before.
pub(crate) fn create(database: &Path) -> Result<(), OpenError> {
    if !database.exists() {
        refuse_after_loss(database)?;
    }
    let created = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(database);
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(database, &error)),
        _ => make_private(database),
    }
}

/// Refuses a database without any table where there was one with data.
///
/// # Errors
/// [`OpenError::Gone`].
pub(crate) fn refuse_emptied(database: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let tables: i64 =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>("(SELECT count(*) FROM sqlite_schema)"))
            .get_result(connection)
            .map_err(|e| failed(database, &e))?;
    if tables == 0 { refuse_after_loss(database) } else { Ok(()) }
}

/// The refusal of a missing file: it says whether there was a database before.
pub(crate) fn refuse_missing(database: &Path) -> Result<(), OpenError> {
    if database.exists() {
        return Ok(());
    }
    refuse_after_loss(database)?;
    Err(OpenError::NoFile(database.display().to_string()))
}

fn refuse_after_loss(database: &Path) -> Result<(), OpenError> {
    let lock = lock_path(database);
    match fs::metadata(&lock) {
        // A lock file without text was made by a server that never came so far as to make a database.
        Ok(found) if found.len() > 0 => Err(OpenError::Gone {
            database: database.display().to_string(),
            marker: lock.display().to_string(),
        }),
        _ => Ok(()),
    }
}

/// Remembers that there is a database now.
pub(crate) fn remember(database: &Path) -> Result<(), OpenError> {
    let lock = lock_path(database);
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).mode(PRIVATE).open(&lock)?;
        if file.metadata()?.len() == 0 {
            file.write_all(MARKER.as_bytes())?;
            file.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|e| failed(&lock, &e))
}

const MARKER: &str = "The file beside this one holds a trialogue database. If it is lost, restore a backup.\n\
    Delete this file only to begin again with an empty database.\n";

/// Takes the permissions of others away from the database and the files beside it.
pub(crate) fn make_private(database: &Path) -> Result<(), OpenError> {
    let beside = beside(database).map_err(|e| failed(database, &e))?;
    for path in [database.to_owned(), lock_path(database)].into_iter().chain(beside) {
        let Ok(found) = fs::metadata(&path) else { continue };
        let mode = found.mode() & 0o777;
        if mode & !PRIVATE == 0 {
            continue;
        }
        match fs::set_permissions(&path, Permissions::from_mode(mode & PRIVATE)) {
            Ok(()) => tracing::info!(
                file = %path.display(),
                before = format!("{mode:o}"),
                "took the permissions of other users away from a file of the database"
            ),
            Err(error) => tracing::warn!(
                %error,
                file = %path.display(),
                mode = format!("{mode:o}"),
                "other users have permissions on a file of the database"
            ),
        }
    }
    Ok(())
}

/// Opens the lock file, private whatever the umask.
pub(crate) fn open_lock(database: &Path) -> std::io::Result<fs::File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE).open(lock_path(database))
}

/// Connects to the file, which must exist: a file that vanished is an error, never a new empty database.
pub(crate) fn establish(database: &Path) -> Result<SqliteConnection, OpenError> {
    SqliteConnection::establish(&uri(database)).map_err(|e| failed(database, &e))
}

/// The path as a URI, whose parameters keep SQLite from creating the file. It may have any bytes.
pub(crate) fn uri(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut uri = String::from(if path.is_absolute() { "file://" } else { "file:" });
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?mode=rw"
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Connect(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_a_uri() {
        assert_eq!(uri(Path::new("a b/ü?x=1#%.db")), "file:a%20b/%C3%BC%3Fx%3D1%23%25.db?mode=rw");
        assert_eq!(uri(Path::new("/var/lib/t.db")), "file:///var/lib/t.db?mode=rw");
    }
}
