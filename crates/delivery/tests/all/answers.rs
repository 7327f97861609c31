//! What systems answer, and what is made of it. (That they are sent the right thing is tested with real ones, through the
//! whole server.)

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use trialogue_delivery::{Bearer, Delivery, DeliveryError, Email, Invitation, Language, Sender, TextMessage};
use trialogue_domain::ParticipantId;

fn invitation() -> Invitation {
    Invitation {
        participant: ParticipantId(7),
        inviter: "Nora".to_owned(),
        link: "https://call.example/join#00ff".to_owned(),
        minutes: 15,
    }
}

/// A mail server that gives these answers, one for its greeting and one for each command, and then hangs up.
async fn mail_server(answers: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        for (n, answer) in answers.iter().enumerate() {
            if n > 0 && lines.next_line().await.unwrap().is_none() {
                return;
            }
            write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn a_mail_server_may_have_an_ipv6_address() {
    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let from = Sender::parse("calls@hospital.example").unwrap();
    let email = Email::new(&url, from, Language::English).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"554 reached\r\n").await.unwrap();
    });
    let refused = Err(DeliveryError::Refused { system: "mail server", code: 554 });
    assert_eq!(email.deliver("rosa@example.org", &invitation()).await, refused);
}

async fn email(server: SocketAddr, to: &str) -> Result<(), DeliveryError> {
    let from = Sender::parse("Trialogue <calls@hospital.example>").unwrap();
    Email::new(&format!("smtp://{server}"), from, Language::English).unwrap().deliver(to, &invitation()).await
}

#[tokio::test]
async fn a_mail_servers_code_decides() {
    const HELLO: [&str; 3] = ["220 test ESMTP", "250 test", "250 the sender is fine"];
    for (answers, outcome) in [
        (&[HELLO[0], HELLO[1], HELLO[2], "550 rosa@example.org is unknown"][..], Err((false, Some(550)))),
        (&[HELLO[0], HELLO[1], HELLO[2], "451 rosa@example.org is greylisted"], Err((true, Some(451)))),
        (&["554 go away"], Err((false, Some(554)))),
        (&["421 busy"], Err((true, Some(421)))),
        (&[HELLO[0], HELLO[1]], Err((true, None))),
        (&[HELLO[0], "what?"], Err((true, None))),
        (&[], Err((true, None))),
    ] {
        let sent = email(mail_server(answers).await, "rosa@example.org").await;
        let seen = sent.clone().map_err(|error| {
            let code = match error {
                DeliveryError::Refused { code, .. } | DeliveryError::PutOff { code, .. } => Some(code),
                DeliveryError::Unreachable { .. } | DeliveryError::BadAddress { .. } => None,
            };
            (error.is_transient(), code)
        });
        assert_eq!(seen, outcome, "{answers:?}: {sent:?}");
        let told = sent.unwrap_err().to_string();
        assert!(!told.contains("rosa") && !told.contains("go away"), "{told}");
    }
}

#[tokio::test]
async fn what_is_no_address_is_given_to_nobody() {
    // Nobody listens there: it must not come so far.
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    for to in [
        "",
        "rosa",
        "rosa@",
        "rosa@example.org\r\nBcc: x@example.org",
        "a@b.org, c@d.org",
        "<a@b.org>",
        "a b@c.org",
    ] {
        assert_eq!(
            email(nowhere, to).await,
            Err(DeliveryError::BadAddress { system: "mail server" }),
            "{to:?}"
        );
    }
    assert!(email(nowhere, "rosa@example.org").await.is_err_and(|error| error.is_transient()));
}

async fn webhook(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert_ne!(stream.read(&mut request).await.unwrap(), 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    address
}

async fn text(server: SocketAddr, to: &str) -> Result<(), DeliveryError> {
    let url = format!("http://{server}/send?key=hunter2");
    let webhook = TextMessage::new(&url, Bearer::new("secret").unwrap(), Language::English).unwrap();
    webhook.deliver(to, &invitation()).await
}

#[tokio::test]
async fn a_webhooks_status_decides() {
    let system = "text message webhook";
    for (answer, outcome) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", Ok(())),
        ("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", Err(DeliveryError::Refused { system, code: 400 })),
        ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", Err(DeliveryError::PutOff { system, code: 503 })),
        // It is not followed: the message would end where nobody meant it to.
        (
            "HTTP/1.1 307 Moved\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n",
            Err(DeliveryError::PutOff { system, code: 307 }),
        ),
        ("", Err(DeliveryError::Unreachable { system, why: "the connection broke" })),
    ] {
        assert_eq!(text(webhook(answer).await, "+1 555 0100").await, outcome, "{answer:?}");
    }
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    assert_eq!(
        text(nowhere, "+15550100").await,
        Err(DeliveryError::Unreachable { system, why: "no connection" })
    );
    assert_eq!(text(nowhere, "nobody").await, Err(DeliveryError::BadAddress { system }));
}

#[test]
fn what_cannot_work_is_no_adapter() {
    let from = || Sender::parse("a@b.org").unwrap();
    for url in [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://mail.example?tls=maybe",
        "smtp://",
        "smtp://user@mail.example",
    ] {
        assert!(Email::new(url, from(), Language::English).is_err(), "{url}");
    }
    for sender in ["", "nobody", "a@b.org\r\nBcc: x@y.org"] {
        assert!(Sender::parse(sender).is_err(), "{sender:?}");
    }
    for secret in ["", "two words", "line\nfeed", "\u{e9}"] {
        assert!(Bearer::new(secret).is_err(), "{secret:?}");
    }
    for url in ["", "sms.example", "ftp://sms.example", "http://"] {
        assert!(TextMessage::new(url, Bearer::new("s").unwrap(), Language::English).is_err(), "{url}");
    }
}
