//! Limits on open connections.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

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
async fn an_address_that_takes_all_its_connections_leaves_the_others_theirs() {
    let world = World::with_connections(6).await;
    let server = world.listen();
    let mut flood = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(server, 1).await;
        let answer = health(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("connection: close"), "{answer}");
        flood.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(health(&mut connect(server, 1).await).await, "");
    }
    let mut other = connect(server, 2).await;
    let answer = health(&mut other).await;
    // More than half of the connections are open, so none is kept for a further request.
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    assert_eq!(health(&mut other).await, "");

    // A closed connection is free again as soon as the server has seen that.
    drop(flood);
    while health(&mut connect(server, 1).await).await.is_empty() {}
}
