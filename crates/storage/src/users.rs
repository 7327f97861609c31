//! Users and their signs of life.

use diesel::prelude::*;
use trialogue_domain::{LanguageId, Role, Timestamp, UserId};

use crate::connection::{AnyConnection, lock_free_rows};
use crate::schema::{call_legs, conferences, idempotency_keys, provider_languages, users};
use crate::standing::AT_ONCE;
use crate::text::storable;
use crate::view::{Language, language};
use crate::writer::Tx;
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
    pub(crate) const fn code(self) -> i16 {
        match self {
            Self::Client => 1,
            Self::Provider => 2,
        }
    }

    pub(crate) const fn of_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Client),
            2 => Some(Self::Provider),
            _ => None,
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

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    /// It may.
    Active,
    /// Not until it is enabled.
    Disabled,
    /// Never again.
    Removed,
}

impl UserStatus {
    pub(crate) const fn code(self) -> i16 {
        match self {
            Self::Active => 1,
            Self::Disabled => 2,
            Self::Removed => 3,
        }
    }

    const fn of_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Active),
            2 => Some(Self::Disabled),
            3 => Some(Self::Removed),
            _ => None,
        }
    }
}

/// A user in a list of all.
#[derive(Clone)]
pub struct ListedUser {
    /// Who.
    pub id: UserId,
    /// Which kind.
    pub role: UserRole,
    /// Whether it may log in.
    pub status: UserStatus,
    /// The address to log in with.
    pub email: String,
    /// The name to show.
    pub name: String,
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

    /// The users that were not removed, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn users(&self) -> Result<Vec<ListedUser>, StoreError> {
        self.executor()
            .read("list users", |connection| {
                let rows: Vec<(i32, i16, i16, String, String)> = users::table
                    .filter(users::status.ne(UserStatus::Removed.code()))
                    .order(users::id)
                    .select((users::id, users::role, users::status, users::email, users::name))
                    .load(connection)
                    .map_err(StoreError::query("list users"))?;
                let listed = |(id, role, status, email, name): (i32, i16, i16, String, String)| {
                    let wrong =
                        |column| StoreError::Inconsistent { table: "users", column, row: id.to_string() };
                    Ok(ListedUser {
                        id: UserId(id),
                        role: UserRole::of_code(role).ok_or_else(|| wrong("role"))?,
                        status: UserStatus::of_code(status).ok_or_else(|| wrong("status"))?,
                        email,
                        name,
                    })
                };
                rows.into_iter().map(listed).collect()
            })
            .await
    }

    /// Gives a user a new password, and ends all logins of the old one, with the user's part in a live call. False if
    /// there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_password(
        &self,
        role: UserRole,
        email: &str,
        password_hash: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change_user(role, email, "set a password", move |store, tx, user| {
            diesel::update(users::table.find(user.0))
                .set(users::password_hash.eq(&password_hash))
                .execute(&mut tx.connection)
                .map_err(StoreError::query("set a password"))?;
            store.revoke(tx, user, now)
        })
        .await
    }

    /// Keeps a user from logging in, and ends its logins and its part in a live call. False if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disable_user(
        &self,
        role: UserRole,
        email: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change_user(role, email, "disable a user", move |store, tx, user| {
            set_status(tx, user, UserStatus::Disabled)?;
            store.revoke(tx, user, now)
        })
        .await
    }

    /// Lets a disabled user log in again. False if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enable_user(&self, role: UserRole, email: &str) -> Result<bool, StoreError> {
        let enable = |_: &Self, tx: &mut Tx, user| set_status(tx, user, UserStatus::Active);
        self.change_user(role, email, "enable a user", enable).await
    }

    /// Removes a user: it can never log in again, its personal data and what it wrote is blanked, and its address is
    /// free. The history keeps its number. A live call ends as by [`Store::disable_user`]. False if there is no such
    /// user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_user(&self, role: UserRole, email: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.change_user(role, email, "remove a user", move |store, tx, user| {
            store.revoke(tx, user, now)?;
            set_status(tx, user, UserStatus::Removed)?;
            forget(&mut tx.connection, user).map_err(StoreError::query("remove a user"))
        })
        .await
    }

    async fn change_user(
        &self,
        role: UserRole,
        email: &str,
        name: &'static str,
        change: impl Fn(&Self, &mut Tx, UserId) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let (store, email) = (self.clone(), email.to_lowercase());
        if storable(&[("email", Some(&email))]).is_err() {
            return Ok(false);
        }
        self.executor()
            .write(0, name, move |tx| {
                let known = users::role.eq(role.code()).and(users::email.eq(&email));
                let user: Option<i32> = users::table
                    .filter(known.and(users::status.ne(UserStatus::Removed.code())))
                    .select(users::id)
                    .get_result(&mut tx.connection)
                    .optional()
                    .map_err(StoreError::query("find a user"))?;
                let Some(user) = user else { return Ok(false) };
                change(&store, tx, UserId(user))?;
                Ok(true)
            })
            .await
    }

    /// What is needed to judge a password; none if there is no such user, or it is disabled.
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
                    .filter(users::status.eq(UserStatus::Active.code()))
                    .select((users::id, users::password_hash))
                    .get_result::<(i32, String)>(connection)
                    .optional()
                    .map_err(StoreError::query("find credentials"))?;
                Ok(found.map(|(id, password_hash)| Credentials { user: UserId(id), password_hash }))
            })
            .await
    }

    /// Notes a sign of life. A user who has become present by it is offered the requests that wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch(&self, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        let seen_from = now.before(self.timings().presence);
        let returned = self
            .executor()
            .write(user.0, "note a sign of life", move |tx| {
                note_sign_of_life(&mut tx.connection, user, seen_from, now)
            })
            .await?;
        if returned {
            self.offer_waiting_after_change(now).await;
        }
        Ok(())
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
                    let quiet = users::table.filter(users::id.eq_any(&ids)).filter(quiet).select(users::id);
                    let free: Vec<i32> = lock_free_rows!(&mut tx.connection, quiet)
                        .map_err(StoreError::query("look for signs of life"))?;
                    diesel::update(users::table.filter(users::id.eq_any(free)))
                        .set(users::last_seen.eq(Some(now.0)))
                        .execute(&mut tx.connection)
                        .map_err(StoreError::query("note signs of life"))?;
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    /// Switches a provider on or off, which is a sign of life. On, it is offered the requests that wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_online(&self, provider: UserId, online: bool, now: Timestamp) -> Result<(), StoreError> {
        self.executor()
            .write(provider.0, "switch a provider on or off", move |tx| {
                diesel::update(users::table.find(provider.0))
                    .set((users::online.eq(online), users::last_seen.eq(Some(now.0))))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("switch a provider on or off"))?;
                Ok(())
            })
            .await?;
        if online {
            self.offer_waiting_after_change(now).await;
        }
        Ok(())
    }

    /// A language by its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn language(&self, id: LanguageId) -> Result<Option<Language>, StoreError> {
        self.executor().read("find a language", move |connection| language(connection, id)).await
    }
}

fn set_status(tx: &mut Tx, user: UserId, status: UserStatus) -> Result<(), StoreError> {
    diesel::update(users::table.find(user.0))
        .set(users::status.eq(status.code()))
        .execute(&mut tx.connection)
        .map_err(StoreError::query("set a user's status"))?;
    Ok(())
}

/// Blanks the personal data of a user, and the free texts that it wrote.
fn forget(connection: &mut AnyConnection, user: UserId) -> QueryResult<()> {
    diesel::update(users::table.find(user.0))
        .set((
            // No login name: it has no @. It is unique, as the column demands.
            users::email.eq(format!("removed {user}")),
            users::name.eq(""),
            users::password_hash.eq(""),
            users::last_seen.eq(None::<i64>),
        ))
        .execute(connection)?;
    diesel::delete(provider_languages::table.filter(provider_languages::provider_id.eq(user.0)))
        .execute(connection)?;
    let own = conferences::table.filter(conferences::client_id.eq(user.0));
    let ids = own.select(conferences::id);
    diesel::update(call_legs::table.filter(call_legs::conference_id.eq_any(ids)))
        .set((
            call_legs::additional_info.eq(None::<String>),
            call_legs::third_party_call_id.eq(None::<String>),
        ))
        .execute(connection)?;
    diesel::update(own)
        .set((conferences::additional_info.eq(None::<String>), conferences::location.eq(None::<String>)))
        .execute(connection)?;
    // Kept answers hold names.
    let owner = idempotency_keys::owner.eq(format!("user {user}"));
    diesel::delete(idempotency_keys::table.filter(owner)).execute(connection)?;
    Ok(())
}

/// Notes it, and returns whether a provider who wants to take calls has become present by it: one without a sign of
/// life from `seen_from` on.
pub(crate) fn note_sign_of_life(
    connection: &mut AnyConnection,
    user: UserId,
    seen_from: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let absent = users::last_seen.is_null().or(users::last_seen.lt(Some(seen_from.0)));
    let returned = users::table
        .find(user.0)
        .filter(users::online.eq(true).and(absent))
        .count()
        .get_result::<i64>(connection)
        .map_err(StoreError::query("look for the last sign of life"))?;
    diesel::update(users::table.find(user.0))
        .set(users::last_seen.eq(Some(now.0)))
        .execute(connection)
        .map_err(StoreError::query("note a sign of life"))?;
    Ok(returned > 0)
}
