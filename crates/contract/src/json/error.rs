//! What can be wrong with a JSON text, and with a value to be written as one.

use std::fmt;

/// One thing that is wrong with a JSON body: where, in two ways, and what. Never the offending value itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Where in the document, in the form of Json.NET's `JsonReader.Path`, with names as the client wrote them:
    /// `secondRequest.providerList[0].Name`. Empty for the document itself.
    pub path: String,
    /// What is wrong, one sentence without its full stop.
    pub what: &'static str,
    /// Line of the text, from 1.
    pub line: usize,
    /// Character within the line, from 1.
    pub column: usize,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {}).", self.what, self.line, self.column)
    }
}

/// A value that the wire has no form for; a mistake in the program, never in a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot write as JSON: {0}")]
pub struct WriteError(pub(super) String);

impl serde::ser::Error for WriteError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Why a part of the document gave no value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stop {
    /// Reading has ended; the reader holds the reason.
    Ended,
    /// The text `""` stands where something other than a string is wanted; it means null.
    EmptyText,
    /// A wire type asked for, or refused, something in a way this format does not know.
    Unsupported,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => f.write_str("reading has ended"),
            Self::EmptyText => f.write_str("an empty text stands for null"),
            Self::Unsupported => f.write_str("the wire has no such type"),
        }
    }
}

impl std::error::Error for Stop {}

impl serde::de::Error for Stop {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self::Unsupported
    }
}

/// Line and column, both from 1, of the byte at `at`; columns count characters.
pub(super) fn position(text: &[u8], at: usize) -> (usize, usize) {
    let mut lines = text[..at.min(text.len())].split(|&byte| byte == b'\n');
    let last = lines.next_back().unwrap_or_default();
    let is_first_byte_of_character = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
    (lines.count() + 1, last.iter().filter(is_first_byte_of_character).count() + 1)
}
