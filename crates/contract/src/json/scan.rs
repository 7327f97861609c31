//! Runs of bytes that need no second look, eight at a time: most texts and indentations are longer than that.

/// How many bytes `bytes` starts with that are printable ASCII, and neither a quote nor a backslash.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((&word, behind)) = rest.split_first_chunk() {
        let special = specials(u64::from_le_bytes(word));
        if special != 0 {
            return bytes.len() - rest.len() + first(special);
        }
        rest = behind;
    }
    // The last eight bytes tell of the rest, and of some again.
    if bytes.last_chunk().is_some_and(|&word| specials(u64::from_le_bytes(word)) == 0) {
        return bytes.len();
    }
    let is_plain = |byte: &&u8| matches!(**byte, b' '..0x80) && !matches!(**byte, b'"' | b'\\');
    bytes.len() - rest.len() + rest.iter().take_while(is_plain).count()
}

/// How many of the spaces that `bytes` starts with can be passed at once: eight at most, one at least if there is one.
#[inline]
pub(super) fn spaces(bytes: &[u8]) -> usize {
    match bytes.first_chunk() {
        Some(&word) => match u64::from_le_bytes(word) ^ every(b' ') {
            0 => 8,
            others => first(others),
        },
        None => usize::from(bytes.first() == Some(&b' ')),
    }
}

/// How many bytes of characters beyond ASCII `bytes` starts with, up to one that begins with 0xEF.
pub(super) fn beyond_ascii(bytes: &[u8]) -> usize {
    let is_first = |byte: &u8| *byte < 0x80 || *byte == 0xEF;
    bytes.iter().skip(1).position(is_first).map_or(bytes.len(), |more| more + 1)
}

/// The high bit of the first byte that is not plain; bits of bytes behind it mean nothing.
fn specials(word: u64) -> u64 {
    let below = |limit: u8, word: u64| word.wrapping_sub(every(limit)) & !word;
    let control = below(b' ', word);
    let quote = below(1, word ^ every(b'"'));
    let backslash = below(1, word ^ every(b'\\'));
    (word | control | quote | backslash) & every(0x80)
}

/// Which byte the lowest bit is in.
const fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// `byte` in every byte of a word.
const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_at_a_time_are_told_as_one_at_a_time() {
        let is_plain = |byte: &&u8| matches!(**byte, b' '..=0x7F) && !b"\"\\".contains(byte);
        let is_space = |byte: &&u8| **byte == b' ';
        for byte in 0..=u8::MAX {
            for other in [b'a', b' ', b'!', b'#', b'[', b'"', 0x1F, 0x7F, 0x80, 0xEF] {
                for (length, at) in (1..20).flat_map(|length| (0..length).map(move |at| (length, at))) {
                    let mut bytes = vec![other; length];
                    bytes[at] = byte;
                    assert_eq!(plain(&bytes), bytes.iter().take_while(is_plain).count(), "{bytes:?}");
                    let all = bytes.iter().take_while(is_space).count();
                    let passed = if bytes.len() < 8 { all.min(1) } else { all.min(8) };
                    assert_eq!(spaces(&bytes), passed, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn characters_beyond_ascii_are_passed_up_to_a_suspect() {
        for (text, passed) in
            [("é", 2), ("éa", 2), ("日本語x", 9), ("é\u{FF01}", 2), ("\u{FF01}é", 5), ("\u{FF01}\u{FF01}", 3)]
        {
            assert_eq!(beyond_ascii(text.as_bytes()), passed, "{text}");
        }
    }
}
