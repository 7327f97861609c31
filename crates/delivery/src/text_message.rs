//! Text messages, through a webhook: a gateway of one's own, or a small program in front of a provider's.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::json;

use crate::{Delivery, DeliveryError, DeliveryFuture, Invitation, Language, Misconfigured};

const SYSTEM: &str = "text message webhook";

/// How long the webhook's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bearer token that proves to a webhook who calls.
#[derive(Clone)]
pub struct Bearer(HeaderValue);

impl Bearer {
    /// The token of this text.
    ///
    /// # Errors
    /// [`Misconfigured`] if there is none, or it can't travel in a header.
    pub fn new(text: &str) -> Result<Self, Misconfigured> {
        let travels = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let value = HeaderValue::from_str(&format!("Bearer {text}")).ok().filter(|_| travels);
        let mut value = value.ok_or(Misconfigured("a token of visible ASCII characters is needed"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

/// Posts `{"to": "+15550100", "text": "..."}` for each message; any 2xx status means accepted. The header `Idempotency-Key` is the
/// same whenever the same message is posted again.
pub struct TextMessage {
    client: Client,
    url: Url,
    bearer: Bearer,
    language: Language,
}

impl TextMessage {
    /// Prepares the way to the webhook at an `https://` URL, or `http://` on a network that is trusted. Nothing is sent
    /// yet.
    ///
    /// # Errors
    /// [`Misconfigured`] if the URL can't be used.
    pub fn new(url: &str, bearer: Bearer, language: Language) -> Result<Self, Misconfigured> {
        let url = url.parse().ok().filter(|url: &Url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or(Misconfigured("write an `http` or `https` URL"))?;
        // Another adapter may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A redirect would carry the message to a host that nobody chose.
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy().build();
        let client = client.map_err(|_| Misconfigured("TLS can't be set up on this machine"))?;
        Ok(Self { client, url, bearer, language })
    }
}

impl Delivery for TextMessage {
    fn deliver<'a>(&'a self, to: &'a str, invitation: &'a Invitation) -> DeliveryFuture<'a> {
        Box::pin(async move {
            let to = dialled(to).ok_or(DeliveryError::BadAddress { system: SYSTEM })?;
            let answer = self
                .client
                .post(self.url.clone())
                .header(AUTHORIZATION, self.bearer.0.clone())
                .header("Idempotency-Key", invitation.name())
                .json(&json!({ "to": to, "text": invitation.short(self.language) }))
                .send()
                .await;
            let status = answer.map_err(|error| unreachable(&error))?.status();
            if status.is_success() { Ok(()) } else { Err(refusal(status)) }
        })
    }
}

/// A telephone number as it is dialled: its digits, with a plus sign if it began with one.
fn dialled(number: &str) -> Option<String> {
    let number = number.trim();
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let plus = if number.starts_with('+') { "+" } else { "" };
    (!digits.is_empty()).then(|| format!("{plus}{digits}"))
}

fn refusal(status: StatusCode) -> DeliveryError {
    let (system, code) = (SYSTEM, status.as_u16());
    let waits = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if status.is_client_error() && !waits {
        DeliveryError::Refused { system, code }
    } else {
        DeliveryError::PutOff { system, code }
    }
}

fn unreachable(error: &reqwest::Error) -> DeliveryError {
    let why = if error.is_timeout() {
        "it takes too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    DeliveryError::Unreachable { system: SYSTEM, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_without_its_decoration() {
        for (typed, number) in [
            ("+1 (555) 010-0199", Some("+15550100199")),
            (" 0170.555/0199 ", Some("01705550199")),
            ("+", None),
            ("", None),
            ("call me", None),
        ] {
            assert_eq!(dialled(typed).as_deref(), number, "{typed:?}");
        }
    }

    #[test]
    fn what_may_change_is_tried_again() {
        for (status, again) in [
            (400, false),
            (401, false),
            (404, false),
            (408, true),
            (429, true),
            (500, true),
            (503, true),
            (302, true),
        ] {
            assert_eq!(refusal(StatusCode::from_u16(status).unwrap()).is_transient(), again, "{status}");
        }
    }
}
