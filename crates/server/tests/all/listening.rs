//! Where the server listens, how long it keeps connections, and which signals it lives through.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::database::Database;
use crate::server::Server;
use crate::wait::eventually;

#[test]
fn other_signals_change_nothing() {
    let database = Database::sqlite();
    database.migrate();
    let server = Server::start(&database);
    for signal in ["HUP", "USR1", "USR2", "PIPE"] {
        server.process.signal(signal);
        server.api.get("/healthz").with(200);
    }
    // It ends by the signal that is meant to end it.
    assert!(server.stop().status.success());
}

#[test]
fn a_name_is_listened_on_and_links_name_it() {
    let database = Database::sqlite();
    database.migrate();
    for (listen, host) in [("localhost:0", "localhost"), ("0.0.0.0:0", "localhost"), ("[::1]:0", "[::1]")] {
        let server = Server::at(listen, &database, &["--demo"]);
        let port = server.api.0.port();
        server.api.get("/readyz").with(200);
        let walk = eventually("the walk is printed", || {
            let printed = server.process.stdout();
            printed.contains("BASE=").then_some(printed)
        });
        assert!(walk.contains(&format!("BASE=http://{host}:{port}/API")), "{walk}");
        let warned = server.stop().stderr.contains("set `public_url`");
        assert_eq!(warned, listen.starts_with("0.0.0.0"), "{listen}");
    }
}

#[test]
fn an_idle_connection_is_kept_for_the_next_request() {
    let database = Database::sqlite();
    database.migrate();
    let server = Server::start(&database);
    let mut stream = server.api.connect().unwrap();
    let ask = |stream: &mut TcpStream| {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        let mut rest = [0; 4096];
        while !rest.windows(3).any(|end| end == b"ok\n") {
            assert!(stream.read(&mut rest).unwrap() > 0);
        }
    };
    ask(&mut stream);
    // The framework's own limit is 5 s; a proxy may come back after a minute.
    stream.set_read_timeout(Some(Duration::from_secs(6))).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    ask(&mut stream);
}
