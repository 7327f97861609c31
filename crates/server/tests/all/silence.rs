//! A database that is there and does not answer.

use trialogue_testkit::{Fsync, PostgresCluster};

use crate::call::Pair;
use crate::database::Database;
use crate::server::Server;
use crate::wait::eventually;

#[test]
fn a_silent_database_is_503_and_does_not_keep_the_server_from_stopping() {
    let cluster = PostgresCluster::new(Fsync::Off);
    let database = Database::at(cluster.create_database());
    database.migrate();
    Pair::add(&database, 0);
    let server = Server::with(&database, &["--database-seconds", "2"]);
    let pair = Pair::login(server.api, 0);
    pair.call();

    let frozen = cluster.freeze();
    let ask = || pair.client.ask("Client/Request/Status");
    for _ in 0..3 {
        ask().refused(503, "database_unavailable");
        server.api.get("/readyz").with(503);
        server.api.get("/healthz").with(200);
    }
    drop(frozen);
    eventually("it serves again", || (ask().status == 200).then_some(()));
    eventually("it is ready again", || (server.api.get("/readyz").status == 200).then_some(()));

    let frozen = cluster.freeze();
    ask().refused(503, "database_unavailable");
    let stopped = server.stop();
    assert!(stopped.status.success(), "{stopped:?}");
    drop(frozen);
}
