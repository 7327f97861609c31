use std::collections::BTreeMap;

use diesel::prelude::*;
use trialogue_storage::{
    OpenError, SchemaState, ServeLock, Store, StoreError, StoreOptions, migrate, revert_all, schema_state,
};

use crate::schema;
use crate::world::{Database, Place, Raw};

const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

fn open(place: &Place) -> Result<Store, OpenError> {
    Store::open(&place.url(), StoreOptions::default())
}

/// Everything that a schema is made of, in words.
fn described(database: Database, place: &Place) -> Vec<String> {
    let queries: &[&str] = match database {
        Database::Sqlite => &["SELECT coalesce(sql, name) AS line FROM sqlite_master ORDER BY name"],
        Database::Postgres => &[
            "SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable, \
             collation_name, column_default, is_identity) AS line FROM information_schema.columns \
             WHERE table_schema = 'public' ORDER BY line",
            "SELECT indexdef AS line FROM pg_indexes WHERE schemaname = 'public' ORDER BY line",
            "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) AS line FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace ORDER BY line",
        ],
    };
    queries.iter().flat_map(|query| place.lines(query)).collect()
}

#[test]
fn up_down_up_leaves_the_same_schema() {
    for database in BOTH {
        let place = database.empty();
        let run = migrate(&place.url()).unwrap();
        assert_eq!(schema_state(&place.url()).unwrap(), SchemaState::Current);
        let first = described(database, &place);
        assert!(first.iter().any(|line| line.contains("participants")), "{first:?}");
        assert_eq!(migrate(&place.url()).unwrap(), Vec::<String>::new());

        revert_all(&place.url()).unwrap();
        assert_eq!(schema_state(&place.url()).unwrap(), SchemaState::Older(run.len()));
        let ours = |line: &String| {
            !line.contains("__diesel") && !line.contains("sqlite_") && line.contains("participants")
        };
        assert_eq!(described(database, &place).into_iter().filter(ours).count(), 0);
        assert!(matches!(open(&place), Err(OpenError::OlderSchema(missing)) if missing == run.len()));

        assert_eq!(migrate(&place.url()).unwrap(), run);
        assert_eq!(described(database, &place), first);
        open(&place).unwrap().close();
    }
}

#[test]
fn nothing_is_left_after_down_but_the_migrations_own_table() {
    for (database, tables) in [
        (
            Database::Sqlite,
            "SELECT name AS line FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
        ),
        (
            Database::Postgres,
            "SELECT relname::text AS line FROM pg_class WHERE relnamespace = 'public'::regnamespace \
             AND relkind IN ('r', 'S') ORDER BY 1",
        ),
    ] {
        let place = database.empty();
        migrate(&place.url()).unwrap();
        revert_all(&place.url()).unwrap();
        assert_eq!(place.lines(tables), ["__diesel_schema_migrations"]);
    }
}

#[test]
fn a_database_without_a_schema_is_too_old() {
    for database in BOTH {
        let place = database.empty();
        // An SQLite file is there from the first connection on.
        drop(place.raw());
        assert!(matches!(open(&place), Err(OpenError::OlderSchema(1..))), "{database:?}");
    }
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    for database in BOTH {
        let place = database.empty();
        migrate(&place.url()).unwrap();
        let store = open(&place).unwrap();
        place.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231235959')");
        let newer = SchemaState::Newer("20991231235959".to_owned());
        assert_eq!(schema_state(&place.url()).unwrap(), newer);
        assert_eq!(store.check().await.unwrap(), newer, "a server that is up sees it, too");
        store.close();
        assert!(matches!(open(&place), Err(OpenError::NewerSchema(v)) if v == "20991231235959"));
        assert!(matches!(migrate(&place.url()), Err(OpenError::NewerSchema(_))));
    }
}

#[test]
fn an_sqlite_file_has_one_server_and_a_postgresql_many() {
    let place = Database::Sqlite.empty();
    let first = ServeLock::take(&place.url()).unwrap();
    match ServeLock::take(&place.url()) {
        Err(OpenError::InUse(file)) => assert!(file.ends_with("trialogue.db"), "{file}"),
        other => panic!("two servers on one file: {other:?}"),
    }
    // Another file is nobody's.
    ServeLock::take(&Database::Sqlite.empty().url()).unwrap();
    drop(first);
    ServeLock::take(&place.url()).unwrap();

    let place = Database::Postgres.empty();
    let both = [ServeLock::take(&place.url()).unwrap(), ServeLock::take(&place.url()).unwrap()];
    assert_eq!(both.len(), 2);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let nowhere = tempfile::TempDir::new().unwrap();
    let url = format!("sqlite://{}/missing/trialogue.db", nowhere.path().display());
    let url = trialogue_storage::DatabaseUrl::parse(&url).unwrap();
    let made = migrate(&url);
    assert!(matches!(&made, Err(OpenError::Connect(why)) if why.contains("missing")), "{made:?}");
    let opened = Store::open(&url, StoreOptions::default()).map(drop);
    assert!(matches!(&opened, Err(OpenError::NoFile(path)) if path.contains("missing")), "{opened:?}");
}

#[test]
fn a_mistyped_path_leaves_no_file_behind() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("mistyped.db");
    let url = trialogue_storage::DatabaseUrl::parse(&format!("sqlite://{}", path.display())).unwrap();
    assert!(matches!(Store::open(&url, StoreOptions::default()).map(drop), Err(OpenError::NoFile(_))));
    assert!(!path.exists());
}

/// What the tables have, as `table.column family nullability` in the order of the columns.
fn columns(database: Database, place: &Place) -> Vec<String> {
    match database {
        Database::Sqlite => place.lines(
            "SELECT m.name || '.' || c.name || CASE c.type WHEN 'TEXT' THEN ' text' WHEN 'BLOB' THEN ' bytes' \
             WHEN 'INTEGER' THEN ' number' ELSE c.type END || CASE c.\"notnull\" WHEN 1 THEN '' ELSE ' null' END \
             AS line FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' \
             ORDER BY m.name, c.cid",
        ),
        Database::Postgres => place.lines(
            "SELECT table_name || '.' || column_name || CASE data_type WHEN 'text' THEN ' text' \
             WHEN 'bytea' THEN ' bytes' WHEN 'boolean' THEN ' number' WHEN 'smallint' THEN ' number' \
             WHEN 'integer' THEN ' number' WHEN 'bigint' THEN ' number' ELSE data_type END || \
             CASE is_nullable WHEN 'NO' THEN '' ELSE ' null' END AS line FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' \
             ORDER BY table_name COLLATE \"C\", ordinal_position",
        ),
    }
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let [sqlite, postgres] = BOTH.map(|database| {
        let place = database.empty();
        migrate(&place.url()).unwrap();
        columns(database, &place)
    });
    assert!(sqlite.len() > 70, "{sqlite:?}");
    assert_eq!(sqlite, postgres);
}

/// The tables as diesel sees them: their names with their columns.
macro_rules! diesel_tables {
    ($connection:expr, $($table:ident),+ $(,)?) => {{
        let mut tables = BTreeMap::new();
        $(
            // The query itself shows that the columns are there.
            schema::$table::table.select(schema::$table::all_columns).execute($connection).unwrap();
            let sql = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&schema::$table::table.select(schema::$table::all_columns)).to_string();
            let selected = sql.split("FROM").next().unwrap();
            let columns = selected.split('`').filter(|word| word.chars().all(|c| c.is_alphanumeric() || c == '_'));
            let table = stringify!($table);
            let columns: Vec<String> =
                columns.filter(|word| *word != table && !word.is_empty()).map(ToOwned::to_owned).collect();
            tables.insert(table.to_owned(), columns);
        )+
        tables
    }};
}

#[test]
fn diesel_sees_the_tables_as_they_are() {
    for database in BOTH {
        let place = database.empty();
        migrate(&place.url()).unwrap();
        let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in columns(database, &place) {
            let (table, column) = line.split(' ').next().unwrap().split_once('.').unwrap();
            stored.entry(table.to_owned()).or_default().push(column.to_owned());
        }
        let seen = match place.raw() {
            Raw::Sqlite(mut raw) => diesel_tables!(
                &mut raw,
                languages,
                users,
                tokens,
                provider_languages,
                companies,
                company_secrets,
                interpreters,
                interpreter_specialties,
                credentials,
                profile_images,
                conferences,
                requests,
                offers,
                participants,
                events,
                nodes,
                jobs,
                recent_deliveries,
                idempotency_keys,
                call_legs,
                ring_plans,
                search_looks,
                id_blocks,
            ),
            Raw::Postgres(mut raw) => diesel_tables!(
                &mut raw,
                languages,
                users,
                tokens,
                provider_languages,
                companies,
                company_secrets,
                interpreters,
                interpreter_specialties,
                credentials,
                profile_images,
                conferences,
                requests,
                offers,
                participants,
                events,
                nodes,
                jobs,
                recent_deliveries,
                idempotency_keys,
                call_legs,
                ring_plans,
                search_looks,
                id_blocks,
            ),
        };
        assert_eq!(seen, stored, "{database:?}");
    }
}

#[tokio::test]
async fn a_schema_that_goes_away_is_an_error_and_no_panic() {
    for database in BOTH {
        let world = database.world();
        revert_all(&world.place.url()).unwrap();
        let sent = world.conferences.touch(trialogue_domain::UserId(1), world.now()).await;
        assert!(matches!(sent, Err(StoreError::Unavailable(_) | StoreError::Query { .. })), "{sent:?}");
        assert!(matches!(world.store.check().await, Ok(SchemaState::Older(1..))));
        migrate(&world.place.url()).unwrap();
        world.client("c@example.org").await;
    }
}
