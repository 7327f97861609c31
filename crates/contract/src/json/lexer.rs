//! Strict JSON tokens over a UTF-8 text.

use std::borrow::Cow;

use super::scan;

const UNEXPECTED_END: &str = "The text ends in the middle of a value";
/// They cannot be written as XML 1.0; U+FFFE and U+FFFF neither.
const CONTROL: &str = "Control characters other than tab, line feed and carriage return are not allowed";

/// Broken syntax: at which byte, and what is wrong there.
pub(super) struct SyntaxError {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

type Lexed<T> = Result<T, SyntaxError>;

/// The beginning of a value; of a scalar, all of it.
pub(super) enum Token<'de> {
    Null,
    Bool(bool),
    /// The literal as it stands in the text.
    Number(&'de str),
    Text(Cow<'de, str>),
    OpenObject,
    OpenArray,
}

pub(super) struct Lexer<'de> {
    text: &'de str,
    at: usize,
}

impl<'de> Lexer<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Self { text, at: 0 }
    }

    /// Byte offset of what is read next.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next byte that is no white space, without taking it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        match self.text.as_bytes().get(self.at) {
            Some(byte) if *byte > b' ' => Some(*byte),
            _ => self.skip_white(),
        }
    }

    #[inline(never)]
    fn skip_white(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        // One blank, as behind most colons.
        if let Some([b' ', next @ b'!'..=0xFF, ..]) = bytes.get(self.at..) {
            self.at += 1;
            return Some(*next);
        }
        let mut at = self.at;
        loop {
            at += match bytes.get(at) {
                Some(b'\n' | b'\r' | b'\t') => 1,
                Some(b' ') => scan::spaces(&bytes[at..]),
                next => {
                    self.at = at;
                    return next.copied();
                }
            };
        }
    }

    /// Takes the byte that [`peek`](Self::peek) has told.
    pub(super) fn pass(&mut self) {
        self.at += 1;
    }

    /// Takes `wanted` if it is the next byte that is no white space.
    pub(super) fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    #[cold]
    pub(super) fn fail<T>(&self, what: &'static str) -> Lexed<T> {
        let what = if self.at >= self.text.len() { UNEXPECTED_END } else { what };
        Err(SyntaxError { at: self.at, what })
    }

    pub(super) fn token(&mut self) -> Lexed<Token<'de>> {
        match self.peek() {
            Some(b'"') => self.text().map(Token::Text),
            Some(b'-' | b'.' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(b'{') => Ok(self.step(Token::OpenObject)),
            Some(b'[') => Ok(self.step(Token::OpenArray)),
            Some(b't') => self.word("true", Token::Bool(true)),
            Some(b'f') => self.word("false", Token::Bool(false)),
            Some(b'n') => self.word("null", Token::Null),
            _ => self.fail("A JSON value is expected here"),
        }
    }

    /// A member's name; the colon behind it is the caller's.
    pub(super) fn name(&mut self) -> Lexed<Cow<'de, str>> {
        match self.peek() {
            Some(b'"') => self.text(),
            _ => self.fail("A member name in double quotes is expected here"),
        }
    }

    /// Takes the name `expected` and its colon if they come next in the form that most clients write: no escape, nothing
    /// between quote and colon.
    pub(super) fn take_member(&mut self, expected: &str) -> bool {
        if self.peek() != Some(b'"') {
            return false;
        }
        let rest = &self.text.as_bytes()[self.at + 1..];
        match rest.strip_prefix(expected.as_bytes()) {
            Some([b'"', b':', ..]) => {
                self.at += expected.len() + 3;
                true
            }
            _ => false,
        }
    }

    fn step(&mut self, token: Token<'de>) -> Token<'de> {
        self.at += 1;
        token
    }

    fn word(&mut self, word: &str, token: Token<'de>) -> Lexed<Token<'de>> {
        let rest = &self.text[self.at..];
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        match rest.strip_prefix(word) {
            Some(behind) if ends(behind) => {
                self.at += word.len();
                Ok(token)
            }
            _ => self.fail("A JSON value is expected here"),
        }
    }

    /// A decimal literal. The leading zeros that Json.NET reads as octal are refused; a missing digit before or behind
    /// the point is accepted, as Json.NET does.
    fn number(&mut self) -> Lexed<&'de str> {
        let start = self.at;
        self.skip_if(|byte| byte == b'-');
        let whole = self.digits();
        let leading_zero = whole > 1 && self.text.as_bytes()[self.at - whole] == b'0';
        let fraction = if self.skip_if(|byte| byte == b'.') { self.digits() } else { 0 };
        let mut well_formed = whole + fraction > 0 && !leading_zero;
        if self.skip_if(|byte| matches!(byte, b'e' | b'E')) {
            self.skip_if(|byte| matches!(byte, b'+' | b'-'));
            well_formed &= self.digits() > 0;
        }
        let next = self.text.as_bytes().get(self.at);
        let ends = !next
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_'));
        if well_formed && ends {
            Ok(&self.text[start..self.at])
        } else {
            self.fail("This is not a decimal number")
        }
    }

    fn skip_if(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let found = self.text.as_bytes().get(self.at).is_some_and(|byte| wanted(*byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> usize {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    /// A text in double quotes; borrowed when it holds no escape.
    fn text(&mut self) -> Lexed<Cow<'de, str>> {
        self.at += 1;
        let mut unescaped: Option<String> = None;
        loop {
            let run = self.plain_run()?;
            if self.skip_if(|byte| byte == b'"') {
                return Ok(match unescaped {
                    None => Cow::Borrowed(run),
                    Some(before) => Cow::Owned(before + run),
                });
            }
            let so_far = unescaped.get_or_insert_default();
            so_far.push_str(run);
            so_far.push(self.escape()?);
        }
    }

    /// What stands before the next quote or backslash.
    fn plain_run(&mut self) -> Lexed<&'de str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            self.at += scan::plain(&bytes[self.at..]);
            match bytes.get(self.at) {
                Some(b'"' | b'\\') => return Ok(&self.text[start..self.at]),
                Some(b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(0..0x20) => return self.fail(CONTROL),
                // U+FFFE and U+FFFF.
                Some(0xEF) if matches!(bytes.get(self.at + 1..self.at + 3), Some([0xBF, 0xBE | 0xBF])) => {
                    return self.fail(CONTROL);
                }
                // Another character beyond ASCII; its other bytes need no look.
                Some(_) => self.at += scan::beyond_ascii(&bytes[self.at..]),
                None => return self.fail(UNEXPECTED_END),
            }
        }
    }

    /// The character that the escape at the current backslash stands for.
    fn escape(&mut self) -> Lexed<char> {
        let escape = self.text.as_bytes().get(self.at + 1).copied();
        let c = match escape {
            Some(b'u') => return self.unicode_escape(),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'b' | b'f') => return self.fail(CONTROL),
            Some(_) => return self.fail("This escape sequence is not known"),
            None => {
                self.at += 1;
                return self.fail(UNEXPECTED_END);
            }
        };
        self.at += 2;
        Ok(c)
    }

    /// `\uXXXX`, or two of them for a character beyond U+FFFF. Half of such a pair alone becomes U+FFFD, as .NET's
    /// encoder makes it.
    fn unicode_escape(&mut self) -> Lexed<char> {
        let Some(unit) = self.hex_unit(self.at) else {
            return self.fail("Four hexadecimal digits are expected after \\u");
        };
        let low = self.hex_unit(self.at + 6).filter(|low| (0xDC00..0xE000).contains(low));
        let c = match (unit, low) {
            (0xD800..0xDC00, Some(low)) => {
                self.at += 6;
                char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            }
            _ => char::from_u32(unit),
        };
        match c {
            Some('\0'..'\u{20}') if !matches!(unit, 0x9 | 0xA | 0xD) => self.fail(CONTROL),
            Some('\u{FFFE}' | '\u{FFFF}') => self.fail(CONTROL),
            c => {
                self.at += 6;
                Ok(c.unwrap_or(char::REPLACEMENT_CHARACTER))
            }
        }
    }

    /// The UTF-16 unit of the escape `\uXXXX` at `at`.
    fn hex_unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
    }
}
