//! The many ways a JSON client may write a time: ISO 8601, the old `/Date(..)/` form, and what .NET's
//! `DateTime.TryParse` takes in the invariant culture.

use crate::models::{DateParts, DateTime};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The time that `text` tells; `None` when it tells none. A time without a zone is UTC. A time of day without a date is
/// refused, since it would mean today.
pub(super) fn parse(text: &str) -> Option<DateTime> {
    if let Some(inside) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        return milliseconds(inside);
    }
    let text = text.trim();
    DateTime::parse(text).or_else(|| Words { rest: text }.date_and_time())
}

/// `1745595078378` or `1745595078378+0200`; the zone does not move the instant.
fn milliseconds(text: &str) -> Option<DateTime> {
    let zone = text.get(1..)?.find(['+', '-']).map_or("", |sign| &text[sign + 1..]);
    let zone_is_sound = zone.is_empty() || (matches!(zone.len(), 3 | 5) && all_digits(&zone[1..]));
    let milliseconds = text[..text.len() - zone.len()].parse().ok()?;
    DateTime::from_milliseconds(milliseconds).filter(|_| zone_is_sound)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text that is taken apart from the left.
struct Words<'t> {
    rest: &'t str,
}

impl<'t> Words<'t> {
    fn date_and_time(mut self) -> Option<DateTime> {
        let mut parts = DateParts::default();
        self.skip_day_of_week();
        self.date(&mut parts)?;
        let had_t = self.take("T") || self.take("t");
        self.skip_blanks();
        if had_t || self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            self.time(&mut parts)?;
        }
        parts.zone_minutes = self.zone()?;
        self.rest.is_empty().then(|| parts.assemble()).flatten()
    }

    fn skip_day_of_week(&mut self) {
        let mut ahead = Words { rest: self.rest };
        if ahead.word().is_some_and(|word| DAYS.iter().any(|day| abbreviates(word, day))) {
            self.rest = ahead.rest;
            self.skip_blanks();
        }
    }

    /// Year, month and day: `2025-04-25`, `2025/4/25`, `04/25/2025`, `25 Apr 2025`, `April 25, 2025`, `April 2025`,
    /// `2025-04`. Of three numbers the first is the year if it has more than two digits, else the month.
    fn date(&mut self, parts: &mut DateParts<'t>) -> Option<()> {
        if let Some(month) = self.month_name() {
            let (first, second) = (self.number_after_separator()?, self.number_after_separator());
            parts.month = month;
            match second {
                Some(year) => (parts.day, parts.year) = (value(first)?, year_of(year)?),
                None if first.len() > 2 => (parts.day, parts.year) = (1, year_of(first)?),
                None => return None,
            }
            return Some(());
        }
        let first = self.number()?;
        self.separator();
        if let Some(month) = self.month_name() {
            let year = self.number_after_separator()?;
            (parts.day, parts.month, parts.year) = (value(first)?, month, year_of(year)?);
            return Some(());
        }
        let second = self.number()?;
        let third = self.number_after_separator();
        match third {
            Some(day) if first.len() > 2 => {
                (parts.year, parts.month, parts.day) = (year_of(first)?, value(second)?, value(day)?);
            }
            Some(year) => {
                (parts.month, parts.day, parts.year) = (value(first)?, value(second)?, year_of(year)?);
            }
            None if first.len() > 2 => {
                (parts.year, parts.month, parts.day) = (year_of(first)?, value(second)?, 1);
            }
            None => return None,
        }
        Some(())
    }

    /// `15:31`, `15:31:18`, `15:31:18.3783249`, each with `AM` or `PM` behind it.
    fn time(&mut self, parts: &mut DateParts<'t>) -> Option<()> {
        parts.hour = value(self.number()?)?;
        parts.minute = value(self.take(":").then(|| self.number())??)?;
        if self.take(":") {
            parts.second = value(self.number()?)?;
            if self.take(".") {
                parts.fraction = self.number()?;
            }
        }
        self.skip_blanks();
        if let Some(afternoon) = self.half_of_day() {
            if !(1..=12).contains(&parts.hour) {
                return None;
            }
            parts.hour = parts.hour % 12 + if afternoon { 12 } else { 0 };
            self.skip_blanks();
        }
        Some(())
    }

    fn half_of_day(&mut self) -> Option<bool> {
        let mut ahead = Words { rest: self.rest };
        let word = ahead.word()?;
        let afternoon = ["pm", "p"].iter().any(|pm| word.eq_ignore_ascii_case(pm));
        let known = afternoon || ["am", "a"].iter().any(|am| word.eq_ignore_ascii_case(am));
        known.then(|| {
            self.rest = ahead.rest;
            afternoon
        })
    }

    /// `Z`, `GMT`, `+02:00`, `+0200`, `+02` or nothing, which is UTC.
    fn zone(&mut self) -> Option<i64> {
        self.skip_blanks();
        if self.rest.is_empty() {
            return Some(0);
        }
        if let Some(name) = self.word() {
            return (name.eq_ignore_ascii_case("z") || name.eq_ignore_ascii_case("gmt")).then_some(0);
        }
        let sign = if self.take("-") { -1 } else { i64::from(self.take("+")) };
        let hours = self.number()?;
        let (hours, minutes) = match (hours.len(), self.take(":")) {
            (1 | 2, true) => (hours, self.number()?),
            (1 | 2, false) => (hours, "0"),
            (4, false) => hours.split_at(2),
            _ => return None,
        };
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        (sign != 0 && minutes < 60 && hours * 60 + minutes <= 14 * 60)
            .then_some(sign * (hours * 60 + minutes))
    }

    fn month_name(&mut self) -> Option<u32> {
        let mut ahead = Words { rest: self.rest };
        let word = ahead.word()?;
        let month =
            (1..).zip(MONTHS).find(|(_, month)| abbreviates(word, month)).map(|(number, _)| number)?;
        self.rest = ahead.rest;
        Some(month)
    }

    fn number_after_separator(&mut self) -> Option<&'t str> {
        let mut ahead = Words { rest: self.rest };
        ahead.separator();
        let number = ahead.number()?;
        // What is followed by a colon is an hour.
        if ahead.rest.starts_with(':') {
            return None;
        }
        self.rest = ahead.rest;
        Some(number)
    }

    fn separator(&mut self) {
        let start = self.rest.trim_start();
        self.rest = start.strip_prefix(['-', '/', ',', '.']).unwrap_or(start).trim_start();
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
    }

    fn take(&mut self, prefix: &str) -> bool {
        let behind = self.rest.strip_prefix(prefix);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    fn number(&mut self) -> Option<&'t str> {
        self.run(|c| c.is_ascii_digit())
    }

    fn word(&mut self) -> Option<&'t str> {
        self.run(|c| c.is_ascii_alphabetic())
    }

    fn run(&mut self, belongs: fn(char) -> bool) -> Option<&'t str> {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!run.is_empty()).then_some(run)
    }
}

/// Whether `word` is `name` or its first three letters, in any letter case.
fn abbreviates(word: &str, name: &str) -> bool {
    word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3])
}

fn value(digits: &str) -> Option<u32> {
    if digits.len() <= 2 { digits.parse().ok() } else { None }
}

/// Two digits mean 1930 to 2029, as in .NET's invariant calendar.
fn year_of(digits: &str) -> Option<u32> {
    let year: u32 = digits.parse().ok()?;
    match digits.len() {
        1 | 2 if year < 30 => Some(year + 2000),
        1 | 2 => Some(year + 1900),
        4 => Some(year),
        _ => None,
    }
}
