//! A disk that takes no more writes.

use std::process::Command;

use crate::call::Pair;
use crate::database::Database;
use crate::process::program;
use crate::server::Server;
use crate::wait::eventually;

/// A server that is told of a file's limit by an error, as of a full disk, and not by a signal.
fn server(database: &Database) -> Server {
    let serve = program(&database.with(&["serve", "--listen", "127.0.0.1:0"]));
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#]).arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Server::of(shell)
}

/// Limits the size of what the server writes: the size in bytes, or `unlimited`.
fn limit(server: &Server, size: &str) {
    let mut command = Command::new("prlimit");
    command.args(["--pid", &server.process.id().to_string(), &format!("--fsize={size}:")]);
    assert!(command.status().expect("prlimit (package util-linux)").success());
}

#[test]
fn while_nothing_can_be_written_it_is_not_ready_and_says_why() {
    let database = Database::sqlite();
    database.migrate();
    Pair::add(&database, 0);
    let server = server(&database);
    let pair = Pair::login(server.api, 0);
    pair.call();
    let guest = pair.invite("Rosa");
    server.api.get("/readyz").with(200);

    limit(&server, "0");
    pair.kick(&guest).refused(503, "database_unavailable");
    let unready =
        eventually("it is not ready", || Some(server.api.get("/readyz")).filter(|a| a.status == 503));
    assert!(unready.body.contains("the database does not take writes"), "{unready:?}");
    server.api.get("/healthz").with(200);
    // Nothing of it was done.
    assert_eq!(pair.participants().len(), 3);

    limit(&server, "unlimited");
    eventually("it is ready again", || (server.api.get("/readyz").status == 200).then_some(()));
    pair.kick(&guest).with(200);
    assert!(guest.is_out());
    let log = server.stop().stderr;
    assert!(log.contains("disk I/O error") && log.contains("look at the disk"), "{log}");
}
