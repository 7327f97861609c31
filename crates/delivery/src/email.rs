//! E-mail, through an SMTP server.

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::{Delivery, DeliveryError, DeliveryFuture, Invitation, Language, Misconfigured};

const SYSTEM: &str = "mail server";

/// Who e-mails come from.
#[derive(Clone)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads `ADDRESS` or `NAME <ADDRESS>`.
    ///
    /// # Errors
    /// [`Misconfigured`] if it is neither.
    pub fn parse(text: &str) -> Result<Self, Misconfigured> {
        let wrong = |_| Misconfigured("write the sender as `ADDRESS` or `NAME <ADDRESS>`");
        text.parse().map(Self).map_err(wrong)
    }
}

/// Sends e-mails, a connection for each: they are few, and a connection that was kept may be a dead one.
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Sender,
    language: Language,
}

impl Email {
    /// Prepares the way to the SMTP server at `smtps://USER:PASSWORD@HOST` (TLS), `smtp://USER:PASSWORD@HOST?tls=required`
    /// (STARTTLS) or `smtp://HOST` (neither). No connection is made yet.
    ///
    /// # Errors
    /// [`Misconfigured`] if the URL can't be read.
    pub fn new(url: &str, from: Sender, language: Language) -> Result<Self, Misconfigured> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| {
            Misconfigured(
                "write `smtps://USER:PASSWORD@HOST`, `smtp://USER:PASSWORD@HOST?tls=required` or `smtp://HOST`",
            )
        })?;
        Ok(Self { transport: transport.build(), from, language })
    }

    fn message(&self, to: &str, invitation: &Invitation) -> Option<Message> {
        // Of what a person typed, nothing but the parsed address comes into a header.
        let to: Address = to.parse().ok()?;
        let body = MultiPart::alternative_plain_html(
            invitation.plain(self.language),
            invitation.html(self.language),
        );
        Message::builder()
            .from(self.from.0.clone())
            .to(Mailbox::new(None, to))
            .subject(invitation.subject(self.language))
            .message_id(Some(format!("<{}@{}>", invitation.name(), self.from.0.email.domain())))
            .multipart(body)
            .ok()
    }
}

impl Delivery for Email {
    fn deliver<'a>(&'a self, to: &'a str, invitation: &'a Invitation) -> DeliveryFuture<'a> {
        Box::pin(async move {
            let message = self.message(to, invitation).ok_or(DeliveryError::BadAddress { system: SYSTEM })?;
            self.transport.send(message).await.map(drop).map_err(|error| failure(&error))
        })
    }
}

/// The server's own words may repeat the address; its code does not.
fn failure(error: &SmtpError) -> DeliveryError {
    let system = SYSTEM;
    match error.status().map(u16::from) {
        Some(code) if error.is_permanent() => DeliveryError::Refused { system, code },
        Some(code) => DeliveryError::PutOff { system, code },
        None if error.is_timeout() => DeliveryError::Unreachable { system, why: "it takes too long" },
        None if error.is_tls() => DeliveryError::Unreachable { system, why: "no TLS connection" },
        None if error.is_client() => DeliveryError::Unreachable { system, why: "it lacks what is needed" },
        None => DeliveryError::Unreachable { system, why: "no connection, or one that broke" },
    }
}
