//! Where the reader is, in the terms of Json.NET's `JsonReader.Path`.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Longest path that is reported; names come from the client and may be of any length.
const MAX_PATH_CHARS: usize = 1_000;

/// Characters that make a name unfit for the dotted form.
const SPECIAL: [char; 18] = [
    '.', ' ', '\'', '/', '"', '[', ']', '(', ')', '\t', '\n', '\r', '\u{c}', '\u{8}', '\\', '\u{85}',
    '\u{2028}', '\u{2029}',
];

/// The containers that are open, outermost first.
///
/// As in Json.NET a container that has just been opened is not yet part of the path, a name becomes part of it with the
/// colon behind it, and an index with the item it counts.
#[derive(Default)]
pub(super) struct Path<'de> {
    frames: Vec<Frame<'de>>,
    just_opened: bool,
}

enum Frame<'de> {
    Object { name: Cow<'de, str> },
    Array { items: usize },
}

impl<'de> Path<'de> {
    pub(super) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Whether the next value belongs to a member, not to a list.
    pub(super) fn is_in_object(&self) -> bool {
        matches!(self.frames.last(), Some(Frame::Object { .. }))
    }

    pub(super) fn enter_object(&mut self) {
        self.enter(Frame::Object { name: Cow::Borrowed("") });
    }

    pub(super) fn enter_array(&mut self) {
        self.enter(Frame::Array { items: 0 });
    }

    fn enter(&mut self, frame: Frame<'de>) {
        self.value();
        self.frames.push(frame);
        self.just_opened = true;
    }

    pub(super) fn leave(&mut self) {
        self.frames.pop();
        self.just_opened = false;
    }

    /// A name and its colon have been read.
    pub(super) fn name(&mut self, new: Cow<'de, str>) {
        if let Some(Frame::Object { name }) = self.frames.last_mut() {
            *name = new;
        }
        self.just_opened = false;
    }

    /// A value has been read, or begins.
    pub(super) fn value(&mut self) {
        if let Some(Frame::Array { items }) = self.frames.last_mut() {
            *items += 1;
        }
        self.just_opened = false;
    }

    pub(super) fn render(&self) -> String {
        let known = self.frames.len() - usize::from(self.just_opened && !self.frames.is_empty());
        render(&self.frames[..known])
    }

    /// The path of the object or list around the current place.
    pub(super) fn render_parent(&self) -> String {
        render(&self.frames[..self.frames.len().saturating_sub(1)])
    }
}

fn render(frames: &[Frame<'_>]) -> String {
    let mut out = String::new();
    for frame in frames {
        match frame {
            Frame::Array { items } => {
                // Writing to a String cannot fail.
                let _ = write!(out, "[{}]", items.saturating_sub(1));
            }
            Frame::Object { name } if name.contains(SPECIAL) => quoted(&mut out, name),
            Frame::Object { name } => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
        }
    }
    match out.char_indices().nth(MAX_PATH_CHARS) {
        Some((end, _)) => out[..end].to_owned(),
        None => out,
    }
}

fn quoted(out: &mut String, name: &str) {
    out.push_str("['");
    for c in name.chars() {
        if matches!(c, '\'' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push_str("']");
}
