//! Why a value could not be written.

use std::fmt;

/// A value that could not be written. Never repeats a value, only names of members.
pub struct WriteError {
    inner: Box<WriteFault>,
}

struct WriteFault {
    kind: WriteErrorKind,
    path: String,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// A text has a character that XML 1.0 cannot hold.
    IllegalCharacter,
    /// The name of a struct, a member or an item is no XML name.
    InvalidName(&'static str),
    /// A shape that `DataContract` XML does not have.
    Unsupported(&'static str),
    /// Nested more deeply than the contract allows a reader.
    TooDeep,
    /// Null at the root, where nothing says what is null: see
    /// [`Contract::write_nil`](crate::Contract::write_nil).
    NamelessRoot,
    /// The value's own type failed, in its own words.
    Failed(String),
}

impl WriteError {
    #[cold]
    pub(super) fn new(kind: WriteErrorKind) -> Self {
        Self { inner: Box::new(WriteFault { kind, path: String::new() }) }
    }

    #[cold]
    pub(super) fn within_member(mut self, member: &str) -> Self {
        let path = &mut self.inner.path;
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        *path = format!("{member}{dot}{path}");
        self
    }

    #[cold]
    pub(super) fn within_item(mut self, index: usize) -> Self {
        let path = &mut self.inner.path;
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        *path = format!("[{index}]{dot}{path}");
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> &WriteErrorKind {
        &self.inner.kind
    }

    /// The member it is about, such as `order.lines[2].Price`; empty for the value as a whole.
    pub fn path(&self) -> &str {
        &self.inner.path
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.inner.path.is_empty() { "/" } else { &self.inner.path };
        match &self.inner.kind {
            WriteErrorKind::IllegalCharacter => f.write_str("XML 1.0 cannot hold a character of the text"),
            WriteErrorKind::InvalidName(name) => write!(f, "{name:?} is no XML name"),
            WriteErrorKind::Unsupported(what) => write!(f, "DataContract XML cannot hold {what}"),
            WriteErrorKind::TooDeep => f.write_str("the value is nested too deeply"),
            WriteErrorKind::NamelessRoot => f.write_str("a null has no name to be the root element"),
            WriteErrorKind::Failed(words) => write!(f, "the value cannot be written: {words}"),
        }?;
        write!(f, " (path {path})")
    }
}

impl fmt::Debug for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteError({self})")
    }
}

impl std::error::Error for WriteError {}

impl serde::ser::Error for WriteError {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::new(WriteErrorKind::Failed(words.to_string()))
    }
}
