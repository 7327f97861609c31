//! Which clients go on with their requests at another server.

use trialogue_domain::LanguageId;
use trialogue_storage::StoreError;

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;

/// Other servers, and whose requests are theirs. The first that fits counts.
pub type Regions = Vec<(RegionOf, String)>;

/// Whose requests go to another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionOf {
    /// Those of the clients of the company with this code, in any letter case.
    Company(String),
    /// Those for the language with this ISO 639 code, in any letter case.
    Language(String),
}

impl App {
    /// The base address of the server where the user goes on with a request for this language; none: this one.
    ///
    /// # Errors
    /// [`AppError::Store`] with [`StoreError::UnknownLanguage`], or what else the store says.
    pub async fn region(&self, user: &LoggedInUser, language: LanguageId) -> Result<Option<&str>, AppError> {
        let languages = self.store.languages().await?;
        let wanted = languages.into_iter().find(|known| known.id == language);
        let wanted = wanted.ok_or(StoreError::UnknownLanguage(language.0))?;
        let company = self.store.company_of(user.id).await?;
        let is_theirs = |of: &RegionOf| match of {
            RegionOf::Company(code) => {
                company.as_ref().is_some_and(|company| company.code.eq_ignore_ascii_case(code))
            }
            RegionOf::Language(code) => wanted.code.eq_ignore_ascii_case(code),
        };
        let found = self.settings.regions.iter().find(|(of, _)| is_theirs(of));
        Ok(found.map(|(_, address)| address.as_str()))
    }
}
