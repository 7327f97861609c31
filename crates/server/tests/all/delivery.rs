//! Invitations reach those who are invited, through a real mail server and a real webhook.

use std::net::TcpListener;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::call::{Guest, INVITE, Pair, Party};
use crate::database::{Database, on_both};
use crate::http::Answer;
use crate::post::{MailServer, free_port, webhook};
use crate::server::Server;
use crate::wait::{PATIENCE, eventually};

const KEY: &str = "0123456789abcdef-a-key-of-a-test";
const FROM: &str = "Trialogue <calls@hospital.example>";
const ADDRESS: &str = "rosa.quartermaine@private.example";
const NUMBER: &str = "+1 555 010-0199";

on_both! {
    an_email_brings_the_link,
    a_mail_server_that_was_down_gets_it_later,
    a_server_that_was_killed_sends_it_again,
}

/// A server that sends e-mails to this port, and a call on it.
fn start(database: &Database, port: u16, more: &[&str]) -> (Server, Pair) {
    Pair::add(database, 0);
    let server = restart(database, port, more);
    let pair = Pair::login(server.api, 0);
    pair.call();
    (server, pair)
}

fn restart(database: &Database, port: u16, more: &[&str]) -> Server {
    let url = format!("smtp://127.0.0.1:{port}");
    let email = ["--smtp-url", &url, "--smtp-from", FROM, "--link-key", KEY, "--log", "trace"];
    Server::with(database, &[&email, more].concat())
}

fn invite(pair: &Pair, body: &Value) -> Answer {
    pair.client.post(INVITE, body).with(200)
}

fn link_of(invited: &Answer) -> String {
    invited.header("location").unwrap().to_owned()
}

/// The link opens the invitation.
fn opens(pair: &Pair, link: &str) {
    let token = link.split_once("/join#").unwrap().1.to_owned();
    Party { api: pair.client.api, token }.ask("Guest/Confirm").with(200);
}

/// The log says what happened, and nothing of whom it happened to.
fn assert_discreet(log: &str, link: &str) {
    let secret = link.split_once("/join#").unwrap().1;
    for private in [ADDRESS, "quartermaine", "0100199", "010-0199", secret, KEY, "hunter2", "client number 0"]
    {
        let said = log.lines().find(|line| line.to_lowercase().contains(private));
        assert_eq!(said, None, "{private:?} is logged");
    }
    assert!(log.contains("an invitation was"), "it is not logged at all");
}

fn an_email_brings_the_link(database: &Database) {
    database.migrate();
    let port = free_port();
    let mails = MailServer::start(port);
    let (server, pair) = start(database, port, &[]);
    let invited =
        invite(&pair, &json!({"Email": ADDRESS, "Name": "Rosa Quartermaine", "PhoneNumber": NUMBER}));
    let (link, mail) = (link_of(&invited), mails.first_mail());
    for line in [
        &format!("To: {ADDRESS}\n"),
        "From: Trialogue <calls@hospital.example>\n",
        "Subject: Invitation to a video call\n",
        "\nclient number 0 invites you to a video call with an interpreter.\n",
        &format!("\n{link}\n"),
        &format!("<a href=\"{link}\">"),
        "Please answer within 15 minutes.",
    ] {
        assert!(mail.contains(line), "{line:?} is not in {mail}");
    }
    opens(&pair, &link);
    let log = eventually("it is logged", || {
        Some(server.stderr()).filter(|log| log.contains("an invitation was sent"))
    });
    assert_discreet(&log, &link);
    assert_eq!(mails.mails().len(), 1);
}

fn a_mail_server_that_was_down_gets_it_later(database: &Database) {
    database.migrate();
    let port = free_port();
    let (server, pair) = start(database, port, &["--delivery-language", "es"]);
    let kicked = Guest::of(&invite(&pair, &json!({"Email": "kicked@private.example"})), server.api);
    let link = link_of(&invite(&pair, &json!({"Email": ADDRESS})));
    eventually("both were tried", || {
        let log = server.stderr();
        (log.matches("an invitation was not sent yet").count() >= 2).then_some(())
    });
    pair.kick(&kicked).with(200);
    let mails = MailServer::start(port);
    let mail = mails.first_mail();
    assert!(mail.contains(&format!("To: {ADDRESS}\n")) && mail.contains(&link), "{mail}");
    assert!(mail.contains("client number 0 le invita a una videollamada con intérprete."), "{mail}");
    opens(&pair, &link);
    let log = server.stop().stderr;
    assert_discreet(&log, &link);
    assert_eq!(mails.mails().len(), 1, "who was kicked meanwhile is not invited");
}

/// It dies while the mail server is asked.
fn a_server_that_was_killed_sends_it_again(database: &Database) {
    database.migrate();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = deaf.local_addr().unwrap().port();
    let (server, pair) = start(database, port, &[]);
    let link = link_of(&invite(&pair, &json!({"Email": ADDRESS})));
    let (asked, _) = deaf.accept().unwrap();
    drop(server.process.kill());
    drop((asked, deaf));
    let mails = MailServer::start(port);
    let _next = restart(database, port, &[]);
    let mail = mails.first_mail();
    let secret = link.split_once("/join#").unwrap().1;
    assert!(mail.contains(&format!("To: {ADDRESS}\n")) && mail.contains(secret), "{mail}");
}

#[test]
fn a_text_message_reaches_who_has_no_email() {
    let database = Database::sqlite();
    database.migrate();
    Pair::add(&database, 0);
    let (address, posted) = webhook(&[503, 202]);
    let hook = format!("http://{address}/send?account=hunter2");
    let more =
        ["--sms-webhook", &hook, "--sms-secret", "hunter2-bearer", "--link-key", KEY, "--log", "trace"];
    let server = Server::with(&database, &more);
    let pair = Pair::login(server.api, 0);
    pair.call();
    let link = link_of(&invite(&pair, &json!({"PhoneNumber": NUMBER, "Name": "Rosa Quartermaine"})));
    let [first, second] = [(); 2].map(|()| posted.recv_timeout(PATIENCE).expect("the webhook is called"));
    assert_eq!(first.head.split("idempotency-key").nth(1), second.head.split("idempotency-key").nth(1));
    assert!(second.head.starts_with("post /send?account=hunter2 "), "{}", second.head);
    assert!(second.head.contains("authorization: bearer hunter2-bearer\r\n"), "{}", second.head);
    assert_eq!(second.body["to"], "+15550100199");
    let text = second.body["text"].as_str().unwrap();
    assert!(text.starts_with("client number 0 invites you") && text.ends_with(&link), "{text}");
    opens(&pair, &link);
    let log = server.stop().stderr;
    assert!(log.contains("puts it off (503)"), "{log}");
    assert_discreet(&log, &link);
}

/// Nothing is configured: the link is for the inviter to pass on.
#[test]
fn without_delivery_the_link_is_shown() {
    let database = Database::sqlite();
    database.migrate();
    Pair::add(&database, 0);
    let server = Server::start(&database);
    let pair = Pair::login(server.api, 0);
    pair.call();
    for body in [json!({"Email": ADDRESS}), json!({"PhoneNumber": NUMBER})] {
        opens(&pair, &link_of(&invite(&pair, &body)));
    }
}

/// Encrypted, to a server whose certificate is trusted; and not at all to another.
#[test]
fn an_email_travels_encrypted() {
    let dir = TempDir::new().unwrap();
    let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    openssl.args([
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    assert!(openssl.output().expect("openssl is missing: install the package openssl").status.success());
    let port = free_port();
    let mails = MailServer::with_tls(port, &certificate, &key);
    let url = format!("smtp://localhost:{port}?tls=required");
    let arguments = ["--smtp-url", &url, "--smtp-from", FROM, "--link-key", KEY];
    for trusted in [false, true] {
        let database = Database::sqlite();
        database.migrate();
        Pair::add(&database, 0);
        let roots = if trusted { Some(("SSL_CERT_FILE", certificate.to_str().unwrap())) } else { None };
        let server = Server::with_environment(&database, &arguments, roots);
        let pair = Pair::login(server.api, 0);
        pair.call();
        let link = link_of(&invite(&pair, &json!({"Email": ADDRESS})));
        if trusted {
            assert!(mails.first_mail().contains(&link));
        } else {
            eventually("it is refused", || {
                server.stderr().contains("an invitation was not sent yet").then_some(())
            });
            assert!(mails.mails().is_empty());
        }
    }
}
