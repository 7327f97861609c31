//! The part of XML 1.0 that `DataContract` XML uses, tokenised without copying.
//!
//! The tokenizer is our own, because the subset is small (no DTD, no processing instructions, five entities)
//! and every rule here is strict: a general reader would have to be followed by a second pass for `]]>` in
//! text, repeated attributes, illegal characters, unbound prefixes and line ends, and would still own the
//! position that our errors need. All work is on one validated `&str`; there is no recursion and no unsafe
//! code.

pub(crate) mod attribute;
pub(crate) mod chars;
pub(crate) mod document;
pub(crate) mod reference;
pub(crate) mod scope;
pub(crate) mod tag;
pub(crate) mod text;
pub(crate) mod tokens;
