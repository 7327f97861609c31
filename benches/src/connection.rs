//! A keep-alive connection of the load.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::request::Answer;

/// A connection that is opened with its first request, and again after an answer that closes it.
pub(crate) struct Connection {
    server: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) const fn new(server: SocketAddr) -> Self {
        Self { server, stream: None, buffer: Vec::new() }
    }

    /// Sends a whole request, and reads its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        let mut stream = if let Some(stream) = self.stream.take() {
            stream
        } else {
            let stream = TcpStream::connect(self.server).await?;
            stream.set_nodelay(true)?;
            stream
        };
        stream.write_all(request).await?;
        self.buffer.clear();
        while Answer::read(&self.buffer)?.is_none() {
            ensure!(stream.read_buf(&mut self.buffer).await? > 0, "the server closed a connection");
        }
        let answer = Answer::read(&self.buffer)?.context("an answer")?;
        if answer.header("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close")) {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// Sends a request in JSON. Fails unless its answer is a 200.
    pub(crate) async fn post(&mut self, path: &str, token: &str, json: &str) -> anyhow::Result<Answer<'_>> {
        let length = json.len();
        let request = format!(
            "POST /API/{path} HTTP/1.1\r\nHost: localhost\r\nWEYIToken: {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{json}"
        );
        let answer = self.exchange(request.as_bytes()).await?;
        answer.check().with_context(|| path.to_owned())?;
        Ok(answer)
    }
}
