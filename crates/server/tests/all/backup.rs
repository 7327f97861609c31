//! Backup and restore as docs/operations.md describes them.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::call::{GUEST_ACCOUNT, Pair};
use crate::database::Database;
use crate::process::{Finished, trialogue};
use crate::server::Server;

fn backup(database: &Database, file: &Path) -> Finished {
    trialogue(&database.with(&["backup", file.to_str().unwrap()]))
}

#[test]
fn a_backup_made_beside_a_server_is_restored() {
    let dir = TempDir::new().unwrap();
    let (path, copy) = (dir.path().join("trialogue.db"), dir.path().join("backup.db"));
    let database = Database::at(format!("sqlite://{}", path.display()));
    database.migrate();
    Pair::add(&database, 0);
    let server = Server::start(&database);
    let pair = Pair::login(server.api, 0);
    let conference = pair.call();
    let guest = pair.invite("Rosa");
    guest.party.ask("Guest/Confirm").with(200);
    let timeline = database.timeline(conference);

    let printed = backup(&database, &copy).printed();
    assert!(printed.contains("backup.db") && printed.lines().count() == 1, "{printed}");
    let kept = fs::read(&copy).unwrap();
    let why = backup(&database, &copy).explained();
    assert!(why.contains("exists"), "{why}");
    assert_eq!(fs::read(&copy).unwrap(), kept);

    // What comes later is not in it. The server dies with a log beside its file.
    pair.kick(&guest).with(200);
    assert!(guest.is_out());
    server.process.kill();
    let old = dir.path().join("old");
    fs::create_dir(&old).unwrap();
    for end in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{end}", path.display()));
        fs::rename(&file, old.join(file.file_name().unwrap())).unwrap();
    }
    // Without the copy, no new database is made.
    let why = trialogue(&database.with(&["serve", "--listen", "127.0.0.1:0"])).explained();
    assert!(why.contains("restore a backup"), "{why}");
    fs::copy(&copy, &path).unwrap();

    let server = Server::start(&database);
    server.api.get("/readyz").with(200);
    assert_eq!(database.timeline(conference), timeline);
    let (pair, mut guest) = (pair.at(server.api), guest);
    guest.party = guest.party.at(server.api);
    guest.party.ask(GUEST_ACCOUNT).with(200);
    pair.kick(&guest).with(200);
    assert!(guest.is_out());
    assert!(server.stop().status.success());
    assert_eq!(fs::read(&copy).unwrap(), kept, "the backup itself was written to");
}

#[test]
fn postgresql_is_left_to_its_own_tools() {
    let dir = TempDir::new().unwrap();
    let database = Database::postgres();
    let why = backup(&database, &dir.path().join("backup.db")).explained();
    assert!(why.contains("pg_dump"), "{why}");
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
}
