//! The embedded migrations.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::database::connect::connect;
use crate::database::connection::{AnyConnection, Purpose};
use crate::database::url::DatabaseUrl;
use crate::database::{postgres, sqlite_files};
use crate::error::OpenError;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// How the schema of a database stands to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// As this program wants it.
    Current,
    /// The number of migrations that are to be run.
    Older(usize),
    /// It has migrations that this program does not know.
    Newer(String),
}

/// Runs the migrations that are missing, and returns their names.
///
/// # Errors
/// [`OpenError`] if the database can't be reached, is newer than this program, or a migration fails; if an SQLite database
/// existed and is lost.
pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, OpenError> {
    if let DatabaseUrl::Sqlite(path) = url {
        sqlite_files::create(path)?;
    }
    let mut connection = connect(url, Purpose::Migrate)?;
    if let (DatabaseUrl::Sqlite(path), AnyConnection::Sqlite(c)) = (url, &mut connection) {
        sqlite_files::refuse_emptied(path, c)?;
    }
    if let (DatabaseUrl::Postgres(text), AnyConnection::Postgres(c)) = (url, &mut connection) {
        postgres::refuse_unfit(text, c)?;
    }
    let state = state(&mut connection)?;
    if let SchemaState::Newer(versions) = state {
        return Err(OpenError::NewerSchema(versions));
    }
    let failed = |e: &dyn std::fmt::Display| OpenError::Migrate(e.to_string());
    let run = match &mut connection {
        // Where there is nothing to do, the right to make tables is not needed.
        _ if state == SchemaState::Current => Vec::new(),
        AnyConnection::Postgres(c) => c.run_pending_migrations(POSTGRES).map_err(|e| failed(&e))?,
        AnyConnection::Sqlite(c) => c.run_pending_migrations(SQLITE).map_err(|e| failed(&e))?,
    };
    if let DatabaseUrl::Sqlite(path) = url {
        sqlite_files::remember(path)?;
    }
    Ok(run.iter().map(ToString::to_string).collect())
}

/// Takes every migration back. All data is lost.
///
/// # Errors
/// [`OpenError`] if the database can't be reached or a migration fails.
pub fn revert_all(url: &DatabaseUrl) -> Result<(), OpenError> {
    let mut connection = connect(url, Purpose::Migrate)?;
    let failed = |e: &dyn std::fmt::Display| OpenError::Migrate(e.to_string());
    match &mut connection {
        AnyConnection::Postgres(c) => c.revert_all_migrations(POSTGRES).map_err(|e| failed(&e))?,
        AnyConnection::Sqlite(c) => c.revert_all_migrations(SQLITE).map_err(|e| failed(&e))?,
    };
    Ok(())
}

/// How the schema stands.
///
/// # Errors
/// [`OpenError`] if the database can't be asked.
pub fn schema_state(url: &DatabaseUrl) -> Result<SchemaState, OpenError> {
    state(&mut connect(url, Purpose::Read)?)
}

diesel::table! {
    /// The migrations that were run; diesel makes and writes it.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// Diesel's own way to ask makes the table; this one only looks.
pub(crate) fn state(connection: &mut AnyConnection) -> Result<SchemaState, OpenError> {
    let failed = |e: diesel::result::Error| OpenError::Migrate(e.to_string());
    let (known, is_there) = match connection {
        AnyConnection::Postgres(_) => (
            versions::<diesel::pg::Pg>(&POSTGRES)?,
            sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL"),
        ),
        AnyConnection::Sqlite(_) => (
            versions::<diesel::sqlite::Sqlite>(&SQLITE)?,
            sql::<Bool>("EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '__diesel_schema_migrations')"),
        ),
    };
    let applied: Vec<String> = if diesel::select(is_there).get_result(connection).map_err(failed)? {
        __diesel_schema_migrations::table
            .select(__diesel_schema_migrations::version)
            .order(__diesel_schema_migrations::version)
            .load(connection)
            .map_err(failed)?
    } else {
        Vec::new()
    };
    let unknown: Vec<&str> = applied.iter().filter(|v| !known.contains(v)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Ok(SchemaState::Newer(unknown.join(", ")));
    }
    Ok(match known.iter().filter(|v| !applied.contains(v)).count() {
        0 => SchemaState::Current,
        missing => SchemaState::Older(missing),
    })
}

fn versions<DB: diesel::backend::Backend>(embedded: &EmbeddedMigrations) -> Result<Vec<String>, OpenError> {
    let migrations = diesel::migration::MigrationSource::<DB>::migrations(embedded)
        .map_err(|e| OpenError::Migrate(e.to_string()))?;
    Ok(migrations.iter().map(|m| m.name().version().to_string()).collect())
}
