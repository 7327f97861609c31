//! Who presents a token.

use trialogue_domain::{Actor, Timestamp, UserId};
use trialogue_storage::{Invitation, SecretHash, Session, UserRole, Whose};

use crate::app::App;
use crate::error::AppError;
use crate::secret::Secret;

/// A logged-in user.
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: UserRole,
    /// The token of the login.
    pub token: Secret,
}

impl Caller {
    /// In the rules' words.
    pub const fn actor(&self) -> Actor {
        match self.role {
            UserRole::Client => Actor::Client(self.user),
            UserRole::Provider => Actor::Provider(self.user),
        }
    }

    /// The conference that the token implies: the user's latest.
    pub const fn own(&self) -> Whose {
        match self.role {
            UserRole::Client => Whose::Client(self.user),
            UserRole::Provider => Whose::Provider(self.user),
        }
    }
}

/// Whoever presents a token.
pub enum Bearer {
    /// A user, and when the login ends.
    User(Caller, Timestamp),
    /// An invited party.
    Invited(Invitation),
}

impl App {
    /// The user of this role whose token it is.
    ///
    /// # Errors
    /// [`AppError`]: no such login, or another role.
    pub async fn user(&self, token: Secret, role: UserRole) -> Result<Caller, AppError> {
        let now = self.now();
        let Some(session) = self.store.session(token.hash(), now).await? else {
            return Err(self.no_login(&token, now).await);
        };
        if session.role != role {
            return Err(AppError::WrongRole(role));
        }
        self.note_use(&session, token.hash(), now).await;
        Ok(Caller { user: session.user, role, token })
    }

    /// Whoever's token it is.
    ///
    /// # Errors
    /// [`AppError`]: nobody's.
    pub async fn bearer(&self, token: Secret) -> Result<Bearer, AppError> {
        let now = self.now();
        if let Some(session) = self.store.session(token.hash(), now).await? {
            let expires = self.note_use(&session, token.hash(), now).await;
            let caller = Caller { user: session.user, role: session.role, token };
            return Ok(Bearer::User(caller, expires));
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
        let Some(session) = self.store.session(token, now).await? else { return Ok(None) };
        let Some(expires) = self.settings.logins.prolonged(&session, now) else {
            return Ok(Some(session.expires));
        };
        self.store.prolong(session.user, token, expires).await?;
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
    async fn note_use(&self, session: &Session, token: SecretHash, now: Timestamp) -> Timestamp {
        self.note_sign_of_life(session.user, session.last_seen).await;
        let Some(expires) = self.settings.logins.prolonged(session, now) else { return session.expires };
        match self.store.prolong(session.user, token, expires).await {
            Ok(()) => expires,
            Err(error) => {
                tracing::warn!(%error, "a login was not prolonged");
                session.expires
            }
        }
    }
}
