//! The names that the `DataContract` rules derive: of lists, of their items, of primitives.

/// `i:nil` and `i:type`.
pub(crate) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Lists of primitives.
pub(crate) const ARRAYS: &str = "http://schemas.microsoft.com/2003/10/Serialization/Arrays";
/// Primitives at the root; `z:Id` and `z:Ref`.
pub(crate) const SERIALIZATION: &str = "http://schemas.microsoft.com/2003/10/Serialization/";
/// The types of XML Schema, as `i:type` names them.
pub(crate) const SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";

const LIST: &str = "ArrayOf";

/// Whether `DataContract` XML has a primitive of this name.
pub(crate) fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "string"
            | "int"
            | "boolean"
            | "decimal"
            | "dateTime"
            | "long"
            | "double"
            | "float"
            | "guid"
            | "short"
            | "byte"
            | "unsignedByte"
            | "unsignedShort"
            | "unsignedInt"
            | "unsignedLong"
            | "char"
            | "duration"
            | "anyURI"
            | "anyType"
            | "base64Binary"
            | "QName"
    )
}

/// A list type: `ArrayOfX` holds elements `X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) item: &'static str,
    /// Items (and the list's own type) are in the namespace of arrays, not in the contract's.
    pub(crate) of_primitives: bool,
}

impl List {
    /// The list that a newtype of this name stands for.
    pub(crate) fn named(name: &'static str) -> Option<Self> {
        let item = name.strip_prefix(LIST).filter(|item| !item.is_empty())?;
        let mut base = item;
        while let Some(inner) = base.strip_prefix(LIST) {
            base = inner;
        }
        Some(Self { name, item, of_primitives: is_primitive(base) })
    }
}

/// How the root element of a type is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// A class or an enumeration, in the contract's namespace.
    Class(&'static str),
    List(List),
    /// In the namespace of the serializer.
    Primitive(&'static str),
}

impl Root {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Class(name) | Self::Primitive(name) => name,
            Self::List(list) => list.name,
        }
    }

    pub(crate) fn namespace(self, contract: &'static str) -> &'static str {
        match self {
            Self::Primitive(_) => SERIALIZATION,
            Self::List(List { of_primitives: true, .. }) => ARRAYS,
            Self::Class(_) | Self::List(_) => contract,
        }
    }

    /// What a bare name stands for.
    pub(crate) fn named(name: &'static str) -> Self {
        match List::named(name) {
            Some(list) => Self::List(list),
            None if is_primitive(name) => Self::Primitive(name),
            None => Self::Class(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_named_after_their_items() {
        for (name, item, of_primitives) in [
            ("ArrayOfstring", "string", true),
            ("ArrayOfParticipant", "Participant", false),
            ("ArrayOfString", "String", false),
            ("ArrayOfArrayOfint", "ArrayOfint", true),
            ("ArrayOfArrayOfint2", "ArrayOfint2", false),
        ] {
            assert_eq!(List::named(name), Some(List { name, item, of_primitives }));
        }
        for name in ["ArrayOf", "string", "Arrayofstring", ""] {
            assert_eq!(List::named(name), None, "{name}");
        }
    }
}
