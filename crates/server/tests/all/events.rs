//! Streams of live events from real servers: across nodes, over cut lines, until a stop.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use trialogue_testkit::PostgresCluster;

use crate::call::{GUEST_ACCOUNT, Pair, Party, number};
use crate::database::{Database, User, on_both};
use crate::http::head;
use crate::process::{Process, program};
use crate::server::Server;
use crate::socket::Account;
use crate::wait::eventually;

on_both!(a_stop_does_not_wait_for_streams);

/// An open stream.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(party: &Party, last_event_id: &str) -> Self {
        let mut stream = party.api.connect().unwrap();
        let mut headers = vec![("WEYIToken", party.token.as_str())];
        if !last_event_id.is_empty() {
            headers.push(("Last-Event-ID", last_event_id));
        }
        // What does not come fails its test instead of holding it up.
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.write_all(head("GET", "/API/Events", &headers, 0).as_bytes()).unwrap();
        let mut stream = Self(BufReader::new(stream));
        assert_eq!(stream.line().as_deref(), Some("HTTP/1.1 200 OK"));
        stream
    }

    /// The next line, be it of the stream or of its framing; none at the end.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// Reads on to an event of this name: its data.
    fn until(&mut self, name: &str) -> Value {
        let mut seen = vec![];
        loop {
            let line = self.line().unwrap_or_else(|| panic!("the stream ended without {name}: {seen:#?}"));
            if line == format!("event: {name}") {
                let data = self.line().unwrap();
                return serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            }
            seen.push(line);
        }
    }

    /// Nothing but the end of the body comes.
    fn ends_here(mut self) {
        let rest: Vec<String> = std::iter::from_fn(|| self.line()).filter(|line| !line.is_empty()).collect();
        assert_eq!(rest, ["0"]);
    }
}

fn a_stop_does_not_wait_for_streams(database: &Database) {
    database.migrate();
    Pair::add(database, 0);
    // Whoever waited for a stream would wait for longer than this test does.
    let server = Server::with(database, &["--shutdown-seconds", "1000"]);
    let pair = Pair::login(server.api, 0);
    pair.call();
    let guest = pair.invite("Guest");
    let mut streams = [&pair.client, &pair.provider, &guest.party].map(|party| Stream::open(party, ""));
    for stream in &mut streams {
        stream.until("invited");
    }
    let stopped = server.stop();
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    for mut stream in streams {
        assert_eq!(stream.until("end")["reason"], "stopping");
        stream.ends_here();
    }
}

#[test]
fn what_happens_at_one_node_is_told_at_the_other() {
    let database = Database::postgres();
    database.migrate();
    Pair::add(&database, 0);
    let (a, b) = (Server::start(&database), Server::start(&database));
    let pair = Pair::login(a.api, 0);
    let mut client = Stream::open(&pair.client.at(b.api), "");
    let mut provider = Stream::open(&pair.provider.at(b.api), "");
    let request = pair.client.post("Client/Request/New", &pair.wish()).with(200).json();
    let conference = number(&request, "RequestId");
    assert_eq!(provider.until("offer_open")["conference"], conference);
    pair.provider.post("Provider/Task/Accept", &json!({"RequestId": conference})).with(200);
    assert_eq!(provider.until("offer_closed")["conference"], conference);
    pair.client.ask("Client/Request/StartVideoProcess").with(200);
    provider.until("call_started");
    pair.provider.ask("Provider/Task/ConfirmVideo").with(200);
    client.until("confirmed");
    pair.client.ask("Client/Request/VideoEngineAccounts").with(200);
    client.until("account_issued");

    let guest = pair.invite("Guest");
    guest.party.ask("Guest/Confirm").with(200);
    guest.party.ask(GUEST_ACCOUNT).with(200);
    let mut to_guest = Stream::open(&guest.party.at(b.api), "");
    to_guest.until("account_issued");
    pair.kick(&guest).with(200);
    assert_eq!(to_guest.until("finished")["reason"], "kicked_by_client");
    assert_eq!(to_guest.until("end")["reason"], "out");
    to_guest.ends_here();
    for stream in [&mut client, &mut provider] {
        assert_eq!(stream.until("finished")["participant"], guest.participant);
    }

    // A stream that is lost with its node goes on at the other.
    let seen = client.until("removal_verified");
    drop(b.process.kill());
    let seen = format!("{conference}-{}", seen["seq"]);
    let mut client = Stream::open(&pair.client, &seen);
    let next = pair.invite("Next");
    assert_eq!(client.until("invited")["participant"], next.participant);
}

#[test]
fn a_cut_line_between_nodes_loses_no_event() {
    let cluster = PostgresCluster::shared();
    let database = Database::postgres();
    database.migrate();
    Pair::add(&database, 0);
    let (a, b) = (Server::start(&database), Server::start(&database));
    let pair = Pair::login(a.api, 0);
    pair.call();
    let mut client = Stream::open(&pair.client.at(b.api), "");
    let lines = "FROM pg_stat_activity WHERE datname = current_database() \
                 AND (query LIKE '%pg_backend_pid%' OR query LIKE '%pg_notify%') AND pid <> pg_backend_pid()";
    for n in 0..3 {
        let cut = format!("SELECT count(pg_terminate_backend(pid)) {lines}");
        eventually("both lines are cut", || (cluster.query(database.url(), &cut) == "2").then_some(()));
        let guest = pair.invite(&format!("Guest {n}"));
        assert_eq!(client.until("invited")["participant"], guest.participant);
        pair.kick(&guest).with(200);
        assert_eq!(client.until("finished")["participant"], guest.participant);
    }
    drop(b);
}

/// By a command-line tool beside two servers on PostgreSQL, or beside one on SQLite.
#[test]
fn a_disabled_user_is_out_at_every_node_at_once() {
    for database in [Database::postgres(), Database::sqlite()] {
        database.migrate();
        Pair::add(&database, 0);
        let first = Server::start(&database);
        let second = database.url().starts_with("postgres").then(|| Server::start(&database));
        let there = second.as_ref().unwrap_or(&first).api;
        let pair = Pair::login(first.api, 0);
        let conference = pair.call();
        let account = Account::of_provider(&pair, conference);
        let mut stream = Stream::open(&pair.provider.at(there), "");
        let (mut socket, _) = account.come(there);
        let email = User::provider(0).email;
        let disable = database.with(&["user", "disable", "provider", &email]);
        Process::start(program(&disable), "").finish().printed();
        for api in [first.api, there] {
            pair.provider.at(api).ask("Provider/Task/Status").refused(401, "invalid_token");
        }
        assert_eq!(stream.until("end")["reason"], "logged_out");
        let end = socket.ended();
        assert_eq!((end.0.as_str(), end.1, end.2), ("finished", false, 4002));
        assert!([4002, 4005].contains(&account.is_turned_away(there).2));
        // The client is still in the call.
        let participants = pair.client.ask("Client/Request/VideoConferenceParticipants").with(200).json();
        assert_ne!(participants[0]["RequestConferenceSessionVideoStatusCodeId"], 6, "{participants}");
    }
}
