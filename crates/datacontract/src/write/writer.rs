//! The document being written.

use std::fmt::Write;
use std::ops::Range;

use super::error::{WriteError, WriteErrorKind};
use super::{Result, escape};
use crate::contract::{BaseMembers, Contract};
use crate::xml::chars;

/// A name as it is written.
#[derive(Clone, Copy)]
pub(super) struct Tag {
    /// The depth that the prefix of the namespace of arrays is named after; 0 for no prefix.
    pub(super) prefix: usize,
    pub(super) local: &'static str,
}

/// Where a member of an unfinished object is in the output.
pub(super) struct Member {
    pub(super) key: Key,
    pub(super) range: Range<usize>,
}

/// The order of members: those of the base class first, either group in ordinal order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    own: bool,
    /// The first eight bytes of the name as a number, which mostly decides; sorting by whole names took a
    /// fifth of the time of writing.
    prefix: u64,
    name: &'static str,
}

impl Key {
    pub(super) fn new(name: &'static str, inherited: bool) -> Self {
        let mut prefix = [0; 8];
        for (to, from) in prefix.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        Self { own: !inherited, prefix: u64::from_be_bytes(prefix), name }
    }
}

/// The document being written.
pub(super) struct Writer<'a> {
    pub(super) out: &'a mut String,
    pub(super) namespace: &'static str,
    pub(super) base_members: &'static [BaseMembers],
    /// How many elements may still be opened within each other.
    levels_left: usize,
    /// How many are open.
    pub(super) level: usize,
    /// The prefix of the namespace of arrays, while it is declared: 0 means that it is the default namespace.
    pub(super) arrays: Option<usize>,
    /// Members of the unfinished objects, innermost last: one allocation for all of them.
    pub(super) members: Vec<Member>,
    /// Where members are put into order.
    pub(super) scratch: String,
}

impl<'a> Writer<'a> {
    pub(super) fn new(contract: &Contract, out: &'a mut String) -> Self {
        Self {
            out,
            namespace: contract.namespace,
            base_members: contract.base_members,
            levels_left: contract.limits.depth,
            level: 0,
            arrays: None,
            members: Vec::new(),
            scratch: String::new(),
        }
    }

    /// Writes `<name`: attributes may follow.
    pub(super) fn start(&mut self, tag: Tag) -> Result<()> {
        match self.levels_left.checked_sub(1) {
            Some(left) => self.levels_left = left,
            None => return Err(WriteError::new(WriteErrorKind::TooDeep)),
        }
        if tag.local.is_empty() || chars::ncname(tag.local) != tag.local.len() {
            return Err(WriteError::new(WriteErrorKind::InvalidName(tag.local)));
        }
        self.level += 1;
        self.out.push('<');
        self.name(tag);
        Ok(())
    }

    /// Writes the end of an element without content, instead of `>`.
    pub(super) fn end_empty(&mut self) {
        self.out.push_str(" />");
        self.leave();
    }

    pub(super) fn end(&mut self, tag: Tag) {
        self.out.push_str("</");
        self.name(tag);
        self.out.push('>');
        self.leave();
    }

    fn leave(&mut self) {
        self.level -= 1;
        self.levels_left += 1;
    }

    fn name(&mut self, tag: Tag) {
        if tag.prefix > 0 {
            // Writing to a String cannot fail.
            let _ = write!(self.out, "d{}p1:", tag.prefix);
        }
        self.out.push_str(tag.local);
    }

    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        escape::push(self.out, text).map_err(|_| WriteError::new(WriteErrorKind::IllegalCharacter))
    }

    /// Writes an attribute; `value` is a namespace.
    pub(super) fn declare(&mut self, name: &str, value: &str) -> Result<()> {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        let mut rest = value;
        while let Some((before, behind)) = rest.split_once('"') {
            self.text(before)?;
            self.out.push_str("&quot;");
            rest = behind;
        }
        self.text(rest)?;
        self.out.push('"');
        Ok(())
    }
}
