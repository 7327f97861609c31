//! The document being written.

use super::error::{WriteError, WriteErrorKind};
use super::{Result, escape};
use crate::contract::Contract;
use crate::xml::chars;

/// A name as it is written.
#[derive(Clone, Copy)]
pub(super) struct Tag {
    /// The depth that the prefix of the namespace of arrays is named after; 0 for no prefix.
    pub(super) prefix: usize,
    pub(super) local: &'static str,
}

/// Makes sure that XML can have `name`.
pub(super) fn verify_name(name: &'static str) -> Result<()> {
    if !chars::is_ncname(name) {
        return Err(WriteError::new(WriteErrorKind::InvalidName(name)));
    }
    Ok(())
}

/// Appends the prefix of the namespace of arrays that .NET declares at this depth.
pub(super) fn push_prefix(out: &mut String, depth: usize) {
    out.push('d');
    out.push_str(itoa::Buffer::new().format(depth));
    out.push_str("p1");
}

/// The document being written.
pub(super) struct Writer {
    pub(super) out: String,
    pub(super) contract: Contract,
    /// How many elements are open.
    pub(super) level: usize,
    /// What the root has yet to declare: whether the prefix `i`, and the default namespace.
    pub(super) undeclared: Option<(bool, &'static str)>,
    /// The prefix of the namespace of arrays, while it is declared: 0 means that it is the default namespace.
    pub(super) arrays: Option<usize>,
    /// Where the members of the unfinished objects begin in `out`, the innermost object's last.
    pub(super) members: Vec<usize>,
    /// Where members are put into order.
    pub(super) scratch: String,
}

impl Writer {
    pub(super) fn new(contract: &Contract, out: String) -> Self {
        Self {
            out,
            contract: *contract,
            level: 0,
            undeclared: None,
            arrays: None,
            members: Vec::with_capacity(64),
            scratch: String::new(),
        }
    }

    /// Writes `<name`, where the name is known to be one: attributes may follow.
    #[inline]
    pub(super) fn start(&mut self, tag: Tag) -> Result<()> {
        if self.level == self.contract.limits.depth {
            return Err(WriteError::new(WriteErrorKind::TooDeep));
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

    #[inline]
    pub(super) fn end(&mut self, tag: Tag) {
        self.out.push_str("</");
        self.name(tag);
        self.out.push('>');
        self.leave();
    }

    fn leave(&mut self) {
        self.level -= 1;
    }

    #[expect(clippy::inline_always, reason = "it is called for each element; counted by callgrind")]
    #[inline(always)]
    fn name(&mut self, tag: Tag) {
        if tag.prefix > 0 {
            push_prefix(&mut self.out, tag.prefix);
            self.out.push(':');
        }
        self.out.push_str(tag.local);
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        escape::push(&mut self.out, text).map_err(|_| WriteError::new(WriteErrorKind::IllegalCharacter))
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
