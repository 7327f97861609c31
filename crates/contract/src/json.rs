//! The JSON dialect of the wire: what Json.NET 12 reads and writes, as a serde data format.
//!
//! Reading is one pass over the bytes, without a tree. The dialect is forgiving about *values* (`"1"` for 1, 1 for
//! true, names in any letter case), as the reference framework is, and strict about *syntax*: two readers of one body
//! must agree on what it says. Values that do not fit are collected, each with its path, and reading goes on, so that a
//! client hears about all of them at once; broken syntax ends reading.
//!
//! The rules and where they come from are written down in `docs/wire.md`.

mod dates;
mod error;
mod lexer;
mod number;
mod path;
mod read;
mod reader;
mod scalar;
mod scan;
mod write;

pub use error::{JsonError, WriteError};
pub use read::read;
pub use reader::{MAX_DEPTH, MAX_ERRORS, MAX_VALUES};
pub use write::write;
