//! The error form of the reference framework, and the errors of the wire itself.

use http::StatusCode;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt::Write as _;

/// What the framework says of a body that it could not bind.
const INVALID: &str = "The request is invalid.";

/// An error as the wire shows it: `{"Message": .., "MessageDetail": .., "ModelState": {"request.Name": [..]}}`, or
/// `<Error>` with the same parts. Parts that are empty are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    message: String,
    message_detail: Option<String>,
    model_state: Vec<(String, Vec<String>)>,
}

impl ErrorBody {
    /// An error that is one sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), message_detail: None, model_state: Vec::new() }
    }

    /// A body that could not be bound, or that has not the right shape; say where with [`ErrorBody::at`].
    pub fn invalid() -> Self {
        Self::new(INVALID)
    }

    /// With a second sentence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.message_detail = Some(detail.into());
        self
    }

    /// With what is wrong at a member. `path` is its path below the body, empty for the body as a whole. Paths are the
    /// same in any letter case, as in the framework's dictionary.
    #[must_use]
    pub fn at(mut self, path: &str, message: impl Into<String>) -> Self {
        let key = match path {
            "" => "request".to_owned(),
            _ if path.starts_with('[') => format!("request{path}"),
            _ => format!("request.{path}"),
        };
        match self.model_state.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&key)) {
            Some((_, messages)) => messages.push(message.into()),
            None => self.model_state.push((key, vec![message.into()])),
        }
        self
    }

    /// All its sentences, without the members they are about.
    pub fn text(&self) -> String {
        let about_members = self.model_state.iter().flat_map(|(_, messages)| messages);
        let all = std::iter::once(&self.message).chain(&self.message_detail).chain(about_members);
        all.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The XML form, which is not that of a model: no namespace, and the messages of one member joined by a space.
    pub fn to_xml(&self) -> String {
        let mut out = String::from("<Error>");
        element(&mut out, "Message", &self.message);
        if let Some(detail) = &self.message_detail {
            element(&mut out, "MessageDetail", detail);
        }
        if !self.model_state.is_empty() {
            out.push_str("<ModelState>");
            for (key, messages) in &self.model_state {
                element(&mut out, &encode_name(key), &messages.join(" "));
            }
            out.push_str("</ModelState>");
        }
        out.push_str("</Error>");
        out
    }
}

/// The JSON form.
impl Serialize for ErrorBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Message", &self.message)?;
        if let Some(detail) = &self.message_detail {
            map.serialize_entry("MessageDetail", detail)?;
        }
        if !self.model_state.is_empty() {
            map.serialize_entry("ModelState", &ModelState(&self.model_state))?;
        }
        map.end()
    }
}

/// The words of an error as a sentence, which all texts of the wire are.
pub fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let capital = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{capital}{}.", letters.as_str())
}

struct ModelState<'e>(&'e [(String, Vec<String>)]);

impl Serialize for ModelState<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, messages)| (key, messages)))
    }
}

fn element(out: &mut String, name: &str, text: &str) {
    if text.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(out, "<{name} />");
        return;
    }
    let _ = write!(out, "<{name}>");
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\r' => out.push_str("&#xD;"),
            // What XML cannot carry; no message of ours has it.
            '\0'..'\u{20}' if !matches!(c, '\t' | '\n') => out.push(char::REPLACEMENT_CHARACTER),
            '\u{FFFE}' | '\u{FFFF}' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    let _ = write!(out, "</{name}>");
}

/// .NET's `XmlConvert.EncodeLocalName`: what cannot stand in a name becomes `_xHHHH_`, and so does an underscore that
/// looks like the beginning of one.
fn encode_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        let allowed = is_name_start(c) || (at > 0 && is_name_part(c));
        if allowed && !(c == '_' && looks_encoded(&name[at..])) {
            out.push(c);
            continue;
        }
        let digits = if u32::from(c) > 0xFFFF { 8 } else { 4 };
        // Writing to a String cannot fail.
        let _ = write!(out, "_x{:0digits$X}_", u32::from(c));
    }
    out
}

fn looks_encoded(text: &str) -> bool {
    let hex = |text: &[u8]| text.iter().all(u8::is_ascii_hexdigit);
    match text.as_bytes() {
        [b'_', b'x', digits @ ..] if digits.len() > 4 && digits[4] == b'_' => hex(&digits[..4]),
        [b'_', b'x', digits @ ..] if digits.len() > 8 && digits[8] == b'_' => hex(&digits[..8]),
        _ => false,
    }
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}')
}

fn is_name_part(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// What can go wrong between the socket and a handler. The texts of `code` are for programs and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireErrorCode {
    /// The body cannot be read as what the route takes.
    InvalidBody,
    /// There is no body, or it is `null`.
    BodyRequired,
    /// The body is longer than the route takes.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is of a media type or in a charset that is not read here.
    UnsupportedMediaType,
    /// The body is compressed, or coded in another way.
    UnsupportedContentCoding,
    /// No route has this path.
    NotFound,
    /// The route has another method.
    MethodNotAllowed,
    /// A defect of the server.
    Internal,
}

impl WireErrorCode {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::InvalidBody,
        Self::BodyRequired,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::UnsupportedMediaType,
        Self::UnsupportedContentCoding,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Internal,
    ];

    /// The value of the header `X-Error-Code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidBody => "invalid_body",
            Self::BodyRequired => "body_required",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::UnsupportedContentCoding => "unsupported_content_coding",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Internal => "internal_error",
        }
    }

    /// The status it is answered with.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidBody | Self::BodyRequired => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedMediaType | Self::UnsupportedContentCoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What it means, for the documentation.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::InvalidBody => "The body cannot be read; ModelState says where and why.",
            Self::BodyRequired => "The route needs a body and got none, or null.",
            Self::BodyTooLarge => {
                "The body is longer than the route takes: 16 KiB for a log-in, 64 KiB for a webhook, 1 MiB elsewhere."
            }
            Self::BodyTimeout => "The body did not arrive within 15 seconds, or the server stops.",
            Self::UnsupportedMediaType => "The body's media type or charset is not read here.",
            Self::UnsupportedContentCoding => {
                "The body is compressed; send it as it is (`Content-Encoding: identity`)."
            }
            Self::NotFound => "No route has this path.",
            Self::MethodNotAllowed => "The route has another method; Allow names it.",
            Self::Internal => "A defect of the server.",
        }
    }
}
