//! Primitive values in the lexical forms of .NET's `XmlConvert`. The text comes trimmed; an error is what was
//! expected instead.

use std::fmt::Display;
use std::str::FromStr;

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

/// The range of an integer type, for the error.
pub(super) trait Integer: FromStr + Display {
    const MIN: Self;
    const MAX: Self;
}

macro_rules! integers {
    ($($type:ident)*) => { $(impl Integer for $type { const MIN: Self = $type::MIN; const MAX: Self = $type::MAX; })* };
}
integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

/// Digits with an optional sign, as `Int32.Parse` takes them: `-0` is 0 even where there is no sign.
pub(super) fn integer<T: Integer>(text: &str) -> Result<T, String> {
    let nought = text.strip_prefix('-').filter(|digits| digits.bytes().all(|digit| digit == b'0'));
    nought.unwrap_or(text).parse().map_err(|_| format!("an integer from {} to {}", T::MIN, T::MAX))
}

/// What a float type has to know of itself.
pub(super) trait Float: FromStr + Copy {
    const INFINITY: Self;
    const NEGATIVE_INFINITY: Self;
    const NAN: Self;
    fn is_finite(self) -> bool;
}

macro_rules! floats {
    ($($type:ident)*) => {
        $(impl Float for $type {
            const INFINITY: Self = $type::INFINITY;
            const NEGATIVE_INFINITY: Self = $type::NEG_INFINITY;
            const NAN: Self = $type::NAN;
            fn is_finite(self) -> bool { self.is_finite() }
        })*
    };
}
floats! { f32 f64 }

/// `INF`, `-INF`, `NaN` or a decimal number with an optional exponent; one that is too large is refused.
pub(super) fn float<T: Float>(text: &str) -> Result<T, String> {
    match text {
        "INF" => return Ok(T::INFINITY),
        "-INF" => return Ok(T::NEGATIVE_INFINITY),
        "NaN" => return Ok(T::NAN),
        _ => {}
    }
    // Rust also knows "inf", "nan" and "infinity".
    let number = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse::<T>() {
        Ok(value) if number && value.is_finite() => Ok(value),
        _ => Err("a number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_xml_convert_takes_them() {
        for (text, value) in [
            ("0", 0),
            ("+5", 5),
            ("-5", -5),
            ("007", 7),
            ("-0", 0),
            ("2147483647", i32::MAX),
            ("-2147483648", i32::MIN),
        ] {
            assert_eq!(integer::<i32>(text), Ok(value), "{text}");
        }
        for text in
            ["", "-", "+", "+-5", "- 5", "1.0", "1e3", "0x1", "1_000", "2147483648", "-2147483649", "٣"]
        {
            assert_eq!(
                integer::<i32>(text),
                Err("an integer from -2147483648 to 2147483647".to_owned()),
                "{text}"
            );
        }
        assert_eq!(integer::<u8>("-00"), Ok(0));
        assert!(integer::<u8>("-1").is_err() && integer::<u8>("256").is_err() && integer::<u8>("-").is_err());
    }

    #[test]
    fn floats_as_xml_convert_takes_them() {
        for (text, value) in
            [("1.5", 1.5), (".5", 0.5), ("-1e3", -1000.0), ("+2E-1", 0.2), ("INF", f64::INFINITY)]
        {
            assert_eq!(float::<f64>(text), Ok(value), "{text}");
        }
        assert!(float::<f64>("NaN").is_ok_and(f64::is_nan));
        for text in ["", ".", "inf", "nan", "infinity", "1e999", "+INF", "0x1p3", "1,5"] {
            assert!(float::<f64>(text).is_err(), "{text}");
        }
    }
}
