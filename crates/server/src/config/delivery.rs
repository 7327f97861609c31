//! Section delivery: how invitations reach guests.

use std::sync::Arc;

use clap::Args;
use trialogue_app::LinkKey;
use trialogue_delivery::{Bearer, Delivery, Email, Language, Sender, TextMessage};
use trialogue_storage::Channel;

use super::address::url;
use super::values::Invalid;

#[derive(Args)]
#[command(next_help_heading = "Delivery of invitations")]
pub(super) struct DeliverySection {
    /// Sends invitations by e-mail: `smtps://USER:PASSWORD@HOST` (TLS), `smtp://USER:PASSWORD@HOST?tls=required`
    /// (STARTTLS) or `smtp://HOST` (neither). No e-mail if empty.
    #[arg(long, value_parser = smtp_url)]
    smtp_url: Option<String>,

    /// The sender of e-mails: `ADDRESS` or `NAME <ADDRESS>`.
    #[arg(long, value_parser = Sender::parse)]
    smtp_from: Option<Sender>,

    /// Sends invitations by text message to guests without an e-mail address: `{"to", "text"}` is posted to this URL. No
    /// text message if empty.
    #[arg(long, value_parser = webhook_url)]
    sms_webhook: Option<String>,

    /// The bearer token that `sms_webhook` is called with.
    #[arg(long, value_parser = Bearer::new)]
    sms_secret: Option<Bearer>,

    /// What the secrets of delivered invitations are derived from: 32 characters at least, random, the same on every node
    /// (`openssl rand -hex 32`). Needed with `smtp_url` and `sms_webhook`.
    #[arg(long, value_parser = link_key)]
    link_key: Option<LinkKey>,

    /// The language of e-mails and text messages: `en` or `es`.
    #[arg(long, default_value = "en", value_parser = language)]
    delivery_language: Language,
}

/// The channels that are configured, and what sends through each.
pub(crate) type Deliveries = Vec<(Channel, Arc<dyn Delivery>)>;

impl DeliverySection {
    /// The key of invitation links; needed where they are delivered.
    pub(super) fn link_key(&self) -> Result<Option<LinkKey>, Invalid> {
        if self.link_key.is_none() && (self.smtp_url.is_some() || self.sms_webhook.is_some()) {
            return Err(Invalid::new(
                "link_key",
                "it is needed to deliver invitations: set a random key, the same on every node (`openssl rand -hex 32`)",
            ));
        }
        Ok(self.link_key.clone())
    }

    /// What delivers invitations.
    pub(super) fn deliveries(self) -> Result<Deliveries, Invalid> {
        let mut deliveries: Deliveries = Vec::new();
        if let Some(url) = self.smtp_url {
            let from = self.smtp_from.ok_or(Invalid::new("smtp_from", "it is needed with `smtp_url`"))?;
            let email = Email::new(&url, from, self.delivery_language);
            let email = email.map_err(|error| Invalid::new("smtp_url", error))?;
            deliveries.push((Channel::Email, Arc::new(email)));
        }
        if let Some(url) = self.sms_webhook {
            let secret =
                self.sms_secret.ok_or(Invalid::new("sms_secret", "it is needed with `sms_webhook`"))?;
            let text = TextMessage::new(&url, secret, self.delivery_language);
            let text = text.map_err(|error| Invalid::new("sms_webhook", error))?;
            deliveries.push((Channel::Text, Arc::new(text)));
        }
        Ok(deliveries)
    }
}

fn smtp_url(text: &str) -> Result<String, String> {
    url(text, &["smtps", "smtp"]).map(String::from)
}

fn webhook_url(text: &str) -> Result<String, String> {
    url(text, &["https", "http"]).map(String::from)
}

fn link_key(text: &str) -> Result<LinkKey, String> {
    LinkKey::new(text).ok_or_else(|| format!("a key of {} characters at least is needed", LinkKey::LENGTH))
}

fn language(text: &str) -> Result<Language, String> {
    let found = Language::ALL.into_iter().find(|language| language.code() == text);
    found.ok_or_else(|| "write `en` or `es`".to_owned())
}
