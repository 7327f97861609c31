//! Which PostgreSQL servers and roles do, and which are refused.

use trialogue_storage::{OpenError, SchemaState, Store, StoreOptions, migrate, schema_state};
use trialogue_testkit::PostgresCluster;

use crate::world::{Database, Place, Rules as _};

fn open(place: &Place) -> Result<Store, OpenError> {
    Store::open(&place.url(), StoreOptions::default())
}

#[tokio::test]
async fn a_role_that_may_make_nothing_can_serve() {
    let place = Database::Postgres.empty();
    place.sql("CREATE ROLE reader_of_nothing LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let limited = Place::foreign(place.text.replace("trialogue@", "reader_of_nothing@"));
    assert!(matches!(schema_state(&limited.url()), Ok(SchemaState::Older(1..))));
    assert!(matches!(open(&limited), Err(OpenError::OlderSchema(1..))));
    assert_eq!(place.number("SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'"), 0);

    migrate(&place.url()).unwrap();
    place.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader_of_nothing");
    assert_eq!(migrate(&limited.url()).unwrap(), Vec::<String>::new(), "there is nothing to do");
    let store = open(&limited).unwrap();
    assert_eq!(store.check().await.unwrap(), SchemaState::Current);
    let world = crate::world::World {
        conferences: store.rules(),
        store,
        clock: trialogue_testkit::ManualClock::new(),
        place: limited,
    };
    crate::scene::Call::issued(&world, "1").await.finish().await.unwrap();
}

#[test]
fn looking_makes_no_table() {
    for database in [Database::Sqlite, Database::Postgres] {
        let place = database.empty();
        drop(place.raw());
        assert!(matches!(schema_state(&place.url()), Ok(SchemaState::Older(1..))));
        let tables = match database {
            Database::Sqlite => "SELECT count(*) AS n FROM sqlite_schema",
            Database::Postgres => "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'",
        };
        assert_eq!(place.number(tables), 0, "{database:?}");
    }
}

#[test]
fn an_encoding_that_lacks_characters_is_refused() {
    let cluster = PostgresCluster::shared();
    let url = cluster.create_database();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = format!("in_{}", encoding.to_lowercase());
        cluster.query(
            &url,
            &format!(
                "CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
            ),
        );
        let place = Place::foreign(format!("{}/{name}", url.rsplit_once('/').unwrap().0));
        for refused in [migrate(&place.url()).map(drop), open(&place).map(drop)] {
            assert!(
                matches!(&refused, Err(OpenError::WrongEncoding(named)) if named == encoding),
                "{refused:?}"
            );
        }
    }
}

#[test]
fn a_pooler_that_shares_sessions_is_refused_by_name() {
    let cluster = PostgresCluster::shared();
    let place = Place::foreign(cluster.create_database());
    migrate(&place.url()).unwrap();
    let pooler = cluster.transaction_pooler();
    let through = Place::foreign(pooler.url(&place.text));
    for _ in 0..3 {
        for refused in [migrate(&through.url()).map(drop), open(&through).map(drop)] {
            let error = refused.unwrap_err();
            assert!(matches!(error, OpenError::TransactionPooler), "{error}");
            assert!(error.to_string().contains("pgbouncer"), "{error}");
        }
    }
}
