//! Several nodes over one PostgreSQL are one server.

use std::sync::Barrier;

use serde_json::json;
use trialogue_testkit::PostgresCluster;

use crate::call::{FINISHED, GUEST_ACCOUNT, Guest, Pair, Party};
use crate::database::Database;
use crate::http::Answer;
use crate::server::Server;
use crate::wait::eventually;

struct Nodes {
    database: Database,
    a: Server,
    b: Server,
}

impl Nodes {
    fn start() -> (Self, Pair) {
        let database = Database::postgres();
        database.migrate();
        Pair::add(&database, 0);
        let (a, b) = (Server::start(&database), Server::start(&database));
        // The client talks to one node, the provider to the other.
        let mut pair = Pair::login(a.api, 0);
        pair.provider = pair.provider.at(b.api);
        (Self { database, a, b }, pair)
    }

    /// The same at both nodes, at the same time.
    fn at_both(&self, party: &Party, path: &str, body: &serde_json::Value) -> [Answer; 2] {
        let start = Barrier::new(2);
        std::thread::scope(|threads| {
            [&self.a, &self.b]
                .map(|node| {
                    let (party, start) = (party.at(node.api), &start);
                    threads.spawn(move || {
                        start.wait();
                        party.post(path, body)
                    })
                })
                .map(|thread| thread.join().unwrap())
        })
    }
}

#[test]
fn a_kick_at_one_node_holds_at_the_other_at_once() {
    let (nodes, pair) = Nodes::start();
    pair.call();
    for _ in 0..5 {
        let guest = pair.invite("Guest");
        let elsewhere = Guest { party: guest.party.at(nodes.b.api), ..guest.clone() };
        elsewhere.party.ask("Guest/Confirm").with(200);
        let account = guest.party.ask(GUEST_ACCOUNT).with(200).json();
        assert_eq!(elsewhere.party.ask(GUEST_ACCOUNT).with(200).json()["Listener"], account["Listener"]);
        pair.kick(&guest).with(200);
        assert!(elsewhere.is_out() && guest.is_out());
        for path in ["Guest/Confirm", "Guest/Decline", "Guest/Leave"] {
            elsewhere.party.ask(path).refused(401, "invalid_invitation");
        }
        assert_eq!(guest.status_in(&pair.at(nodes.b.api).participants()), Some(FINISHED));
    }
}

#[test]
fn kicks_of_one_guest_at_both_nodes_are_one_kick() {
    let (nodes, pair) = Nodes::start();
    let conference = pair.call();
    for _ in 0..20 {
        let guest = pair.invite("Guest");
        let path = "Client/Request/KickThirdPartyVideoParticipant";
        for answer in nodes.at_both(&pair.client, path, &guest.reference()) {
            answer.with(200);
        }
        let finished = format!("Finished {{ participant: ParticipantId({})", guest.participant);
        let timeline = nodes.database.timeline(conference);
        assert_eq!(timeline.matches(&finished).count(), 1, "{timeline}");
    }
}

#[test]
fn a_client_has_one_request_though_two_nodes_are_asked() {
    let (nodes, pair) = Nodes::start();
    for _ in 0..10 {
        let answers = nodes.at_both(&pair.client, "Client/Request/New", &pair.wish());
        let [mut made, mut refused] = answers;
        if made.status != 200 {
            (made, refused) = (refused, made);
        }
        made.with(200);
        refused.refused(409, "live_request");
        pair.client.post("Client/Request/CallFinishedNew", &json!({})).with(200);
    }
}

#[test]
fn what_a_dead_node_had_claimed_is_done_by_another() {
    let cluster = PostgresCluster::shared();
    let (nodes, pair) = Nodes::start();
    let conference = pair.call();
    let guest = pair.invite("Guest");
    guest.party.ask("Guest/Confirm").with(200);
    guest.party.ask(GUEST_ACCOUNT).with(200);
    let Nodes { database, a, b } = nodes;
    drop(b.process.kill());
    let sql = |sql: &str| cluster.query(database.url(), sql);
    let count = |condition: &str| sql(&format!("SELECT count(*) FROM jobs WHERE {condition}"));
    eventually("nothing is left to do", || (count("true") == "0").then_some(()));

    // The node acts, but can't note it: as if it were killed in between, every time.
    sql("CREATE RULE keep AS ON DELETE TO jobs DO INSTEAD NOTHING");
    pair.kick(&guest).with(200);
    eventually("the removal is leased", || (count("lease_until IS NOT NULL") != "0").then_some(()));
    drop(a.process.kill());
    sql("DROP RULE keep ON jobs");

    let _other = Server::start(&database);
    eventually("the removal is done again", || (count("true") == "0").then_some(()));
    let timeline = database.timeline(conference);
    let verified = format!("RemovalVerified {{ participant: ParticipantId({}) }}", guest.participant);
    assert_eq!(timeline.matches(&verified).count(), 1, "{timeline}");
}

#[test]
fn a_node_that_dies_leaves_the_call_to_the_other() {
    let (nodes, pair) = Nodes::start();
    pair.call();
    let guest = pair.invite("Guest");
    drop(nodes.a.process.kill());
    let pair = pair.at(nodes.b.api);
    let guest = Guest { party: guest.party.at(nodes.b.api), ..guest };
    guest.party.ask("Guest/Confirm").with(200);
    pair.kick(&guest).with(200);
    assert!(guest.is_out());
}
