//! One connection type for both databases.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

/// Maximum number of keys in one statement: SQLite takes no more than 32,766 parameters.
pub(crate) const MAX_KEYS: usize = 1000;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Runs one command that has no parameters and returns no rows, as COMMIT. SQLite keeps it prepared: to parse it takes
/// longer than to do it.
pub(crate) fn command(connection: &mut AnyConnection, text: &'static str) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(native) => native.batch_execute(text),
        AnyConnection::Sqlite(native) => Command(text).execute(native).map(drop),
    }
}

struct Command(&'static str);

/// The text is what tells two commands apart.
impl QueryId for Command {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for Command {}

impl QueryFragment<Sqlite> for Command {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

/// Runs a query on the connection that this one is. Through the enum, diesel writes a query's text anew for each run,
/// though its statement is long prepared: a quarter of all that a kick costs on SQLite.
macro_rules! native {
    ($connection:expr, $native:ident => $run:expr) => {
        match $connection {
            $crate::database::connection::AnyConnection::Postgres($native) => $run,
            $crate::database::connection::AnyConnection::Sqlite($native) => $run,
        }
    };
}
pub(crate) use native;

/// Loads the keys of rows that are going to be changed. On PostgreSQL their rows are locked, and those that another
/// session has locked are left out: nothing is waited for.
macro_rules! lock_free_rows {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::database::connection::AnyConnection::Postgres(native) => {
                $query.for_no_key_update().skip_locked().load(native)
            }
            $crate::database::connection::AnyConnection::Sqlite(native) => $query.load(native),
        }
    };
}
pub(crate) use lock_free_rows;

/// Loads the rows of many keys: on PostgreSQL by one statement with an array, on SQLite by one cached statement for each
/// key. Without keys nothing is asked.
macro_rules! load_by {
    ($connection:expr, $column:expr, $keys:expr, $query:expr) => {
        match $connection {
            _ if $keys.is_empty() => Ok(Vec::new()),
            $crate::database::connection::AnyConnection::Postgres(native) => {
                $query.filter($column.eq_any($keys)).load(native)
            }
            $crate::database::connection::AnyConnection::Sqlite(native) => {
                $keys.iter().try_fold(Vec::new(), |mut rows, key| {
                    rows.append(&mut $query.filter($column.eq(*key)).load(native)?);
                    Ok(rows)
                })
            }
        }
    };
}
pub(crate) use load_by;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Changes: SQLite's one writer.
    Write,
    /// Reads.
    Read,
    /// Changes of the schema, which may wait longer for locks and take longer.
    Migrate,
}
