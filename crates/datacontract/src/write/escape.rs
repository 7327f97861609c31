//! Text as .NET's `XmlWriter` escapes it.

use crate::xml::chars;

/// A character that XML 1.0 cannot hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Illegal;

/// Appends `text`, escaped.
pub(super) fn push(out: &mut String, text: &str) -> Result<(), Illegal> {
    let mut rest = text;
    loop {
        let at = chars::plain_output(rest.as_bytes());
        if at == rest.len() {
            out.push_str(rest);
            return Ok(());
        }
        out.push_str(&rest[..at]);
        let Some(c) = rest[at..].chars().next() else { return Ok(()) };
        rest = &rest[at + c.len_utf8()..];
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // `XmlWriter` makes every line end the same one, and so would every reader.
            '\r' => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                out.push('\n');
            }
            legal if chars::is_legal(legal) => out.push(legal),
            _ => return Err(Illegal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_be_read_otherwise() {
        for (text, escaped) in [
            ("", ""),
            ("plain é \u{85}\u{2028}\u{FEFF}\u{FFFD}", "plain é \u{85}\u{2028}\u{FEFF}\u{FFFD}"),
            ("<&>'\"]]>", "&lt;&amp;&gt;'\"]]&gt;"),
            ("\t\n\r\r\n\n\r", "\t\n\n\n\n\n"),
        ] {
            let mut out = String::new();
            assert_eq!(push(&mut out, text), Ok(()));
            assert_eq!(out, escaped);
        }
        for illegal in ["\0", "a\u{1}", "\u{B}", "\u{1F}b", "\u{FFFE}", "\u{FFFF}"] {
            assert_eq!(push(&mut String::new(), illegal), Err(Illegal), "{illegal:?}");
        }
    }
}
