//! A fresh store on either database, and a way behind its back.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection, sql_query};
use tempfile::TempDir;
use trialogue_app::Conferences;
use trialogue_domain::{Timestamp, Timings};
use trialogue_storage::{DatabaseUrl, Store, StoreOptions, migrate};
use trialogue_testkit::{ManualClock, PostgresCluster, sqlite_url};

/// Makes of each scenario, an `async fn(Database)`, two tests.
macro_rules! on_both {
    ($($scenario:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $scenario() { super::$scenario(crate::world::Database::Sqlite).await; })+
        }
        mod postgres {
            $(#[tokio::test] async fn $scenario() { super::$scenario(crate::world::Database::Postgres).await; })+
        }
    };
}
pub(crate) use on_both;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    /// An empty database without a schema.
    pub(crate) fn empty(self) -> Place {
        match self {
            Self::Sqlite => {
                let dir = TempDir::new().unwrap();
                Place { text: sqlite_url(&dir), _dir: Some(dir) }
            }
            Self::Postgres => Place { text: PostgresCluster::shared().create_database(), _dir: None },
        }
    }

    pub(crate) fn world(self) -> World {
        self.world_with(StoreOptions::default())
    }

    pub(crate) fn world_with(self, options: StoreOptions) -> World {
        World::at(self.empty(), options)
    }

    /// One writer, so that what waits behind an operation is sure to be one group.
    pub(crate) fn world_of_one_writer(self) -> World {
        self.world_with(StoreOptions { writers: 1, ..StoreOptions::default() })
    }
}

/// Where a database is; gone when dropped.
pub(crate) struct Place {
    pub(crate) text: String,
    _dir: Option<TempDir>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Place {
    /// A database that belongs to somebody else.
    pub(crate) fn foreign(text: String) -> Self {
        Self { text, _dir: None }
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.text).unwrap()
    }

    pub(crate) fn raw(&self) -> Raw {
        match self.url() {
            DatabaseUrl::Sqlite(path) => {
                let mut raw = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                raw.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                Raw::Sqlite(raw)
            }
            DatabaseUrl::Postgres(url) => Raw::Postgres(PgConnection::establish(&url).unwrap()),
        }
    }

    /// Does SQL that both databases understand.
    pub(crate) fn sql(&self, sql: &str) {
        match self.raw() {
            Raw::Sqlite(mut raw) => raw.batch_execute(sql),
            Raw::Postgres(mut raw) => raw.batch_execute(sql),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The number that a query names `n`.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        match self.raw() {
            Raw::Sqlite(mut raw) => sql_query(sql).get_result::<Number>(&mut raw),
            Raw::Postgres(mut raw) => sql_query(sql).get_result::<Number>(&mut raw),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .n
    }

    /// The texts that a query names `line`.
    pub(crate) fn lines(&self, sql: &str) -> Vec<String> {
        let lines = match self.raw() {
            Raw::Sqlite(mut raw) => sql_query(sql).load::<Line>(&mut raw),
            Raw::Postgres(mut raw) => sql_query(sql).load::<Line>(&mut raw),
        };
        lines.unwrap_or_else(|error| panic!("{sql}: {error}")).into_iter().map(|l| l.line).collect()
    }
}

pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// A store on a migrated database, and a clock.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) conferences: Conferences,
    pub(crate) clock: ManualClock,
    pub(crate) place: Place,
}

impl World {
    pub(crate) fn at(place: Place, options: StoreOptions) -> Self {
        migrate(&place.url()).unwrap();
        let store = Store::open(&place.url(), options).unwrap();
        let conferences = store.rules();
        Self { store, conferences, clock: ManualClock::new(), place }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A second server on the same PostgreSQL.
    pub(crate) fn another_node(&self) -> Store {
        Store::open(&self.place.url(), StoreOptions::default()).unwrap()
    }

    pub(crate) fn count(&self, table: &str) -> i64 {
        self.place.number(&format!("SELECT count(*) AS n FROM {table}"))
    }
}

/// What the rules make of a store's conferences: storage itself has none.
pub(crate) trait Rules {
    /// Conferences, changed by the rules, with the usual waiting times.
    fn rules(&self) -> Conferences;
}

impl Rules for Store {
    fn rules(&self) -> Conferences {
        Conferences::new(self.clone(), Timings::default())
    }
}
