//! Which of the four media types an answer has, and which one a body is: the rules of ASP.NET Web API's
//! `DefaultContentNegotiator` and of .NET's header parsers.
//!
//! There is never a 406: when nothing asked for can be given, the answer has the request's own type, or is JSON.

use std::cmp::Ordering;

/// The two forms of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The dialect of [`crate::json`].
    Json,
    /// `DataContract` XML.
    Xml,
}

/// The media types that are read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`
    ApplicationJson,
    /// `text/json`
    TextJson,
    /// `application/xml`
    ApplicationXml,
    /// `text/xml`
    TextXml,
}

impl MediaType {
    /// The framework's formatters in its order, each with its types in its order; both orders decide ties.
    const FORMATTERS: [[Self; 2]; 2] =
        [[Self::ApplicationJson, Self::TextJson], [Self::ApplicationXml, Self::TextXml]];

    /// What is written under this name.
    pub fn format(self) -> Format {
        match self {
            Self::ApplicationJson | Self::TextJson => Format::Json,
            Self::ApplicationXml | Self::TextXml => Format::Xml,
        }
    }

    /// The value of an answer's `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::ApplicationJson => "application/json; charset=utf-8",
            Self::TextJson => "text/json; charset=utf-8",
            Self::ApplicationXml => "application/xml; charset=utf-8",
            Self::TextXml => "text/xml; charset=utf-8",
        }
    }

    fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::ApplicationJson => ("application", "json"),
            Self::TextJson => ("text", "json"),
            Self::ApplicationXml => ("application", "xml"),
            Self::TextXml => ("text", "xml"),
        }
    }
}

/// The type of the answer to a request with these values of `Accept`, one for each line, `Content-Type`, and
/// `X-Requested-With`.
pub fn answer_type<'h>(
    accept: impl Iterator<Item = &'h str>,
    own: Option<&str>,
    requested_with: Option<&str>,
) -> MediaType {
    let accepted = accepted(accept);
    let nothing_special = accepted.is_empty() || matches!(&*accepted, [only] if only.is_any());
    if nothing_special && requested_with.is_some_and(is_script) {
        return MediaType::ApplicationJson;
    }
    best_accepted(&accepted)
        .or_else(|| own.and_then(content_type).and_then(|own| own.supported()))
        .unwrap_or(MediaType::ApplicationJson)
}

/// A value of `Content-Type`; `None` if it cannot be read.
pub fn content_type(text: &str) -> Option<MediaRange> {
    let mut parser = HeaderParser { text, at: 0 };
    parser.skip_blanks();
    let media = parser.media_range()?;
    parser.is_at_end().then_some(media)
}

/// What `Accept` lists, best first. A header line with a part that cannot be read counts as a whole for nothing, as in
/// .NET.
fn accepted<'h>(lines: impl Iterator<Item = &'h str>) -> Vec<MediaRange> {
    let mut accepted: Vec<_> =
        lines.filter_map(|text| HeaderParser { text, at: 0 }.list()).flatten().collect();
    // Stable: what is equal stays in the order of the header.
    accepted.sort_by(|a, b| {
        b.quality.partial_cmp(&a.quality).unwrap_or(Ordering::Equal).then(a.breadth().cmp(&b.breadth()))
    });
    accepted
}

/// Each formatter is matched by the first type that fits one of its own; of those matches the highest quality wins, at
/// equal quality the narrower range, then JSON.
fn best_accepted(accepted: &[MediaRange]) -> Option<MediaType> {
    let first_match = |types: [MediaType; 2]| {
        let wanted = accepted.iter().filter(|range| range.quality > 0.0);
        wanted.flat_map(|range| types.map(|own| (range, own))).find(|(range, own)| range.includes(*own))
    };
    let matches: Vec<_> = MediaType::FORMATTERS.into_iter().filter_map(first_match).collect();
    let mut best: Option<(f64, MediaType)> = None;
    for breadth in [Breadth::One, Breadth::Subtypes, Breadth::Any] {
        for (range, own) in matches.iter().filter(|(range, _)| range.breadth() == breadth) {
            if best.is_none_or(|(quality, _)| range.quality > quality) {
                best = Some((range.quality, *own));
            }
        }
    }
    best.map(|(_, own)| own)
}

fn is_script(requested_with: &str) -> bool {
    requested_with.to_ascii_lowercase().contains("xmlhttprequest")
}

/// How much a range covers, from narrow to broad.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Breadth {
    One,
    Subtypes,
    Any,
}

/// A media type or a range of them, as headers name it.
pub struct MediaRange {
    main: String,
    sub: String,
    quality: f64,
    charset: Option<String>,
}

impl MediaRange {
    /// The type without its parameters, as the client wrote it.
    pub fn name(&self) -> String {
        format!("{}/{}", self.main, self.sub)
    }

    /// The parameter `charset`, without quotes, in small letters.
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// The first of our types that it covers.
    pub fn supported(&self) -> Option<MediaType> {
        MediaType::FORMATTERS.into_iter().flatten().find(|own| self.includes(*own))
    }

    fn breadth(&self) -> Breadth {
        match (&*self.main, &*self.sub) {
            ("*", "*") => Breadth::Any,
            (_, "*") => Breadth::Subtypes,
            _ => Breadth::One,
        }
    }

    /// Exactly `*/*`.
    fn is_any(&self) -> bool {
        self.breadth() == Breadth::Any
    }

    fn includes(&self, own: MediaType) -> bool {
        let (main, sub) = own.parts();
        let same_main = self.main.eq_ignore_ascii_case(main);
        match self.breadth() {
            Breadth::Any => true,
            Breadth::Subtypes => same_main,
            Breadth::One => same_main && self.sub.eq_ignore_ascii_case(sub),
        }
    }
}

/// Takes header values apart as .NET's `System.Net.Http.Headers` does.
struct HeaderParser<'h> {
    text: &'h str,
    at: usize,
}

impl<'h> HeaderParser<'h> {
    /// A list with commas; empty places in it are allowed.
    fn list(mut self) -> Option<Vec<MediaRange>> {
        let mut ranges = Vec::new();
        loop {
            self.skip_blanks();
            while self.take(b',') {
                self.skip_blanks();
            }
            if self.is_at_end() {
                return Some(ranges);
            }
            ranges.push(self.media_range()?);
            if !self.is_at_end() && self.peek() != Some(b',') {
                return None;
            }
        }
    }

    fn media_range(&mut self) -> Option<MediaRange> {
        let main = self.token()?.to_owned();
        self.skip_blanks();
        self.take(b'/').then_some(())?;
        self.skip_blanks();
        let sub = self.token()?.to_owned();
        let mut range = MediaRange { main, sub, quality: 1.0, charset: None };
        let mut quality = None;
        self.skip_blanks();
        while self.take(b';') {
            self.skip_blanks();
            let (name, value) = self.parameter()?;
            if name.eq_ignore_ascii_case("q") {
                quality.get_or_insert(value);
            } else if name.eq_ignore_ascii_case("charset") {
                range.charset.get_or_insert_with(|| value.trim_matches('"').to_ascii_lowercase());
            }
            self.skip_blanks();
        }
        range.quality = quality.and_then(decimal).unwrap_or(1.0);
        Some(range)
    }

    /// `name`, `name=token` or `name="quoted"`; the value with its quotes.
    fn parameter(&mut self) -> Option<(&'h str, &'h str)> {
        let name = self.token()?;
        self.skip_blanks();
        if !self.take(b'=') {
            return Some((name, ""));
        }
        self.skip_blanks();
        let value = if self.peek() == Some(b'"') { self.quoted()? } else { self.token()? };
        Some((name, value))
    }

    fn quoted(&mut self) -> Option<&'h str> {
        let start = self.at;
        let mut escaped = false;
        for (at, byte) in self.text.bytes().enumerate().skip(start + 1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    self.at = at + 1;
                    return self.text.get(start..self.at);
                }
                _ => {}
            }
        }
        None
    }

    fn token(&mut self) -> Option<&'h str> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !c.is_ascii_graphic() || "()<>@,;:\\\"/[]?={}".contains(c));
        let token = &rest[..length.unwrap_or(rest.len())];
        self.at += token.len();
        (!token.is_empty()).then_some(token)
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }
}

/// A quality; anything but digits with a point counts as not given.
fn decimal(text: &str) -> Option<f64> {
    let sound = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if sound { text.parse().ok() } else { None }
}
