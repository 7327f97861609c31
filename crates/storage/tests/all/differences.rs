//! Where the two databases differ by themselves, and must not through the store.

use diesel::connection::SimpleConnection;
use trialogue_domain::{Actor, Command, Observation, Refusal, Timestamp, UserId};
use trialogue_storage::{CallLeg, ConferenceLookup, Credentials, StoreError, UserRole};

use crate::idempotency::key;
use crate::scene::{Call, SPANISH, details, guest, number, offer, plain, refusal, request, user};
use crate::world::{Database, Raw, Rules as _, on_both};

on_both! {
    times_are_kept_to_the_microsecond,
    the_ends_of_time_are_kept,
    nul_is_refused_by_name,
    nul_finds_nobody,
    any_other_text_is_kept,
    ids_end_where_they_end,
    a_violation_inside_an_operation_undoes_it_whole,
    key_texts_are_in_the_order_of_their_bytes,
    foreign_keys_hold,
}

async fn times_are_kept_to_the_microsecond(database: Database) {
    let world = database.world();
    let odd = Timestamp(1_767_225_600_123_457);
    let client = world.client("c@example.org").await;
    let id =
        world.conferences.open_request(client, plain(SPANISH), details(), odd, None, number()).await.unwrap();
    let id = trialogue_domain::ConferenceId(crate::scene::number_in(&id));
    assert_eq!(world.view(id).await.requested_at, odd);
    assert_eq!(world.store.timeline(id).await.unwrap()[0].at, odd);
    assert_eq!(
        world.conference(id).await.next_deadline(),
        Some(odd.after(world.conferences.timings().search))
    );
    world.conferences.touch(client, odd).await.unwrap();
    assert_eq!(world.view(id).await.client.last_seen, Some(odd));
}

async fn the_ends_of_time_are_kept(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    for end in [Timestamp(i64::MIN), Timestamp(i64::MAX)] {
        world.conferences.touch(call.client, end).await.unwrap();
        assert_eq!(world.view(call.id).await.client.last_seen, Some(end));
    }
    let legs = vec![CallLeg {
        started: Some(Timestamp(i64::MIN)),
        ended: Some(Timestamp(i64::MAX)),
        call_time: "0".to_owned(),
        successful: false,
        additional_info: None,
        third_party_call_id: None,
    }];
    let actor = Actor::Client(call.client);
    world
        .conferences
        .finish(ConferenceLookup::Id(call.id), actor, true, legs, Timestamp(i64::MAX))
        .await
        .unwrap();
    assert_eq!(world.place.number("SELECT started_at AS n FROM call_legs"), i64::MIN);
    assert_eq!(world.place.number("SELECT ended_at AS n FROM call_legs"), i64::MAX);
    world.conference(call.id).await;

    // A deadline that would lie behind the end of time lies at it.
    let client = world.client("late@example.org").await;
    let late = world.conferences.open_request(
        client,
        plain(SPANISH),
        details(),
        Timestamp(i64::MAX),
        None,
        number(),
    );
    let late = trialogue_domain::ConferenceId(crate::scene::number_in(&late.await.unwrap()));
    assert_eq!(world.conference(late).await.next_deadline(), Some(Timestamp(i64::MAX)));
    assert_eq!(world.store.due(Timestamp(i64::MAX), 10).await.unwrap(), [late]);
}

async fn nul_is_refused_by_name(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let field = |result: Result<(), StoreError>| match result {
        Err(StoreError::InvalidText { field }) => field,
        other => panic!("{other:?}"),
    };
    let bad = || "a\0b".to_owned();

    for wanted in ["email", "name", "password_hash"] {
        let mut new = user(UserRole::Client, "x@example.org");
        match wanted {
            "email" => new.email = bad(),
            "name" => new.name = bad(),
            _ => new.password_hash = bad(),
        }
        assert_eq!(field(world.store.add_user(new, world.now()).await.map(drop)), wanted);
    }
    for wanted in ["additional_info", "location"] {
        let mut new = details();
        *(if wanted == "location" { &mut new.location } else { &mut new.additional_info }) = Some(bad());
        let opened = world
            .conferences
            .open_request(call.client, plain(SPANISH), new, world.now(), None, number())
            .await;
        assert_eq!(field(opened.map(drop)), wanted);
    }
    for (wanted, bad_key) in [("owner", key("a\0b", "k", 1)), ("key", key("o", "\0", 1))] {
        let opened = request(&world.store, &world, call.client, Some(bad_key)).await;
        assert_eq!(field(opened.map(drop)), wanted);
    }
    for wanted in ["name", "email", "phone"] {
        let mut new = guest(Actor::Client(call.client), "guest");
        *(match wanted {
            "name" => &mut new.name,
            "email" => &mut new.email,
            _ => &mut new.phone,
        }) = Some(bad());
        let actor = Actor::Client(call.client);
        let invited = world
            .store
            .rules()
            .invite(ConferenceLookup::Id(call.id), actor, new, world.now(), None, Box::new(|_| vec![]))
            .await;
        assert_eq!(field(invited.map(drop)), wanted);
    }
    for wanted in ["call_time", "additional_info", "third_party_call_id"] {
        let good = Some("x".to_owned());
        let text = |name| if wanted == name { Some(bad()) } else { good.clone() };
        let leg = CallLeg {
            started: None,
            ended: None,
            call_time: text("call_time").unwrap(),
            successful: true,
            additional_info: text("additional_info"),
            third_party_call_id: text("third_party_call_id"),
        };
        let actor = Actor::Client(call.client);
        let finished = world
            .conferences
            .finish(ConferenceLookup::Id(call.id), actor, true, vec![leg], world.now())
            .await;
        assert_eq!(field(finished.map(drop)), wanted);
    }
    assert_eq!(world.conference(call.id).await.participants.len(), 2);
    assert_eq!((world.count("users"), world.count("call_legs")), (2, 0));
}

async fn nul_finds_nobody(database: Database) {
    let world = database.world();
    world.client("c@example.org").await;
    assert!(world.store.credentials(UserRole::Client, "c@example.org\0").await.unwrap().is_none());
}

async fn any_other_text_is_kept(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    let text = "\u{1}\r\n\t'; DROP TABLE users; -- \\ \"%_\" e\u{301} \u{1F468}\u{200D}\u{1F469} \u{10FFFF} \u{FEFF}";
    let mut details = details();
    details.additional_info = Some(text.to_owned());
    details.location = Some(String::new());
    details.situation_code = i32::MIN;
    details.from_language_id = Some(i32::MAX);
    let asked = details.clone();
    let opened = world
        .store
        .rules()
        .open_request(client, plain(SPANISH), details, world.now(), None, number())
        .await
        .unwrap();
    let id = trialogue_domain::ConferenceId(crate::scene::number_in(&opened));
    assert_eq!(world.view(id).await.details, asked);
}

async fn ids_end_where_they_end(database: Database) {
    let world = database.world();
    let last_block = i32::MAX - 32;
    world.place.sql(&format!("UPDATE id_blocks SET next = {last_block} WHERE name = 'user'"));
    let first = world.client("0@example.org").await;
    assert_eq!(first, UserId(last_block));
    let mut added = 1;
    // More than are left; each is tried, so that the end is met and stays.
    for n in 1..40 {
        match world.store.add_user(user(UserRole::Client, &format!("{n}@example.org")), world.now()).await {
            Ok(id) => {
                assert_eq!(id, UserId(last_block + added));
                added += 1;
            }
            Err(StoreError::Unavailable(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!((30..=32).contains(&added), "{added}");
    assert_eq!(world.count("users"), i64::from(added));
    assert_eq!(
        world.place.number("SELECT CAST(next AS BIGINT) AS n FROM id_blocks WHERE name = 'user'"),
        i64::from(i32::MAX)
    );
}

async fn a_violation_inside_an_operation_undoes_it_whole(database: Database) {
    let world = database.world();
    // The same language twice breaks a key after the user's row was written.
    let mut new = user(UserRole::Provider, "p@example.org");
    new.languages = vec![(SPANISH, true), (SPANISH, true)];
    let failed = world.store.add_user(new, world.now()).await;
    assert!(matches!(failed, Err(StoreError::Query { .. })), "{failed:?}");
    assert_eq!(world.count("users"), 0);
    world.provider("p@example.org").await;

    // A row that refers to nothing.
    let call = Call::requested(&world, "1").await;
    let before = world.conference(call.id).await;
    let failed = call.by(Actor::System, offer(call.id, UserId(-1))).await;
    assert!(matches!(failed, Err(StoreError::Query { .. })), "{failed:?}");
    assert_eq!(world.conference(call.id).await, before);
    call.by_provider(call.take()).await.unwrap();
    call.observe(Observation::DeadlinePassed).await;
    assert_eq!(refusal(call.by_client(Command::VideoAgain).await), Refusal::NoCallYet);
}

async fn key_texts_are_in_the_order_of_their_bytes(database: Database) {
    let world = database.world();
    let keys = ["B", "Z", "_", "a", "c", "e\u{301}", "Ä", "é"];
    for (n, name) in keys.iter().enumerate().rev() {
        let client = world.client(&format!("{name}{n}@example.org")).await;
        request(&world.store, &world, client, Some(key("o", name, 1))).await.unwrap();
    }
    let stored = world.place.lines("SELECT key AS line FROM idempotency_keys ORDER BY key");
    assert_eq!(stored, keys);
    let stored = world.place.lines("SELECT email AS line FROM users ORDER BY email");
    assert!(stored.is_sorted(), "{stored:?}");
    let codes = world.place.lines("SELECT code AS line FROM languages ORDER BY code");
    assert!(codes.is_sorted() && codes.len() == 45, "{codes:?}");
}

async fn foreign_keys_hold(database: Database) {
    let world = database.world();
    let nobody = UserId(-1);
    let judged =
        Credentials { user: nobody, password_hash: "$argon2".to_owned(), company: None, language: None };
    let login = world.conferences.log_in(judged, [1; 32], world.now(), Timestamp(i64::MAX)).await;
    assert!(matches!(login, Ok(false)), "{login:?}");
    let opened = request(&world.store, &world, nobody, None).await;
    assert!(matches!(opened, Err(StoreError::Query { .. })), "{opened:?}");
    assert_eq!((world.count("tokens"), world.count("conferences"), world.count("events")), (0, 0, 0));
}

/// What the rows above are worth: the databases do differ.
#[test]
fn without_the_store_they_differ() {
    let place = Database::Postgres.empty();
    let Raw::Postgres(mut postgres) = place.raw() else { panic!("PostgreSQL") };
    postgres.batch_execute("CREATE TABLE t (free TEXT, key TEXT COLLATE \"C\")").unwrap();
    postgres.batch_execute("INSERT INTO t VALUES ('a', 'a'), ('B', 'B')").unwrap();
    assert_eq!(place.lines("SELECT key AS line FROM t ORDER BY key"), ["B", "a"]);
    assert_eq!(place.lines("SELECT free AS line FROM t ORDER BY free"), ["a", "B"]);
    assert!(postgres.batch_execute("INSERT INTO t VALUES (chr(0), '')").is_err());

    let place = Database::Sqlite.empty();
    place.sql("CREATE TABLE t (free TEXT); INSERT INTO t VALUES ('a'), ('B'), (char(0))");
    assert_eq!(place.number("SELECT count(*) AS n FROM t WHERE free LIKE 'A'"), 1);
    assert_eq!(place.lines("SELECT free AS line FROM t WHERE free > char(0) ORDER BY free"), ["B", "a"]);
}
