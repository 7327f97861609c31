//! The languages. Ours: the reference does not document this model.

use serde::{Deserialize, Serialize};

use super::list::list_of;

/// A row of the language table.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResultLanguage {
    /// Its number.
    pub language_id: i32,
    /// ISO 639: of two letters where there is one, else of three.
    pub code: Option<String>,
    /// Its name in English.
    pub name: Option<String>,
}

list_of!(
    /// The language table.
    ArrayOfResultLanguage,
    "ArrayOfResultLanguage",
    ResultLanguage
);
