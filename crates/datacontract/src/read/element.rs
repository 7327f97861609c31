//! One element as a serde deserializer.
//!
//! What is called for each element is `#[inline]`: the code that serde derives calls it from other crates.

use std::borrow::Cow;

use serde::de::value::CowStrDeserializer;
use serde::de::{Deserializer, Visitor};

use super::list::Items;
use super::object::Members;
use super::scalar;
use crate::error::{ErrorKind, ReadError};
use crate::name::{self, List};
use crate::order::Order;
use crate::xml::attribute::Nil;
use crate::xml::chars;
use crate::xml::scope::Namespace;
use crate::xml::tokens::{Result, Tokens};

/// The element whose start tag was read last.
pub(super) struct Element<'a, 'de> {
    tokens: &'a mut Tokens<'de>,
    newtype: Newtype,
}

/// What the newtype around an element says about it.
#[derive(Clone, Copy)]
enum Newtype {
    /// There is none.
    None,
    /// It is named `ArrayOf...`.
    List(List),
    /// It is named `string`: the text as it is.
    String,
    /// Any other, such as a decimal or a date: white space around the text means nothing.
    Value,
}

impl<'a, 'de> Element<'a, 'de> {
    pub(super) fn new(tokens: &'a mut Tokens<'de>) -> Self {
        Self { tokens, newtype: Newtype::None }
    }

    fn error<T>(&self, kind: ErrorKind) -> Result<T> {
        Err(ReadError::new(kind, self.tokens.tag().at))
    }

    #[inline]
    fn is_nil(&self) -> Result<bool> {
        match self.tokens.tag().nil {
            Nil::No => Ok(false),
            Nil::Yes => Ok(true),
            Nil::Invalid => {
                self.error(ErrorKind::WrongValue { expected: "true or false for i:nil".to_owned() })
            }
        }
    }

    /// Refuses null, and an `i:type` that is not `accepted`.
    fn verify(
        &self,
        expected: &'static str,
        accepted: impl FnOnce(Option<Namespace>, &str) -> bool,
    ) -> Result<()> {
        if self.is_nil()? {
            return self.error(ErrorKind::NilRefused);
        }
        match self.tokens.tag().kind {
            Some((namespace, local)) if !accepted(namespace, local) => {
                self.error(ErrorKind::WrongType { expected })
            }
            _ => Ok(()),
        }
    }

    fn verify_class(&self, class: &'static str) -> Result<()> {
        self.verify(class, |namespace, local| namespace == Some(Namespace::Contract) && local == class)
    }

    #[inline]
    fn text(&mut self) -> Result<Cow<'de, str>> {
        self.verify("a primitive", |namespace, local| {
            matches!(namespace, Some(Namespace::Schema | Namespace::Serialization))
                && name::is_primitive(local)
        })?;
        self.tokens.text()
    }

    fn unsupported<T>(&self, what: &'static str) -> Result<T> {
        self.error(ErrorKind::Unsupported(what))
    }
}

macro_rules! scalars {
    ($($method:ident $visit:ident $parse:expr)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            let at = self.tokens.tag().at;
            let text = self.text()?;
            match $parse(chars::trim(&text)) {
                Ok(value) => visitor.$visit(value),
                Err(expected) => Err(ReadError::new(ErrorKind::WrongValue { expected }, at)),
            }
        })*
    };
}

macro_rules! unsupported {
    ($($method:ident($($argument:ty),*) $what:literal)*) => {
        $(fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _: V) -> Result<V::Value> {
            self.unsupported($what)
        })*
    };
}

impl<'de> Deserializer<'de> for Element<'_, 'de> {
    type Error = ReadError;

    scalars! {
        deserialize_bool visit_bool scalar::boolean
        deserialize_i8 visit_i8 scalar::integer::<i8>
        deserialize_i16 visit_i16 scalar::integer::<i16>
        deserialize_i32 visit_i32 scalar::integer::<i32>
        deserialize_i64 visit_i64 scalar::integer::<i64>
        deserialize_u8 visit_u8 scalar::integer::<u8>
        deserialize_u16 visit_u16 scalar::integer::<u16>
        deserialize_u32 visit_u32 scalar::integer::<u32>
        deserialize_u64 visit_u64 scalar::integer::<u64>
        deserialize_f32 visit_f32 scalar::float::<f32>
        deserialize_f64 visit_f64 scalar::float::<f64>
    }

    unsupported! {
        deserialize_i128() "an integer of 128 bits"
        deserialize_u128() "an integer of 128 bits"
        deserialize_char() "a character"
        deserialize_bytes() "bytes"
        deserialize_byte_buf() "bytes"
        deserialize_unit() "a unit"
        deserialize_unit_struct(&'static str) "a unit"
        deserialize_tuple(usize) "a tuple"
        deserialize_tuple_struct(&'static str, usize) "a tuple"
        deserialize_map() "a map"
        deserialize_identifier() "an identifier"
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let text = self.text()?;
        match (text, self.newtype) {
            (Cow::Borrowed(text), Newtype::Value) => visitor.visit_borrowed_str(chars::trim(text)),
            (Cow::Owned(text), Newtype::Value) => visitor.visit_str(chars::trim(&text)),
            (Cow::Borrowed(text), _) => visitor.visit_borrowed_str(text),
            (Cow::Owned(text), _) => visitor.visit_string(text),
        }
    }

    /// The document does not tell types. A newtype's is text: so one `Deserialize` can serve this format and
    /// others that have numbers.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.newtype {
            Newtype::String | Newtype::Value => self.deserialize_str(visitor),
            Newtype::None | Newtype::List(_) => self.unsupported("a value of any type"),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.is_nil()? {
            return visitor.visit_some(self);
        }
        let outside = self.tokens.level() - 1;
        self.tokens.skip_to(outside)?;
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.newtype = match List::named(name) {
            Some(list) => Newtype::List(list),
            None if name == "string" => Newtype::String,
            None => Newtype::Value,
        };
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let Newtype::List(list) = self.newtype else {
            return self.unsupported("a list whose type is not named ArrayOf...");
        };
        let namespace = Items::namespace(self.tokens, list);
        self.verify(list.name, |found, local| found == Some(namespace) && local == list.name)?;
        let outside = self.tokens.level() - 1;
        let value = visitor.visit_seq(Items::new(self.tokens, list, namespace))?;
        self.tokens.skip_to(outside)?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.verify_class(name)?;
        let at = self.tokens.tag().at;
        let outside = self.tokens.level() - 1;
        let inherited = self.tokens.contract.inherited(name);
        let order = Order::known(name, members.len(), inherited)
            .unwrap_or_else(|| Order::of(name, members.to_vec(), inherited));
        let mut members = Members::new(self.tokens, order);
        match visitor.visit_map(&mut members) {
            Ok(value) => {
                self.tokens.skip_to(outside)?;
                Ok(value)
            }
            Err(error) => Err(members.place(error).or_at(at)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.verify_class(name)?;
        let text = self.tokens.text()?;
        visitor.visit_enum(CowStrDeserializer::new(text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let outside = self.tokens.level() - 1;
        self.tokens.skip_to(outside)?;
        visitor.visit_unit()
    }
}
