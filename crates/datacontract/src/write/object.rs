//! The members of an object, in the order of the contract.
//!
//! serde gives them in the order of their declaration. They are written as they come, each where the last one
//! ended, and the pieces are put into order once the object is complete: that costs a copy, but no
//! allocation, and leaves the order of declaration to other formats.

use serde::ser::{Serialize, SerializeStruct};

use super::Result;
use super::element::{Element, Named};
use super::error::WriteError;
use super::writer::{Key, Member, Tag};

/// An object being written.
pub(super) struct Members<'w, 'a> {
    object: Named<'w, 'a>,
    /// Names of the members that come from the base class.
    inherited: &'static [&'static str],
    /// Where this object's members begin among all.
    first: usize,
}

impl<'w, 'a> Members<'w, 'a> {
    pub(super) fn new(object: Named<'w, 'a>, name: &str) -> Self {
        let bases = object.writer.base_members;
        let inherited =
            bases.iter().find(|(class, _)| *class == name).map_or(&[][..], |(_, members)| members);
        let first = object.writer.members.len();
        Self { object, inherited, first }
    }
}

impl SerializeStruct for Members<'_, '_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        if self.object.writer.members.len() == self.first {
            self.object.open()?;
        }
        let start = self.object.writer.out.len();
        Element::begin(self.object.writer, Tag { prefix: 0, local: name })
            .and_then(|element| value.serialize(element))
            .map_err(|error| error.within_member(name))?;
        let writer = &mut *self.object.writer;
        let inherited = self.inherited.contains(&name);
        writer.members.push(Member { key: Key::new(name, inherited), range: start..writer.out.len() });
        Ok(())
    }

    fn end(self) -> Result<()> {
        let writer = &mut *self.object.writer;
        let members = &mut writer.members[self.first..];
        let any = !members.is_empty();
        if !members.is_sorted_by_key(|member| member.key) {
            let start = members[0].range.start;
            members.sort_unstable_by_key(|member| member.key);
            writer.scratch.clear();
            for member in members {
                writer.scratch.push_str(&writer.out[member.range.clone()]);
            }
            writer.out.truncate(start);
            writer.out.push_str(&writer.scratch);
        }
        writer.members.truncate(self.first);
        self.object.end(any)
    }
}
