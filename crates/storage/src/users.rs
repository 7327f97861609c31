//! Users, their tokens, and their signs of life.

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, LanguageId, Role, Timestamp, UserId};

use crate::connection::native;
use crate::schema::{conferences, provider_languages, tokens, users};
use crate::standing::AT_ONCE;
use crate::store::SecretHash;
use crate::text::storable;
use crate::view::{Language, language};
use crate::{Store, StoreError};

/// A client or a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserRole {
    /// Asks for interpreters.
    Client,
    /// Interprets.
    Provider,
}

impl UserRole {
    const fn code(self) -> i16 {
        match self {
            Self::Client => 1,
            Self::Provider => 2,
        }
    }
}

impl From<UserRole> for Role {
    fn from(role: UserRole) -> Self {
        match role {
            UserRole::Client => Self::Client,
            UserRole::Provider => Self::Provider,
        }
    }
}

/// A user to be added.
#[derive(Clone)]
pub struct NewUser {
    /// Which kind.
    pub role: UserRole,
    /// The address to log in with; kept in lower case.
    pub email: String,
    /// The name to show.
    pub name: String,
    /// The argon2 hash of the password, as a PHC string.
    pub password_hash: String,
    /// A provider's languages; true for a native one.
    pub languages: Vec<(LanguageId, bool)>,
}

/// What is needed to judge a password.
#[derive(Clone)]
pub struct Credentials {
    /// Who.
    pub user: UserId,
    /// The argon2 hash of the password.
    pub password_hash: String,
}

/// Who a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: UserId,
    /// Which kind.
    pub role: UserRole,
    /// The last recorded sign of life.
    pub last_seen: Option<Timestamp>,
    /// When the token dies.
    pub expires: Timestamp,
}

impl Store {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::EmailTaken`], [`StoreError::UnknownLanguage`].
    pub async fn add_user(&self, new: NewUser, now: Timestamp) -> Result<UserId, StoreError> {
        storable(&[
            ("email", Some(&new.email)),
            ("name", Some(&new.name)),
            ("password_hash", Some(&new.password_hash)),
        ])?;
        self.executor()
            .write(0, "add a user", move |tx| {
                let email = new.email.to_lowercase();
                let taken = users::table
                    .filter(users::role.eq(new.role.code()).and(users::email.eq(&email)))
                    .count()
                    .get_result::<i64>(&mut tx.connection)
                    .map_err(StoreError::query("look for a user"))?;
                if taken > 0 {
                    return Err(StoreError::EmailTaken);
                }
                let id = tx.ids.user();
                diesel::insert_into(users::table)
                    .values((
                        users::id.eq(id.0),
                        users::role.eq(new.role.code()),
                        users::email.eq(&email),
                        users::password_hash.eq(&new.password_hash),
                        users::name.eq(&new.name),
                        users::online.eq(false),
                        users::performance.eq(0),
                        users::created_at.eq(now.0),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("insert a user"))?;
                for (language_id, native) in &new.languages {
                    language(&mut tx.connection, *language_id)?
                        .ok_or(StoreError::UnknownLanguage(language_id.0))?;
                    diesel::insert_into(provider_languages::table)
                        .values((
                            provider_languages::provider_id.eq(id.0),
                            provider_languages::language_id.eq(language_id.0),
                            provider_languages::native.eq(*native),
                        ))
                        .execute(&mut tx.connection)
                        .map_err(StoreError::query("insert a provider's language"))?;
                }
                Ok(id)
            })
            .await
    }

    /// Gives a user a new password, and ends all logins of the old one. False if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_password(
        &self,
        role: UserRole,
        email: &str,
        password_hash: String,
    ) -> Result<bool, StoreError> {
        let email = email.to_lowercase();
        self.executor()
            .write(0, "set a password", move |tx| {
                let known = users::role.eq(role.code()).and(users::email.eq(&email));
                let id: Option<i32> = diesel::update(users::table.filter(known))
                    .set(users::password_hash.eq(&password_hash))
                    .returning(users::id)
                    .get_result(&mut tx.connection)
                    .optional()
                    .map_err(StoreError::query("set a password"))?;
                let Some(id) = id else { return Ok(false) };
                diesel::delete(tokens::table.filter(tokens::user_id.eq(id)))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("end logins"))?;
                Ok(true)
            })
            .await
    }

    /// What is needed to judge a password; none if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn credentials(&self, role: UserRole, email: &str) -> Result<Option<Credentials>, StoreError> {
        let email = email.to_lowercase();
        if storable(&[("email", Some(&email))]).is_err() {
            return Ok(None);
        }
        self.executor()
            .read("find credentials", move |connection| {
                let found = users::table
                    .filter(users::role.eq(role.code()).and(users::email.eq(&email)))
                    .select((users::id, users::password_hash))
                    .get_result::<(i32, String)>(connection)
                    .optional()
                    .map_err(StoreError::query("find credentials"))?;
                Ok(found.map(|(id, password_hash)| Credentials { user: UserId(id), password_hash }))
            })
            .await
    }

    /// Keeps a new login token, and notes the sign of life.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_token(
        &self,
        user: UserId,
        hash: SecretHash,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.executor()
            .write(user.0, "log in", move |tx| {
                diesel::insert_into(tokens::table)
                    .values((
                        tokens::hash.eq(&hash[..]),
                        tokens::user_id.eq(user.0),
                        tokens::created_at.eq(now.0),
                        tokens::expires_at.eq(expires.0),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("insert a token"))?;
                set_last_seen(&mut tx.connection, user, now)
            })
            .await
    }

    /// Whose token this is; none if it is unknown or expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, hash: SecretHash, now: Timestamp) -> Result<Option<Session>, StoreError> {
        self.executor()
            .read("check a token", move |connection| {
                // The hash is looked up by index: its bits are no secret's bits, so timing tells nothing of the token.
                let query = tokens::table
                    .inner_join(users::table.on(users::id.eq(tokens::user_id)))
                    .filter(tokens::hash.eq(&hash[..]).and(tokens::expires_at.gt(now.0)))
                    .select((users::id, users::role, users::last_seen, tokens::expires_at));
                let found =
                    native!(connection, native => query.get_result::<(i32, i16, Option<i64>, i64)>(native))
                        .optional()
                        .map_err(StoreError::query("check a token"))?;
                let Some((id, role, last_seen, expires)) = found else { return Ok(None) };
                let role = match role {
                    1 => UserRole::Client,
                    2 => UserRole::Provider,
                    _ => {
                        let row = id.to_string();
                        return Err(StoreError::Inconsistent { table: "users", column: "role", row });
                    }
                };
                let last_seen = last_seen.map(Timestamp);
                Ok(Some(Session { user: UserId(id), role, last_seen, expires: Timestamp(expires) }))
            })
            .await
    }

    /// Notes a sign of life.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch(&self, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        self.executor()
            .write(user.0, "note a sign of life", move |tx| set_last_seen(&mut tx.connection, user, now))
            .await
    }

    /// Notes a sign of life of many, but of those who gave one at `lately` or after.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_all(
        &self,
        mut users: Vec<UserId>,
        lately: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        users.sort_unstable();
        for some in users.chunks(AT_ONCE) {
            let ids: Vec<i32> = some.iter().map(|user| user.0).collect();
            self.executor()
                .write(0, "note signs of life", move |tx| {
                    let quiet = users::last_seen.is_null().or(users::last_seen.lt(Some(lately.0)));
                    diesel::update(users::table.filter(users::id.eq_any(&ids)).filter(quiet))
                        .set(users::last_seen.eq(Some(now.0)))
                        .execute(&mut tx.connection)
                        .map_err(StoreError::query("note signs of life"))?;
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    /// Switches a provider on or off; on, returns the searching requests that it could serve.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_online(&self, provider: UserId, online: bool) -> Result<Vec<ConferenceId>, StoreError> {
        self.executor()
            .write(provider.0, "switch a provider on or off", move |tx| {
                diesel::update(users::table.find(provider.0))
                    .set(users::online.eq(online))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("switch a provider on or off"))?;
                if !online {
                    return Ok(Vec::new());
                }
                let spoken = provider_languages::table
                    .filter(provider_languages::provider_id.eq(provider.0))
                    .select(provider_languages::language_id);
                let waiting: Vec<i32> = conferences::table
                    .filter(conferences::outcome.is_null().and(conferences::provider_id.is_null()))
                    .filter(conferences::language_id.eq_any(spoken))
                    .order((conferences::requested_at, conferences::id))
                    .select(conferences::id)
                    .load(&mut tx.connection)
                    .map_err(StoreError::query("find waiting requests"))?;
                Ok(waiting.into_iter().map(ConferenceId).collect())
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

fn set_last_seen(
    connection: &mut crate::connection::AnyConnection,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(user.0))
        .set(users::last_seen.eq(Some(now.0)))
        .execute(connection)
        .map_err(StoreError::query("note a sign of life"))?;
    Ok(())
}
