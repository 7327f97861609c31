//! Numbers in the lexical form of .NET's `XmlConvert`.

use std::fmt::{Display, LowerExp, Write};

/// Decimal digits that a `double` holds for sure: with more before the point it is written with an exponent.
pub(super) const DOUBLE_DIGITS: i32 = 15;
/// The same of a `float`.
pub(super) const SINGLE_DIGITS: i32 = 7;

/// Without the machinery of formatting, which takes several times as long.
pub(super) fn push_integer(out: &mut String, negative: bool, mut magnitude: u64) {
    // As many digits as 2^64 has.
    let mut digits = ['0'; 20];
    let mut first = digits.len();
    for digit in digits.iter_mut().rev() {
        // The remainder is less than ten.
        *digit = char::from(b'0' + (magnitude % 10) as u8);
        magnitude /= 10;
        first -= 1;
        if magnitude == 0 {
            break;
        }
    }
    if negative {
        out.push('-');
    }
    out.extend(&digits[first..]);
}

pub(super) fn push(out: &mut String, value: impl Display + LowerExp, digits: i32) {
    let scientific = format!("{value:e}");
    // Neither of these has an exponent.
    let special = match &*scientific {
        "inf" => Some("INF"),
        "-inf" => Some("-INF"),
        "NaN" => Some("NaN"),
        _ => None,
    };
    if let Some(special) = special {
        out.push_str(special);
        return;
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Writing to a String cannot fail.
    let _ = if (-4..digits).contains(&exponent) {
        write!(out, "{value}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{mantissa}E{sign}{:02}", exponent.abs())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_length() {
        let mut numbers = vec![0, 1, 9, 10, i64::MAX, i64::MIN, i64::MIN + 1];
        numbers.extend(
            (0..19).flat_map(|power| [10_i64.pow(power), -(10_i64.pow(power)), 10_i64.pow(power) - 1]),
        );
        for number in numbers {
            let mut out = String::new();
            push_integer(&mut out, number < 0, number.unsigned_abs());
            assert_eq!(out, number.to_string());
        }
        let mut out = String::new();
        push_integer(&mut out, false, u64::MAX);
        assert_eq!(out, u64::MAX.to_string());
    }

    #[test]
    fn as_xml_convert_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.000_015, "1.5E-05"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e15, "1E+15"),
            (-1.25e100, "-1.25E+100"),
            (f64::INFINITY, "INF"),
            (f64::NEG_INFINITY, "-INF"),
            (f64::NAN, "NaN"),
        ] {
            let mut out = String::new();
            push(&mut out, value, DOUBLE_DIGITS);
            assert_eq!(out, text);
        }
        let mut out = String::new();
        push(&mut out, 1e7_f32, SINGLE_DIGITS);
        assert_eq!(out, "1E+07");
    }
}
