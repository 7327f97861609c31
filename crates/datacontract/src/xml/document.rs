//! What is around the root element.

use super::chars;
use super::tokens::{Markup, Result, Tokens};
use crate::contract::Limits;
use crate::error::{ErrorKind, Limit, ReadError};

/// The bytes of a document as text, without a byte order mark, all of whose characters are legal.
pub(crate) fn decode(bytes: &[u8], limits: Limits) -> Result<&str> {
    if bytes.len() > limits.bytes {
        return Err(ReadError::new(ErrorKind::LimitExceeded(Limit::Bytes), 0));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            return Err(ReadError::new(ErrorKind::NotUtf8, valid.len()).locate(&valid));
        }
    };
    match chars::first_illegal(text) {
        None => Ok(text),
        Some(at) => Err(ReadError::new(ErrorKind::IllegalCharacter, at).locate(text)),
    }
}

impl<'de> Tokens<'de> {
    /// Reads up to and with the root's start tag.
    pub(crate) fn root(&mut self) -> Result<()> {
        if self.input.starts_with("<?xml")
            && self.input.as_bytes().get(5).is_some_and(|&byte| chars::is_white(byte))
        {
            self.declaration()?;
        }
        if self.misc()? { self.start_tag() } else { Err(self.syntax("it has no root element")) }
    }

    /// Makes sure that nothing follows the root.
    pub(crate) fn end(&mut self) -> Result<()> {
        if self.misc()? { Err(self.syntax("it has more than one root element")) } else { Ok(()) }
    }

    /// Moves over white space and comments outside the root; whether a start tag follows.
    fn misc(&mut self) -> Result<bool> {
        loop {
            self.skip_white();
            match self.peek() {
                None => return Ok(false),
                Some(b'<') => match self.markup()? {
                    Markup::Comment => self.comment()?,
                    Markup::StartTag => return Ok(true),
                    Markup::EndTag => return Err(self.syntax("an end tag does not match its start tag")),
                    Markup::CData => return Err(self.syntax("text is outside the root element")),
                },
                Some(_) => return Err(self.syntax("text is outside the root element")),
            }
        }
    }

    /// `<?xml version="1.0" encoding="utf-8" standalone="yes"?>`
    fn declaration(&mut self) -> Result<()> {
        const PROBLEM: &str = "the XML declaration is wrong";
        self.at = "<?xml".len();
        let version = self.pseudo_attribute("version")?;
        if version != Some("1.0") {
            return Err(self.syntax("only XML 1.0 is read"));
        }
        match self.pseudo_attribute("encoding")? {
            Some(encoding) if !encoding.eq_ignore_ascii_case("utf-8") => {
                return Err(self.error(ErrorKind::EncodingRefused));
            }
            _ => {}
        }
        if !matches!(self.pseudo_attribute("standalone")?, None | Some("yes" | "no")) {
            return Err(self.syntax(PROBLEM));
        }
        self.skip_white();
        if self.eat("?>") { Ok(()) } else { Err(self.syntax(PROBLEM)) }
    }

    fn pseudo_attribute(&mut self, name: &str) -> Result<Option<&'de str>> {
        let before = self.at;
        if !self.skip_white() || !self.eat(name) {
            self.at = before;
            return Ok(None);
        }
        self.skip_white();
        if !self.eat("=") {
            return Err(self.syntax("the XML declaration is wrong"));
        }
        self.skip_white();
        let start = self.at + 1;
        self.quoted()?;
        Ok(Some(&self.input[start..self.at - 1]))
    }
}
