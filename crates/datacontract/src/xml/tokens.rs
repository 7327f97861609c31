//! The elements of a document, one after the other.

use super::attribute::Attribute;
use super::chars;
use super::scope::{Namespace, Scope};
use super::tag::Tag;
use crate::contract::Contract;
use crate::error::{ErrorKind, ReadError};

pub(crate) type Result<T> = std::result::Result<T, ReadError>;

/// An element whose end tag has not been read.
pub(super) struct Open<'de> {
    /// Its name with the prefix, as the end tag must repeat it.
    pub(super) name: &'de str,
    /// The bindings in scope around it.
    pub(super) scope: usize,
}

/// A cursor over one document.
pub(crate) struct Tokens<'de> {
    pub(super) input: &'de str,
    pub(super) at: usize,
    pub(super) open: Vec<Open<'de>>,
    /// The innermost open element is `<x/>`: its end comes next without an end tag.
    pub(super) empty: bool,
    pub(super) tag: Tag<'de>,
    pub(super) scope: Scope<'de>,
    pub(super) attributes: Vec<Attribute<'de>>,
    pub(super) elements_left: usize,
    pub(crate) contract: Contract,
}

/// What comes next within an element.
pub(super) enum Markup {
    StartTag,
    EndTag,
    Comment,
    CData,
}

impl<'de> Tokens<'de> {
    pub(crate) fn new(input: &'de str, contract: &Contract) -> Self {
        Self {
            input,
            at: 0,
            open: Vec::with_capacity(8),
            empty: false,
            tag: Tag::default(),
            scope: Scope::new(contract.namespace),
            attributes: Vec::new(),
            elements_left: contract.limits.elements,
            contract: *contract,
        }
    }

    /// The start tag read last.
    pub(crate) fn tag(&self) -> &Tag<'de> {
        &self.tag
    }

    /// How many elements are open.
    pub(crate) fn level(&self) -> usize {
        self.open.len()
    }

    /// What `uri` is to the contract.
    pub(crate) fn classify(&self, uri: &str) -> Namespace {
        self.scope.classify(uri)
    }

    /// The namespace of names without prefix.
    pub(crate) fn default_namespace(&self) -> Option<Namespace> {
        self.scope.resolve("")
    }

    /// Reads the start tag of the next child and opens it, or else the end tag of the innermost open element.
    /// There may be nothing but white space and comments before it.
    #[inline]
    pub(crate) fn child(&mut self) -> Result<bool> {
        if self.close_empty() {
            return Ok(false);
        }
        loop {
            self.skip_white();
            match self.peek() {
                Some(b'<') => match self.markup()? {
                    Markup::StartTag => return self.start_tag().map(|()| true),
                    Markup::EndTag => return self.end_tag().map(|()| false),
                    Markup::Comment => self.comment()?,
                    Markup::CData => return Err(self.error(ErrorKind::UnexpectedText)),
                },
                Some(b'&') => {
                    let at = self.at;
                    if !matches!(self.reference()?, ' ' | '\t' | '\n' | '\r') {
                        return Err(ReadError::new(ErrorKind::UnexpectedText, at));
                    }
                }
                Some(_) => return Err(self.error(ErrorKind::UnexpectedText)),
                None => return Err(self.syntax("it ends within an element")),
            }
        }
    }

    /// Reads on until no more than `level` elements are open, whatever the content.
    #[inline]
    pub(crate) fn skip_to(&mut self, level: usize) -> Result<()> {
        // Mostly there is nothing to skip.
        if self.open.len() > level { self.skip_content(level) } else { Ok(()) }
    }

    fn skip_content(&mut self, level: usize) -> Result<()> {
        while self.open.len() > level {
            if self.close_empty() {
                continue;
            }
            self.at = self.text_end()?;
            match self.peek() {
                Some(b'<') => match self.markup()? {
                    Markup::StartTag => self.start_tag()?,
                    Markup::EndTag => self.end_tag()?,
                    Markup::Comment => self.comment()?,
                    Markup::CData => {
                        self.cdata()?;
                    }
                },
                Some(b'&') => {
                    self.reference()?;
                }
                Some(_) => self.at += 1,
                None => return Err(self.syntax("it ends within an element")),
            }
        }
        Ok(())
    }

    /// Tells apart what a `<` begins, without moving.
    pub(super) fn markup(&self) -> Result<Markup> {
        let rest = &self.input.as_bytes()[self.at..];
        match rest.get(1) {
            Some(b'/') => Ok(Markup::EndTag),
            Some(b'!') if rest.starts_with(b"<!--") => Ok(Markup::Comment),
            Some(b'!') if rest.starts_with(b"<![CDATA[") => Ok(Markup::CData),
            Some(b'!') if rest.starts_with(b"<!DOCTYPE") => Err(self.error(ErrorKind::DtdRefused)),
            Some(b'!') => Err(self.syntax("this is no markup")),
            Some(b'?') => Err(self.error(ErrorKind::ProcessingInstructionRefused)),
            _ => Ok(Markup::StartTag),
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.input.as_bytes().get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'de str {
        &self.input[self.at..]
    }

    /// Moves behind `expected` if it comes next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.input.as_bytes()[self.at..].starts_with(expected.as_bytes());
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Moves over white space; whether there was any.
    pub(super) fn skip_white(&mut self) -> bool {
        let length = chars::white_run(&self.input.as_bytes()[self.at..]);
        self.at += length;
        length > 0
    }

    #[cold]
    pub(super) fn error(&self, kind: ErrorKind) -> ReadError {
        ReadError::new(kind, self.at)
    }

    #[cold]
    pub(super) fn syntax(&self, problem: &'static str) -> ReadError {
        self.error(ErrorKind::Syntax(problem))
    }
}
