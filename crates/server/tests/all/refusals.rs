//! A server that can't do its work says so and does not start.

use trialogue_testkit::PostgresCluster;

use crate::call::Pair;
use crate::database::{Database, on_both};
use crate::process::{Finished, trialogue};
use crate::server::Server;

on_both!(without_leave_to_migrate_an_old_schema_is_refused);

fn serve(database: &Database, more: &[&str]) -> Finished {
    trialogue(&[&database.with(&["serve", "--listen", "127.0.0.1:0"]), more].concat())
}

#[test]
fn a_second_server_on_one_file_is_refused() {
    let database = Database::sqlite();
    database.migrate();
    Pair::add(&database, 0);
    let server = Server::start(&database);
    let pair = Pair::login(server.api, 0);
    let conference = pair.call();

    let why = serve(&database, &[]).explained();
    assert!(why.contains("another trialogue process is serving from"), "{why}");
    // The first one goes on, and tools work beside it.
    pair.invite("Guest");
    Pair::add(&database, 1);
    Pair::login(server.api, 1).call();
    database.timeline(conference);
    // The right to serve goes with the process, however it ends.
    drop(server.process.kill());
    Server::start(&database);
}

fn without_leave_to_migrate_an_old_schema_is_refused(database: &Database) {
    let by_hand = ["--auto-migrate", "false"];
    let why = serve(database, &by_hand).explained();
    assert!(why.contains("run `trialogue migrate`"), "{why}");
    database.migrate();
    Server::with(database, &by_hand).api.get("/readyz").with(200);
}

#[test]
fn a_newer_schema_is_refused_and_a_running_server_is_not_ready() {
    let cluster = PostgresCluster::shared();
    let database = Database::at(cluster.create_database());
    database.migrate();
    let server = Server::start(&database);
    server.api.get("/readyz").with(200);
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231235959')";
    cluster.query(database.url(), newer);

    server.api.get("/readyz").with(503);
    for arguments in [&["serve"][..], &["serve", "--auto-migrate", "false"], &["migrate"], &["timeline", "1"]]
    {
        let why = trialogue(&database.with(arguments)).explained();
        assert!(why.contains("20991231235959") && why.contains("newer trialogue"), "{arguments:?}: {why}");
    }
}

#[test]
fn a_database_that_can_not_be_had_is_named() {
    let nowhere = Database::at("postgres://trialogue@127.0.0.1:1/trialogue".to_owned());
    let why = serve(&nowhere, &[]).explained();
    assert!(why.contains("cannot connect to the database") && why.contains("127.0.0.1:1"), "{why}");
    let no_directory = Database::at("sqlite:///nonexistent/trialogue.db".to_owned());
    let why = serve(&no_directory, &[]).explained();
    assert!(why.contains("/nonexistent/trialogue.db"), "{why}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let database = Database::sqlite();
    let server = Server::start(&database);
    let (other, address) = (Database::sqlite(), server.api.0.to_string());
    let refused = trialogue(&other.with(&["serve", "--listen", &address]));
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = format!("trialogue: listening on {address}: ");
    assert!(refused.stderr.lines().any(|line| line.starts_with(&said)), "{refused:?}");
}

#[test]
#[cfg(feature = "bundled-libpq")]
fn tls_that_this_build_does_not_have_is_refused() {
    for mode in ["require", "verify-ca", "verify-full"] {
        let database = Database::at(format!("postgres://trialogue@127.0.0.1:1/trialogue?sslmode={mode}"));
        let why = serve(&database, &[]).explained();
        assert!(why.contains("`database`") && why.contains(&format!("sslmode={mode}")), "{why}");
        assert!(why.contains("without TLS") && why.contains("--no-default-features"), "{why}");
    }
}
