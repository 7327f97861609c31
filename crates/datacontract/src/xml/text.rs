//! The text of an element: characters, references, CDATA sections, with comments among them.

use std::borrow::Cow;

use super::chars;
use super::tokens::{Markup, Result, Tokens};
use crate::error::{ErrorKind, ReadError};

impl<'de> Tokens<'de> {
    /// Reads the text of the innermost open element and closes that.
    pub(crate) fn text(&mut self) -> Result<Cow<'de, str>> {
        if self.close_empty() {
            return Ok(Cow::Borrowed(""));
        }
        let start = self.at;
        let end = start + chars::plain_text(&self.input.as_bytes()[start..]);
        if self.closes(end) {
            return Ok(Cow::Borrowed(&self.input[start..end]));
        }
        self.at = self.text_end()?;
        let text = &self.input[start..self.at];
        if self.input.as_bytes()[self.at..].starts_with(b"</") {
            self.end_tag()?;
            return Ok(Cow::Borrowed(text));
        }
        self.text_in_parts(text.to_owned()).map(Cow::Owned)
    }

    fn text_in_parts(&mut self, mut text: String) -> Result<String> {
        loop {
            match self.peek() {
                Some(b'<') => match self.markup()? {
                    Markup::StartTag => return Err(self.error(ErrorKind::UnexpectedElement)),
                    Markup::EndTag => {
                        self.end_tag()?;
                        return Ok(text);
                    }
                    Markup::Comment => self.comment()?,
                    Markup::CData => push_with_line_ends(&mut text, self.cdata()?),
                },
                Some(b'&') => text.push(self.reference()?),
                Some(b'\r') => {
                    self.at += if self.rest().starts_with("\r\n") { 2 } else { 1 };
                    text.push('\n');
                }
                Some(_) => return Err(self.syntax("this is no markup")),
                None => return Err(self.syntax("it ends within an element")),
            }
            let end = self.text_end()?;
            text.push_str(&self.input[self.at..end]);
            self.at = end;
        }
    }

    /// Where the characters end that stand for themselves: at `<`, `&`, a carriage return or the end.
    pub(super) fn text_end(&self) -> Result<usize> {
        let bytes = self.input.as_bytes();
        let mut end = self.at;
        loop {
            end += chars::plain_text(&bytes[end..]);
            if bytes.get(end) != Some(&b']') {
                return Ok(end);
            }
            if bytes[end..].starts_with(b"]]>") {
                return Err(ReadError::new(ErrorKind::Syntax("text has ']]>'"), end));
            }
            end += 1;
        }
    }

    /// The content of the CDATA section at the cursor.
    pub(super) fn cdata(&mut self) -> Result<&'de str> {
        let content = &self.rest()["<![CDATA[".len()..];
        let Some((content, _)) = content.split_once("]]>") else {
            return Err(self.syntax("a CDATA section does not end"));
        };
        self.at += "<![CDATA[]]>".len() + content.len();
        Ok(content)
    }

    /// Moves over the comment at the cursor.
    pub(super) fn comment(&mut self) -> Result<()> {
        let content = &self.rest()["<!--".len()..];
        let Some((content, behind)) = content.split_once("--") else {
            return Err(self.syntax("a comment does not end"));
        };
        if !behind.starts_with('>') {
            return Err(self.syntax("a comment has '--'"));
        }
        self.at += "<!---->".len() + content.len();
        Ok(())
    }
}

/// Line ends of XML are line feeds, whatever the document has (XML 1.0, 2.11).
fn push_with_line_ends(text: &mut String, mut part: &str) {
    while let Some((before, behind)) = part.split_once('\r') {
        text.push_str(before);
        text.push('\n');
        part = behind.strip_prefix('\n').unwrap_or(behind);
    }
    text.push_str(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_becomes_a_line_feed() {
        let mut text = String::new();
        push_with_line_ends(&mut text, "a\r\nb\rc\nd\r\r\n\n\re");
        assert_eq!(text, "a\nb\nc\nd\n\n\n\ne");
        assert_eq!(chars::plain_text(b"a\rb"), 1);
    }
}
