//! The wire's `decimal`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A decimal number that keeps its scale, as .NET's does: `3`, `3.0` and `3.50` stay apart.
///
/// XML shows it as it is, JSON gives a whole number a point (`3.0`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename = "decimal")]
pub struct Decimal(#[serde(with = "text")] rust_decimal::Decimal);

impl Decimal {
    /// A number of hundredths, with its two places: `450` is `4.50`.
    pub fn hundredths(number: i32) -> Self {
        Self(rust_decimal::Decimal::new(number.into(), 2))
    }

    /// Reads digits with an optional sign and an optional point; `None` for anything else and outside the range.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let mut points = 0;
        let sound = unsigned.bytes().all(|byte| {
            points += usize::from(byte == b'.');
            byte.is_ascii_digit() || byte == b'.'
        });
        // Digits, and one point at most among, before or behind them.
        if !sound || points > 1 || unsigned.len() == points {
            return None;
        }
        let mut value: rust_decimal::Decimal = text.parse().ok()?;
        if value.is_zero() {
            value.set_sign_positive(true);
        }
        Some(Self(value))
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative()
    }
}

impl From<i32> for Decimal {
    fn from(whole: i32) -> Self {
        Self(whole.into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

mod text {
    use super::Decimal;
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;
    use std::fmt;

    pub(super) fn serialize<S: Serializer>(
        value: &rust_decimal::Decimal,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<rust_decimal::Decimal, D::Error> {
        deserializer.deserialize_str(Text).map(|Decimal(number)| number)
    }

    struct Text;

    impl Visitor<'_> for Text {
        type Value = Decimal;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a decimal number of at most 28 digits")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
            Decimal::parse(text).ok_or_else(|| E::custom("a decimal number of at most 28 digits is expected"))
        }
    }
}
