//! Character classes of XML 1.0 and Namespaces in XML 1.0.

const WHITE: u8 = 1;
const NAME_START: u8 = 2;
const NAME: u8 = 4;
const TEXT_STOP: u8 = 8;
const ATTRIBUTE_STOP: u8 = 16;
const OUTPUT_STOP: u8 = 32;

/// One look-up per byte is the whole cost of scanning names and text.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        let mut class = 0;
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            class |= WHITE;
        }
        if byte.is_ascii_alphabetic() || byte == b'_' {
            class |= NAME_START | NAME;
        }
        if byte.is_ascii_digit() || matches!(byte, b'-' | b'.') {
            class |= NAME;
        }
        if matches!(byte, b'<' | b'&' | b'\r' | b']') {
            class |= TEXT_STOP;
        }
        if byte < b' ' || matches!(byte, b'<' | b'&' | b'"' | b'\'') {
            class |= ATTRIBUTE_STOP;
        }
        // 0xEF is the lead byte of U+FFFE and U+FFFF.
        if matches!(byte, b'<' | b'>' | b'&' | 0xEF) || (byte < b' ' && !matches!(byte, b'\t' | b'\n')) {
            class |= OUTPUT_STOP;
        }
        table[byte as usize] = class;
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

fn is(byte: u8, class: u8) -> bool {
    CLASS[usize::from(byte)] & class != 0
}

/// The number of bytes before the first stop. `stops` looks at eight bytes: it sets a bit of the first stop among them,
/// and none before; bits of later bytes mean nothing. `stop` looks at one byte.
#[inline]
fn before_stop(bytes: &[u8], stops: impl Fn(u64) -> u64, stop: impl Fn(u8) -> bool) -> usize {
    let mut rest = bytes;
    while let Some((&word, behind)) = rest.split_first_chunk() {
        let found = stops(u64::from_le_bytes(word));
        if found != 0 {
            return bytes.len() - rest.len() + first(found);
        }
        rest = behind;
    }
    let known = bytes.len() - rest.len();
    // The last eight bytes are the rest and some that are known already.
    match bytes.last_chunk() {
        Some(&word) if !rest.is_empty() => match stops(u64::from_le_bytes(word)) {
            0 => bytes.len(),
            found => bytes.len() - 8 + first(found),
        },
        _ => known + rest.iter().position(|&byte| stop(byte)).unwrap_or(rest.len()),
    }
}

/// Which byte of a word the lowest bit is in.
const fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// `byte` in every byte of a word.
const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const HIGH: u64 = every(0x80);

/// Sets the high bit of the bytes that are less than `limit`, which is at most 0x80. Exact up to the first one.
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(every(limit)) & !word
}

/// Sets the high bit of the bytes that are `byte`. Exact up to the first one.
const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ every(byte), 1)
}

/// Sets the high bit of the bytes that are no ASCII letters.
const fn no_letters(word: u64) -> u64 {
    // The sums set the high bit of a byte from 'a' on and behind 'z'; without a high bit before there is no carry.
    let lower = (word | every(0x20)) & !HIGH;
    let from_a = lower.wrapping_add(every(0x80 - b'a'));
    let behind_z = lower.wrapping_add(every(0x7F - b'z'));
    (!from_a | behind_z | word) & HIGH
}

const fn text_stops(word: u64) -> u64 {
    (equal(word, b'<') | equal(word, b'&') | equal(word, b'\r') | equal(word, b']')) & HIGH
}

const fn attribute_stops(word: u64) -> u64 {
    let quotes = equal(word, b'"') | equal(word, b'\'');
    (below(word, b' ') | quotes | equal(word, b'<') | equal(word, b'&')) & HIGH
}

/// Also stops at white space and bytes beyond ASCII, which are then looked at one by one.
const fn output_stops(word: u64) -> u64 {
    (word | below(word, b' ') | equal(word, b'<') | equal(word, b'>') | equal(word, b'&')) & HIGH
}

pub(crate) fn is_white(byte: u8) -> bool {
    is(byte, WHITE)
}

/// How many bytes of white space `bytes` starts with.
#[inline]
pub(crate) fn white_run(bytes: &[u8]) -> usize {
    let mut length = 0;
    // A line feed, mostly, and then the spaces of the indentation.
    while bytes.get(length).is_some_and(|&byte| is_white(byte)) {
        length += 1;
        length += before_stop(&bytes[length..], |word| word ^ every(b' '), |byte| byte != b' ');
    }
    length
}

/// How many bytes there are before one that may mean more than itself in text.
#[inline]
pub(crate) fn plain_text(bytes: &[u8]) -> usize {
    before_stop(bytes, text_stops, |byte| is(byte, TEXT_STOP))
}

/// How many bytes there are before one that may mean more than itself in an attribute.
pub(crate) fn plain_attribute(bytes: &[u8]) -> usize {
    before_stop(bytes, attribute_stops, |byte| is(byte, ATTRIBUTE_STOP))
}

/// How many bytes there are before one that cannot just be copied when it is written: markup, line ends, control
/// characters, and what may be no character of XML.
pub(crate) fn plain_output(bytes: &[u8]) -> usize {
    let mut plain = before_stop(bytes, output_stops, |byte| is(byte, OUTPUT_STOP));
    while bytes.get(plain).is_some_and(|&byte| !is(byte, OUTPUT_STOP)) {
        plain += 1;
    }
    plain
}

/// The length of the `NCName` that `text` starts with; 0 if there is none.
#[inline]
pub(crate) fn ncname(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut length = before_stop(bytes, no_letters, |byte| !byte.is_ascii_alphabetic());
    while bytes.get(length).is_some_and(|&byte| is(byte, NAME)) {
        length += 1;
    }
    if bytes.get(length).is_some_and(|byte| !byte.is_ascii()) {
        return ncname_beyond_ascii(text);
    }
    if bytes.first().is_some_and(|&byte| is(byte, NAME_START)) { length } else { 0 }
}

/// Whether all of `text` is an `NCName`.
pub(crate) fn is_ncname(text: &str) -> bool {
    !text.is_empty() && ncname(text) == text.len()
}

#[cold]
fn ncname_beyond_ascii(text: &str) -> usize {
    match text.chars().next() {
        Some(first) if is_name_start(first) => text.find(|c| !is_name(c)).unwrap_or(text.len()),
        _ => 0,
    }
}

/// `NameStartChar` of XML 1.0, fifth edition, without the colon.
fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// `Char` of XML 1.0 (surrogates are no `char`).
pub(crate) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// The byte offset of the first character XML 1.0 cannot hold.
pub(crate) fn first_illegal(text: &str) -> Option<usize> {
    // No branch per byte, and blocks of one size, so that the compiler can use vector instructions. The
    // suspects are control characters (tab, line feed and carriage return are told apart below) and the lead
    // byte of U+FFFE and U+FFFF.
    const BLOCK: usize = 128;
    let suspect = |found: u8, &byte: &u8| {
        let control = u8::from(byte < b' ') & u8::from(byte != b'\n') & u8::from(byte != b'\r');
        found | (control & u8::from(byte != b'\t')) | u8::from(byte == 0xEF)
    };
    let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(0, suspect) != 0
            && let Some(at) = first_illegal_in(text, index * BLOCK, BLOCK)
        {
            return Some(at);
        }
    }
    first_illegal_in(text, text.len() - rest.len(), rest.len())
}

fn first_illegal_in(text: &str, from: usize, length: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..from + length).find(|&at| match bytes[at] {
        b'\t' | b'\n' | b'\r' => false,
        0..b' ' => true,
        0xEF => matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])),
        _ => false,
    })
}

/// Without the white space of XML at either end.
pub(crate) fn trim(text: &str) -> &str {
    let begins = text.as_bytes().first().is_some_and(|&byte| is_white(byte));
    let ends = text.as_bytes().last().is_some_and(|&byte| is_white(byte));
    if begins || ends { text.trim_matches([' ', '\t', '\n', '\r']) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_where_xml_says() {
        for (text, length) in [
            ("Name>", 4),
            ("_a-b.c1 ", 7),
            ("a:b", 1),
            ("", 0),
            ("1a", 0),
            ("-a", 0),
            (":a", 0),
            ("é=", 2),
            ("aé\u{D7}", 3),
            ("\u{B7}a", 0),
            ("a\u{B7}", 3),
            ("\u{37E}", 0),
        ] {
            assert_eq!(ncname(text), length, "{text:?}");
        }
    }

    #[test]
    fn eight_at_a_time_are_told_as_one_at_a_time() {
        for byte in 0..=u8::MAX {
            for other in [b'a', b'Z', b' ', b'!', b'9', b'~', 0, 0x7F, 0x80, 0xFF, b'<', b'<' + 1] {
                for (length, at) in (1..20).flat_map(|length| (0..length).map(move |at| (length, at))) {
                    let mut bytes = vec![other; length];
                    bytes[at] = byte;
                    let before =
                        |stop: fn(u8) -> bool| bytes.iter().position(|&byte| stop(byte)).unwrap_or(length);
                    assert_eq!(white_run(&bytes), before(|byte| !is_white(byte)), "{bytes:?}");
                    assert_eq!(plain_text(&bytes), before(|byte| b"<&\r]".contains(&byte)), "{bytes:?}");
                    let attribute = |byte| byte < b' ' || b"<&\"'".contains(&byte);
                    assert_eq!(plain_attribute(&bytes), before(attribute), "{bytes:?}");
                    let output = |byte| b"<>&\xEF".contains(&byte) || byte < b' ' && !b"\t\n".contains(&byte);
                    assert_eq!(plain_output(&bytes), before(output), "{bytes:?}");
                    if bytes.is_ascii() {
                        let text = str::from_utf8(&bytes).unwrap_or_default();
                        let name = before(|byte| !byte.is_ascii_alphanumeric() && !b"-._".contains(&byte));
                        let begins = bytes[0].is_ascii_alphabetic() || bytes[0] == b'_';
                        assert_eq!(ncname(text), if begins { name } else { 0 }, "{bytes:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_fast_search_agrees_with_the_definition_at_every_place() {
        for code in (0..0x100).chain(0xFE00..=0x1_0001).chain([0xE000, 0x10_FFFF]) {
            let Some(c) = char::from_u32(code) else { continue };
            for before in [0, 1, 125, 126, 127, 128, 253, 254, 255, 256, 300] {
                let text = format!("{}{c} after", "x".repeat(before));
                assert_eq!(first_illegal(&text), (!is_legal(c)).then_some(before), "{code:x} {before}");
            }
        }
    }
}
