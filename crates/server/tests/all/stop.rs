//! A server that is asked to stop finishes what it has begun, and takes nothing new.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::call::{JSON, Pair, Party};
use crate::database::{Database, User, on_both};
use crate::http::{Answer, Api, Header, head, read_answer};
use crate::server::Server;
use crate::wait::eventually;

on_both!(requests_in_flight_are_finished);

/// A request that the server has begun to serve, and whose body is still to come.
struct InFlight {
    stream: TcpStream,
    body: String,
}

impl InFlight {
    fn begin(api: Api, path: &str, headers: &[Header<'_>], body: &Value) -> Self {
        let body = body.to_string();
        let mut stream = api.connect().unwrap();
        // The server says when it has the head: nothing is left to chance.
        let headers = [headers, &[JSON, ("Expect", "100-continue")]].concat();
        stream.write_all(head("POST", &format!("/API/{path}"), &headers, body.len()).as_bytes()).unwrap();
        let mut go_on = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, body }
    }

    fn begin_as(party: &Party, path: &str, body: &Value) -> Self {
        Self::begin(party.api, path, &[("WEYIToken", &party.token)], body)
    }

    fn end(mut self) -> Answer {
        self.stream.write_all(self.body.as_bytes()).unwrap();
        read_answer(self.stream).unwrap()
    }
}

fn requests_in_flight_are_finished(database: &Database) {
    database.migrate();
    Pair::add(database, 0);
    let server = Server::start(database);
    let (api, pair, user) = (server.api, Pair::login(server.api, 0), User::client(0));

    let credentials = json!({"Email": user.email, "Password": user.password});
    let login = InFlight::begin(api, "Client/Login/1", &[], &credentials);
    let request = InFlight::begin_as(&pair.client, "Client/Request/New", &pair.wish());
    let refused = InFlight::begin_as(&pair.provider, "Provider/Task/Accept", &json!({"RequestId": 99}));
    server.process.signal("TERM");
    await_closed_port(api);

    let token = login.end().with(200).json()["Token"].as_str().unwrap().to_owned();
    let request = request.end().with(200).json();
    refused.end().refused(404, "not_found");
    let stopped = server.process.finish();
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");

    let server = Server::start(database);
    let status = Party { api: server.api, token }.ask("Client/Request/Status").with(200).json();
    assert_eq!(status["RequestId"], request["RequestId"]);
}

#[test]
fn who_never_finishes_is_not_waited_for_forever() {
    let database = Database::sqlite();
    database.migrate();
    let server = Server::with(&database, &["--shutdown-seconds", "1"]);
    let endless = InFlight::begin(server.api, "Client/Login/1", &[], &json!({}));
    let stopped = server.stop();
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    drop(endless);
}

/// It is waited for a few seconds, and not as long as for what the server itself has still to do.
#[test]
fn a_body_that_does_not_come_does_not_hold_up_a_stop() {
    let database = Database::sqlite();
    database.migrate();
    // Longer than a test waits for the end of a process.
    let server = Server::with(&database, &["--shutdown-seconds", "600"]);
    let mut slow = InFlight::begin(server.api, "Client/Login/1", &[], &json!({"Email": "nora@example.org"}));
    slow.stream.write_all(b"{").unwrap();
    let stopped = server.stop();
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    read_answer(slow.stream).unwrap().refused(408, "body_timeout");
}

#[test]
fn a_stop_that_comes_at_once_is_a_stop_as_well() {
    let database = Database::sqlite();
    for signal in ["TERM", "INT"].repeat(5) {
        let server = Server::start(&database);
        server.process.signal(signal);
        let stopped = server.process.finish();
        assert_eq!(stopped.status.code(), Some(0), "SIG{signal}: {stopped:?}");
    }
}

fn await_closed_port(api: Api) {
    eventually("new connections are refused", || match api.connect() {
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
            Some(())
        }
        Ok(_) => None,
    });
}
