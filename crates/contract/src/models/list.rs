//! Lists. XML names a list after its items, so each kind of item has its own list type; JSON shows a plain array.

/// Defines a list type with the name that XML knows it by.
macro_rules! list_of {
    ($(#[$doc:meta])* $list:ident, $name:literal, $item:ty) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename = $name)]
        pub struct $list(
            /// Null, or items each of which may be null.
            pub Option<Vec<Option<$item>>>,
        );

        impl $list {
            /// How many items there are, nulls included.
            pub fn count(&self) -> usize {
                self.0.as_ref().map_or(0, Vec::len)
            }

            /// The items that are there.
            pub fn items(&self) -> impl Iterator<Item = &$item> {
                self.0.iter().flatten().flatten()
            }
        }

        impl FromIterator<$item> for $list {
            fn from_iter<I: IntoIterator<Item = $item>>(items: I) -> Self {
                Self(Some(items.into_iter().map(Some).collect()))
            }
        }
    };
}

pub(super) use list_of;

list_of!(
    /// A list of texts.
    ArrayOfString,
    "ArrayOfstring",
    String
);
