//! The members of an object.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess};

use super::element::Element;
use crate::error::{ErrorKind, ReadError};
use crate::xml::scope::Namespace;
use crate::xml::tokens::{Result, Tokens};

/// The children of the innermost open element, in whatever order they are.
pub(super) struct Members<'a, 'de> {
    tokens: &'a mut Tokens<'de>,
    /// How many elements are open between two members.
    level: usize,
    member: &'de str,
    at: usize,
}

impl<'a, 'de> Members<'a, 'de> {
    pub(super) fn new(tokens: &'a mut Tokens<'de>) -> Self {
        let level = tokens.level();
        Self { tokens, level, member: "", at: 0 }
    }

    /// Says which member an error of the object's own visitor is about, if it is about one.
    pub(super) fn place(&self, error: ReadError) -> ReadError {
        match error.kind() {
            ErrorKind::DuplicateMember(_) | ErrorKind::UnknownMember(_) if !error.is_placed() => {
                error.or_at(self.at).within_member(self.member)
            }
            _ => error,
        }
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        // Should the visitor ask again after the end.
        if self.tokens.level() < self.level {
            return Ok(None);
        }
        loop {
            self.tokens.skip_to(self.level)?;
            if !self.tokens.child()? {
                return Ok(None);
            }
            let tag = self.tokens.tag();
            if tag.namespace == Namespace::Contract {
                (self.member, self.at) = (tag.local, tag.at);
                return seed.deserialize(BorrowedStrDeserializer::new(tag.local)).map(Some);
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let (member, at) = (self.member, self.at);
        let value = seed
            .deserialize(Element::new(self.tokens))
            .map_err(|error| error.or_at(at).within_member(member))?;
        // A type may be content without reading what it was given.
        self.tokens.skip_to(self.level)?;
        Ok(value)
    }
}
