//! The members of an object.

use std::rc::Rc;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess};

use super::element::Element;
use crate::error::{ErrorKind, ReadError};
use crate::order::Order;
use crate::xml::scope::Namespace;
use crate::xml::tokens::{Result, Tokens};

/// The children of the innermost open element, in whatever order they are.
pub(super) struct Members<'a, 'de> {
    tokens: &'a mut Tokens<'de>,
    /// How many elements are open between two members.
    level: usize,
    member: &'de str,
    at: usize,
    /// The order that a writer like ours gives them.
    order: Rc<Order>,
    /// The place in it of the member that likely comes next, if one can be told by its bare name.
    likely: Option<usize>,
}

impl<'a, 'de> Members<'a, 'de> {
    pub(super) fn new(tokens: &'a mut Tokens<'de>, order: Rc<Order>) -> Self {
        let level = tokens.level();
        let likely = (tokens.default_namespace() == Some(Namespace::Contract)).then_some(0);
        Self { tokens, level, member: "", at: 0, order, likely }
    }

    /// Reads the next start tag; whether there was one.
    #[expect(clippy::inline_always, reason = "it is called for each element; counted by callgrind")]
    #[inline(always)]
    fn child(&mut self) -> Result<bool> {
        if let Some(place) = self.likely
            && let Some(member) = self.order.document.get(place)
            && self.tokens.child_named(member, Namespace::Contract)
        {
            self.likely = Some(place + 1);
            return Ok(true);
        }
        if !self.tokens.child()? {
            return Ok(false);
        }
        let found = self.tokens.tag().local;
        if self.likely.is_some()
            && let Some(place) = self.order.document.iter().position(|member| *member == found)
        {
            self.likely = Some(place + 1);
        }
        Ok(true)
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
            if !self.child()? {
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
        let Self { tokens, member, at, .. } = self;
        let value =
            seed.deserialize(Element::new(tokens)).map_err(|error| error.or_at(*at).within_member(member))?;
        // A type may be content without reading what it was given.
        self.tokens.skip_to(self.level)?;
        Ok(value)
    }
}
