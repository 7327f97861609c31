//! The items of a list.

use serde::de::{DeserializeSeed, SeqAccess};

use super::element::Element;
use crate::error::ReadError;
use crate::name::{ARRAYS, List};
use crate::xml::scope::Namespace;
use crate::xml::tokens::{Result, Tokens};

/// The children of the innermost open element that are items; others are skipped.
pub(super) struct Items<'a, 'de> {
    tokens: &'a mut Tokens<'de>,
    level: usize,
    item: &'static str,
    namespace: Namespace,
    index: usize,
}

impl<'a, 'de> Items<'a, 'de> {
    pub(super) fn new(tokens: &'a mut Tokens<'de>, list: List, namespace: Namespace) -> Self {
        let level = tokens.level();
        Self { tokens, level, item: list.item, namespace, index: 0 }
    }

    /// The namespace of the items of `list`, and of its own type.
    pub(super) fn namespace(tokens: &Tokens<'_>, list: List) -> Namespace {
        if list.of_primitives { tokens.classify(ARRAYS) } else { Namespace::Contract }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.tokens.level() < self.level {
            return Ok(None);
        }
        loop {
            self.tokens.skip_to(self.level)?;
            if !self.tokens.child()? {
                return Ok(None);
            }
            let tag = self.tokens.tag();
            if tag.namespace == self.namespace && tag.local == self.item {
                break;
            }
        }
        let (index, at) = (self.index, self.tokens.tag().at);
        self.index += 1;
        let value = seed
            .deserialize(Element::new(self.tokens))
            .map_err(|error| error.or_at(at).within_item(index))?;
        self.tokens.skip_to(self.level)?;
        Ok(Some(value))
    }
}
