//! Which root element a type expects: asked of the type itself, before a document is looked at, so that the
//! name of a null root is verified as well.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

use crate::name::Root;

/// The root of `T`, if it has one.
pub(super) fn root_of<'de, T: Deserialize<'de>>() -> Option<Root> {
    // The type's first request is answered by an "error" that carries what was asked for.
    T::deserialize(Probe).err().and_then(|asked| asked.0)
}

struct Probe;

#[derive(Debug)]
struct Asked(Option<Root>);

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no value was read")
    }
}

impl std::error::Error for Asked {}

impl serde::de::Error for Asked {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }
}

macro_rules! primitives {
    ($($method:ident $name:literal)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
            Err(Asked(Some(Root::Primitive($name))))
        })*
    };
}

impl<'de> Deserializer<'de> for Probe {
    type Error = Asked;

    primitives! {
        deserialize_bool "boolean"
        deserialize_i8 "byte"
        deserialize_i16 "short"
        deserialize_i32 "int"
        deserialize_i64 "long"
        deserialize_u8 "unsignedByte"
        deserialize_u16 "unsignedShort"
        deserialize_u32 "unsignedInt"
        deserialize_u64 "unsignedLong"
        deserialize_f32 "float"
        deserialize_f64 "double"
        deserialize_str "string"
        deserialize_string "string"
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        Err(Asked(None))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        visitor.visit_some(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Asked> {
        Err(Asked(Some(Root::Class(name))))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Asked> {
        Err(Asked(Some(Root::Class(name))))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Asked> {
        match Root::named(name) {
            // Any other newtype is what it holds.
            Root::Class(_) => visitor.visit_newtype_struct(self),
            root => Err(Asked(Some(root))),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}
