//! The database goes away and comes back; the server stays.

use serde_json::json;
use trialogue_testkit::{Fsync, PostgresCluster, StopMode};

use crate::call::{Pair, Party};
use crate::database::{Database, User};
use crate::http::Answer;
use crate::server::Server;
use crate::wait::eventually;

#[test]
fn without_its_database_it_says_so_and_recovers_by_itself() {
    let mut cluster = PostgresCluster::new(Fsync::Off);
    let database = Database::at(cluster.create_database());
    database.migrate();
    Pair::add(&database, 0);
    let server = Server::start(&database);
    let pair = Pair::login(server.api, 0);
    let conference = pair.call();
    let guest = pair.invite("Gwendolyn Wanderer");

    cluster.stop(StopMode::Immediate);
    let asked: [(&Party, &str, serde_json::Value); 5] = [
        (&pair.client, "Client/Request/Status", json!(null)),
        (&pair.client, "Client/Request/KickThirdPartyVideoParticipant", guest.reference()),
        (&pair.provider, "Provider/Task/SetOnline", json!(null)),
        (&guest.party, "Guest/Confirm", json!(null)),
        (&pair.client, "Client/Request/New", pair.wish()),
    ];
    std::thread::scope(|threads| {
        for (party, path, body) in &asked {
            threads.spawn(move || unavailable(&party.post(path, body)));
        }
        let user = User::client(0);
        let api = server.api;
        threads.spawn(move || unavailable(&api.try_login("Client", &user.email, &user.password)));
        threads.spawn(|| server.api.get("/readyz").with(503));
        threads.spawn(|| server.api.get("/healthz").with(200));
    });

    cluster.start();
    let client = &pair.client;
    eventually("the server is ready again", || (server.api.get("/readyz").status == 200).then_some(()));
    eventually("it serves again", || (client.ask("Client/Request/Status").status == 200).then_some(()));
    let kick = || pair.kick(&guest);
    eventually("it writes again", || (kick().status == 200).then_some(()));
    assert!(guest.is_out());
    let timeline = database.timeline(conference);
    assert_eq!(timeline.matches("reason: Kicked").count(), 1, "{timeline}");

    let log = server.stop().stderr;
    for secret in
        [&guest.party.token, &client.token, "Gwendolyn", "client0@test.example", "client-password-0"]
    {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
    assert!(log.contains("database_unavailable"), "the cause is not logged:\n{log}");
}

fn unavailable(answer: &Answer) {
    let answer = answer.clone().refused(503, "database_unavailable");
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(wait >= 1);
    // What exactly is wrong is the operator's business.
    assert!(!answer.body.contains("connect") && !answer.body.contains("127.0.0.1"), "{answer:?}");
}
