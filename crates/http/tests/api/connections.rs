//! Limits on open connections, and on the time that bodies take.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::world::World;

/// A connection from an address of this machine.
async fn connect(server: SocketAddr, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)).unwrap();
    socket.connect(server).await.unwrap()
}

/// The answer to a request for `/healthz`; empty if the server closes the connection instead.
async fn health(stream: &mut TcpStream) -> String {
    // A closed connection shows when reading.
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n").await;
    let mut answer = String::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with("ok\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(n) => answer.push_str(std::str::from_utf8(&buffer[..n]).unwrap()),
        }
    }
    answer
}

#[actix_web::test]
async fn an_address_that_takes_all_its_connections_keeps_nobody_out() {
    let world = World::with_connections(6).await;
    let server = world.listen();
    let mut flood = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(server, 1).await;
        let answer = health(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("connection: close"), "{answer}");
        flood.push(stream);
    }
    // Neither from the same address nor from another. The oldest makes room.
    let login = "POST /API/Client/Login/1 HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n";
    for _ in 0..3 {
        let mut stream = connect(server, 1).await;
        stream.write_all(format!("{login}Content-Length: 9\r\n\r\n{{").as_bytes()).await.unwrap();
        assert_eq!(until_closed(&mut flood.remove(0)).await, "");
        flood.push(stream);
    }
    assert!(health(&mut connect(server, 1).await).await.starts_with("HTTP/1.1 200"));
    assert_eq!(until_closed(&mut flood.remove(0)).await, "");
    let mut others = Vec::new();
    for _ in 0..10 {
        let mut other = connect(server, 2).await;
        let answer = health(&mut other).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        others.push(other);
    }
}

/// What the server sends until it closes the connection.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap().to_ascii_lowercase()
}

#[actix_web::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = World::with_body_deadline(Duration::from_millis(50)).await;
    let token = world.client("nora").await;
    let server = world.listen();
    for (path, framing) in [
        ("Client/Login/1", "Content-Length: 100\r\n\r\n{"),
        ("Client/Login/1", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"),
        ("Client/Request/New", "Content-Length: 1000000\r\n\r\n{"),
    ] {
        let mut stream = connect(server, 1).await;
        let head = format!(
            "POST /API/{path} HTTP/1.1\r\nHost: t\r\nWEYIToken: {token}\r\nContent-Type: application/json\r\n"
        );
        stream.write_all(format!("{head}{framing}").as_bytes()).await.unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).await.unwrap();
        assert_eq!(&begin, b"HTTP/1.1 408", "{path} {framing}");
        // What is left of chunks is read for a while.
        world.clock.advance(Duration::from_secs(5));
        let answer = until_closed(&mut stream).await;

        assert!(
            answer.contains("x-error-code: body_timeout") && answer.contains("connection: close"),
            "{answer}"
        );
    }
}

#[actix_web::test]
async fn what_can_be_refused_without_the_body_is_refused_before_it_comes() {
    let world = World::new().await;
    let token = world.client("nora").await;
    let server = world.listen();
    for (path, header, code) in [
        ("Client/Login/1", "Content-Type: application/json\r\nContent-Length: 16385", "body_too_large"),
        ("Client/Login/1", "Content-Type: text/plain\r\nContent-Length: 10", "unsupported_media_type"),
        ("Client/Request/New", "Content-Length: 10", "unsupported_media_type"),
        ("Client/Request/New", "WEYIToken: x\r\nContent-Length: 10", "invalid_token"),
        ("Nothing", "Content-Length: 10", "not_found"),
        ("Nothing", "Transfer-Encoding: chunked", "not_found"),
    ] {
        let mut stream = connect(server, 1).await;
        let token = if header.contains("WEYI") { String::new() } else { format!("WEYIToken: {token}\r\n") };
        let head = format!("POST /API/{path} HTTP/1.1\r\nHost: t\r\n{token}{header}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        while !answer.contains("\r\n\r\n") {
            let mut buffer = [0; 1024];
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "{path} {header}: {answer}");
            answer.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        }
        let answer = answer.to_ascii_lowercase();
        assert!(answer.contains(&format!("x-error-code: {code}\r\n")), "{path} {header}: {answer}");
        assert!(answer.contains("connection: close"), "{path} {header}: {answer}");
    }
}

/// actix has no deadline for any of these.
#[actix_web::test]
async fn a_connection_is_not_kept_for_the_rest_of_a_request() {
    let world = World::new().await;
    let server = world.listen();
    let mut in_head = connect(server, 1).await;
    assert!(health(&mut in_head).await.contains("200"));
    in_head.write_all(b"GET /healthz HTT").await.unwrap();
    let mut in_chunks = connect(server, 1).await;
    in_chunks
        .write_all(b"POST /API/Nothing HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
        .await
        .unwrap();
    let mut answer = [0; 12];
    in_chunks.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
    let mut kept = connect(server, 1).await;
    world.clock.advance(Duration::from_mins(1));
    assert!(health(&mut kept).await.contains("200"));
    until_closed(&mut in_chunks).await;
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(until_closed(&mut in_head).await, "");
    // 90 s, and the last request was 31 s ago.
    assert!(health(&mut kept).await.contains("200"));
}
