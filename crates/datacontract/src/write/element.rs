//! One element as a serde serializer.
//!
//! What is called for each element is `#[inline]`: the code that serde derives calls it from other crates.

use std::fmt::{self, Display, Write};

use serde::ser::{Impossible, Serialize, Serializer};

use super::error::{WriteError, WriteErrorKind};
use super::escape::Illegal;
use super::list::Items;
use super::object::Members;
use super::writer::{Tag, Writer, push_prefix, verify_name};
use super::{Result, escape, number};
use crate::name::{ARRAYS, INSTANCE, List, Root};

/// An element of which `<name` is written; at the root not even that, for the value gives it its name.
pub(super) struct Element<'w> {
    writer: &'w mut Writer,
    tag: Option<Tag>,
    list: Option<List>,
}

impl<'w> Element<'w> {
    pub(super) fn root(writer: &'w mut Writer) -> Self {
        Self { writer, tag: None, list: None }
    }

    /// Begins an element within another; its name is known to be one.
    #[inline]
    pub(super) fn begin(writer: &'w mut Writer, tag: Tag) -> Result<Self> {
        writer.start(tag)?;
        Ok(Self { writer, tag: Some(tag), list: None })
    }

    /// Gives the root its name; any other element has one.
    #[inline]
    pub(super) fn named(self, root: Root) -> Result<Named<'w>> {
        let Self { writer, tag, list: _ } = self;
        if let Some(tag) = tag {
            return Ok(Named { writer, tag });
        }
        let tag = Tag { prefix: 0, local: root.name() };
        verify_name(tag.local)?;
        writer.start(tag)?;
        // .NET declares no `i` that a primitive does not use.
        let instance = !matches!(root, Root::Primitive(_));
        writer.undeclared = Some((instance, root.namespace(writer.contract.namespace)));
        Ok(Named { writer, tag })
    }

    fn simple(self, primitive: &'static str, write: impl FnOnce(&mut String)) -> Result<()> {
        let mut named = self.named(Root::Primitive(primitive))?;
        named.open()?;
        write(&mut named.writer.out);
        named.end(true)
    }

    fn integer(self, primitive: &'static str, value: impl itoa::Integer) -> Result<()> {
        self.simple(primitive, |out| out.push_str(itoa::Buffer::new().format(value)))
    }

    fn unsupported<T>(what: &'static str) -> Result<T> {
        Err(WriteError::new(WriteErrorKind::Unsupported(what)))
    }
}

/// An element of which `<name` is written.
pub(super) struct Named<'w> {
    pub(super) writer: &'w mut Writer,
    pub(super) tag: Tag,
}

impl Named<'_> {
    /// Writes what is left of the start tag but its `>`.
    fn declare(&mut self) -> Result<()> {
        if let Some((instance, default)) = self.writer.undeclared.take() {
            if instance {
                self.writer.declare("xmlns:i", INSTANCE)?;
            }
            self.writer.declare("xmlns", default)?;
        }
        Ok(())
    }

    /// Ends the start tag: content follows.
    #[inline]
    pub(super) fn open(&mut self) -> Result<()> {
        self.declare()?;
        self.writer.out.push('>');
        Ok(())
    }

    /// Ends the element, of which the start tag has been ended if it has content.
    #[inline]
    pub(super) fn end(mut self, content: bool) -> Result<()> {
        if content {
            self.writer.end(self.tag);
        } else {
            self.declare()?;
            self.writer.end_empty();
        }
        Ok(())
    }

    #[inline]
    fn text(mut self, text: &str) -> Result<()> {
        self.open()?;
        self.writer.text(text)?;
        self.end(true)
    }

    pub(super) fn nil(mut self) -> Result<()> {
        self.writer.out.push_str(" i:nil=\"true\"");
        // Even a primitive at the root uses `i` now.
        self.writer.undeclared = self.writer.undeclared.map(|(_, default)| (true, default));
        self.declare()?;
        self.writer.end_empty();
        Ok(())
    }
}

impl<'w> Serializer for Element<'w> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Items<'w>;
    type SerializeStruct = Members<'w>;
    type SerializeTuple = Impossible<(), WriteError>;
    type SerializeTupleStruct = Impossible<(), WriteError>;
    type SerializeTupleVariant = Impossible<(), WriteError>;
    type SerializeMap = Impossible<(), WriteError>;
    type SerializeStructVariant = Impossible<(), WriteError>;

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.simple("boolean", |out| out.push_str(if value { "true" } else { "false" }))
    }

    fn serialize_i8(self, value: i8) -> Result<()> {
        self.integer("byte", value)
    }

    fn serialize_i16(self, value: i16) -> Result<()> {
        self.integer("short", value)
    }

    fn serialize_i32(self, value: i32) -> Result<()> {
        self.integer("int", value)
    }

    fn serialize_i64(self, value: i64) -> Result<()> {
        self.integer("long", value)
    }

    fn serialize_u8(self, value: u8) -> Result<()> {
        self.integer("unsignedByte", value)
    }

    fn serialize_u16(self, value: u16) -> Result<()> {
        self.integer("unsignedShort", value)
    }

    fn serialize_u32(self, value: u32) -> Result<()> {
        self.integer("unsignedInt", value)
    }

    fn serialize_u64(self, value: u64) -> Result<()> {
        self.integer("unsignedLong", value)
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.simple("float", |out| number::push(out, value, number::SINGLE_DIGITS))
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        self.simple("double", |out| number::push(out, value, number::DOUBLE_DIGITS))
    }

    fn serialize_str(self, text: &str) -> Result<()> {
        self.named(Root::Primitive("string"))?.text(text)
    }

    /// Without a string in between, for dates and decimals.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        let mut named = self.named(Root::Primitive("string"))?;
        named.open()?;
        let mut escaped = Escaped { out: &mut named.writer.out, after_return: false, illegal: false };
        if write!(escaped, "{value}").is_err() {
            return Err(WriteError::new(if escaped.illegal {
                WriteErrorKind::IllegalCharacter
            } else {
                WriteErrorKind::Failed("its type cannot be displayed".to_owned())
            }));
        }
        named.end(true)
    }

    fn serialize_none(self) -> Result<()> {
        match (self.tag, self.list) {
            (None, None) => Err(WriteError::new(WriteErrorKind::NamelessRoot)),
            (_, list) => {
                // Of a tag that is named already, this is not looked at.
                let root = list.map_or(Root::Class(""), Root::List);
                self.named(root)?.nil()
            }
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.named(Root::Class(name))?.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        let root = Root::named(name);
        let Root::List(list) = root else {
            return match (self.tag, root) {
                // At the root, a decimal is not a string.
                (None, Root::Primitive(_)) => {
                    let Named { writer, tag } = self.named(root)?;
                    value.serialize(Element { writer, tag: Some(tag), list: None })
                }
                _ => value.serialize(self),
            };
        };
        self.list = Some(list);
        let Named { writer, tag } = self.named(root)?;
        let around = writer.arrays;
        if list.of_primitives && around.is_none() {
            if writer.undeclared.is_some() {
                writer.arrays = Some(0);
            } else {
                writer.arrays = Some(writer.level);
                let mut name = String::from("xmlns:");
                push_prefix(&mut name, writer.level);
                writer.declare(&name, ARRAYS)?;
            }
        }
        let element = Element { writer: &mut *writer, tag: Some(tag), list: Some(list) };
        let result = value.serialize(element);
        writer.arrays = around;
        result
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'w>> {
        match (self.list, self.tag) {
            (Some(list), Some(_)) => Ok(Items::new(self.named(Root::List(list))?, list)),
            _ => Self::unsupported("a list whose type is not named ArrayOf..."),
        }
    }

    fn serialize_struct(self, name: &'static str, count: usize) -> Result<Members<'w>> {
        Ok(Members::new(self.named(Root::Class(name))?, name, count))
    }

    fn serialize_i128(self, _: i128) -> Result<()> {
        Self::unsupported("an integer of 128 bits")
    }

    fn serialize_u128(self, _: u128) -> Result<()> {
        Self::unsupported("an integer of 128 bits")
    }

    fn serialize_char(self, _: char) -> Result<()> {
        Self::unsupported("a character")
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<()> {
        Self::unsupported("bytes")
    }

    fn serialize_unit(self) -> Result<()> {
        Self::unsupported("a unit")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        Self::unsupported("a unit")
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<()> {
        Self::unsupported("an enum with data")
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
        Self::unsupported("a tuple")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct> {
        Self::unsupported("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Self::unsupported("an enum with data")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap> {
        Self::unsupported("a map")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Self::unsupported("an enum with data")
    }
}

/// Escapes what is displayed, piece by piece.
struct Escaped<'a> {
    out: &'a mut String,
    /// The last piece ended in a carriage return, whose line feed may begin the next.
    after_return: bool,
    illegal: bool,
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Some(last) = text.bytes().last() else { return Ok(()) };
        let text = if self.after_return { text.strip_prefix('\n').unwrap_or(text) } else { text };
        self.after_return = last == b'\r';
        escape::push(self.out, text).map_err(|Illegal| {
            self.illegal = true;
            fmt::Error
        })
    }
}
