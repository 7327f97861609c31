//! Who presents a token.

use trialogue_domain::{Actor, LanguageId, Timestamp, UserId};
use trialogue_storage::{ConferenceLookup, Invitation, Login, SecretHash, UserRole};

use crate::app::App;
use crate::error::AppError;
use crate::secret::Secret;

/// A logged-in user.
pub struct LoggedInUser {
    /// Who.
    pub id: UserId,
    /// As what.
    pub role: UserRole,
    /// The language of texts that was asked for at the log-in.
    pub language: Option<LanguageId>,
    /// The token of the login.
    pub token: Secret,
}

impl LoggedInUser {
    /// In the rules' words.
    pub const fn actor(&self) -> Actor {
        match self.role {
            UserRole::Client => Actor::Client(self.id),
            UserRole::Provider => Actor::Provider(self.id),
        }
    }

    /// The conference that the token implies: the user's latest.
    pub const fn own(&self) -> ConferenceLookup {
        match self.role {
            UserRole::Client => ConferenceLookup::Client(self.id),
            UserRole::Provider => ConferenceLookup::Provider(self.id),
        }
    }
}

/// Whoever presents a token.
pub enum Bearer {
    /// A user, and when the login ends.
    User(LoggedInUser, Timestamp),
    /// An invited party.
    Invited(Invitation),
}

impl App {
    /// The user of this role whose token it is.
    ///
    /// # Errors
    /// [`AppError`]: no such login, or another role.
    pub async fn user(&self, token: Secret, role: UserRole) -> Result<LoggedInUser, AppError> {
        let now = self.now();
        let Some(login) = self.store.login(token.hash(), now).await? else {
            return Err(self.no_login(&token, now).await);
        };
        if login.role != role {
            return Err(AppError::WrongRole(role));
        }
        self.note_use(&login, token.hash(), now).await;
        Ok(LoggedInUser { id: login.user, role, language: login.language, token })
    }

    /// Whoever's token it is.
    ///
    /// # Errors
    /// [`AppError`]: nobody's.
    pub async fn bearer(&self, token: Secret) -> Result<Bearer, AppError> {
        let now = self.now();
        if let Some(login) = self.store.login(token.hash(), now).await? {
            let expires = self.note_use(&login, token.hash(), now).await;
            let user = LoggedInUser { id: login.user, role: login.role, language: login.language, token };
            return Ok(Bearer::User(user, expires));
        }
        match self.store.invitation(token.hash()).await? {
            Some(invitation) => Ok(Bearer::Invited(invitation)),
            None => Err(self.no_login(&token, now).await),
        }
    }

    /// The invitation whose secret it is.
    ///
    /// # Errors
    /// [`AppError::InvalidInvitation`].
    pub async fn guest(&self, token: &Secret) -> Result<Invitation, AppError> {
        self.store.invitation(token.hash()).await?.ok_or(AppError::InvalidInvitation)
    }

    /// Prolongs a login, and tells when it ends then; none if it has ended.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn renew(&self, token: SecretHash) -> Result<Option<Timestamp>, AppError> {
        let now = self.now();
        let Some(login) = self.store.login(token, now).await? else { return Ok(None) };
        let Some(expires) = self.settings.logins.prolonged(&login, now) else {
            return Ok(Some(login.expires));
        };
        self.store.prolong(login.user, token, expires).await?;
        Ok(Some(expires))
    }

    /// Why a token is no login.
    async fn no_login(&self, token: &Secret, now: Timestamp) -> AppError {
        match self.store.has_expired(token.hash(), now).await {
            Ok(true) => AppError::TokenExpired,
            Ok(false) => AppError::InvalidToken,
            Err(error) => error.into(),
        }
    }

    /// Signs of life are written a few times in a presence window, and a login is prolonged a few times in its life: not
    /// at every call. Returns when the login ends.
    async fn note_use(&self, login: &Login, token: SecretHash, now: Timestamp) -> Timestamp {
        self.note_sign_of_life(login.user, login.last_seen).await;
        let Some(expires) = self.settings.logins.prolonged(login, now) else { return login.expires };
        match self.store.prolong(login.user, token, expires).await {
            Ok(()) => expires,
            Err(error) => {
                tracing::warn!(%error, "a login was not prolonged");
                login.expires
            }
        }
    }
}
