//! Texts that both databases can keep.

use crate::error::StoreError;

/// PostgreSQL refuses NUL in a text, SQLite keeps it: so it is refused before either sees it.
pub(crate) fn storable(texts: &[(&'static str, Option<&str>)]) -> Result<(), StoreError> {
    match texts.iter().find(|(_, text)| text.is_some_and(|text| text.contains('\0'))) {
        Some((field, _)) => Err(StoreError::InvalidText { field }),
        None => Ok(()),
    }
}
