//! A small HTTP client: one connection a request, and an answer that is complete or none.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::wait::PATIENCE;

/// A server's port.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api(pub(crate) SocketAddr);

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A header of a request.
pub(crate) type Header<'a> = (&'a str, &'a str);

impl Api {
    pub(crate) fn get(self, path: &str) -> Answer {
        self.send("GET", path, &[], "").unwrap()
    }

    /// A POST below the base path.
    pub(crate) fn post(self, path: &str, headers: &[Header<'_>], body: &str) -> io::Result<Answer> {
        self.send("POST", &format!("/API/{path}"), headers, body)
    }

    pub(crate) fn send(
        self,
        method: &str,
        path: &str,
        headers: &[Header<'_>],
        body: &str,
    ) -> io::Result<Answer> {
        let mut stream = self.connect()?;
        stream.write_all(head(method, path, headers, body.len()).as_bytes())?;
        stream.write_all(body.as_bytes())?;
        read_answer(stream)
    }

    pub(crate) fn connect(self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.0)?;
        // A server that hangs fails a test, and does not hold it up for good.
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }
}

/// The head of a request.
pub(crate) fn head(method: &str, path: &str, headers: &[Header<'_>], length: usize) -> String {
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = lines.concat();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    )
}

/// Reads an answer to its end. One that was cut off is an error.
pub(crate) fn read_answer(mut stream: TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| ErrorKind::UnexpectedEof.into())
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let header = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()));
    let answer = Answer { status, headers: lines.map(header).collect::<Option<_>>()?, body: body.to_owned() };
    let whole = answer.header("content-length")?.parse() == Ok(answer.body.len());
    whole.then_some(answer)
}

impl Answer {
    /// A header's value, by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn error_code(&self) -> Option<&str> {
        self.header("x-error-code")
    }

    /// It has this status.
    #[track_caller]
    pub(crate) fn with(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// It is this error.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.error_code()), (status, Some(code)), "{self:?}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
