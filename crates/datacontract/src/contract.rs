//! The names and limits of one contract.

use serde::{Deserialize, Serialize};

use crate::{ReadError, WriteError, read, write};

/// What a document may cost its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Elements within each other, the root included. Reading and writing a recursive type recurses this
    /// deep, so keep it far below what the stack can hold.
    pub depth: usize,
    /// Elements altogether, those that are skipped included.
    pub elements: usize,
}

impl Limits {
    const DEFAULT: Self = Self { bytes: 1 << 20, depth: 64, elements: 10_000 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A struct's name and the names of the members it has from its base class.
pub(crate) type BaseMembers = (&'static str, &'static [&'static str]);

/// The names and limits of one contract.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    pub(crate) namespace: &'static str,
    pub(crate) limits: Limits,
    pub(crate) base_members: &'static [BaseMembers],
}

impl Contract {
    /// A contract whose classes are in `namespace`, with the default [`Limits`]: 1 MiB, 64 levels, 10,000
    /// elements.
    pub const fn new(namespace: &'static str) -> Self {
        Self { namespace, limits: Limits::DEFAULT, base_members: &[] }
    }

    /// The same contract with other limits.
    #[must_use]
    pub const fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same contract with classes that have base classes: for the name of a struct, which of its members
    /// are the base class's. Those are written first; either group is in ordinal order.
    #[must_use]
    pub const fn with_base_members(self, base_members: &'static [BaseMembers]) -> Self {
        Self { base_members, ..self }
    }

    /// The namespace of the contract's classes.
    pub const fn namespace(&self) -> &'static str {
        self.namespace
    }

    /// The members that a class has from its base class.
    pub(crate) fn inherited(&self, class: &str) -> &'static [&'static str] {
        self.base_members.iter().find(|(name, _)| *name == class).map_or(&[], |(_, members)| members)
    }

    /// Reads one document.
    ///
    /// # Errors
    /// If the document is not well-formed, exceeds a limit, uses what is refused (see
    /// [`ErrorKind`](crate::ErrorKind)) or does not fit `T`.
    pub fn read<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, ReadError> {
        read::document(self, bytes)
    }

    /// Writes one document.
    ///
    /// # Errors
    /// If the value holds a character that XML 1.0 cannot hold, or is of a shape `DataContract` XML does not
    /// have; a bare `None` has no name to be written under: see [`write_nil`](Self::write_nil).
    pub fn write<T: Serialize + ?Sized>(&self, value: &T) -> Result<String, WriteError> {
        // Spares most documents the first few growths.
        let mut out = String::with_capacity(4096);
        self.write_to(value, &mut out)?;
        Ok(out)
    }

    /// Appends one document to `out`; after an error `out` is as before.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_to<T: Serialize + ?Sized>(&self, value: &T, out: &mut String) -> Result<(), WriteError> {
        write::document(self, value, out)
    }

    /// The document that stands for null where a `root` is expected: the name of a struct, of a list
    /// (`ArrayOfX`) or of a primitive such as `string`.
    ///
    /// # Errors
    /// If `root` is no name.
    pub fn write_nil(&self, root: &'static str) -> Result<String, WriteError> {
        write::nil(self, root)
    }
}
