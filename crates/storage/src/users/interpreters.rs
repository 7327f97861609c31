//! The directory of interpreters: who they are, and what they are matched by.

use std::collections::HashMap;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use trialogue_domain::{Availability, Credential, LanguageId, Timestamp, UserId};

use crate::aggregate::images::forget_image;
use crate::database::connection::{AnyConnection, MAX_KEYS, load_by};
use crate::error::StoreError;
use crate::executor::ids::take_ids;
use crate::rows::interpreter::{InterpreterRow, Profile, availability_code};
use crate::rows::{row, write};
use crate::schema::{interpreters, users};
use crate::store::Store;
use crate::text::storable;
use crate::users::directory::{UserRole, UserStatus};

/// No password has this hash: who has it cannot log in.
pub(crate) const NO_PASSWORD: &str = "";

/// An interpreter of the directory, as it is imported.
#[derive(Clone)]
pub struct NewInterpreter {
    /// The address to log in with, in lower case; it tells who it is.
    pub email: String,
    /// The name to show.
    pub name: String,
    /// What clients are shown, and requests are matched by.
    pub profile: Profile,
    /// The languages; true for a native one.
    pub languages: Vec<(LanguageId, bool)>,
    /// The numbers of the specialties beside the general one (contract section 4).
    pub specialties: Vec<i32>,
    /// The credentials.
    pub credentials: Vec<NamedCredential>,
}

/// A credential with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCredential {
    /// What it is called.
    pub name: String,
    /// For which language, and when it is in force.
    pub credential: Credential,
}

/// What became of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Import {
    /// All are in the directory.
    Done {
        /// How many interpreters are new.
        added: usize,
        /// How many were known; what was known of them is replaced.
        replaced: usize,
    },
    /// Nothing has changed: these numbers are of other interpreters.
    NumbersTaken(Vec<String>),
}

row! {
    struct UserRow inserted into users {
        id: i32,
        role: i16,
        email: String,
        password_hash: String,
        name: String,
        availability: i16,
        performance: i32,
        created_at: i64,
    }
}

row! {
    struct UpdateName updated in users
    where {
        id: i32 = id,
    }
    set {
        name: String,
    }
}

row! {
    /// What an interpreter has said and missed, which no import changes.
    #[derive(Debug)]
    struct LiveColumns updated in interpreters
    where {
        id: i32 = id,
    }
    set {
        said_at: Option<i64>,
        missed_rings: i16,
        missed_at: Option<i64>,
    }
}

row! {
    struct NoInterpreter deleted from interpreters
    where {
        id: i32 = id,
    }
}

row! {
    struct LanguageRow inserted into provider_languages {
        provider_id: i32,
        language_id: i32,
        native: bool,
    }
}

row! {
    struct NoLanguages deleted from provider_languages
    where {
        provider_id: i32 = provider_id,
    }
}

row! {
    struct SpecialtyRow inserted into interpreter_specialties {
        interpreter_id: i32,
        specialty: i32,
    }
}

row! {
    struct NoSpecialties deleted from interpreter_specialties
    where {
        interpreter_id: i32 = interpreter_id,
    }
}

row! {
    struct CredentialRow inserted into credentials {
        interpreter_id: i32,
        position: i32,
        name: String,
        language_id: Option<i32>,
        effective_at: i64,
        expires_at: Option<i64>,
    }
}

row! {
    struct NoCredentials deleted from credentials
    where {
        interpreter_id: i32 = interpreter_id,
    }
}

impl Store {
    /// Adds these interpreters, or replaces what is known of those whose address is known: all of them or none. A new one
    /// can log in once it is given a password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn import_interpreters(
        &self,
        all: Vec<NewInterpreter>,
        now: Timestamp,
    ) -> Result<Import, StoreError> {
        for one in &all {
            storable(&[
                ("email", Some(&one.email)),
                ("name", Some(&one.name)),
                ("number", one.profile.number.as_deref()),
            ])?;
            for credential in &one.credentials {
                storable(&[("credential", Some(&credential.name))])?;
            }
        }
        self.executor()
            .write(0, "import interpreters", move |tx| {
                import(&mut tx.connection, &all, now).map_err(StoreError::query("import interpreters"))
            })
            .await
    }
}

impl Store {
    /// The interpreters that are named by these e-mail addresses, in any letter case, or numbers, exactly as they are; by what
    /// each is named by, an address in lower case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn interpreters_named(
        &self,
        names: Vec<String>,
    ) -> Result<HashMap<String, UserId>, StoreError> {
        self.executor()
            .read("look for interpreters", move |connection| {
                let mut found = HashMap::new();
                for some in names.chunks(MAX_KEYS) {
                    let emails: Vec<String> = some.iter().map(|name| name.to_lowercase()).collect();
                    let rows: Vec<(i32, String, Option<String>)> = users::table
                        .inner_join(interpreters::table.on(interpreters::id.eq(users::id)))
                        .filter(users::status.ne(UserStatus::Removed.code()))
                        .filter(users::email.eq_any(emails).or(interpreters::number.eq_any(some)))
                        .select((users::id, users::email, interpreters::number))
                        .load(connection)
                        .map_err(StoreError::query("look for interpreters"))?;
                    for (id, email, number) in rows {
                        found.extend(number.map(|number| (number, UserId(id))));
                        found.insert(email, UserId(id));
                    }
                }
                Ok(found)
            })
            .await
    }
}

impl Store {
    /// The interpreter with this number, unless it is removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn interpreter_numbered(&self, number: String) -> Result<Option<UserId>, StoreError> {
        storable(&[("number", Some(&number))])?;
        self.executor()
            .read("look for an interpreter", move |connection| {
                let found: Option<i32> = interpreters::table
                    .inner_join(users::table.on(users::id.eq(interpreters::id)))
                    .filter(interpreters::number.eq(&number))
                    .filter(users::status.ne(UserStatus::Removed.code()))
                    .select(interpreters::id)
                    .first(connection)
                    .optional()
                    .map_err(StoreError::query("look for an interpreter"))?;
                Ok(found.map(UserId))
            })
            .await
    }
}

fn import(connection: &mut AnyConnection, all: &[NewInterpreter], now: Timestamp) -> QueryResult<Import> {
    if let AnyConnection::Postgres(native) = connection {
        // The limits of a session that serves calls; here many rows are made between two statements.
        native.batch_execute(
            "SET LOCAL idle_in_transaction_session_timeout TO '5min'; SET LOCAL statement_timeout TO '10min'",
        )?;
    }
    let emails: Vec<&str> = all.iter().map(|one| one.email.as_str()).collect();
    let known = load_by!(
        connection,
        users::email,
        &emails,
        users::table.filter(users::role.eq(UserRole::Provider.code())).select((users::email, users::id))
    );
    let known: HashMap<String, i32> = Vec::into_iter(known?).collect();
    let of_known: Vec<i32> = known.values().copied().collect();
    let numbers: Vec<&str> = all.iter().filter_map(|one| one.profile.number.as_deref()).collect();
    let holders = load_by!(
        connection,
        interpreters::number.assume_not_null(),
        &numbers,
        interpreters::table.select((interpreters::number.assume_not_null(), interpreters::id))
    );
    let holders: Vec<(String, i32)> = holders?;
    let taken: Vec<String> =
        holders.into_iter().filter(|(_, id)| !of_known.contains(id)).map(|(number, _)| number).collect();
    if !taken.is_empty() {
        return Ok(Import::NumbersTaken(taken));
    }
    let added = i32::try_from(all.len() - known.len()).unwrap_or(i32::MAX);
    let mut new_ids = take_ids(connection, "user", added)?;
    let ids: Vec<i32> = all
        .iter()
        .map(|one| known.get(&one.email).copied().or_else(|| new_ids.next()).unwrap_or_default())
        .collect();

    let (mut new, mut names) = (Vec::new(), Vec::new());
    let (mut profiles, mut languages, mut specialties, mut credentials) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (&id, one) in ids.iter().zip(all) {
        if known.contains_key(&one.email) {
            names.push(UpdateName { id, name: one.name.clone() });
        } else {
            new.push(UserRow {
                id,
                role: UserRole::Provider.code(),
                email: one.email.clone(),
                password_hash: NO_PASSWORD.to_owned(),
                name: one.name.clone(),
                availability: availability_code(Availability::Off),
                performance: 0,
                created_at: now.0,
            });
        }
        profiles.push(InterpreterRow::new(UserId(id), &one.profile));
        languages.extend(one.languages.iter().map(|(language, native)| LanguageRow {
            provider_id: id,
            language_id: language.0,
            native: *native,
        }));
        let of_one = one.specialties.iter().map(|&specialty| SpecialtyRow { interpreter_id: id, specialty });
        specialties.extend(of_one);
        credentials.extend((0..).zip(&one.credentials).map(|(position, held)| CredentialRow {
            interpreter_id: id,
            position,
            name: held.name.clone(),
            language_id: held.credential.language.map(|language| language.0),
            effective_at: held.credential.effective.0,
            expires_at: held.credential.expires.map(|at| at.0),
        }));
    }
    let live = live_of(connection, &of_known)?;
    write(connection, &of_known.iter().map(|&id| NoLanguages { provider_id: id }).collect::<Vec<_>>())?;
    write(connection, &of_known.iter().map(|&id| NoSpecialties { interpreter_id: id }).collect::<Vec<_>>())?;
    write(connection, &of_known.iter().map(|&id| NoCredentials { interpreter_id: id }).collect::<Vec<_>>())?;
    write(connection, &of_known.iter().map(|&id| NoInterpreter { id }).collect::<Vec<_>>())?;
    write(connection, &names)?;
    write(connection, &new)?;
    write(connection, &profiles)?;
    write(connection, &live)?;
    write(connection, &languages)?;
    write(connection, &specialties)?;
    write(connection, &credentials)?;
    Ok(Import::Done { added: new.len(), replaced: names.len() })
}

/// What is to be written again once the rows of these interpreters are replaced.
fn live_of(connection: &mut AnyConnection, ids: &[i32]) -> QueryResult<Vec<LiveColumns>> {
    let rows = load_by!(
        connection,
        interpreters::id,
        ids,
        interpreters::table
            .filter(interpreters::said_at.is_not_null().or(interpreters::missed_rings.gt(0)))
            .select((
                interpreters::id,
                interpreters::said_at,
                interpreters::missed_rings,
                interpreters::missed_at,
            ))
    );
    let rows: Vec<(i32, Option<i64>, i16, Option<i64>)> = rows?;
    let columns =
        |(id, said_at, missed_rings, missed_at)| LiveColumns { id, said_at, missed_rings, missed_at };
    Ok(rows.into_iter().map(columns).collect())
}

/// The profile of an interpreter who was added alone.
pub(crate) fn add_profile(
    connection: &mut AnyConnection,
    id: UserId,
    profile: &Profile,
) -> Result<(), StoreError> {
    write(connection, [&InterpreterRow::new(id, profile)])
        .map(drop)
        .map_err(StoreError::query("insert an interpreter"))
}

/// Removes what is known of an interpreter.
pub(crate) fn forget_interpreter(connection: &mut AnyConnection, id: UserId) -> QueryResult<()> {
    write(connection, [&NoLanguages { provider_id: id.0 }])?;
    write(connection, [&NoSpecialties { interpreter_id: id.0 }])?;
    write(connection, [&NoCredentials { interpreter_id: id.0 }])?;
    forget_image(connection, id)?;
    diesel::update(interpreters::table.find(id.0))
        .set((interpreters::number.eq(None::<String>), interpreters::gender.eq(None::<i16>)))
        .execute(connection)
        .map(drop)
}
