use std::path::Path;

use trialogue_storage::{DatabaseUrl, OpenError, Store, StoreOptions, schema_state};

#[test]
fn the_scheme_decides() {
    for (url, path) in [
        ("sqlite://trialogue.db", "trialogue.db"),
        ("sqlite:///var/lib/trialogue/a b.db", "/var/lib/trialogue/a b.db"),
        ("sqlite://./x@y?z.db", "./x@y?z.db"),
    ] {
        assert_eq!(DatabaseUrl::parse(url).unwrap(), DatabaseUrl::Sqlite(Path::new(path).to_owned()));
    }
    for url in ["postgres://host/db", "postgresql://u:p@host:5433/db?connect_timeout=2"] {
        assert_eq!(DatabaseUrl::parse(url).unwrap(), DatabaseUrl::Postgres(url.to_owned()));
    }
}

#[test]
fn nothing_is_guessed() {
    for (url, scheme) in [
        ("", ""),
        ("trialogue.db", ""),
        ("/var/lib/trialogue.db", ""),
        (":memory:", ""),
        ("sqlite:trialogue.db", ""),
        ("SQLITE://trialogue.db", "SQLITE"),
        ("mysql://host/db", "mysql"),
        ("Postgres://host/db", "Postgres"),
        ("postgres:/host", ""),
        ("host=localhost password=secret", ""),
        (" sqlite://x", " sqlite"),
    ] {
        match DatabaseUrl::parse(url) {
            Err(OpenError::UnknownScheme(named)) => assert_eq!(named, scheme, "{url}"),
            other => panic!("{url}: {other:?}"),
        }
    }
    // Memory is one database for each connection.
    for url in [
        "sqlite://",
        "sqlite://:memory:",
        "sqlite://file::memory:",
        "sqlite://file:x?mode=memory&cache=shared",
    ] {
        assert!(matches!(DatabaseUrl::parse(url), Err(OpenError::NoPath)), "{url}");
    }
}

#[test]
fn tls_is_promised_only_by_a_build_that_has_it() {
    for mode in ["require", "verify-ca", "verify-full"] {
        for url in [
            format!("postgres://host/db?sslmode={mode}"),
            format!("postgres://host/db?connect_timeout=1&sslmode={mode}"),
            format!("postgres://host/db?sslmode=disable&sslmode={mode}"),
        ] {
            let parsed = DatabaseUrl::parse(&url);
            if cfg!(feature = "bundled-libpq") {
                assert!(matches!(parsed, Err(OpenError::NoTls(named)) if named == mode), "{url}");
            } else {
                parsed.unwrap();
            }
        }
    }
    for mode in ["disable", "allow", "prefer"] {
        DatabaseUrl::parse(&format!("postgres://host/db?sslmode={mode}")).unwrap();
    }
}

const SECRET_URLS: [&str; 9] = [
    "postgres://user:s3cret@host:5432/db",
    "postgresql://user:s3cret@host/db?application_name=x",
    "postgres://user:p@s3cret@host/db",
    "postgres://user:what?s3cret@host/db",
    "postgres://user:a@what?s3cret@host/db",
    "postgres://user:what/s3cret@host/db",
    "postgres://host/db?user=u&password=s3cret",
    "postgres://host/db?user=u&password=a@s3cret",
    "postgres://user:s3cret@host/db?application_name=a@b",
];

#[test]
fn no_password_is_shown() {
    for url in SECRET_URLS {
        let parsed = DatabaseUrl::parse(url).unwrap();
        for shown in [format!("{parsed}"), format!("{parsed:?}")] {
            assert!(!shown.contains("s3cret") && shown.starts_with("postgres://"), "{url}: {shown}");
        }
    }
    let shown = |url: &str| DatabaseUrl::parse(url).unwrap().to_string();
    assert_eq!(shown("postgres://user:s3cret@host:5432/db?application_name=x"), "postgres://host:5432/db");
    assert_eq!(shown("postgresql://host/db"), "postgres://host/db");
    assert_eq!(shown("sqlite:///a/b.db"), "sqlite:///a/b.db");
}

/// Port 1 of this machine serves nobody; the other URLs cannot be read at all.
#[test]
fn no_password_is_in_the_reason() {
    let unreadable = [
        "postgres://user:s3cret@127.0.0.1:1/db",
        "postgres://user:s3cret@127.0.0.1:1/db?bad",
        "postgres://user:s3cret@127.0.0.1:1/db?nosuchoption=s3cret",
        "postgres://user:s3cret%zz@127.0.0.1:1/db",
        "postgres://user:s3cret@[::1",
        "postgres://127.0.0.1:1/db?password=s3cret=s3cret",
        "postgres://u:s3cret/x@127.0.0.1:1/db",
    ];
    for url in unreadable {
        let parsed = DatabaseUrl::parse(url).unwrap();
        for error in [
            schema_state(&parsed).unwrap_err().to_string(),
            Store::open(&parsed, StoreOptions::default()).map(drop).unwrap_err().to_string(),
        ] {
            assert!(error.starts_with("cannot connect") && !error.contains("s3cret"), "{url}: {error}");
        }
    }
    let refused = DatabaseUrl::parse(unreadable[0]).unwrap();
    let error = schema_state(&refused).unwrap_err().to_string();
    assert!(error.contains("127.0.0.1") && error.contains("port 1"), "{error}");
}
