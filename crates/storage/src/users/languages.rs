//! The languages that can be asked for.

use diesel::prelude::*;
use trialogue_domain::LanguageId;

use crate::aggregate::language::{Language, language};
use crate::error::StoreError;
use crate::schema::languages;
use crate::store::Store;

impl Store {
    /// The language table, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn languages(&self) -> Result<Vec<Language>, StoreError> {
        self.executor()
            .read("list the languages", |connection| {
                let rows: Vec<(i32, String, String)> = languages::table
                    .order(languages::id)
                    .select((languages::id, languages::code, languages::name))
                    .load(connection)
                    .map_err(StoreError::query("list the languages"))?;
                Ok(rows
                    .into_iter()
                    .map(|(id, code, name)| Language { id: LanguageId(id), code, name })
                    .collect())
            })
            .await
    }

    /// A language by its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn language(&self, id: LanguageId) -> Result<Option<Language>, StoreError> {
        self.executor().read("find a language", move |connection| language(connection, id)).await
    }
}
