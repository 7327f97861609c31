//! Numbers in the lexical form of .NET's `XmlConvert`.

use std::fmt::{Display, LowerExp, Write};

/// Decimal digits that a `double` holds for sure: with more before the point it is written with an exponent.
pub(super) const DOUBLE_DIGITS: i32 = 15;
/// The same of a `float`.
pub(super) const SINGLE_DIGITS: i32 = 7;

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
