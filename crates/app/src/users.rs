//! The users of the system, as an operator manages them.

use std::sync::Arc;

use trialogue_domain::{LanguageId, Timestamp, UserId};
use trialogue_person::{EmailAddress, PersonName};
use trialogue_storage::{Company, ListedUser, NewUser, Store, StoreError, UserRole};

use crate::conferences::Conferences;
use crate::passwords::{BadNewPassword, check_new_password, hash_password};
use crate::ports::{Clock, Entropy};

/// The users of the system, as an operator manages them.
pub struct Users {
    store: Store,
    conferences: Conferences,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// A user to be added.
pub struct NewAccount {
    /// As what.
    pub role: UserRole,
    /// The address to log in with.
    pub email: EmailAddress,
    /// The name to show.
    pub name: PersonName,
    /// The password.
    pub password: String,
    /// The code of a client's company.
    pub company: Option<String>,
    /// An interpreter's languages; true for a native one.
    pub languages: Vec<(LanguageId, bool)>,
}

/// What is done to a user.
#[derive(Clone)]
pub enum UserChange {
    /// It can't log in. Its logins, and its part in a live call, end.
    Disable,
    /// It can log in again.
    Enable,
    /// It gets this password. Its logins, and its part in a live call, end.
    Password(String),
    /// As [`UserChange::Disable`], for good, and its personal data is blanked.
    Remove,
}

/// Why a user was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The password is none.
    #[error(transparent)]
    Password(#[from] BadNewPassword),
    /// The password could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// An interpreter without a language, or a client with one.
    #[error("an interpreter needs a language, and only interpreters have languages")]
    Languages,
    /// There is no company with this code.
    #[error("there is no company {0:?}; `trialogue company list` lists them")]
    UnknownCompany(String),
    /// A company of an interpreter.
    #[error("only clients belong to a company")]
    CompanyOfInterpreter,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Users {
    /// Those of these conferences.
    pub const fn new(
        store: Store,
        conferences: Conferences,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { store, conferences, clock, entropy }
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`UserError`]; [`StoreError::EmailTaken`] in whichever spelling the address was stored.
    pub async fn add(&self, new: NewAccount) -> Result<UserId, UserError> {
        let NewAccount { role, email, name, password, company, languages } = new;
        if (role == UserRole::Provider) == languages.is_empty() {
            return Err(UserError::Languages);
        }
        if role == UserRole::Provider && company.is_some() {
            return Err(UserError::CompanyOfInterpreter);
        }
        let company = match company {
            Some(code) => Some(self.company(&code).await?.id),
            None => None,
        };
        let password_hash = self.hash(&password)?;
        for form in email.stored_forms() {
            if self.store.credentials(role, form).await?.is_some() {
                return Err(StoreError::EmailTaken.into());
            }
        }
        let (email, name) = (email.as_str().to_owned(), name.as_str().to_owned());
        let new = NewUser { role, email, name, password_hash, company, languages };
        Ok(self.store.add_user(new, self.clock.now()).await?)
    }

    /// The users that were not removed, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self) -> Result<Vec<ListedUser>, StoreError> {
        self.store.users().await
    }

    /// Changes a user. False if there is none with this address.
    ///
    /// # Errors
    /// [`UserError`].
    pub async fn change(
        &self,
        role: UserRole,
        email: &EmailAddress,
        change: UserChange,
    ) -> Result<bool, UserError> {
        let now = self.clock.now();
        let password_hash = match &change {
            UserChange::Password(password) => self.hash(password)?,
            UserChange::Disable | UserChange::Enable | UserChange::Remove => String::new(),
        };
        for form in email.stored_forms() {
            let is_known = match &change {
                UserChange::Disable => self.conferences.disable_user(role, form, now).await?,
                UserChange::Enable => self.store.enable_user(role, form).await?,
                UserChange::Password(_) => {
                    self.conferences.set_password(role, form, password_hash.clone(), now).await?
                }
                UserChange::Remove => self.conferences.remove_user(role, form, now).await?,
            };
            if is_known {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The company with this code, in whichever letter case.
    pub(crate) async fn company(&self, code: &str) -> Result<Company, UserError> {
        let found = self.store.company(code.to_lowercase()).await?;
        found.ok_or_else(|| UserError::UnknownCompany(code.to_owned()))
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    fn hash(&self, password: &str) -> Result<String, UserError> {
        check_new_password(password)?;
        hash_password(password, &*self.entropy).map_err(UserError::Hash)
    }
}
