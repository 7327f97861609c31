//! The reader's steps below serde: tokens with their limits, members and items, what is skipped, what is wrong.

use std::borrow::Cow;

use serde::de::Deserialize;

use super::error::{JsonError, Stop, position};
use super::lexer::{Lexer, SyntaxError, Token};
use super::path::Path;
use super::scalar::Coerced;

/// Deepest nesting of objects and lists.
pub const MAX_DEPTH: usize = 64;
/// Most values (scalars, objects and lists, known or not) in one document.
pub const MAX_VALUES: usize = 10_000;
/// Most misfits that are collected before reading ends; it keeps an answer in proportion to its question.
pub const MAX_ERRORS: usize = 100;

const NULL_REFUSED: &str = "null is not allowed here";

/// The document, how far it has been read, and what was found wrong.
pub(super) struct Reader<'de> {
    text: &'de str,
    lexer: Lexer<'de>,
    pub(super) path: Path<'de>,
    values: usize,
    /// The value just read was `""` in the place of something else: it is to be read once more, as null.
    null_again: bool,
    pub(super) errors: Vec<JsonError>,
}

impl<'de> Reader<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        let lexer = Lexer::new(text);
        Self { text, lexer, path: Path::default(), values: 0, null_again: false, errors: Vec::new() }
    }

    /// A value of any wire type. `""` gives what null would give, unless the type is a string; only here is the type
    /// known and can be asked twice.
    pub(super) fn value<T: Deserialize<'de>>(&mut self) -> Result<T, Stop> {
        match T::deserialize(&mut *self) {
            Err(Stop::EmptyText) => {
                self.null_again = true;
                T::deserialize(self)
            }
            outcome => outcome,
        }
    }

    pub(super) fn end_of_text(&mut self) -> Result<(), Stop> {
        match self.lexer.peek() {
            None => Ok(()),
            Some(_) => Err(self.end("Nothing may follow the value")),
        }
    }

    pub(super) fn error_here(&self, what: &'static str) -> JsonError {
        self.error_at(self.path.render(), self.lexer.at(), what)
    }

    fn error_at(&self, path: String, at: usize, what: &'static str) -> JsonError {
        let (line, column) = position(self.text.as_bytes(), at);
        JsonError { path, what, line, column }
    }

    /// Reading cannot go on.
    #[cold]
    pub(super) fn end(&mut self, what: &'static str) -> Stop {
        let error = self.error_here(what);
        self.errors.push(error);
        Stop::Ended
    }

    #[inline]
    fn syntax<T>(&mut self, outcome: Result<T, SyntaxError>) -> Result<T, Stop> {
        outcome.map_err(|SyntaxError { at, what }| {
            let error = self.error_at(self.path.render(), at, what);
            self.errors.push(error);
            Stop::Ended
        })
    }

    /// A value that does not fit: noted, and reading goes on.
    pub(super) fn misfit(&mut self, what: &'static str) -> Result<(), Stop> {
        if self.errors.len() + 1 >= MAX_ERRORS {
            return Err(self.end("There are too many errors to go on"));
        }
        let error = self.error_here(what);
        self.errors.push(error);
        Ok(())
    }

    pub(super) fn token(&mut self) -> Result<Token<'de>, Stop> {
        if std::mem::take(&mut self.null_again) {
            return Ok(Token::Null);
        }
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.end("There are more than 10000 values"));
        }
        let token = self.lexer.token();
        self.syntax(token)
    }

    pub(super) fn next_is_null(&mut self) -> bool {
        self.null_again || self.lexer.peek() == Some(b'n')
    }

    /// A scalar as `coerce` understands it; a default where it does not fit.
    pub(super) fn scalar<T: Default>(
        &mut self,
        coerce: impl FnOnce(Token<'de>) -> Coerced<T>,
    ) -> Result<T, Stop> {
        let token = self.token()?;
        let is_array = matches!(token, Token::OpenArray);
        let misfit = match coerce(token) {
            Coerced::Value(value) => {
                self.path.value();
                return Ok(value);
            }
            Coerced::EmptyText => return Err(Stop::EmptyText),
            Coerced::Null => NULL_REFUSED,
            Coerced::Misfit(what) => what,
            // Json.NET gives up on a wrong kind of value before it counts it as an item.
            Coerced::Fatal(what) => {
                let stop = self.end(what);
                if is_array && self.path.is_in_object() {
                    self.stumble_over_array()?;
                }
                return Err(stop);
            }
        };
        self.path.value();
        self.misfit(misfit)?;
        Ok(T::default())
    }

    /// Json.NET takes the items of a list in the place of a scalar for its value, and then trips over the closing bracket
    /// in the object around it, which it reports a second time, if there was no or one item.
    fn stumble_over_array(&mut self) -> Result<(), Stop> {
        if self.lexer.peek() != Some(b']') {
            self.skip()?;
        }
        if self.lexer.take(b']') {
            let error =
                self.error_at(self.path.render_parent(), self.lexer.at(), "A list is not expected here");
            self.errors.push(error);
        }
        Ok(())
    }

    pub(super) fn open(&mut self, enter: fn(&mut Path<'de>)) -> Result<(), Stop> {
        if self.path.depth() >= MAX_DEPTH {
            self.path.value();
            return Err(self.end("Objects and lists are nested more than 64 deep"));
        }
        enter(&mut self.path);
        Ok(())
    }

    /// Steps to the next item or member; `false` when `close` has ended the container.
    pub(super) fn next_in_container(&mut self, first: bool, close: u8) -> Result<bool, Stop> {
        match self.lexer.peek() {
            Some(byte) if byte == close => {
                self.lexer.pass();
                self.path.leave();
                return Ok(false);
            }
            Some(b',') if !first => {
                self.lexer.pass();
                return Ok(true);
            }
            _ if first => return Ok(true),
            _ => {}
        }
        let expected =
            if close == b']' { "A comma or ] is expected here" } else { "A comma or } is expected here" };
        let failed = self.lexer.fail(expected);
        self.syntax(failed)
    }

    /// Reads a member's name and its colon if they are `expected`, to the letter.
    #[inline]
    pub(super) fn member_is(&mut self, expected: &'static str) -> bool {
        let found = self.lexer.take_member(expected);
        if found {
            self.path.name(Cow::Borrowed(expected));
        }
        found
    }

    /// Reads a member's name and its colon.
    pub(super) fn member_name(&mut self) -> Result<Cow<'de, str>, Stop> {
        let name = self.lexer.name();
        let name = self.syntax(name)?;
        if !self.lexer.take(b':') {
            let failed = self.lexer.fail("A colon is expected after the member name");
            return self.syntax(failed);
        }
        self.path.name(name.clone());
        Ok(name)
    }

    /// Reads a value that nobody wants.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        match self.token()? {
            Token::OpenObject => {
                self.open(Path::enter_object)?;
                let mut first = true;
                while self.next_in_container(first, b'}')? {
                    self.member_name()?;
                    self.skip()?;
                    first = false;
                }
            }
            Token::OpenArray => {
                self.open(Path::enter_array)?;
                self.skip_items()?;
            }
            Token::Null | Token::Bool(_) | Token::Number(_) | Token::Text(_) => self.path.value(),
        }
        Ok(())
    }

    fn skip_items(&mut self) -> Result<(), Stop> {
        let mut first = true;
        while self.next_in_container(first, b']')? {
            self.skip()?;
            first = false;
        }
        Ok(())
    }

    /// An array in the place of an object.
    pub(super) fn skip_array_for_object(&mut self) -> Result<(), Stop> {
        self.open(Path::enter_array)?;
        self.misfit("An object is expected here, not a list")?;
        self.skip_items()
    }

    /// An object in the place of a list. Json.NET has read the first name when it finds out, and reports that.
    pub(super) fn skip_object_for_array(&mut self) -> Result<(), Stop> {
        const MISFIT: &str = "A list is expected here, not an object";
        self.open(Path::enter_object)?;
        let mut first = true;
        while self.next_in_container(first, b'}')? {
            self.member_name()?;
            if first {
                self.misfit(MISFIT)?;
            }
            self.skip()?;
            first = false;
        }
        if first { self.misfit(MISFIT) } else { Ok(()) }
    }

    /// A scalar in the place of an object or a list.
    pub(super) fn scalar_for_container(
        &mut self,
        token: &Token<'de>,
        what: &'static str,
    ) -> Result<(), Stop> {
        let what = match token {
            Token::Text(text) if text.is_empty() => return Err(Stop::EmptyText),
            Token::Null => NULL_REFUSED,
            _ => what,
        };
        self.path.value();
        self.misfit(what)
    }
}
