//! Why a document could not be read, and where.

use std::fmt;

use serde::de::{Expected, Unexpected};

/// Longest element name that an error repeats.
const LONGEST_NAME: usize = 64;

/// A document that could not be read.
///
/// Says what is wrong and where, and never repeats a value of the document, for that may be personal data:
/// only names of elements, shortened if need be.
pub struct ReadError {
    // Boxed, so that the results of the hot path stay one word wide.
    inner: Box<ReadFault>,
}

struct ReadFault {
    kind: ErrorKind,
    offset: Option<usize>,
    line: usize,
    column: usize,
    path: String,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not well-formed XML, or not well-formed with respect to namespaces.
    Syntax(&'static str),
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// The XML declaration names another encoding than UTF-8.
    EncodingRefused,
    /// A character that XML 1.0 does not know, as such or by reference.
    IllegalCharacter,
    /// A document type declaration.
    DtdRefused,
    /// A reference to an entity other than the five predefined ones.
    EntityRefused,
    /// A processing instruction.
    ProcessingInstructionRefused,
    /// More than the contract's limits allow.
    LimitExceeded(Limit),
    /// The root element is not the expected one.
    WrongRoot {
        /// The root element of the type.
        expected: Name,
        /// The root element of the document.
        found: Name,
    },
    /// `i:type` names another type than the expected one.
    WrongType {
        /// The name of the expected type.
        expected: &'static str,
    },
    /// The text of an element is no value of its type.
    WrongValue {
        /// The expected value, in words.
        expected: String,
    },
    /// The same member twice in one object.
    DuplicateMember(String),
    /// A member that the type asks for is not there.
    MissingMember(&'static str),
    /// A member that the type does not know, if it refuses such.
    UnknownMember(String),
    /// `z:Id` or `z:Ref`: references between objects are not followed.
    ReferenceRefused,
    /// `i:nil` on something that cannot be null.
    NilRefused,
    /// Text where only elements may be.
    UnexpectedText,
    /// An element where only text may be.
    UnexpectedElement,
    /// The Rust type asks for something that `DataContract` XML does not have.
    Unsupported(&'static str),
    /// The type itself refused the value, in its own words. These may repeat the value, and are not
    /// displayed: a type that has something to say to the sender says what it expects, by serde's
    /// `invalid_value`.
    Refused(String),
}

/// A limit of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Bytes of the document.
    Bytes,
    /// Elements within each other.
    Depth,
    /// Elements altogether.
    Elements,
    /// Attributes of one element.
    Attributes,
    /// Namespace declarations in scope.
    Namespaces,
}

/// A name with its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The local name.
    pub local: String,
    /// The namespace; empty for none.
    pub namespace: String,
}

impl Name {
    pub(crate) fn new(local: &str, namespace: &str) -> Self {
        Self { local: shorten(local), namespace: shorten(namespace) }
    }
}

fn shorten(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

impl ReadError {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, offset: usize) -> Self {
        Self::build(kind, Some(offset))
    }

    #[cold]
    fn build(kind: ErrorKind, offset: Option<usize>) -> Self {
        Self { inner: Box::new(ReadFault { kind, offset, line: 1, column: 1, path: String::new() }) }
    }

    /// Puts the error at `offset` unless its place is known better.
    #[must_use]
    pub(crate) fn or_at(mut self, offset: usize) -> Self {
        self.inner.offset.get_or_insert(offset);
        self
    }

    pub(crate) fn is_placed(&self) -> bool {
        self.inner.offset.is_some()
    }

    /// The error seen from the object that holds `member`.
    #[cold]
    #[must_use]
    pub(crate) fn within_member(mut self, member: &str) -> Self {
        let inner = &mut self.inner.path;
        let dot = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
        *inner = format!("{}{dot}{inner}", shorten(member));
        self
    }

    /// The error seen from the list that holds item `index`.
    #[cold]
    #[must_use]
    pub(crate) fn within_item(mut self, index: usize) -> Self {
        let inner = &mut self.inner.path;
        let dot = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
        *inner = format!("[{index}]{dot}{inner}");
        self
    }

    /// Turns the offset into line and column of `document`.
    #[cold]
    #[must_use]
    pub(crate) fn locate(mut self, document: &str) -> Self {
        let offset = self.inner.offset.unwrap_or(0).min(document.len());
        let before = String::from_utf8_lossy(&document.as_bytes()[..offset]);
        let mut line = 1;
        let mut column = 1;
        let mut after_return = false;
        for c in before.chars() {
            match c {
                '\n' if after_return => {}
                '\n' | '\r' => (line, column) = (line + 1, 1),
                _ => column += 1,
            }
            after_return = c == '\r';
        }
        (self.inner.line, self.inner.column) = (line, column);
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.inner.kind
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.inner.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.inner.column
    }

    /// The member it is about, such as `order.lines[2].Price`; empty for the document as a whole.
    pub fn path(&self) -> &str {
        &self.inner.path
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReadFault { kind, line, column, path, .. } = &*self.inner;
        // An empty path is the document as a whole.
        let path = if path.is_empty() { "/" } else { path };
        write!(f, "{kind} (line {line}, column {column}, path {path})")
    }
}

impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadError({self})")
    }
}

impl std::error::Error for ReadError {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(problem) => write!(f, "the document is not well-formed: {problem}"),
            Self::NotUtf8 => f.write_str("the document is not UTF-8"),
            Self::EncodingRefused => f.write_str("only the encoding UTF-8 is read"),
            Self::IllegalCharacter => f.write_str("XML 1.0 does not allow this character"),
            Self::DtdRefused => f.write_str("a document type declaration is refused"),
            Self::EntityRefused => f.write_str("only the five predefined entities are known"),
            Self::ProcessingInstructionRefused => f.write_str("a processing instruction is refused"),
            Self::LimitExceeded(limit) => write!(f, "the document {limit}"),
            Self::WrongRoot { expected, found } => {
                write!(f, "the root element must be {expected}, not {found}")
            }
            Self::WrongType { expected } => write!(f, "i:type must name {expected} or be absent"),
            Self::WrongValue { expected } => write!(f, "the value must be {expected}"),
            Self::DuplicateMember(name) => write!(f, "{name} is given twice"),
            Self::MissingMember(name) => write!(f, "{name} is missing"),
            Self::UnknownMember(name) => write!(f, "{name} is unknown here"),
            Self::ReferenceRefused => f.write_str("references between objects (Id, Ref) are refused"),
            Self::NilRefused => f.write_str("the value must not be null"),
            Self::UnexpectedText => f.write_str("text is not allowed between elements"),
            Self::UnexpectedElement => f.write_str("an element is not allowed within a simple value"),
            Self::Unsupported(what) => write!(f, "DataContract XML cannot be read as {what}"),
            Self::Refused(_) => f.write_str("the value is refused by its type"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "has too many bytes",
            Self::Depth => "is nested too deeply",
            Self::Elements => "has too many elements",
            Self::Attributes => "has too many attributes in one element",
            Self::Namespaces => "has too many namespaces",
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.namespace {
            "" => write!(f, "{} in no namespace", self.local),
            namespace => write!(f, "{} in the namespace {namespace}", self.local),
        }
    }
}

// The messages that serde makes by default repeat the value; these do not.
impl serde::de::Error for ReadError {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::build(ErrorKind::Refused(words.to_string()), None)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::build(ErrorKind::WrongValue { expected: expected.to_string() }, None)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::build(ErrorKind::WrongValue { expected: expected.to_string() }, None)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::build(ErrorKind::WrongValue { expected: expected.to_string() }, None)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        let expected = format!("one of {}", expected.join(", "));
        Self::build(ErrorKind::WrongValue { expected }, None)
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::build(ErrorKind::UnknownMember(shorten(field)), None)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::build(ErrorKind::MissingMember(field), None)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::build(ErrorKind::DuplicateMember(field.to_owned()), None)
    }
}
