//! A mail server and a webhook for text messages.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::process::Process;
use crate::wait::{PATIENCE, eventually};

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A real mail server, which prints what it is sent.
pub(crate) struct MailServer {
    process: Process,
}

impl MailServer {
    pub(crate) fn start(port: u16) -> Self {
        Self::with(port, &[])
    }

    /// One that speaks nothing but TLS after its greeting, with this certificate.
    pub(crate) fn with_tls(port: u16, certificate: &Path, key: &Path) -> Self {
        Self::with(port, &["--tlscert", certificate.to_str().unwrap(), "--tlskey", key.to_str().unwrap()])
    }

    fn with(port: u16, more: &[&str]) -> Self {
        let mut command = Command::new("aiosmtpd");
        command.args(["-n", "-l", &format!("127.0.0.1:{port}")]).args(more).env("PYTHONUNBUFFERED", "1");
        assert!(
            Command::new("aiosmtpd").arg("--version").output().is_ok(),
            "aiosmtpd is missing: install the package python3-aiosmtpd"
        );
        let mut process = Process::start(command, "");
        eventually("the mail server listens", || {
            assert!(!process.has_ended(), "the mail server ended");
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self { process }
    }

    /// What came so far, decoded: each mail with its headers.
    pub(crate) fn mails(&self) -> Vec<String> {
        let printed = self.process.stdout();
        let whole = printed.split("---------- MESSAGE FOLLOWS ----------\n").skip(1);
        whole
            .filter_map(|mail| mail.split_once("------------ END MESSAGE ------------"))
            .map(|(m, _)| unquoted(m))
            .collect()
    }

    pub(crate) fn first_mail(&self) -> String {
        eventually("a mail comes", || self.mails().into_iter().next())
    }
}

/// Quoted-printable, undone.
fn unquoted(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'=');
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap()
}

/// A request to the webhook.
pub(crate) struct Posted {
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// A webhook that gives these answers, one after the other, and the last one for ever.
pub(crate) fn webhook(answers: &'static [u16]) -> (SocketAddr, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, posted) = channel();
    std::thread::spawn(move || {
        for n in 0.. {
            let Ok((stream, _)) = listener.accept() else { return };
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let Some(request) = read_request(&stream) else { continue };
            let status = answers.get(n).or(answers.last()).unwrap();
            let answer = format!("HTTP/1.1 {status} Test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            (&stream).write_all(answer.as_bytes()).unwrap();
            if sender.send(request).is_err() {
                return;
            }
        }
    });
    (address, posted)
}

fn read_request(stream: &TcpStream) -> Option<Posted> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Posted { head, body: serde_json::from_slice(&body).ok()? })
}
