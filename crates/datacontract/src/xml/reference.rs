//! Character references and the five predefined entities.

use super::chars;
use super::tokens::{Result, Tokens};
use crate::error::{ErrorKind, ReadError};

/// Longer than any reference to a character that exists (`&#x0010FFFF;`), zeros in front left aside.
const LONGEST: usize = 32;

impl Tokens<'_> {
    /// Reads the reference at the cursor, which is at its `&`.
    pub(super) fn reference(&mut self) -> Result<char> {
        let at = self.at;
        let rest = &self.input.as_bytes()[at + 1..];
        let end = rest.iter().take(LONGEST).position(|&byte| byte == b';');
        let Some(length) = end else { return Err(self.syntax("a reference does not end")) };
        let name = &self.input[at + 1..at + 1 + length];
        let c = match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => match name.strip_prefix('#') {
                Some(number) => Self::character(number, at)?,
                None if chars::is_ncname(name) => {
                    return Err(self.error(ErrorKind::EntityRefused));
                }
                None => return Err(self.syntax("a reference has no name")),
            },
        };
        self.at = at + length + 2;
        Ok(c)
    }

    fn character(number: &str, at: usize) -> Result<char> {
        let (digits, radix) = match number.strip_prefix('x') {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        // `from_str_radix` would take a sign.
        if digits.is_empty() || !digits.bytes().all(|digit| char::from(digit).is_digit(radix)) {
            return Err(ReadError::new(ErrorKind::Syntax("a character reference has no number"), at));
        }
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .filter(|&c| chars::is_legal(c))
            .ok_or_else(|| ReadError::new(ErrorKind::IllegalCharacter, at))
    }
}
