//! How answers are framed: what stands on the line between one answer and the next.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::call::Pair;
use crate::database::Database;
use crate::server::Server;

/// Reads until `end` has come.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "the connection was closed after {text:?}");
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    text
}

fn server() -> (Database, Server) {
    let database = Database::sqlite();
    database.migrate();
    let server = Server::start(&database);
    (database, server)
}

#[test]
fn head_is_answered_as_get_without_a_body() {
    let (_database, server) = server();
    for path in ["/healthz", "/readyz", "/", "/client", "/assets/style.css"] {
        let get = server.api.get(path).with(200);
        let mut stream = server.api.connect().unwrap();
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let head = read_until(&mut stream, "\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
        let length = format!("content-length: {}\r\n", get.body.len());
        assert!(head.to_ascii_lowercase().contains(&length), "{head}");
        // Nothing of a body stands before the next answer.
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut next = String::new();
        stream.read_to_string(&mut next).unwrap();
        assert!(next.starts_with("HTTP/1.1 200 ") && next.ends_with("\r\n\r\nok\n"), "{path}: {next}");
    }
}

#[test]
fn a_refused_head_has_no_body_either() {
    let (_database, server) = server();
    for (path, allow) in [("/API/Languages", "GET"), ("/API/Client/Request/Status", "POST")] {
        let mut stream = server.api.connect().unwrap();
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = String::new();
        stream.read_to_string(&mut head).unwrap();
        assert!(head.starts_with("HTTP/1.1 405 ") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(
            head.to_ascii_lowercase().contains(&format!("allow: {}\r\n", allow.to_lowercase())),
            "{head}"
        );
    }
}

#[test]
fn an_event_stream_is_in_chunks_for_those_who_know_chunks() {
    let (database, server) = server();
    Pair::add(&database, 0);
    let pair = Pair::login(server.api, 0);
    for (version, chunked) in [("1.0", false), ("1.1", true)] {
        let mut stream = server.api.connect().unwrap();
        let token = &pair.client.token;
        let request = format!("GET /API/Events HTTP/{version}\r\nHost: test\r\nWEYIToken: {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_until(&mut stream, "retry:");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        assert!(head.contains(" 200 ") && head.contains("content-type: text/event-stream"), "{head}");
        assert_eq!(head.contains("transfer-encoding: chunked"), chunked, "{head}");
        assert!(!head.contains("content-length"), "{head}");
        // A chunk begins with its length.
        assert_eq!(body.starts_with("retry:"), !chunked, "{body}");
        if !chunked {
            assert!(!head.contains("connection: keep-alive"), "{head}");
        }
    }
}
