//! The languages that can be asked for.

use diesel::dsl::max;
use diesel::prelude::*;
use trialogue_domain::LanguageId;

use crate::aggregate::language::{Language, language};
use crate::error::StoreError;
use crate::schema::languages;
use crate::store::Store;
use crate::text::storable;

/// The first number of a language that is not of the reference's table.
const FIRST_OWN: i32 = 1001;

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

    /// Adds a language, with a number of our own. None if it is in the table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_language(&self, code: String, name: String) -> Result<Option<LanguageId>, StoreError> {
        storable(&[("code", Some(&code)), ("name", Some(&name))])?;
        self.executor()
            .write(0, "add a language", move |tx| {
                let taken: i64 = languages::table
                    .filter(languages::code.eq(&code))
                    .count()
                    .get_result(&mut tx.connection)
                    .map_err(StoreError::query("look for a language"))?;
                if taken > 0 {
                    return Ok(None);
                }
                let last: Option<i32> = languages::table
                    .select(max(languages::id))
                    .get_result(&mut tx.connection)
                    .map_err(StoreError::query("find the last language"))?;
                let id = last.unwrap_or_default().saturating_add(1).max(FIRST_OWN);
                diesel::insert_into(languages::table)
                    .values((languages::id.eq(id), languages::code.eq(&code), languages::name.eq(&name)))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("insert a language"))?;
                Ok(Some(LanguageId(id)))
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
