//! Decimal literals: from the forms JSON clients send to the plain form of the wire's `decimal`.

use std::borrow::Cow;

/// No decimal has more digits than this.
const MAX_DIGITS: i64 = 29;

/// Every number of so many digits is a decimal.
const SURE_DIGITS: usize = 28;

/// `text` without exponent; `None` when it is no decimal number, or certainly out of range.
///
/// The scale is kept as .NET keeps it: `1.50e1` is `15.0`, `1E-5` is `0.00001`.
pub(super) fn plain(text: &str) -> Option<Cow<'_, str>> {
    if is_plain(text) { Some(Cow::Borrowed(text)) } else { without_exponent(text).map(Cow::Owned) }
}

/// Whether it is in that form already and surely in range, as most numbers are.
fn is_plain(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let point = unsigned.iter().position(|byte| *byte == b'.').unwrap_or(unsigned.len());
    let (whole, fraction) = unsigned.split_at(point);
    let one_zero = whole.first() != Some(&b'0') || whole.len() == 1;
    let all_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    one_zero
        && !whole.is_empty()
        && fraction.len() != 1
        && unsigned.len() <= SURE_DIGITS
        && all_digits(whole)
        && all_digits(fraction.get(1..).unwrap_or_default())
}

fn without_exponent(text: &str) -> Option<String> {
    let (sign, unsigned) = split_sign(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    place_point(digits.as_str(), point).map(|unsigned| format!("{sign}{unsigned}"))
}

/// `digits` with a decimal point before the digit at `point`, which may be far outside.
fn place_point(digits: &str, point: i64) -> Option<String> {
    let significant = digits.trim_start_matches('0');
    let leading_zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    if significant.is_empty() {
        let scale = (leading_zeros - point).clamp(0, MAX_DIGITS - 1);
        return Some(format!("{:.*}", usize::try_from(scale).ok()?, 0.0));
    }
    let point = point - leading_zeros;
    if point > MAX_DIGITS {
        return None;
    }
    // Zeros beyond the last digit that a decimal can hold make no difference.
    let zeros_before = usize::try_from(point.min(0).abs().min(MAX_DIGITS)).ok()?;
    let whole_digits = usize::try_from(point.max(0)).ok()?;
    Some(match significant.split_at_checked(whole_digits) {
        None | Some((_, "")) => format!("{significant:0<whole_digits$}"),
        Some(("", fraction)) => format!("0.{:0<zeros_before$}{fraction}", ""),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
    })
}

/// The same for a number within quotes, by .NET's `NumberStyles.Number`: white space around it, a sign before or behind
/// it, commas between the digits of its whole part. Json.NET 12 takes an exponent there as well.
pub(super) fn plain_quoted(text: &str) -> Option<String> {
    let text = trim(text);
    let (leading, unsigned) = split_sign(text);
    let (trailing, unsigned) = match unsigned.strip_suffix(['-', '+']) {
        Some(_) if unsigned.len() < text.len() => return None,
        Some(before) => (if unsigned.ends_with('-') { "-" } else { "" }, trim(before)),
        None => ("", unsigned),
    };
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let whole = unsigned.split('.').next().unwrap_or_default();
    let ungrouped = whole.replace(',', "") + &unsigned[whole.len()..];
    without_exponent(&format!("{leading}{trailing}{ungrouped}"))
}

fn split_sign(text: &str) -> (&'static str, &str) {
    match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

/// `text` without the white space that .NET's number parsers skip.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c| matches!(c, '\t'..='\r' | ' '))
}
