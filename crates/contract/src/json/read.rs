//! The reader: a serde deserializer straight over the bytes.

use std::borrow::Cow;

use serde::de::value::{CowStrDeserializer, I64Deserializer, U64Deserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::{JsonError, Stop, position};
use super::lexer::Token;
use super::path::Path;
use super::reader::Reader;
use super::scalar;

/// Reads one document.
///
/// Wire types must be structs with a default for every member: a misfit is recorded, a default is put in its place, and
/// the value as a whole is given up in favour of the list of errors at the end.
pub fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Vec<JsonError>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (line, column) = position(bytes, error.valid_up_to());
            return Err(vec![JsonError { path: String::new(), what: "The text is not UTF-8", line, column }]);
        }
    };
    let mut reader = Reader::new(text);
    let value = reader.value().and_then(|value| reader.end_of_text().map(|()| value));
    match value {
        Ok(value) if reader.errors.is_empty() => Ok(value),
        Err(Stop::Unsupported) => Err(vec![reader.error_here("The value does not fit here")]),
        _ => Err(reader.errors),
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Stop;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if !self.next_is_null() {
            return visitor.visit_some(self);
        }
        self.token()?;
        self.path.value();
        visitor.visit_none()
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_i32(self.scalar(scalar::int)?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_bool(self.scalar(scalar::boolean)?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.scalar(scalar::text)? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    /// `decimal` and `dateTime` are the two simple types that serde does not know; every other newtype, which is a list,
    /// is transparent.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match name {
            "decimal" => {
                let text: CowStrDeserializer<'_, Stop> =
                    or_default(self.scalar(scalar::decimal)?, "0").into_deserializer();
                visitor.visit_newtype_struct(text)
            }
            "dateTime" => {
                let ticks: I64Deserializer<Stop> =
                    self.scalar(scalar::date_time)?.ticks().into_deserializer();
                visitor.visit_newtype_struct(ticks)
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match self.token()? {
            Token::OpenObject => {
                self.open(Path::enter_object)?;
                visitor.visit_map(Members::new(self, fields))
            }
            Token::OpenArray => {
                self.skip_array_for_object()?;
                visitor.visit_map(Nothing)
            }
            scalar => {
                self.scalar_for_container(&scalar, "An object is expected here")?;
                visitor.visit_map(Nothing)
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.token()? {
            Token::OpenArray => {
                self.open(Path::enter_array)?;
                visitor.visit_seq(Items { reader: self, first: true })
            }
            Token::OpenObject => {
                self.skip_object_for_array()?;
                visitor.visit_seq(Nothing)
            }
            scalar => {
                self.scalar_for_container(&scalar, "A list is expected here")?;
                visitor.visit_seq(Nothing)
            }
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Stop> {
        Err(Stop::Unsupported)
    }

    forward_to_deserialize_any! {
        i8 i16 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map enum
        identifier
    }
}

/// The text of a value, or where it did not fit, and none was made, a text that its type accepts.
fn or_default<'t>(text: Cow<'t, str>, default: &'t str) -> Cow<'t, str> {
    if text.is_empty() { Cow::Borrowed(default) } else { text }
}

/// The members of an object that its type knows.
struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    fields: &'static [&'static str],
    seen: Vec<bool>,
    /// Where the next name is looked for first: most clients send members in order.
    likely: usize,
    first: bool,
}

impl<'r, 'de> Members<'r, 'de> {
    fn new(reader: &'r mut Reader<'de>, fields: &'static [&'static str]) -> Self {
        Self { reader, fields, seen: vec![false; fields.len()], likely: 0, first: true }
    }

    /// Reads the next name; which of the fields it is, if it is one.
    fn member(&mut self) -> Result<Option<usize>, Stop> {
        if let Some(likely) = self.fields.get(self.likely)
            && self.reader.member_is(likely)
        {
            return Ok(Some(self.likely));
        }
        let name = self.reader.member_name()?;
        match self.field(&name) {
            None if matches!(&*name, "$id" | "$ref") => {
                Err(self.reader.end("References between objects are not supported"))
            }
            field => Ok(field),
        }
    }

    /// Names match to the letter first, then in any letter case.
    fn field(&self, name: &str) -> Option<usize> {
        let exact = self.fields.iter().position(|field| *field == name);
        exact.or_else(|| self.fields.iter().position(|field| field.eq_ignore_ascii_case(name)))
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        loop {
            if !self.reader.next_in_container(std::mem::take(&mut self.first), b'}')? {
                return Ok(None);
            }
            match self.member()? {
                Some(index) if std::mem::replace(&mut self.seen[index], true) => {
                    self.reader.misfit("This member is given twice")?;
                }
                Some(index) => {
                    self.likely = index + 1;
                    // The derived visitor counts the members in the order of `fields`.
                    let number: U64Deserializer<Stop> = (index as u64).into_deserializer();
                    return seed.deserialize(number).map(Some);
                }
                None => {}
            }
            self.reader.skip()?;
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        seed.deserialize(&mut *self.reader)
    }

    fn next_value<V: Deserialize<'de>>(&mut self) -> Result<V, Stop> {
        self.reader.value()
    }
}

struct Items<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        if !self.reader.next_in_container(std::mem::take(&mut self.first), b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, Stop> {
        if !self.reader.next_in_container(std::mem::take(&mut self.first), b']')? {
            return Ok(None);
        }
        self.reader.value().map(Some)
    }
}

/// An object without members, a list without items: what stands in for a misfit.
struct Nothing;

impl<'de> MapAccess<'de> for Nothing {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, _seed: K) -> Result<Option<K::Value>, Stop> {
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _seed: V) -> Result<V::Value, Stop> {
        Err(Stop::Unsupported)
    }
}

impl<'de> SeqAccess<'de> for Nothing {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, _seed: T) -> Result<Option<T::Value>, Stop> {
        Ok(None)
    }
}
