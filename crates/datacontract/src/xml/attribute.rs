//! Attributes: namespaces, `i:nil`, `i:type`, and what is refused.

use std::borrow::Cow;

use super::chars;
use super::scope::Namespace;
use super::tag::UNBOUND;
use super::tokens::{Result, Tokens};
use crate::error::{ErrorKind, Limit, ReadError};

/// Telling repeated names takes time that is quadratic in this.
const MOST_ATTRIBUTES: usize = 64;

pub(crate) struct Attribute<'de> {
    at: usize,
    prefix: &'de str,
    local: &'de str,
    value: Cow<'de, str>,
    /// Of its namespace, if it is in one.
    identity: Option<usize>,
}

/// The value of `i:nil`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nil {
    No,
    Yes,
    /// Not a boolean; an error only if the element is looked at.
    Invalid,
}

impl<'de> Tokens<'de> {
    /// Reads what follows the name in a start tag, up to and with its `>`.
    pub(super) fn attributes(&mut self) -> Result<()> {
        self.attributes.clear();
        loop {
            let white = self.skip_white();
            match self.peek() {
                Some(b'>') => {
                    self.at += 1;
                    break;
                }
                Some(b'/') => {
                    if !self.eat("/>") {
                        return Err(self.syntax("a tag does not end"));
                    }
                    self.empty = true;
                    break;
                }
                Some(_) if !white => return Err(self.syntax("a name has a character it cannot have")),
                Some(_) => self.attribute()?,
                None => return Err(self.syntax("it ends within a tag")),
            }
        }
        if self.attributes.is_empty() { Ok(()) } else { self.apply() }
    }

    fn attribute(&mut self) -> Result<()> {
        let at = self.at;
        if self.attributes.len() == MOST_ATTRIBUTES {
            return Err(self.error(ErrorKind::LimitExceeded(Limit::Attributes)));
        }
        let (prefix, local) = self.qname()?;
        self.skip_white();
        if !self.eat("=") {
            return Err(self.syntax("an attribute has no value"));
        }
        self.skip_white();
        let value = self.quoted()?;
        self.attributes.push(Attribute { at, prefix, local, value, identity: None });
        Ok(())
    }

    /// A quoted value, white space and references replaced (XML 1.0, 3.3.3).
    pub(super) fn quoted(&mut self) -> Result<Cow<'de, str>> {
        let Some(quote @ (b'"' | b'\'')) = self.peek() else {
            return Err(self.syntax("a value is not quoted"));
        };
        self.at += 1;
        let start = self.at;
        self.at += chars::plain_attribute(&self.input.as_bytes()[start..]);
        if self.peek() == Some(quote) {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.input[start..self.at - 1]));
        }
        let mut value = self.input[start..self.at].to_owned();
        loop {
            match self.peek() {
                Some(byte) if byte == quote => {
                    self.at += 1;
                    return Ok(Cow::Owned(value));
                }
                Some(b'<') => return Err(self.syntax("a value has a '<'")),
                Some(b'&') => value.push(self.reference()?),
                Some(b'\r') => {
                    self.at += if self.rest().starts_with("\r\n") { 2 } else { 1 };
                    value.push(' ');
                }
                Some(byte) if chars::is_white(byte) => {
                    self.at += 1;
                    value.push(' ');
                }
                // The other quote.
                Some(byte) => {
                    self.at += 1;
                    value.push(char::from(byte));
                }
                None => return Err(self.syntax("it ends within a value")),
            }
            let plain = chars::plain_attribute(&self.input.as_bytes()[self.at..]);
            value.push_str(&self.input[self.at..self.at + plain]);
            self.at += plain;
        }
    }

    /// Brings the attributes of the current start tag to effect.
    fn apply(&mut self) -> Result<()> {
        let mut attributes = std::mem::take(&mut self.attributes);
        let result = self.bind(&attributes).and_then(|()| self.interpret(&mut attributes));
        self.attributes = attributes;
        result
    }

    /// Declarations first: an attribute may use a prefix that is declared behind it.
    fn bind(&mut self, attributes: &[Attribute<'de>]) -> Result<()> {
        for (index, attribute) in attributes.iter().enumerate() {
            let same =
                |other: &Attribute<'_>| other.local == attribute.local && other.prefix == attribute.prefix;
            if attributes[..index].iter().any(same) {
                return Err(ReadError::new(REPEATED, attribute.at));
            }
            let prefix = match (attribute.prefix, attribute.local) {
                ("", "xmlns") => "",
                ("xmlns", prefix) => prefix,
                _ => continue,
            };
            self.scope
                .bind(prefix, attribute.value.clone())
                .map_err(|kind| ReadError::new(kind, attribute.at))?;
        }
        Ok(())
    }

    fn interpret(&mut self, attributes: &mut [Attribute<'de>]) -> Result<()> {
        for index in 0..attributes.len() {
            let (before, rest) = attributes.split_at_mut(index);
            let attribute = &mut rest[0];
            // Without a prefix an attribute is in no namespace, and means nothing here.
            if attribute.prefix.is_empty() || attribute.prefix == "xmlns" {
                continue;
            }
            let Some((namespace, identity)) = self.scope.identify(attribute.prefix) else {
                return Err(ReadError::new(UNBOUND, attribute.at));
            };
            attribute.identity = Some(identity);
            let same = |other: &Attribute<'_>| {
                other.identity == attribute.identity && other.local == attribute.local
            };
            if before.iter().any(same) {
                return Err(ReadError::new(REPEATED, attribute.at));
            }
            match (namespace, attribute.local) {
                (Namespace::Instance, "nil") => {
                    self.tag.nil = match chars::trim(&attribute.value) {
                        "true" | "1" => Nil::Yes,
                        "false" | "0" => Nil::No,
                        _ => Nil::Invalid,
                    };
                }
                (Namespace::Instance, "type") => self.tag.kind = Some(self.type_name(&attribute.value)),
                (Namespace::Serialization, "Id" | "Ref") => {
                    return Err(ReadError::new(ErrorKind::ReferenceRefused, attribute.at));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The qualified name that is the value of `i:type`. One that had to be unescaped is not the name of a
    /// class of ours, and has no more than to differ from it.
    fn type_name(&self, value: &Cow<'de, str>) -> (Option<Namespace>, &'de str) {
        let Cow::Borrowed(value) = value else { return (None, "") };
        let (prefix, local) = chars::trim(value).split_once(':').unwrap_or(("", chars::trim(value)));
        (self.scope.resolve(prefix), local)
    }
}

const REPEATED: ErrorKind = ErrorKind::Syntax("an attribute is given twice");
