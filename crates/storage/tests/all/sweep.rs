//! Data that is kept for a limited time ends in small steps; the history stays.

use std::fs;
use std::time::Duration;

use trialogue_domain::{Actor, Timestamp};
use trialogue_storage::{
    CallLeg, ConferenceLookup, DatabaseUrl, IdempotencyKey, Outdated, RequestDetails, hash_secret,
};

use crate::scene::{Call, log_in, number, number_in, plain};
use crate::world::{Database, World, on_both};

on_both!(
    rows_end_by_their_age,
    a_step_is_small,
    personal_data_of_ended_conferences_is_blanked,
    a_large_conference_is_blanked_in_steps,
);

const DAY: Duration = Duration::from_hours(24);
const MICROSECOND: Duration = Duration::from_micros(1);

impl World {
    /// Sweeps until nothing is left; the number of steps.
    async fn swept(&self, what: Outdated, before: Timestamp) -> usize {
        let mut steps = 1;
        while self.store.sweep(what, before).await.unwrap() {
            steps += 1;
        }
        steps
    }
}

async fn rows_end_by_their_age(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    let now = world.now();
    for (token, life) in [("gone", 0), ("kept", 1)] {
        log_in(&world, client, hash_secret(token), now.after(MICROSECOND * life)).await;
    }
    let key = IdempotencyKey { owner: "o".into(), key: "k".into(), request_hash: [0; 32] };
    crate::scene::request(&world.store, &world, client, Some(key)).await.unwrap();
    world.swept(Outdated::Tokens, now).await;
    world.swept(Outdated::Answers, now).await;
    assert_eq!((world.count("tokens"), world.count("idempotency_keys")), (2, 1));
    // An expired token is kept, so that its holder can be told.
    assert!(world.store.has_expired(hash_secret("gone"), now).await.unwrap());
    world.swept(Outdated::Tokens, now.after(MICROSECOND)).await;
    assert!(!world.store.has_expired(hash_secret("gone"), now).await.unwrap());
    assert!(world.store.login(hash_secret("kept"), now).await.unwrap().is_some());
    world.swept(Outdated::Answers, now.after(MICROSECOND)).await;
    assert_eq!((world.count("tokens"), world.count("idempotency_keys")), (1, 0));
}

/// A write of somebody else is done between two steps, as each is an operation of its own.
async fn a_step_is_small(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    let bytes = if database == Database::Sqlite { "BLOB" } else { "BYTEA" };
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)";
    for (insert, row) in [
        (
            "tokens (hash, user_id, created_at, expires_at)",
            format!("CAST('t' || i AS {bytes}), {client}, 0, i"),
        ),
        (
            "idempotency_keys (owner, key, request_hash, answer, created_at)",
            format!("'owner ' || (i % 7), 'key ' || i, CAST('' AS {bytes}), CAST('' AS {bytes}), i"),
        ),
        ("recent_deliveries (participant_id, recipient, queued_at)", format!("i, CAST('' AS {bytes}), i")),
    ] {
        world.place.sql(&format!("INSERT INTO {insert} {numbers} SELECT {row} FROM n"));
    }
    for (what, table) in [
        (Outdated::Tokens, "tokens"),
        (Outdated::Answers, "idempotency_keys"),
        (Outdated::Deliveries, "recent_deliveries"),
    ] {
        for left in [700, 200, 100] {
            let more = world.store.sweep(what, Timestamp(1101)).await.unwrap();
            assert_eq!((world.count(table), more), (left, left > 100), "{table}");
        }
    }
}

fn leg(note: &str) -> CallLeg {
    CallLeg {
        started: None,
        ended: None,
        call_time: "1.5".to_owned(),
        successful: true,
        additional_info: Some(note.to_owned()),
        third_party_call_id: Some(format!("id of {note}")),
    }
}

async fn personal_data_of_ended_conferences_is_blanked(database: Database) {
    let world = database.world();
    let ended = Call::issued(&world, "1").await;
    ended.guest("Quentin").await;
    ended.invited("Quiana").await;
    let live = Call::issued(&world, "2").await;
    live.guest("Lotte").await;
    let (lookup, client) = (ConferenceLookup::Id(ended.id), Actor::Client(ended.client));
    world.conferences.finish(lookup, client, true, vec![leg("Quackenbush")], world.now()).await.unwrap();
    let end = world.now();
    world.clock.advance(DAY);

    world.swept(Outdated::PersonalData, end).await;
    assert_eq!(world.count("participants WHERE name IS NOT NULL"), 3, "it ended at that time, not before");
    assert_eq!(world.swept(Outdated::PersonalData, end.after(MICROSECOND)).await, 1);
    let view = world.view(ended.id).await;
    assert!(view.invited.iter().all(|g| g.name.is_none() && g.email.is_none() && g.phone.is_none()));
    assert_eq!(view.invited.len(), 2);
    assert!(view.details.additional_info.is_none() && view.details.location.is_none());
    assert_eq!(view.client.name, "Name of client-1@example.org", "users are removed by `user remove`");
    let texts = "call_legs WHERE additional_info IS NOT NULL OR third_party_call_id IS NOT NULL";
    assert_eq!((world.count(texts), world.count("call_legs")), (0, 1));
    // The history is whole.
    world.conference(ended.id).await;
    assert_eq!(world.view(live.id).await.invited[0].name.as_deref(), Some("Name of Lotte"));
    assert!(world.view(live.id).await.details.additional_info.is_some());

    // What ends later is blanked later.
    live.finish().await.unwrap();
    world.swept(Outdated::PersonalData, end.after(MICROSECOND)).await;
    assert_eq!(world.count("participants WHERE name IS NOT NULL"), 1);
    // A report that comes after that is blanked, too.
    world.clock.advance(DAY);
    world.swept(Outdated::PersonalData, world.now()).await;
    let (lookup, client) = (ConferenceLookup::Id(live.id), Actor::Client(live.client));
    world.conferences.finish(lookup, client, true, vec![leg("Lotte")], world.now()).await.unwrap();
    assert_eq!(world.count(texts), 1);
    world.swept(Outdated::PersonalData, world.now()).await;
    assert_eq!(world.count(texts), 0);
}

async fn a_large_conference_is_blanked_in_steps(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    call.invited("Quentin").await;
    call.finish().await.unwrap();
    world.clock.advance(DAY);
    world.place.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1099) \
         INSERT INTO participants (conference_id, id, position, kind, state, reason, finished_at, removal, phone) \
         SELECT {}, 1000 + i, 100 + i, 3, 6, 2, 0, 1, '+1555' || i FROM n",
        call.id
    ));
    let named = "participants WHERE name IS NOT NULL OR email IS NOT NULL OR phone IS NOT NULL";
    let marked = "conferences WHERE blanked";
    for (left, done) in [(600, 0), (100, 0), (0, 1)] {
        let more = world.store.sweep(Outdated::PersonalData, world.now()).await.unwrap();
        assert_eq!((world.count(named), world.count(marked), more), (left, done, left > 0));
    }
}

/// Of what is blanked, the file keeps nothing in its free space.
#[tokio::test]
async fn blanked_text_is_not_in_the_file() {
    let world = Database::Sqlite.world();
    let client = world.client("c@example.org").await;
    let details = RequestDetails {
        situation_code: 3,
        additional_info: Some("Quackenbush ".repeat(500)),
        location: Some("Ward Quebec".to_owned()),
        from_language_id: None,
    };
    let opened = world.conferences.open_request(
        client,
        plain(crate::scene::SPANISH),
        details,
        world.now(),
        None,
        number(),
    );
    let id = trialogue_domain::ConferenceId(number_in(&opened.await.unwrap()));
    let ended =
        world.conferences.finish(ConferenceLookup::Id(id), Actor::Client(client), false, vec![], world.now());
    ended.await.unwrap();
    world.clock.advance(DAY);
    world.swept(Outdated::PersonalData, world.now()).await;
    let DatabaseUrl::Sqlite(path) = world.place.url() else { panic!("no file") };
    drop(world.conferences);
    world.store.close();
    let file = fs::read(path).unwrap();
    for text in ["Quackenbush", "Ward Quebec"] {
        assert!(!file.windows(text.len()).any(|part| part == text.as_bytes()), "{text} is in the file");
    }
}
