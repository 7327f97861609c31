//! What a JSON scalar means where a certain type is wanted: the coercions of Json.NET 12.
//!
//! Each function answers a [`Coerced`]: the value, null, or why it does not fit.

use std::borrow::Cow;

use super::lexer::Token;
use super::{dates, number};
use crate::models::{DateTime, Decimal};

/// The outcome of reading a scalar as a certain type.
pub(super) enum Coerced<T> {
    Value(T),
    Null,
    /// `""`, which stands for null everywhere but in a string.
    EmptyText,
    /// The value does not fit; the rest of the document can still be read.
    Misfit(&'static str),
    /// A kind of value that Json.NET cannot step over here: reading ends.
    Fatal(&'static str),
}

pub(super) fn int(token: Token<'_>) -> Coerced<i32> {
    const MISFIT: &str = "A whole number from -2147483648 to 2147483647 is expected here";
    match token {
        // Rust takes a sign `+` as well, but the lexer does not.
        Token::Number(literal) => literal.parse().map_or(Coerced::Misfit(MISFIT), Coerced::Value),
        Token::Text(text) if text.is_empty() => Coerced::EmptyText,
        Token::Text(text) => number::trim(&text).parse().map_or(Coerced::Misfit(MISFIT), Coerced::Value),
        Token::Null => Coerced::Null,
        Token::Bool(_) | Token::OpenObject | Token::OpenArray => Coerced::Fatal(MISFIT),
    }
}

pub(super) fn boolean(token: Token<'_>) -> Coerced<bool> {
    const MISFIT: &str = "true or false is expected here";
    match token {
        Token::Bool(value) => Coerced::Value(value),
        Token::Number(literal) => Coerced::Value(is_not_zero(literal)),
        Token::Text(text) if text.is_empty() => Coerced::EmptyText,
        Token::Text(text) => match number::trim(&text) {
            word if word.eq_ignore_ascii_case("true") => Coerced::Value(true),
            word if word.eq_ignore_ascii_case("false") => Coerced::Value(false),
            _ => Coerced::Misfit(MISFIT),
        },
        Token::Null => Coerced::Null,
        Token::OpenObject | Token::OpenArray => Coerced::Fatal(MISFIT),
    }
}

fn is_not_zero(literal: &str) -> bool {
    let mantissa = literal.split(['e', 'E']).next().unwrap_or_default();
    mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

pub(super) fn text(token: Token<'_>) -> Coerced<Cow<'_, str>> {
    match token {
        Token::Text(text) => Coerced::Value(text),
        Token::Number(literal) => Coerced::Value(Cow::Borrowed(literal)),
        Token::Bool(value) => Coerced::Value(Cow::Borrowed(if value { "true" } else { "false" })),
        Token::Null => Coerced::Null,
        Token::OpenObject | Token::OpenArray => Coerced::Fatal("A text is expected here"),
    }
}

/// A decimal in the form that XML writes, which the wire type reads.
pub(super) fn decimal(token: Token<'_>) -> Coerced<Cow<'_, str>> {
    const MISFIT: &str = "A decimal number of at most 28 digits is expected here";
    let plain = match token {
        Token::Number(literal) => number::plain(literal),
        Token::Text(text) if text.is_empty() => return Coerced::EmptyText,
        Token::Text(text) => number::plain_quoted(&text).map(Cow::Owned),
        Token::Null => return Coerced::Null,
        Token::Bool(_) | Token::OpenObject | Token::OpenArray => return Coerced::Fatal(MISFIT),
    };
    match plain.filter(|plain| Decimal::parse(plain).is_some()) {
        Some(plain) => Coerced::Value(plain),
        None => Coerced::Misfit(MISFIT),
    }
}

/// A time, in any of the forms that [`dates`] knows.
pub(super) fn date_time(token: Token<'_>) -> Coerced<DateTime> {
    const MISFIT: &str = "A date and time such as \"2025-04-25T15:31:18.378Z\" is expected here";
    match token {
        Token::Text(text) if text.is_empty() => Coerced::EmptyText,
        Token::Text(text) => dates::parse(&text).map_or(Coerced::Misfit(MISFIT), Coerced::Value),
        Token::Null => Coerced::Null,
        Token::Number(_) | Token::Bool(_) | Token::OpenObject | Token::OpenArray => Coerced::Fatal(MISFIT),
    }
}
