//! A server on a real port, and raw HTTP to it.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;
use trialogue_contract::models::{ArrayOfResultTaskOffer, ParaLoginInfo};
use trialogue_http::{body, echo, paths, reply};

pub(crate) const BASE: &str = "/API";
pub(crate) const ECHO: &str = "/API/Conformance/Echo/ResultVideoConferenceParticipant";

/// An answer, taken apart.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("an answer is UTF-8")
    }

    /// Takes the bytes of an answer apart; for recorded ones as well.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an empty line ends the head");
        let head = str::from_utf8(&bytes[..end]).expect("a head is ASCII");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
        let headers =
            lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_owned(), v.to_owned()));
        Self {
            status: status.parse().expect("a status"),
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }
}

/// The one server of this test run.
fn address() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(|| {
                    App::new()
                        .wrap(paths::IgnoreCase::below([BASE]))
                        .service(echo::echo(BASE))
                        .service(paths::post(BASE, "Client/Request/KickThirdPartyVideoParticipant", empty))
                        .service(paths::post(BASE, "Client/Login/{SystemLanguageId}", login))
                        .service(paths::get(BASE, "Events", empty))
                        .service(paths::post(BASE, "Provider/Task/Offers", offers))
                        .route("/join", web::get().to(empty))
                        .default_service(paths::not_found())
                })
                .workers(1)
                .bind(("127.0.0.1", 0))
                .expect("a free port");
                send.send(server.addrs()[0]).expect("the test waits");
                server.run().await.expect("the server runs");
            });
        });
        receive.recv().expect("the server starts")
    })
}

async fn empty() -> HttpResponse {
    reply::empty()
}

async fn login(
    req: HttpRequest,
    language: web::Path<i32>,
    payload: web::Payload,
) -> Result<HttpResponse, reply::Failure> {
    let login: ParaLoginInfo = body::bind_checked(&req, payload).await?;
    assert_eq!(language.into_inner(), 44);
    Ok(reply::ok(&req, &login))
}

async fn offers(req: HttpRequest) -> HttpResponse {
    reply::ok(&req, &ArrayOfResultTaskOffer(Some(Vec::new())))
}

pub(crate) fn connect() -> TcpStream {
    let stream = TcpStream::connect(address()).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream
}

/// Sends the bytes of a request and reads its answer.
pub(crate) fn send(request: &[u8]) -> Answer {
    let mut stream = connect();
    stream.write_all(request).expect("the server reads");
    receive(&mut stream)
}

/// Reads one answer.
pub(crate) fn receive(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let count = stream.read(&mut chunk).expect("the server answers");
        bytes.extend_from_slice(&chunk[..count]);
        let complete = bytes.windows(4).any(|four| four == b"\r\n\r\n") && {
            let answer = Answer::parse(&bytes);
            let length =
                answer.header("Content-Length").map_or(0, |length| length.parse().expect("a length"));
            answer.body.len() >= length
        };
        if complete || count == 0 {
            return Answer::parse(&bytes);
        }
    }
}

/// A request with these header lines and this body.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
    for line in headers {
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    send(&bytes)
}

/// A body to the echo route, as JSON in and out.
pub(crate) fn echo_json(body: &[u8]) -> Answer {
    request("POST", ECHO, &["Content-Type: application/json", "Accept: application/json"], body)
}

/// A body to the echo route, as XML in and out.
pub(crate) fn echo_xml(body: &str) -> Answer {
    request("POST", ECHO, &["Content-Type: application/xml", "Accept: application/xml"], body.as_bytes())
}
