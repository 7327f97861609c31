//! Character classes of XML 1.0 and Namespaces in XML 1.0.

const WHITE: u8 = 1;
const NAME_START: u8 = 2;
const NAME: u8 = 4;
const TEXT_STOP: u8 = 8;
const ATTRIBUTE_STOP: u8 = 16;

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
        if matches!(byte, b'<' | b'&' | b'\t' | b'\n' | b'\r' | b'"' | b'\'') {
            class |= ATTRIBUTE_STOP;
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

/// How many bytes at the start of `bytes` are of the kind `one` tells. Eight at a time are taken as long as
/// `all` knows them to be of that kind: most names, indentations and texts are longer than that.
fn run(bytes: &[u8], all: impl Fn(u64) -> bool, one: impl Fn(u8) -> bool) -> usize {
    let mut known = 0;
    for &word in bytes.as_chunks::<8>().0 {
        if !all(u64::from_ne_bytes(word)) {
            break;
        }
        known += 8;
    }
    while bytes.get(known).is_some_and(|&byte| one(byte)) {
        known += 1;
    }
    known
}

/// `byte` in every byte of a word.
const fn every(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

const HIGH: u64 = every(0x80);

/// Whether all eight bytes are ASCII letters.
fn letters(word: u64) -> bool {
    let lower = word | every(0x20);
    // The sums set the high bit of a byte from 'a' on and behind 'z'; without a high bit before there is no
    // carry.
    word & HIGH == 0
        && (lower & !HIGH).wrapping_add(every(0x80 - b'a'))
            & !(lower & !HIGH).wrapping_add(every(0x7F - b'z'))
            & HIGH
            == HIGH
}

/// Whether none of the eight bytes is `byte`.
fn lacks(word: u64, byte: u8) -> bool {
    let zero = word ^ every(byte);
    zero.wrapping_sub(every(1)) & !zero & HIGH == 0
}

/// Whether all eight bytes are ASCII that XML can hold, and may be written without escape.
fn writes_as_is(word: u64) -> bool {
    let control = word.wrapping_sub(every(b' ')) & !word;
    (word | control) & HIGH == 0 && lacks(word, b'<') && lacks(word, b'>') && lacks(word, b'&')
}

pub(crate) fn is_white(byte: u8) -> bool {
    is(byte, WHITE)
}

/// How many bytes of white space `bytes` starts with.
pub(crate) fn white_run(bytes: &[u8]) -> usize {
    match bytes.split_first() {
        // A line feed, mostly, and then the spaces of the indentation.
        Some((&first, rest)) if is_white(first) => 1 + run(rest, |word| word == every(b' '), is_white),
        _ => 0,
    }
}

/// How many bytes there are before one that may mean more than itself in text.
pub(crate) fn plain_text(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| is(byte, TEXT_STOP)).unwrap_or(bytes.len())
}

/// How many bytes there are before one that may mean more than itself in an attribute.
pub(crate) fn plain_attribute(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| is(byte, ATTRIBUTE_STOP)).unwrap_or(bytes.len())
}

/// How many bytes there are before one that must be looked at when it is written.
pub(crate) fn plain_output(bytes: &[u8], special: impl Fn(u8) -> bool) -> usize {
    run(bytes, writes_as_is, |byte| !special(byte))
}

/// The length of the `NCName` that `text` starts with; 0 if there is none.
pub(crate) fn ncname(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ascii = run(bytes, letters, |byte| is(byte, NAME));
    if bytes.get(ascii).is_some_and(|byte| !byte.is_ascii()) {
        return ncname_beyond_ascii(text);
    }
    if bytes.first().is_some_and(|&byte| is(byte, NAME_START)) { ascii } else { 0 }
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
    const BLOCK: usize = 32;
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
    text.trim_matches([' ', '\t', '\n', '\r'])
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
            for other in [b'a', b'Z', b' ', b'9', b'~', 0, 0x7F, 0x80, 0xFF, b'<', b'<' + 1] {
                for at in 0..8 {
                    let mut bytes = [other; 8];
                    bytes[at] = byte;
                    let word = u64::from_ne_bytes(bytes);
                    assert_eq!(letters(word), bytes.iter().all(u8::is_ascii_alphabetic), "{bytes:?}");
                    // These may err to the safe side only.
                    assert!(!lacks(word, b'<') || !bytes.contains(&b'<'), "{bytes:?}");
                    let as_is = |byte: &u8| matches!(byte, b' '..=0x7F) && !b"<>&".contains(byte);
                    assert!(!writes_as_is(word) || bytes.iter().all(as_is), "{bytes:?}");
                }
            }
        }
        assert!(lacks(every(b'a'), b'<') && writes_as_is(every(b'a')) && writes_as_is(every(b'~')));
    }

    #[test]
    fn the_fast_search_agrees_with_the_definition_at_every_place() {
        for code in (0..0x100).chain(0xFE00..=0x1_0001).chain([0xE000, 0x10_FFFF]) {
            let Some(c) = char::from_u32(code) else { continue };
            for before in [0, 1, 29, 30, 31, 32, 61, 62, 63, 64, 130] {
                let text = format!("{}{c} after", "x".repeat(before));
                assert_eq!(first_illegal(&text), (!is_legal(c)).then_some(before), "{code:x} {before}");
            }
        }
    }
}
