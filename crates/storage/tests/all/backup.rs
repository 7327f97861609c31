//! Backups of an SQLite file.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use tempfile::TempDir;
use trialogue_storage::{
    BackupError, DatabaseUrl, OpenError, Store, StoreOptions, UserRole, backup, migrate,
};

use crate::world::{Database, Raw};

/// The files of a directory.
fn names(dir: &TempDir) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into()).collect()
}

fn is_intact(file: &Path) -> bool {
    let mut copy = SqliteConnection::establish(&file.display().to_string()).unwrap();
    let found: String = diesel::select(diesel::dsl::sql::<Text>("(SELECT * FROM pragma_integrity_check)"))
        .get_result(&mut copy)
        .unwrap();
    found == "ok"
}

#[tokio::test]
async fn a_backup_is_the_committed_state_of_a_database_in_use() {
    let world = Database::Sqlite.world();
    world.client("c@example.org").await;
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("backup.db");
    // Somebody is writing, and has not committed.
    let Raw::Sqlite(mut writer) = world.place.raw() else { panic!("no file") };
    writer.batch_execute("BEGIN IMMEDIATE; UPDATE users SET email = 'x@example.org'").unwrap();
    backup(&world.place.url(), &file).unwrap();
    writer.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&dir), [Path::new("backup.db")]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(is_intact(&file));

    let copy = Store::open(&DatabaseUrl::Sqlite(file.clone()), StoreOptions::default()).unwrap();
    assert!(copy.credentials(UserRole::Client, "c@example.org").await.unwrap().is_some());
    copy.close();
    // A later backup needs a name of its own.
    let before = fs::read(&file).unwrap();
    assert!(matches!(backup(&world.place.url(), &file), Err(BackupError::Exists(_))));
    assert_eq!(fs::read(&file).unwrap(), before);
    let second = dir.path().join("second.db");
    backup(&world.place.url(), &second).unwrap();
    let copy = Store::open(&DatabaseUrl::Sqlite(second), StoreOptions::default()).unwrap();
    assert!(copy.credentials(UserRole::Client, "x@example.org").await.unwrap().is_some());
    copy.close();
}

#[test]
fn every_name_is_possible() {
    let place = Database::Sqlite.empty();
    migrate(&place.url()).unwrap();
    let dir = TempDir::new().unwrap();
    for directory in [&b"a b"[..], b"?mode=memory&#%41", "ü'\"".as_bytes(), b"\xff\xfe"] {
        let directory = dir.path().join(OsStr::from_bytes(directory));
        fs::create_dir(&directory).unwrap();
        let file = directory.join(OsStr::from_bytes(b"file:\xff?x=1"));
        backup(&place.url(), &file).unwrap();
        assert!(fs::metadata(&file).unwrap().len() > 10_000);
    }
}

#[test]
fn what_cannot_be_backed_up_leaves_nothing_behind() {
    let place = Database::Sqlite.empty();
    migrate(&place.url()).unwrap();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("backup.db");

    let postgres = DatabaseUrl::parse("postgres://trialogue:quackword@db/trialogue").unwrap();
    let why = backup(&postgres, &file).unwrap_err().to_string();
    assert!(why.contains("pg_dump") && !why.contains("quackword"), "{why}");

    let missing = DatabaseUrl::Sqlite(dir.path().join("missing.db"));
    assert!(matches!(backup(&missing, &file), Err(BackupError::Open(OpenError::NoFile(_)))));
    assert!(names(&dir).is_empty());

    let nowhere = dir.path().join("missing").join("backup.db");
    assert!(matches!(backup(&place.url(), &nowhere), Err(BackupError::Write { .. })));
    for taken in [dir.path().to_owned(), dir.path().join(".."), "/".into()] {
        assert!(matches!(backup(&place.url(), &taken), Err(BackupError::Exists(_))), "{}", taken.display());
    }
    assert!(names(&dir).is_empty());
    symlink("nowhere", &file).unwrap();
    assert!(matches!(backup(&place.url(), &file), Err(BackupError::Exists(_))));
    fs::remove_file(&file).unwrap();

    // A file without our tables is no database of ours, whoever made it.
    let foreign = Database::Sqlite.empty();
    let DatabaseUrl::Sqlite(path) = foreign.url() else { panic!("no file") };
    fs::write(&path, "").unwrap();
    assert!(matches!(backup(&foreign.url(), &file), Err(BackupError::Foreign(_))));
    fs::write(&path, "no database at all, but a text").unwrap();
    assert!(matches!(backup(&foreign.url(), &file), Err(BackupError::Open(OpenError::Connect(_)))));
    assert!(names(&dir).is_empty());
}
