//! The normal form of what people type about themselves and others: e-mail addresses, telephone numbers, names.
//!
//! The normal form is made before anything is checked, compared or stored, and only here: for logging in, for adding
//! users, for invitations.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use validator::ValidateEmail as _;

/// Longest e-mail address, in bytes (RFC 5321).
const LONGEST_EMAIL: usize = 254;

/// Longest name, in characters.
const LONGEST_NAME: usize = 200;

/// An e-mail address in its normal form: small letters, and a domain in ASCII (`xn--...`).
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    normal: String,
    /// Other forms under which earlier versions stored the same address.
    older: Vec<String>,
}

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address")]
pub struct NotAnEmailAddress;

impl EmailAddress {
    /// Reads an address as it is typed: blanks and invisible characters do not count, nor does letter case.
    ///
    /// # Errors
    /// [`NotAnEmailAddress`].
    pub fn parse(typed: &str) -> Result<Self, NotAnEmailAddress> {
        let folded = compatible(typed).to_lowercase();
        let (local, domain) = folded.rsplit_once('@').ok_or(NotAnEmailAddress)?;
        // HTML's rule, which the validator follows, lets dots stand where no mail server wants them.
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(NotAnEmailAddress);
        }
        let ascii = if domain.starts_with('[') {
            domain.to_owned()
        } else {
            idna::domain_to_ascii_strict(domain).map_err(|_| NotAnEmailAddress)?
        };
        let normal = format!("{local}@{ascii}");
        if normal.len() > LONGEST_EMAIL || !normal.validate_email() {
            return Err(NotAnEmailAddress);
        }
        let (unicode, _) = idna::domain_to_unicode(&ascii);
        let mut older = vec![format!("{local}@{unicode}"), typed.trim().to_lowercase()];
        older.retain(|older| *older != normal);
        older.dedup();
        Ok(Self { normal, older })
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.normal
    }

    /// The normal form, and then the forms under which earlier versions may have stored the address.
    pub fn stored_forms(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.normal).chain(&self.older).map(String::as_str)
    }
}

/// The name of a person, in its normal form: one line that has something to be seen, and no control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// A text that is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    /// It is empty, or has nothing but blanks and invisible characters.
    #[error("this name has no visible character")]
    Invisible,
    /// It is too long.
    #[error("a name has at most {LONGEST_NAME} characters")]
    TooLong,
}

impl PersonName {
    /// Reads a name as it is typed. Characters that turn the direction of writing around are left out, as they would also
    /// turn the text around the name; so are other invisible ones, but for those that join letters or choose their form.
    ///
    /// # Errors
    /// [`NotAName`].
    pub fn parse(typed: &str) -> Result<Self, NotAName> {
        let composed = ComposingNormalizerBorrowed::new_nfc().normalize(typed);
        let kept: String = composed
            .chars()
            .filter(|c| is_form_of_letters(*c) || !is_invisible(*c))
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let name = kept.split_whitespace().collect::<Vec<_>>().join(" ");
        if !name.chars().any(is_visible) {
            Err(NotAName::Invisible)
        } else if name.chars().count() > LONGEST_NAME {
            Err(NotAName::TooLong)
        } else {
            Ok(Self(name))
        }
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A telephone number in its normal form: ASCII, without invisible characters.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number as people write it: digits, with blanks, dots, hyphens, slashes and brackets between them. None for
    /// other texts.
    pub fn parse(typed: &str) -> Option<Self> {
        let is_dash =
            |c| CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::DashPunctuation;
        let number: String = compatible(typed).chars().map(|c| if is_dash(c) { '-' } else { c }).collect();
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let written = |c: char| c.is_ascii_digit() || " -./()".contains(c);
        let sound = number.strip_prefix('+').unwrap_or(&number).chars().all(written);
        (sound && (3..=20).contains(&digits)).then_some(Self(number))
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Addresses and names are personal data: a log must not show them by accident.
macro_rules! hidden_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

hidden_debug!(EmailAddress, PersonName, PhoneNumber);

/// Whether nothing was typed that could be seen.
pub fn is_blank(typed: &str) -> bool {
    typed.trim().is_empty()
}

/// For texts of ASCII: the compatible form (NFKC), without invisible characters and surrounding blanks.
fn compatible(typed: &str) -> String {
    let visible: String = typed.chars().filter(|c| !is_invisible(*c)).collect();
    ComposingNormalizerBorrowed::new_nfkc().normalize(&visible).trim().to_owned()
}

/// Characters without a glyph of their own: joiners, fillers, byte order marks, and what changes the direction of writing.
fn is_invisible(c: char) -> bool {
    // The anchors of interlinear annotations are invisible, too.
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || matches!(c, '\u{fff9}'..='\u{fffb}')
}

/// Invisible characters that names need: joiners (Persian, Indic scripts) and variation selectors.
fn is_form_of_letters(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_visible(c: char) -> bool {
    // A Braille pattern without dots.
    c != '\u{2800}'
        && !is_invisible(c)
        && !matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::Unassigned
                | GeneralCategory::PrivateUse
                | GeneralCategory::SpaceSeparator
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
                | GeneralCategory::NonspacingMark
                | GeneralCategory::EnclosingMark
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form_however_it_is_typed() {
        for (typed, normal) in [
            ("ana@example.org", "ana@example.org"),
            (" Ana@Example.ORG \r\n", "ana@example.org"),
            ("\u{feff}ana@example.org", "ana@example.org"),
            ("ana\u{200b}@example.org\u{200e}", "ana@example.org"),
            ("\u{a0}ana@example.org\u{3000}", "ana@example.org"),
            ("ａｎａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ana@example.org"),
            ("ana@müller.example", "ana@xn--mller-kva.example"),
            ("ana@MU\u{308}LLER.example", "ana@xn--mller-kva.example"),
            ("ana@XN--mller-kva.example", "ana@xn--mller-kva.example"),
            ("nurse@localhost", "nurse@localhost"),
        ] {
            let read = EmailAddress::parse(typed).map(|email| email.as_str().to_owned());
            assert_eq!(read.as_deref(), Ok(normal), "{typed:?}");
        }
        for typed in [
            "",
            " ",
            "nobody",
            "@x.org",
            "a@",
            "a@b@",
            "a b@x.org",
            ".a@x.org",
            "a..b@x.org",
            "a@x..org",
            "a@-x.org",
            "a@x.org\u{0}",
            "a\n@x.org",
            "ána@x.org",
            "a@xn--\u{fc}.org",
            "\u{200b}@x.org",
            "<a@x.org>",
        ] {
            assert!(EmailAddress::parse(typed).is_err(), "{typed:?}");
        }
        let long = format!(
            "{}@{}.org",
            "a".repeat(60),
            ["b".repeat(60), "c".repeat(60), "d".repeat(60), "e".repeat(60)].join(".")
        );
        assert!(EmailAddress::parse(&long).is_err());
    }

    #[test]
    fn an_address_is_found_as_earlier_versions_stored_it() {
        let forms = |typed| {
            let email = EmailAddress::parse(typed).unwrap();
            email.stored_forms().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(forms("Ana@example.org"), ["ana@example.org"]);
        let both = ["ana@xn--mller-kva.example", "ana@müller.example"];
        assert_eq!(forms("ana@xn--mller-kva.example"), both);
        assert_eq!(forms("ana@Müller.example"), both);
        assert_eq!(forms("ana@mu\u{308}ller.example")[2], "ana@mu\u{308}ller.example");
    }

    #[test]
    fn a_name_is_one_line_that_can_be_seen() {
        for (typed, name) in [
            (" Nora  Nurse\r\n", "Nora Nurse"),
            ("Nora\tNurse\u{2028}x", "Nora Nurse x"),
            ("\u{feff}Nora", "Nora"),
            ("Rosa \u{202e}esruN\u{202c}\u{2066}\u{2069}\u{200f}\u{61c}", "Rosa esruN"),
            ("Jose\u{301}", "José"),
            ("No\u{200b}ra\u{ad}", "Nora"),
            ("می\u{200c}نا", "می\u{200c}نا"),
            ("שרה", "שרה"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
        ] {
            let read = PersonName::parse(typed).map(|read| read.as_str().to_owned());
            assert_eq!(read.as_deref(), Ok(name), "{typed:?}");
        }
        for typed in [
            "",
            " \t",
            "\u{200b}",
            "\u{200d}\u{200c}",
            "\u{feff}",
            "\u{202e}\u{2066}",
            "\u{3164}",
            "\u{ffa0}\u{115f}",
            "\u{2800}",
            "\u{fe0f}",
            "\u{301}",
            "\u{e0041}",
            "\u{0}",
            "\u{3000}\u{a0}",
            "\u{e000}",
        ] {
            assert_eq!(PersonName::parse(typed).err(), Some(NotAName::Invisible), "{typed:?}");
        }
        assert!(PersonName::parse(&"ä".repeat(200)).is_ok());
        assert_eq!(PersonName::parse(&"ä".repeat(201)).err(), Some(NotAName::TooLong));
    }

    #[test]
    fn a_telephone_number_may_be_copied_from_anywhere() {
        for (typed, number) in [
            (" +1 (555) 010-0199 ", "+1 (555) 010-0199"),
            ("\u{202a}+1 555 0100\u{202c}", "+1 555 0100"),
            ("+49\u{a0}170\u{2011}555", "+49 170-555"),
            ("０１７０ ５５５", "0170 555"),
        ] {
            assert_eq!(PhoneNumber::parse(typed).map(|read| read.0).as_deref(), Some(number), "{typed:?}");
        }
        for typed in ["", "12", "call me", "+1 555\n0100", "++1555", "123456789012345678901"] {
            assert!(PhoneNumber::parse(typed).is_none(), "{typed:?}");
        }
    }
}
