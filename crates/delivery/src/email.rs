//! E-mail, through an SMTP server.

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{
    AsyncSmtpTransportBuilder, Error as SmtpError, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT,
};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

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
        let wrong = || Misconfigured("write the sender as `ADDRESS` or `NAME <ADDRESS>`");
        let Mailbox { name, email } = text.parse().map_err(|_| wrong())?;
        Ok(Self(Mailbox::new(name, in_ascii(&email).ok_or_else(wrong)?)))
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
        let transport = connection(url).ok_or(Misconfigured(
            "write `smtps://USER:PASSWORD@HOST`, `smtp://USER:PASSWORD@HOST?tls=required` or `smtp://HOST`",
        ))?;
        Ok(Self { transport: transport.build(), from, language })
    }

    fn message(&self, to: &str, invitation: &Invitation) -> Option<Message> {
        // Of what a person typed, nothing but the parsed address comes into a header.
        let to = in_ascii(&to.parse().ok()?)?;
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

/// The address with its domain as mail servers know it: not all take other letters.
fn in_ascii(address: &Address) -> Option<Address> {
    let domain = address.domain();
    if domain.starts_with('[') {
        return Some(address.clone());
    }
    Address::new(address.user(), idna::domain_to_ascii(domain).ok()?).ok()
}

/// What the URL says. lettre's own reader leaves the brackets around an IPv6 address, which then is no host.
fn connection(url: &str) -> Option<AsyncSmtpTransportBuilder> {
    let url = Url::parse(url).ok()?;
    let host = match url.host()? {
        Host::Ipv6(ip) => ip.to_string(),
        host => host.to_string(),
    };
    let tls = || TlsParameters::new(host.clone()).ok();
    let (port, tls) = match (url.scheme(), url.query()) {
        ("smtp", None) => (SMTP_PORT, Tls::None),
        ("smtp", Some("tls=required")) => (SUBMISSION_PORT, Tls::Required(tls()?)),
        ("smtp", Some("tls=opportunistic")) => (SUBMISSION_PORT, Tls::Opportunistic(tls()?)),
        ("smtps", None | Some("tls=required")) => (SUBMISSIONS_PORT, Tls::Wrapper(tls()?)),
        _ => return None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(url.port().unwrap_or(port))
        .tls(tls);
    let decoded = |text| percent_decode_str(text).decode_utf8().ok().map(String::from);
    match (url.username(), url.password()) {
        ("", None) => {}
        (user, Some(password)) => {
            builder = builder.credentials(Credentials::new(decoded(user)?, decoded(password)?));
        }
        (_, None) => return None,
    }
    let name = url.path().trim_matches('/');
    if !name.is_empty() {
        builder = builder.hello_name(ClientId::Domain(name.to_owned()));
    }
    url.fragment().is_none().then_some(builder)
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
