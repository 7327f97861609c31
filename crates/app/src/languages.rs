//! The languages that can be asked for, as an operator manages them.

use trialogue_domain::LanguageId;
use trialogue_person::{NotAName, PersonName};
use trialogue_storage::{Language, StoreError};

use crate::users::Users;

/// Why a language was not added.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// The code is none.
    #[error(
        "{0:?} is no language: two or three letters of ISO 639, and for a dialect a hyphen and 2 to 8 letters or digits: `qu`, `es-MX`"
    )]
    Code(String),
    /// The name is none.
    #[error(transparent)]
    Name(#[from] NotAName),
    /// It is in the table.
    #[error("the language {0:?} is in the table already")]
    Taken(String),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Users {
    /// The languages, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn languages(&self) -> Result<Vec<Language>, StoreError> {
        self.store().languages().await
    }

    /// Adds a language, or a dialect, to the table.
    ///
    /// # Errors
    /// [`LanguageError`].
    pub async fn add_language(&self, code: &str, name: &str) -> Result<LanguageId, LanguageError> {
        let code = normal(code).ok_or_else(|| LanguageError::Code(code.to_owned()))?;
        let name = PersonName::parse(name)?.as_str().to_owned();
        let added = self.store().add_language(code.clone(), name).await?;
        added.ok_or(LanguageError::Taken(code))
    }
}

/// The language in small letters; a region of two letters in capitals, as it is usual.
fn normal(code: &str) -> Option<String> {
    let (language, dialect) = code.split_once('-').map_or((code, None), |(l, d)| (l, Some(d)));
    if !(2..=3).contains(&language.len()) || !language.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let language = language.to_ascii_lowercase();
    match dialect {
        None => Some(language),
        Some(dialect) if !(2..=8).contains(&dialect.len()) => None,
        Some(dialect) if !dialect.bytes().all(|b| b.is_ascii_alphanumeric()) => None,
        Some(dialect) if dialect.len() == 2 => Some(format!("{language}-{}", dialect.to_ascii_uppercase())),
        Some(dialect) => Some(format!("{language}-{}", dialect.to_ascii_lowercase())),
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn codes_have_one_form() {
        for (code, expected) in [
            ("QU", "qu"),
            ("gsw", "gsw"),
            ("es-mx", "es-MX"),
            ("zh-Hakka", "zh-hakka"),
            ("sgn-ase1", "sgn-ase1"),
        ] {
            assert_eq!(normal(code).as_deref(), Some(expected));
        }
        for code in ["", "e", "engl", "e1", "es-", "es-m", "es-mx-1", "es-123456789", "es_MX", "ñ"] {
            assert_eq!(normal(code), None, "{code}");
        }
    }
}
