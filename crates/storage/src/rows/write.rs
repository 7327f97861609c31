//! How rows are written: on PostgreSQL, where a statement is a round trip, many by one statement whose parameters are
//! arrays; on SQLite, where many rows in one statement gain nothing, one after the other by a cached statement.
//!
//! Each column is named once, by the field of the row that holds its value. Both statements are made from that list.
//! Diesel's own updates and multi-row inserts are prepared anew each time, because their text might differ.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::database::connection::AnyConnection;

/// What a row is written by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statement {
    Insert,
    Update,
    Delete,
}

/// A row to be written. It is implemented by the macro [`row`].
pub(crate) trait Row: Sized + 'static {
    const STATEMENT: Statement;
    const TABLE: &'static str;
    /// The columns that get a value.
    const VALUES: &'static [&'static str];
    /// The columns that find the row, each with the name of its field.
    const KEYS: &'static [(&'static str, &'static str)];

    /// A vector for each column.
    type Arrays<'a>;

    fn arrays<'a>(rows: &[&'a Self]) -> Self::Arrays<'a>;

    /// Binds the values, then the keys. `before` writes the text that stands before each, by its number.
    fn bind<'b>(
        &'b self,
        out: AstPass<'_, 'b, Sqlite>,
        before: impl Fn(&mut AstPass<'_, 'b, Sqlite>, usize),
    ) -> QueryResult<()>;

    /// The same with arrays.
    fn bind_arrays<'b>(
        arrays: &'b Self::Arrays<'_>,
        out: AstPass<'_, 'b, Pg>,
        before: impl Fn(&mut AstPass<'_, 'b, Pg>, usize),
    ) -> QueryResult<()>;
}

/// Writes rows, and returns how many were written.
pub(crate) fn write<'a, R: Row>(
    connection: &mut AnyConnection,
    rows: impl IntoIterator<Item = &'a R>,
) -> QueryResult<usize> {
    match connection {
        AnyConnection::Postgres(connection) => {
            let rows: Vec<&R> = rows.into_iter().collect();
            if rows.is_empty() { Ok(0) } else { All::<R>(R::arrays(&rows)).execute(connection) }
        }
        AnyConnection::Sqlite(connection) => {
            rows.into_iter().try_fold(0, |written, row| Ok(written + One(row).execute(connection)?))
        }
    }
}

/// Inserts rows into a table that numbers them, and returns their numbers in the same order.
pub(crate) fn write_returning_ids<R: Row>(
    connection: &mut AnyConnection,
    rows: &[R],
) -> QueryResult<Vec<i64>> {
    match connection {
        AnyConnection::Postgres(_) if rows.is_empty() => Ok(Vec::new()),
        AnyConnection::Postgres(connection) => {
            // PostgreSQL numbers the rows of `unnest` in their order.
            let mut ids: Vec<i64> =
                ReturningIds(All::<R>(R::arrays(&rows.iter().collect::<Vec<_>>()))).load(connection)?;
            ids.sort_unstable();
            Ok(ids)
        }
        // RETURNING would make a temporary table for each statement.
        AnyConnection::Sqlite(connection) => rows
            .iter()
            .map(|row| {
                One(row).execute(connection)?;
                diesel::select(last_insert_rowid()).get_result(connection)
            })
            .collect(),
    }
}

diesel::define_sql_function! {
    /// The number of the row that this connection inserted last.
    fn last_insert_rowid() -> BigInt;
}

/// An insert that returns the numbers of the rows.
struct ReturningIds<Q>(Q);

impl<Q: QueryId> QueryId for ReturningIds<Q> {
    type QueryId = ReturningIds<Q::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q> Query for ReturningIds<Q> {
    type SqlType = BigInt;
}

impl<Q, C> RunQueryDsl<C> for ReturningIds<Q> {}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for ReturningIds<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING id");
        Ok(())
    }
}

/// One row, on SQLite.
struct One<'a, R>(&'a R);

/// Many rows, on PostgreSQL.
struct All<'a, R: Row>(R::Arrays<'a>);

/// The name under which a connection keeps the prepared statement of a kind of row.
struct Prepared<R>(PhantomData<R>);

impl<R: Row> QueryId for One<'_, R> {
    type QueryId = Prepared<R>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Row> QueryId for All<'_, R> {
    type QueryId = Prepared<R>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Row> RunQueryDsl<SqliteConnection> for One<'_, R> {}

impl<R: Row> RunQueryDsl<PgConnection> for All<'_, R> {}

impl<R: Row> QueryFragment<Sqlite> for One<'_, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        match R::STATEMENT {
            Statement::Insert => {
                out.push_sql("INSERT INTO ");
                out.push_sql(R::TABLE);
                push_list(&mut out, " (", ", ", R::VALUES);
                self.0
                    .bind(out.reborrow(), |out, n| out.push_sql(if n == 0 { ") VALUES (" } else { ", " }))?;
                out.push_sql(")");
                return Ok(());
            }
            Statement::Update => out.push_sql("UPDATE "),
            Statement::Delete => out.push_sql("DELETE FROM "),
        }
        out.push_sql(R::TABLE);
        self.0.bind(out, |out, n| {
            let values = R::VALUES.len();
            let (separator, column) = match n {
                _ if n < values => (if n == 0 { " SET " } else { ", " }, R::VALUES[n]),
                _ => (if n == values { " WHERE " } else { " AND " }, R::KEYS[n - values].0),
            };
            out.push_sql(separator);
            out.push_sql(column);
            out.push_sql(" = ");
        })
    }
}

impl<R: Row> QueryFragment<Pg> for All<'_, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match R::STATEMENT {
            Statement::Insert => {
                out.push_sql("INSERT INTO ");
                out.push_sql(R::TABLE);
                push_list(&mut out, " (", ", ", R::VALUES);
                out.push_sql(") SELECT * FROM ");
            }
            Statement::Update => {
                out.push_sql("UPDATE ");
                out.push_sql(R::TABLE);
                for (n, column) in R::VALUES.iter().enumerate() {
                    push_list(
                        &mut out,
                        if n == 0 { " AS old SET " } else { ", " },
                        " = new.",
                        &[*column, *column],
                    );
                }
                out.push_sql(" FROM ");
            }
            Statement::Delete => {
                out.push_sql("DELETE FROM ");
                out.push_sql(R::TABLE);
                out.push_sql(" AS old USING ");
            }
        }
        R::bind_arrays(&self.0, out.reborrow(), |out, n| {
            out.push_sql(if n == 0 { "unnest(" } else { ", " });
        })?;
        if R::STATEMENT == Statement::Insert {
            out.push_sql(")");
            return Ok(());
        }
        let fields = R::KEYS.iter().map(|(_, field)| field);
        let all: Vec<&str> = R::VALUES.iter().chain(fields).copied().collect();
        push_list(&mut out, ") AS new (", ", ", &all);
        for (n, (column, field)) in R::KEYS.iter().enumerate() {
            out.push_sql(if n == 0 { ") WHERE old." } else { " AND old." });
            push_list(&mut out, "", " = new.", &[*column, *field]);
        }
        Ok(())
    }
}

fn push_list<'a, DB: Backend>(
    out: &mut AstPass<'_, '_, DB>,
    mut separator: &'a str,
    between: &'a str,
    list: &[&str],
) {
    for name in list {
        out.push_sql(separator);
        out.push_sql(name);
        separator = between;
    }
}

/// Defines a kind of row, and how it is written: `inserted into`, `updated in` or `deleted from` a table. A field has the
/// name of its column; a field that finds the row is followed by the column's name.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident inserted into $table:ident {
            $($field_vis:vis $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($field_vis $field: $type,)+
        }

        $crate::rows::row!(@write $name, Insert, $table, [$($field: $type),+], []);
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident updated in $table:ident
        where { $($key_vis:vis $key:ident: $key_type:ty = $column:ident,)+ }
        set { $($field_vis:vis $field:ident: $type:ty,)+ }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($key_vis $key: $key_type,)+
            $($field_vis $field: $type,)+
        }

        $crate::rows::row!(@write $name, Update, $table, [$($field: $type),+], [$($key: $key_type = $column),+]);
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident deleted from $table:ident
        where { $($key_vis:vis $key:ident: $key_type:ty = $column:ident,)+ }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($key_vis $key: $key_type,)+
        }

        $crate::rows::row!(@write $name, Delete, $table, [], [$($key: $key_type = $column),+]);
    };
    (
        @write $name:ident, $statement:ident, $table:ident,
        [$($field:ident: $type:ty),*], [$($key:ident: $key_type:ty = $column:ident),*]
    ) => {
        impl $crate::rows::Row for $name {
            const STATEMENT: $crate::rows::Statement = $crate::rows::Statement::$statement;
            const TABLE: &'static str = stringify!($table);
            const VALUES: &'static [&'static str] = &[$(stringify!($field)),*];
            const KEYS: &'static [(&'static str, &'static str)] = &[$((stringify!($column), stringify!($key))),*];

            type Arrays<'a> = ($(Vec<&'a $type>,)* $(Vec<&'a $key_type>,)*);

            fn arrays<'a>(rows: &[&'a Self]) -> Self::Arrays<'a> {
                (
                    $(rows.iter().map(|row| &row.$field).collect(),)*
                    $(rows.iter().map(|row| &row.$key).collect(),)*
                )
            }

            fn bind<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>,
                before: impl Fn(&mut diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>, usize),
            ) -> diesel::QueryResult<()> {
                let mut numbers = 0..;
                $(
                    before(&mut out, numbers.next().unwrap_or_default());
                    out.push_bind_param::<diesel::dsl::SqlTypeOf<$crate::schema::$table::$field>, $type>(
                        &self.$field,
                    )?;
                )*
                $(
                    before(&mut out, numbers.next().unwrap_or_default());
                    out.push_bind_param::<diesel::dsl::SqlTypeOf<$crate::schema::$table::$column>, $key_type>(
                        &self.$key,
                    )?;
                )*
                Ok(())
            }

            fn bind_arrays<'b>(
                arrays: &'b Self::Arrays<'_>,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
                before: impl Fn(&mut diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>, usize),
            ) -> diesel::QueryResult<()> {
                let mut numbers = 0..;
                let ($($field,)* $($key,)*) = arrays;
                $(
                    before(&mut out, numbers.next().unwrap_or_default());
                    out.push_bind_param::<
                        diesel::sql_types::Array<diesel::dsl::SqlTypeOf<$crate::schema::$table::$field>>,
                        Vec<&$type>,
                    >($field)?;
                )*
                $(
                    before(&mut out, numbers.next().unwrap_or_default());
                    out.push_bind_param::<
                        diesel::sql_types::Array<diesel::dsl::SqlTypeOf<$crate::schema::$table::$column>>,
                        Vec<&$key_type>,
                    >($key)?;
                )*
                Ok(())
            }
        }
    };
}
pub(crate) use row;
