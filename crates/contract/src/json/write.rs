//! The writer: compact JSON, escaped and punctuated as Json.NET does it.

use std::fmt::Write as _;

use serde::ser::{self, Serialize, SerializeMap, SerializeSeq, SerializeStruct};

use super::error::WriteError;
use super::scan;

/// Writes `value` as one line of JSON, members in the order of their declaration, nulls included.
pub fn write<T: Serialize + ?Sized>(value: &T) -> Result<String, WriteError> {
    let mut writer = Writer { out: String::with_capacity(4096), as_number: false };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    /// The text that comes next is the value of a `decimal`.
    as_number: bool,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.push('"');
        let mut rest = text;
        loop {
            let plain = scan::plain(rest.as_bytes());
            if plain == rest.len() {
                self.out.push_str(rest);
                break;
            }
            // What stops a run is ASCII or the first byte of a character.
            let (run, behind) = rest.split_at(plain);
            self.out.push_str(run);
            let mut behind = behind.chars();
            let Some(c) = behind.next() else { break };
            if let Some(escape) = short_escape(c) {
                self.out.push_str(escape);
            } else if matches!(c, '\0'..'\u{20}' | '\u{85}' | '\u{2028}' | '\u{2029}') {
                // Writing to a String cannot fail.
                let _ = write!(self.out, "\\u{:04x}", u32::from(c));
            } else {
                self.out.push(c);
            }
            rest = behind.as_str();
        }
        self.out.push('"');
    }

    /// The scale is kept, and a whole number gains a point: `3` becomes `3.0`.
    fn decimal(&mut self, digits: &str) {
        self.out.push_str(digits);
        if !digits.contains('.') {
            self.out.push_str(".0");
        }
    }
}

fn short_escape(c: char) -> Option<&'static str> {
    match c {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        '\u{8}' => Some("\\b"),
        '\t' => Some("\\t"),
        '\n' => Some("\\n"),
        '\u{c}' => Some("\\f"),
        '\r' => Some("\\r"),
        _ => None,
    }
}

fn no_form<T>(kind: &str) -> Result<T, WriteError> {
    Err(WriteError(format!("the wire has no form for {kind}")))
}

impl<'w> ser::Serializer for &'w mut Writer {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Container<'w>;
    type SerializeTuple = ser::Impossible<(), WriteError>;
    type SerializeTupleStruct = ser::Impossible<(), WriteError>;
    type SerializeTupleVariant = ser::Impossible<(), WriteError>;
    type SerializeMap = Container<'w>;
    type SerializeStruct = Container<'w>;
    type SerializeStructVariant = ser::Impossible<(), WriteError>;

    fn serialize_bool(self, value: bool) -> Result<(), WriteError> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i32(self, value: i32) -> Result<(), WriteError> {
        self.out.push_str(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), WriteError> {
        if self.as_number {
            self.decimal(value);
        } else {
            self.text(value);
        }
        Ok(())
    }

    fn serialize_none(self) -> Result<(), WriteError> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), WriteError> {
        self.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), WriteError> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        self.as_number = name == "decimal";
        let written = value.serialize(&mut *self);
        self.as_number = false;
        written
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Container<'w>, WriteError> {
        Ok(Container::open(self, '[', ']'))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Container<'w>, WriteError> {
        Ok(Container::open(self, '{', '}'))
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Container<'w>, WriteError> {
        Ok(Container::open(self, '{', '}'))
    }

    fn serialize_i8(self, _: i8) -> Result<(), WriteError> {
        no_form("an 8 bit integer")
    }
    fn serialize_i16(self, _: i16) -> Result<(), WriteError> {
        no_form("a 16 bit integer")
    }
    fn serialize_i64(self, _: i64) -> Result<(), WriteError> {
        no_form("a 64 bit integer")
    }
    fn serialize_u8(self, _: u8) -> Result<(), WriteError> {
        no_form("an unsigned integer")
    }
    fn serialize_u16(self, _: u16) -> Result<(), WriteError> {
        no_form("an unsigned integer")
    }
    fn serialize_u32(self, _: u32) -> Result<(), WriteError> {
        no_form("an unsigned integer")
    }
    fn serialize_u64(self, _: u64) -> Result<(), WriteError> {
        no_form("an unsigned integer")
    }
    fn serialize_f32(self, _: f32) -> Result<(), WriteError> {
        no_form("a binary fraction")
    }
    fn serialize_f64(self, _: f64) -> Result<(), WriteError> {
        no_form("a binary fraction")
    }
    fn serialize_char(self, _: char) -> Result<(), WriteError> {
        no_form("a character")
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), WriteError> {
        no_form("bytes")
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), WriteError> {
        no_form("a unit struct")
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), WriteError> {
        no_form("an enum")
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), WriteError> {
        no_form("an enum")
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, WriteError> {
        no_form("a tuple")
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, WriteError> {
        no_form("a tuple")
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, WriteError> {
        no_form("an enum")
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, WriteError> {
        no_form("an enum")
    }
}

/// A list or an object that is being written.
struct Container<'w> {
    writer: &'w mut Writer,
    close: char,
    first: bool,
}

impl<'w> Container<'w> {
    fn open(writer: &'w mut Writer, open: char, close: char) -> Self {
        writer.out.push(open);
        Self { writer, close, first: true }
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.writer.out.push(',');
        }
    }

    fn close(self) {
        self.writer.out.push(self.close);
    }
}

impl SerializeSeq for Container<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        self.separate();
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), WriteError> {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Container<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), WriteError> {
        self.separate();
        key.serialize(&mut *self.writer)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        self.writer.out.push(':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), WriteError> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Container<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        debug_assert_eq!(scan::plain(key.as_bytes()), key.len(), "a member's name needs no escape");
        let out = &mut self.writer.out;
        if std::mem::take(&mut self.first) {
            out.push('"');
        } else {
            out.push_str(",\"");
        }
        out.push_str(key);
        out.push_str("\":");
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), WriteError> {
        self.close();
        Ok(())
    }
}
