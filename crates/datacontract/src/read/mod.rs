//! From XML to serde: a pull deserializer right on the tokens, with nothing in between.

mod element;
mod list;
mod object;
mod probe;
mod scalar;

use serde::Deserialize;

use self::element::Element;
use crate::contract::Contract;
use crate::error::{ErrorKind, Name, ReadError};
use crate::name::Root;
use crate::xml::document::decode;
use crate::xml::tokens::{Result, Tokens};

/// Reads one document.
pub(crate) fn document<'de, T: Deserialize<'de>>(contract: &Contract, bytes: &'de [u8]) -> Result<T> {
    let input = decode(bytes, contract.limits)?;
    let mut tokens = Tokens::new(input, contract);
    root(contract, &mut tokens).map_err(|error| error.or_at(tokens.tag().at).locate(input))
}

fn root<'de, T: Deserialize<'de>>(contract: &Contract, tokens: &mut Tokens<'de>) -> Result<T> {
    let Some(root) = probe::root_of::<T>() else {
        return Err(ReadError::new(ErrorKind::Unsupported("a type that gives its root element no name"), 0));
    };
    tokens.root()?;
    verify(contract, tokens, root)?;
    let value = T::deserialize(Element::new(tokens))?;
    tokens.skip_to(0)?;
    tokens.end()?;
    Ok(value)
}

fn verify(contract: &Contract, tokens: &Tokens<'_>, root: Root) -> Result<()> {
    let namespace = root.namespace(contract.namespace);
    let tag = tokens.tag();
    if tag.local == root.name() && tag.namespace == tokens.classify(namespace) {
        return Ok(());
    }
    let expected = Name::new(root.name(), namespace);
    Err(ReadError::new(ErrorKind::WrongRoot { expected, found: tokens.name() }, tag.at))
}
