//! The language table.

use diesel::prelude::*;
use trialogue_domain::LanguageId;

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::languages;

/// A row of the language table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its number.
    pub id: LanguageId,
    /// ISO 639: of two letters where there is one, else of three.
    pub code: String,
    /// In English.
    pub name: String,
}

pub(crate) fn language(
    connection: &mut AnyConnection,
    id: LanguageId,
) -> Result<Option<Language>, StoreError> {
    let found = languages::table
        .find(id.0)
        .select((languages::id, languages::code, languages::name))
        .get_result::<(i32, String, String)>(connection)
        .optional()
        .map_err(StoreError::query("find a language"))?;
    Ok(found.map(|(id, code, name)| Language { id: LanguageId(id), code, name }))
}
