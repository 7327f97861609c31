//! The members of an object, in the order of the contract.
//!
//! serde gives them in the order of their declaration. They are written as they come, each where the last one
//! ended, and the pieces are put into order once the object is complete: that costs a copy, but no
//! allocation, and leaves the order of declaration to other formats.

use std::rc::Rc;

use serde::ser::{Serialize, SerializeStruct};

use super::Result;
use super::element::{Element, Named};
use super::error::WriteError;
use super::writer::{Tag, verify_name};
use crate::order::Order;

/// An object being written.
pub(super) struct Members<'w> {
    object: Named<'w>,
    class: &'static str,
    inherited: &'static [&'static str],
    /// Where this object's members begin among all.
    first: usize,
    declared: Declared,
}

/// The names of the members written so far.
enum Declared {
    /// They are as many of these, and known to be names.
    Known(Rc<Order>),
    New(Vec<&'static str>),
}

impl Declared {
    /// Adds the next name, which comes behind `count` others.
    #[expect(clippy::inline_always, reason = "it is called for each element; counted by callgrind")]
    #[inline(always)]
    fn add(&mut self, name: &'static str, count: usize) -> Result<()> {
        if let Self::Known(order) = self {
            match order.declared.get(count) {
                Some(known) if std::ptr::eq(*known, name) || *known == name => return Ok(()),
                _ => *self = Self::New(order.declared[..count].to_vec()),
            }
        }
        verify_name(name)?;
        if let Self::New(names) = self {
            names.push(name);
        }
        Ok(())
    }
}

impl<'w> Members<'w> {
    pub(super) fn new(object: Named<'w>, class: &'static str, count: usize) -> Self {
        let inherited = object.writer.contract.inherited(class);
        let first = object.writer.members.len();
        let known = Order::known(class, count, inherited);
        let declared = known.map_or_else(|| Declared::New(Vec::with_capacity(count)), Declared::Known);
        Self { object, class, inherited, first, declared }
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        let count = self.object.writer.members.len() - self.first;
        if count == 0 {
            self.object.open()?;
        }
        let writer = &mut *self.object.writer;
        writer.members.push(writer.out.len());
        self.declared
            .add(name, count)
            .and_then(|()| Element::begin(writer, Tag { prefix: 0, local: name }))
            .and_then(|element| value.serialize(element))
            .map_err(|error| error.within_member(name))
    }

    fn end(self) -> Result<()> {
        let writer = &mut *self.object.writer;
        let count = writer.members.len() - self.first;
        let order = match self.declared {
            Declared::Known(order) if order.declared.len() == count => order,
            Declared::Known(order) => Order::of(self.class, order.declared[..count].to_vec(), self.inherited),
            Declared::New(names) => Order::of(self.class, names, self.inherited),
        };
        if !order.indices.is_sorted() {
            writer.members.push(writer.out.len());
            let bounds = &writer.members[self.first..];
            writer.scratch.clear();
            writer.scratch.reserve(bounds[count] - bounds[0]);
            for &index in &order.indices {
                writer.scratch.push_str(&writer.out[bounds[index]..bounds[index + 1]]);
            }
            writer.out.truncate(bounds[0]);
            writer.out.push_str(&writer.scratch);
        }
        writer.members.truncate(self.first);
        self.object.end(count > 0)
    }
}
