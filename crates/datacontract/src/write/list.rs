//! The items of a list.

use serde::ser::{Serialize, SerializeSeq};

use super::Result;
use super::element::{Element, Named};
use super::error::WriteError;
use super::writer::{Tag, verify_name};
use crate::name::List;

/// A list being written.
pub(super) struct Items<'w> {
    list: Named<'w>,
    item: Tag,
    index: usize,
}

impl<'w> Items<'w> {
    pub(super) fn new(named: Named<'w>, list: List) -> Self {
        let prefix = if list.of_primitives { named.writer.arrays.unwrap_or(0) } else { 0 };
        Self { list: named, item: Tag { prefix, local: list.item }, index: 0 }
    }
}

impl SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if self.index == 0 {
            verify_name(self.item.local)?;
            self.list.open()?;
        }
        let index = self.index;
        self.index += 1;
        Element::begin(self.list.writer, self.item)
            .and_then(|element| value.serialize(element))
            .map_err(|error| error.within_item(index))
    }

    fn end(self) -> Result<()> {
        self.list.end(self.index > 0)
    }
}
