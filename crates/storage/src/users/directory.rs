//! Users and their signs of life.

use std::collections::HashMap;

use diesel::prelude::*;
use trialogue_domain::{Availability, LanguageId, Role, Timestamp, UserId};

use crate::aggregate::company::CompanyId;
use crate::aggregate::language::language;
use crate::aggregate::offered::{Person, people};
use crate::database::connection::{AnyConnection, MAX_KEYS, lock_free_rows};
use crate::error::StoreError;
use crate::rows::interpreter::{Profile, availability_code};
use crate::schema::{companies, provider_languages, users};
use crate::store::Store;
use crate::text::storable;
use crate::users::interpreters::{NO_PASSWORD, add_profile};

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
    /// A client's company.
    pub company: Option<CompanyId>,
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
    /// A client's company, with its code.
    pub company: Option<(CompanyId, String)>,
    /// The language of texts that is asked for; no user has one of its own.
    pub language: Option<LanguageId>,
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
                        users::availability.eq(availability_code(Availability::Off)),
                        users::performance.eq(0),
                        users::created_at.eq(now.0),
                        users::company_id.eq(new.company.map(|company| company.0)),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("insert a user"))?;
                if new.role == UserRole::Provider {
                    add_profile(&mut tx.connection, id, &Profile::default())?;
                }
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

    /// These users, as others see them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people(&self, users: Vec<UserId>) -> Result<HashMap<UserId, Person>, StoreError> {
        self.executor().read("find users", move |connection| people(connection, &users)).await
    }

    /// What is needed to judge a password; none if there is no such user, it has no password, or it is disabled.
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
                    .left_join(companies::table.on(users::company_id.eq(companies::id.nullable())))
                    .filter(users::role.eq(role.code()).and(users::email.eq(&email)))
                    .filter(users::status.eq(UserStatus::Active.code()))
                    // Imported, and not given a password yet.
                    .filter(users::password_hash.ne(NO_PASSWORD))
                    .select((
                        users::id,
                        users::password_hash,
                        companies::id.nullable(),
                        companies::code.nullable(),
                    ))
                    .get_result::<(i32, String, Option<i32>, Option<String>)>(connection)
                    .optional()
                    .map_err(StoreError::query("find credentials"))?;
                Ok(found.map(|(id, password_hash, company, code)| Credentials {
                    user: UserId(id),
                    password_hash,
                    company: company.map(CompanyId).zip(code),
                    language: None,
                }))
            })
            .await
    }

    /// Notes a sign of life. True if a provider who wants to take calls has become present by it: its last one was before
    /// `seen_from`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch(
        &self,
        user: UserId,
        seen_from: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.executor()
            .write(user.0, "note a sign of life", move |tx| {
                note_sign_of_life(&mut tx.connection, user, seen_from, now)
            })
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
        for some in users.chunks(MAX_KEYS) {
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
        .filter(users::availability.eq(availability_code(Availability::On)).and(absent))
        .count()
        .get_result::<i64>(connection)
        .map_err(StoreError::query("look for the last sign of life"))?;
    diesel::update(users::table.find(user.0))
        .set(users::last_seen.eq(Some(now.0)))
        .execute(connection)
        .map_err(StoreError::query("note a sign of life"))?;
    Ok(returned > 0)
}
