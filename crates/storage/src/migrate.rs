//! The embedded migrations.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::{AnyConnection, DatabaseUrl, Purpose, connect};
use crate::error::OpenError;
use crate::sqlite_files;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// How the schema of a database stands to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// As this program wants it.
    Current,
    /// So many migrations are to be run.
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
    let mut connection = connect(url, Purpose::Write)?;
    if let (DatabaseUrl::Sqlite(path), AnyConnection::Sqlite(c)) = (url, &mut connection) {
        sqlite_files::refuse_emptied(path, c)?;
    }
    if let SchemaState::Newer(versions) = state(&mut connection)? {
        return Err(OpenError::NewerSchema(versions));
    }
    let failed = |e: &dyn std::fmt::Display| OpenError::Migrate(e.to_string());
    let run = match &mut connection {
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
    let mut connection = connect(url, Purpose::Write)?;
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

pub(crate) fn state(connection: &mut AnyConnection) -> Result<SchemaState, OpenError> {
    let failed = |e: &dyn std::fmt::Display| OpenError::Migrate(e.to_string());
    let (known, applied) = match connection {
        AnyConnection::Postgres(c) => {
            (versions::<diesel::pg::Pg>(&POSTGRES)?, c.applied_migrations().map_err(|e| failed(&e))?)
        }
        AnyConnection::Sqlite(c) => {
            (versions::<diesel::sqlite::Sqlite>(&SQLITE)?, c.applied_migrations().map_err(|e| failed(&e))?)
        }
    };
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
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
