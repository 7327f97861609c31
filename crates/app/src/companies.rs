//! Companies, as an operator manages them.

use trialogue_person::{NotAName, PersonName};
use trialogue_storage::{Company, CompanyId, StoreError};

use crate::secret::Secret;
use crate::users::{UserError, Users};

/// Longest code, in characters.
const LONGEST_CODE: usize = 50;

/// Why a company was not added.
#[derive(Debug, thiserror::Error)]
pub enum CompanyError {
    /// The code is none.
    #[error("{0:?} is no code: 1 to {LONGEST_CODE} letters, digits, `-`, `_` and `.`, of ASCII")]
    Code(String),
    /// The name is none.
    #[error(transparent)]
    Name(#[from] NotAName),
    /// Another company has the code.
    #[error("another company has the code {0:?}")]
    Taken(String),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Users {
    /// Adds a company.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn add_company(&self, code: &str, name: &str) -> Result<CompanyId, CompanyError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if code.is_empty() || code.len() > LONGEST_CODE || !code.chars().all(is_part) {
            return Err(CompanyError::Code(code.to_owned()));
        }
        let name = PersonName::parse(name)?.as_str().to_owned();
        let code = code.to_lowercase();
        let added = self.store().add_company(code.clone(), name, self.now()).await?;
        added.ok_or(CompanyError::Taken(code))
    }

    /// All companies, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn companies(&self) -> Result<Vec<Company>, StoreError> {
        self.store().companies().await
    }

    /// A new secret of a company. Those before it stay valid until they are revoked.
    ///
    /// # Errors
    /// [`UserError::UnknownCompany`].
    pub async fn new_company_secret(&self, code: &str) -> Result<Secret, UserError> {
        let company = self.company(code).await?;
        let secret = Secret::random(self.entropy());
        self.store().add_company_secret(company.id, secret.hash(), self.now()).await?;
        Ok(secret)
    }

    /// Revokes all secrets of a company but the newest; how many.
    ///
    /// # Errors
    /// [`UserError::UnknownCompany`].
    pub async fn revoke_company_secrets(&self, code: &str) -> Result<usize, UserError> {
        let company = self.company(code).await?;
        Ok(self.store().revoke_company_secrets(company.id, self.now()).await?)
    }
}
