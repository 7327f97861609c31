//! From serde to XML.

mod element;
mod error;
mod escape;
mod list;
mod number;
mod object;
mod writer;

use serde::Serialize;

pub use self::error::{WriteError, WriteErrorKind};

use self::element::Element;
use self::writer::Writer;
use crate::contract::Contract;
use crate::name::Root;

type Result<T> = std::result::Result<T, WriteError>;

/// Appends one document; after an error `out` is as before.
pub(crate) fn document<T: Serialize + ?Sized>(
    contract: &Contract,
    value: &T,
    out: &mut String,
) -> Result<()> {
    let before = out.len();
    let mut writer = Writer::new(contract, std::mem::take(out));
    let result = value.serialize(Element::root(&mut writer));
    *out = writer.out;
    if result.is_err() {
        out.truncate(before);
    }
    result
}

/// The document of a null.
pub(crate) fn nil(contract: &Contract, root: &'static str) -> Result<String> {
    let mut writer = Writer::new(contract, String::new());
    Element::root(&mut writer).named(Root::named(root))?.nil()?;
    Ok(writer.out)
}
