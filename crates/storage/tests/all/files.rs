//! The files of an SQLite database: deleted, replaced, lost, private.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use trialogue_domain::UserId;
use trialogue_storage::{
    ConferenceLookup, DatabaseUrl, OpenError, ServeLock, Store, StoreError, StoreOptions, migrate,
};

use crate::world::{Database, Place, Raw, World};

fn file(place: &Place, end: &str) -> PathBuf {
    let DatabaseUrl::Sqlite(path) = place.url() else { panic!("no file") };
    format!("{}{end}", path.display()).into()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn refused(world: &World) -> String {
    let read = world.store.view(ConferenceLookup::Client(UserId(1))).await.map(drop);
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    match world.conferences.touch(UserId(1), world.now()).await {
        Err(StoreError::Unavailable(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_lost_its_name() {
    for end in ["", "-wal", "-shm"] {
        // One reader, which has its connection: a new connection would make a new log before anything is refused.
        let world = Database::Sqlite.world_with(StoreOptions { readers: 1, ..StoreOptions::default() });
        let client = world.client("c@example.org").await;
        world.conferences.touch(client, world.now()).await.unwrap();
        world.store.view(ConferenceLookup::Client(client)).await.unwrap();
        let (there, elsewhere) = (file(&world.place, end), file(&world.place, ".elsewhere"));
        fs::rename(&there, &elsewhere).unwrap();
        let why = refused(&world).await;
        assert!(why.contains("was deleted or renamed") && why.contains("restore a backup"), "{end}: {why}");
        assert!(!there.exists(), "a new file {end} was made");
        // It came back: nothing was lost.
        fs::rename(&elsewhere, &there).unwrap();
        world.conferences.touch(client, world.now()).await.unwrap();
    }
}

#[tokio::test]
async fn another_file_of_the_same_name_is_not_written() {
    let world = Database::Sqlite.world();
    let client = world.client("c@example.org").await;
    let (there, copy) = (file(&world.place, ""), file(&world.place, ".copy"));
    fs::copy(&there, &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    fs::rename(&copy, &there).unwrap();
    let why = refused(&world).await;
    assert!(why.contains("was replaced by another file"), "{why}");
    drop(world.conferences);
    world.store.close();
    assert_eq!(fs::read(&there).unwrap(), before, "{client:?} was written into the file of another database");
}

#[tokio::test]
async fn a_file_cut_to_nothing_is_not_written() {
    let world = Database::Sqlite.world();
    world.client("c@example.org").await;
    fs::File::options().write(true).open(file(&world.place, "")).unwrap().set_len(0).unwrap();
    assert!(refused(&world).await.contains("was replaced by another file"));
}

#[test]
fn no_database_is_made_where_one_was_lost() {
    for emptied in [false, true] {
        let place = Database::Sqlite.empty();
        let url = place.url();
        migrate(&url).unwrap();
        for end in ["-wal", "-shm"] {
            let _ = fs::remove_file(file(&place, end));
        }
        if emptied {
            fs::write(file(&place, ""), "").unwrap();
        } else {
            fs::remove_file(file(&place, "")).unwrap();
        }
        for refused in
            [ServeLock::take(&url).and_then(|_lock| migrate(&url)).unwrap_err(), migrate(&url).unwrap_err()]
        {
            let why = refused.to_string();
            assert!(matches!(refused, OpenError::Gone { .. }), "{why}");
            assert!(why.contains("restore a backup") && why.contains("trialogue.db.lock"), "{why}");
        }
        assert!(Store::open(&url, StoreOptions::default()).is_err());
        assert_eq!(file(&place, "").exists(), emptied);
        // The operator says that the data is not wanted any more.
        fs::remove_file(file(&place, ".lock")).unwrap();
        migrate(&url).unwrap();
        Store::open(&url, StoreOptions::default()).unwrap().close();
    }
}

#[test]
fn a_server_that_made_no_database_leaves_no_claim() {
    let place = Database::Sqlite.empty();
    drop(ServeLock::take(&place.url()).unwrap());
    assert!(!migrate(&place.url()).unwrap().is_empty());
}

#[tokio::test]
async fn every_file_is_private() {
    let world = Database::Sqlite.world();
    world.client("c@example.org").await;
    let lock = ServeLock::take(&world.place.url()).unwrap();
    for end in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(mode(&file(&world.place, end)), 0o600, "{end}");
    }
    drop(lock);
    let World { store, place, conferences, .. } = world;
    drop(conferences);
    // Files of an older version, or of a careless copy.
    for (end, careless) in [("", 0o644), ("-wal", 0o664), ("-shm", 0o666), (".lock", 0o644)] {
        fs::set_permissions(file(&place, end), Permissions::from_mode(careless)).unwrap();
    }
    let other = Store::open(&place.url(), StoreOptions::default()).unwrap();
    for end in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(mode(&file(&place, end)), 0o600, "{end}");
    }
    other.close();
    store.close();
}

#[tokio::test]
async fn the_log_shrinks_when_a_foreign_reader_goes() {
    let world = Database::Sqlite.world();
    let client = world.client("c@example.org").await;
    let log = file(&world.place, "-wal");
    let (Raw::Sqlite(mut reader), Raw::Sqlite(mut writer)) = (world.place.raw(), world.place.raw()) else {
        panic!("no file")
    };
    reader.batch_execute("BEGIN; SELECT count(*) FROM users").unwrap();
    // It keeps every checkpoint from finishing.
    writer
        .batch_execute("CREATE TABLE filler (bytes BLOB); INSERT INTO filler VALUES (zeroblob(20000000))")
        .unwrap();
    assert!(fs::metadata(&log).unwrap().len() > 20_000_000);
    reader.batch_execute("COMMIT").unwrap();
    // The first commit ends with a checkpoint, the second one begins the log anew.
    for _ in 0..2 {
        world.conferences.touch(client, world.clock.advance(Duration::from_secs(1))).await.unwrap();
    }
    assert!(fs::metadata(&log).unwrap().len() <= 8 * 1024 * 1024);
}
