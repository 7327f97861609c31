//! Start tags and end tags.

use super::attribute::Nil;
use super::chars;
use super::scope::Namespace;
use super::tokens::{Open, Result, Tokens};
use crate::error::{ErrorKind, Limit, Name, ReadError};

/// A start tag, as far as the `DataContract` rules look at it.
#[derive(Clone, Copy)]
pub(crate) struct Tag<'de> {
    /// Where its `<` is.
    pub(crate) at: usize,
    pub(crate) namespace: Namespace,
    pub(crate) local: &'de str,
    pub(crate) nil: Nil,
    /// The name in `i:type`; the namespace is `None` if its prefix is unbound.
    pub(crate) kind: Option<(Option<Namespace>, &'de str)>,
}

impl Default for Tag<'_> {
    fn default() -> Self {
        Self { at: 0, namespace: Namespace::None, local: "", nil: Nil::No, kind: None }
    }
}

impl<'de> Tokens<'de> {
    /// Reads a start tag and opens its element.
    pub(super) fn start_tag(&mut self) -> Result<()> {
        let at = self.at;
        self.at += 1;
        let (prefix, local) = self.qname()?;
        let name = if prefix.is_empty() { local } else { &self.input[at + 1..self.at] };
        match self.elements_left.checked_sub(1) {
            Some(left) => self.elements_left = left,
            None => return Err(ReadError::new(ErrorKind::LimitExceeded(Limit::Elements), at)),
        }
        if self.open.len() >= self.contract.limits.depth {
            return Err(ReadError::new(ErrorKind::LimitExceeded(Limit::Depth), at));
        }
        self.open.push(Open { name, scope: self.scope.mark() });
        self.tag = Tag { at, namespace: Namespace::None, local, nil: Nil::No, kind: None };
        if self.peek() == Some(b'>') {
            self.at += 1;
        } else {
            self.attributes()?;
        }
        match self.scope.resolve(prefix) {
            Some(namespace) => self.tag.namespace = namespace,
            None => return Err(ReadError::new(UNBOUND, at)),
        }
        Ok(())
    }

    /// Reads the start tag of the next child and opens it if it is `<local>`, with nothing but white space before it.
    /// Else nothing is read, and [`child`](Self::child) tells what is there. A name without prefix must be in
    /// `namespace` here.
    #[expect(clippy::inline_always, reason = "it is called for each element; counted by callgrind")]
    #[inline(always)]
    pub(crate) fn child_named(&mut self, local: &'static str, namespace: Namespace) -> bool {
        let bytes = self.input.as_bytes();
        let at = self.at + chars::white_run(&bytes[self.at..]);
        let found = bytes[at..]
            .strip_prefix(b"<")
            .and_then(|rest| rest.strip_prefix(local.as_bytes()))
            .is_some_and(|rest| rest.first() == Some(&b'>'));
        if !found || self.empty || self.elements_left == 0 || self.open.len() >= self.contract.limits.depth {
            return false;
        }
        self.at = at + "<>".len() + local.len();
        self.elements_left -= 1;
        self.open.push(Open { name: local, scope: self.scope.mark() });
        self.tag = Tag { at, namespace, local, nil: Nil::No, kind: None };
        true
    }

    /// Reads the end tag of the innermost open element and closes that.
    pub(super) fn end_tag(&mut self) -> Result<()> {
        let at = self.at;
        self.at += 2;
        let matches = self.open.last().is_some_and(|open| {
            let found = self.input.as_bytes()[self.at..].starts_with(open.name.as_bytes());
            self.at += if found { open.name.len() } else { 0 };
            found
        });
        if self.peek() != Some(b'>') {
            self.skip_white();
        }
        if !matches || self.peek() != Some(b'>') {
            return Err(ReadError::new(ErrorKind::Syntax("an end tag does not match its start tag"), at));
        }
        self.at += 1;
        self.close();
        Ok(())
    }

    /// Closes the innermost open element if its end tag, as it is mostly written, is at `at`; else nothing is read.
    pub(super) fn closes(&mut self, at: usize) -> bool {
        let Some(open) = self.open.last() else { return false };
        let found = self.input.as_bytes()[at..]
            .strip_prefix(b"</")
            .and_then(|rest| rest.strip_prefix(open.name.as_bytes()))
            .is_some_and(|rest| rest.first() == Some(&b'>'));
        if found {
            self.at = at + "</>".len() + open.name.len();
            self.close();
        }
        found
    }

    /// Closes the innermost open element if it is `<x/>`; whether it was.
    pub(super) fn close_empty(&mut self) -> bool {
        let empty = std::mem::take(&mut self.empty);
        if empty {
            self.close();
        }
        empty
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.scope.leave(open.scope);
        }
    }

    /// A name with an optional prefix.
    pub(super) fn qname(&mut self) -> Result<(&'de str, &'de str)> {
        let first = self.ncname()?;
        if self.peek() != Some(b':') {
            return Ok(("", first));
        }
        self.at += 1;
        Ok((first, self.ncname()?))
    }

    fn ncname(&mut self) -> Result<&'de str> {
        let rest = self.rest();
        match chars::ncname(rest) {
            0 => Err(self.syntax("a name is expected")),
            length => {
                self.at += length;
                Ok(&rest[..length])
            }
        }
    }

    /// The name of the start tag read last, in full.
    pub(crate) fn name(&self) -> Name {
        let raw = self.open.last().map_or("", |open| open.name);
        let prefix = raw.split_once(':').map_or("", |(prefix, _)| prefix);
        Name::new(self.tag.local, self.scope.uri(prefix))
    }
}

pub(super) const UNBOUND: ErrorKind = ErrorKind::Syntax("a prefix is not bound to a namespace");
