//! The wire's `dateTime`.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The finest step: .NET counts time in ticks of 100 ns, which are seven digits of a second.
const TICK_NANOSECONDS: u32 = 100;
const TICKS_PER_SECOND: i64 = 10_000_000;
const TICK_DIGITS: usize = 7;

/// A moment in UTC between the years 1 and 9999, to the tick, written `2025-04-25T15:31:18.3783249Z`.
///
/// Always written with `Z` and without trailing zeros in the fraction. What is read without a zone is UTC; what has an
/// offset is converted. Beyond the ends of the range .NET stops at them, and so does this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename = "dateTime")]
pub struct DateTime(#[serde(with = "text")] chrono::DateTime<Utc>);

impl DateTime {
    /// Reads the forms of XML Schema: `2025-04-25T15:31:18.378+02:00`, `2025-04-25`, `2025-04`, `2025`, each with or
    /// without a zone.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, zone_minutes) = split_zone(text)?;
        let (date, time) = match cut_at(local, b'T') {
            Some((date, time)) => (date, Some(time)),
            None => (local, None),
        };
        let mut parts = DateParts { zone_minutes, ..DateParts::default() };
        let mut date = date.as_bytes().split(|byte| *byte == b'-');
        parts.year = fixed(date.next()?, 4)?;
        match (date.next(), date.next(), date.next(), time) {
            (None, None, None, None) => {}
            (Some(month), None, None, None) => parts.month = fixed(month, 2)?,
            (Some(month), Some(day), None, _) => {
                (parts.month, parts.day) = (fixed(month, 2)?, fixed(day, 2)?);
            }
            _ => return None,
        }
        if let Some(time) = time {
            let (clock, fraction) =
                cut_at(time, b'.').map_or((time, None), |(clock, rest)| (clock, Some(rest)));
            let mut clock = clock.as_bytes().split(|byte| *byte == b':');
            parts.hour = fixed(clock.next()?, 2)?;
            parts.minute = fixed(clock.next()?, 2)?;
            parts.second = fixed(clock.next()?, 2)?;
            parts.fraction = fraction.unwrap_or_default();
            if clock.next().is_some() || fraction.is_some_and(str::is_empty) {
                return None;
            }
        }
        parts.assemble()
    }

    /// The moment so many microseconds after the beginning of 1970; what .NET can't tell becomes its first moment.
    pub fn from_microseconds(microseconds: i64) -> Self {
        chrono::DateTime::from_timestamp_micros(microseconds).map(Self::from).unwrap_or_default()
    }

    /// Microseconds since the beginning of 1970, cut.
    pub fn microseconds(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Ticks of 100 ns since the beginning of 1970: all that it is.
    pub(crate) fn ticks(self) -> i64 {
        self.0.timestamp() * TICKS_PER_SECOND + i64::from(self.0.timestamp_subsec_nanos() / TICK_NANOSECONDS)
    }

    /// The moment so many ticks after the beginning of 1970.
    fn from_ticks(ticks: i64) -> Option<Self> {
        let nanoseconds = u32::try_from(ticks.rem_euclid(TICKS_PER_SECOND)).ok()? * TICK_NANOSECONDS;
        let time = chrono::DateTime::from_timestamp(ticks.div_euclid(TICKS_PER_SECOND), nanoseconds)?;
        (1..=9999).contains(&time.year()).then_some(Self(time))
    }

    /// The moment so many milliseconds after the beginning of 1970.
    pub fn from_milliseconds(milliseconds: i64) -> Option<Self> {
        let time = chrono::DateTime::from_timestamp_millis(milliseconds)?.naive_utc();
        (1..=9999).contains(&time.year()).then(|| Self(time.and_utc()))
    }
}

impl Default for DateTime {
    /// .NET's `DateTime.MinValue`, which a member that is not sent has there.
    fn default() -> Self {
        Self(first_moment().and_utc())
    }
}

impl From<chrono::DateTime<Utc>> for DateTime {
    /// Cuts to the tick.
    fn from(time: chrono::DateTime<Utc>) -> Self {
        let beyond_tick = time.nanosecond() % TICK_NANOSECONDS;
        Self(clamp(time.naive_utc() - TimeDelta::nanoseconds(beyond_tick.into())).and_utc())
    }
}

impl From<DateTime> for chrono::DateTime<Utc> {
    fn from(time: DateTime) -> Self {
        time.0
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // chrono's own formatting takes ten times as long.
        let mut text = *b"0000-00-00T00:00:00.0000000Z";
        let (date, time) = (self.0.date_naive(), self.0.time());
        // The years are 1 to 9999.
        put(&mut text[0..4], date.year().unsigned_abs());
        put(&mut text[5..7], date.month());
        put(&mut text[8..10], date.day());
        put(&mut text[11..13], time.hour());
        put(&mut text[14..16], time.minute());
        put(&mut text[17..19], time.second());
        put(&mut text[20..27], time.nanosecond() / TICK_NANOSECONDS);
        // Without trailing zeros, and without a point that nothing follows.
        let fraction = text[20..27].iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 2);
        text[19 + fraction] = b'Z';
        f.write_str(str::from_utf8(&text[..20 + fraction]).map_err(|_| fmt::Error)?)
    }
}

/// Writes the last digits of a number.
fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The parts of a date as they are read, before anything is known to be right about them.
pub(crate) struct DateParts<'t> {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    /// The digits behind the point of the seconds.
    pub(crate) fraction: &'t str,
    /// How far the clock is ahead of UTC.
    pub(crate) zone_minutes: i64,
}

impl Default for DateParts<'_> {
    fn default() -> Self {
        Self { year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0, fraction: "", zone_minutes: 0 }
    }
}

impl DateParts<'_> {
    /// The moment the parts tell; `None` when there is no such one.
    pub(crate) fn assemble(&self) -> Option<DateTime> {
        let ticks = ticks(self.fraction)?;
        let midnight_after = self.hour == 24 && self.minute == 0 && self.second == 0 && ticks == 0;
        let hour = if midnight_after { 0 } else { self.hour };
        let year = i32::try_from(self.year).ok().filter(|year| (1..=9999).contains(year))?;
        let date = NaiveDate::from_ymd_opt(year, self.month, self.day)?;
        let local = date.and_hms_opt(hour, self.minute, self.second)?
            + TimeDelta::nanoseconds(ticks * i64::from(TICK_NANOSECONDS))
            + TimeDelta::days(i64::from(midnight_after));
        Some(DateTime(clamp(local - TimeDelta::minutes(self.zone_minutes)).and_utc()))
    }
}

/// Ticks of a fraction of a second; half a tick goes to the even neighbour.
fn ticks(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (kept, cut) = fraction.split_at(fraction.len().min(TICK_DIGITS));
    let digits = kept.bytes().chain(std::iter::repeat(b'0')).take(TICK_DIGITS);
    let ticks = digits.fold(0, |ticks, digit| ticks * 10 + i64::from(digit - b'0'));
    let rest = cut.trim_end_matches('0');
    let up = match rest.as_bytes().first() {
        Some(b'5') if rest.len() == 1 => ticks % 2 == 1,
        Some(digit) => *digit >= b'5',
        None => false,
    };
    Some(ticks + i64::from(up))
}

fn first_moment() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN)
}

fn clamp(time: NaiveDateTime) -> NaiveDateTime {
    let last_tick = TimeDelta::nanoseconds((TICKS_PER_SECOND * 86_400 - 1) * i64::from(TICK_NANOSECONDS));
    let last_day = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default().and_time(chrono::NaiveTime::MIN);
    time.clamp(first_moment(), last_day + last_tick)
}

/// Splits `Z` or `+hh:mm` off the end; answers its minutes.
fn split_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(local) = text.strip_suffix('Z') {
        return Some((local, 0));
    }
    let Some((local, zone)) = text.len().checked_sub(6).and_then(|at| text.split_at_checked(at)) else {
        return Some((text, 0));
    };
    let sign = match zone.as_bytes() {
        [b'+', _, _, b':', ..] => 1,
        [b'-', _, _, b':', ..] => -1,
        _ => return Some((text, 0)),
    };
    let (hours, minutes) = (fixed(&zone.as_bytes()[1..3], 2)?, fixed(&zone.as_bytes()[4..], 2)?);
    let total = i64::from(hours) * 60 + i64::from(minutes);
    (minutes < 60 && total <= 14 * 60).then_some((local, sign * total))
}

/// What stands before and behind the first byte `at`. These texts are too short for the search of the standard library to pay.
fn cut_at(text: &str, at: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == at)?;
    Some((&text[..at], &text[at + 1..]))
}

/// A number of exactly `length` digits.
fn fixed(digits: &[u8], length: usize) -> Option<u32> {
    let sound = digits.len() == length && digits.iter().all(u8::is_ascii_digit);
    sound.then(|| digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

mod text {
    use super::DateTime;
    use chrono::Utc;
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;
    use std::fmt;

    pub(super) fn serialize<S: Serializer>(
        time: &chrono::DateTime<Utc>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&DateTime(*time).to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<chrono::DateTime<Utc>, D::Error> {
        deserializer.deserialize_str(TextOrTicks).map(|DateTime(time)| time)
    }

    /// A text, or the ticks of what a reader with other forms of dates has read from it.
    struct TextOrTicks;

    impl Visitor<'_> for TextOrTicks {
        type Value = DateTime;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a date and time of XML Schema")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<DateTime, E> {
            DateTime::parse(text).ok_or_else(|| E::custom("a date and time of XML Schema is expected"))
        }

        fn visit_i64<E: Error>(self, ticks: i64) -> Result<DateTime, E> {
            DateTime::from_ticks(ticks)
                .ok_or_else(|| E::custom("a moment between the years 1 and 9999 is expected"))
        }
    }
}
