//! A database that an earlier release made is brought up to date: its logs lead to its rows, and its calls go on.
//!
//! `tests/fixtures` holds it for both databases, as it was before a conference held its requests. It was made
//! through the store of that release by `tests/all/fixture.rs` (see the history of that file), and is never made anew:
//! later releases must read it, too.

use std::time::Duration;

use trialogue_domain::{Actor, Command, ConferenceId, Effect, Kind, ParticipantId, Timestamp, UserId};
use trialogue_storage::{
    Channel, ConferenceLookup, DeliveryWork, IdempotencyKey, JobKind, KeptAnswer, NodeId, StoreOptions,
};

use crate::scene::{Call, GERMAN, guest, request, take};
use crate::world::{Database, Place, World, on_both};

const LEASE: Duration = Duration::from_secs(30);

on_both! {
    every_log_leads_to_its_rows,
    the_way_back_restores_the_rows,
    calls_go_on,
    a_search_goes_on,
    what_was_queued_is_done,
    what_was_answered_is_answered_again,
}

fn stored(database: Database) -> Place {
    let place = database.empty();
    place.sql(match database {
        Database::Sqlite => include_str!("../fixtures/sqlite.sql"),
        Database::Postgres => include_str!("../fixtures/postgres.sql"),
    });
    place
}

fn upgraded(database: Database) -> World {
    let world = World::at(stored(database), StoreOptions::default());
    // A little after the last event.
    world.clock.advance(Duration::from_mins(6));
    world
}

fn call(world: &World, id: i32, client: i32, provider: i32) -> Call<'_> {
    Call { world, id: ConferenceId(id), client: UserId(client), provider: UserId(provider) }
}

/// The status of each conference, and its participants.
const STORED: [(&str, &str); 9] = [
    (
        "Serviced",
        "1 Client 6, 2 Provider 6, 3 Client 6, 4 Provider 6, 5 Guest 6, 6 Guest 6, 7 Guest 6, 8 Client 6, 9 Provider 6",
    ),
    (
        "InService",
        "10 Client 4, 11 Provider 4, 12 Guest 6, 13 Guest 4, 14 Guest 1, 15 Guest 1, 1001 SecondInterpreter 1, \
         1002 SecondInterpreter 6, 1003 SecondInterpreter 4",
    ),
    ("Cancelled", ""),
    ("NoInterpreterAvailable", ""),
    ("InterpreterAccepted", "16 Client 6, 17 Provider 6"),
    ("InterpreterAccepted", "18 Client 2, 19 Provider 1"),
    ("InterpreterAccepted", ""),
    ("New", ""),
    ("New", "20 Client 6, 21 Provider 6"),
];

async fn every_log_leads_to_its_rows(database: Database) {
    let world = upgraded(database);
    for (id, (status, participants)) in (1..).zip(STORED) {
        let conference = world.conference(ConferenceId(id)).await;
        let people = conference.participants.iter();
        let people = people.map(|p| format!("{} {:?} {}", p.id, p.kind(), p.state.name().code()));
        assert_eq!(people.collect::<Vec<_>>().join(", "), participants, "{id}");
        assert_eq!(format!("{:?}", conference.status()), status, "{id}");
    }
    assert_eq!(world.count("conferences"), 9);
    // A second interpreter was a participant with a language, and is one with a request of its own.
    let conference = world.conference(ConferenceId(2)).await;
    for (id, is_live) in [(1001, true), (1002, false), (1003, true)] {
        let second = conference.participant(ParticipantId(id)).unwrap();
        let request = conference.request_of(second).unwrap();
        assert_eq!((request.language, request.is_live(), request.provider()), (GERMAN, is_live, None));
        let numbers = format!("SELECT count(*) AS n FROM requests WHERE id = {}", request.id);
        assert_eq!(world.place.number(&numbers), 1, "its number is no other's");
    }
    let last = "SELECT count(*) AS n FROM requests, id_blocks WHERE name = 'conference' AND id >= next";
    assert_eq!(world.place.number(last), 0, "no later request gets its number");
}

/// What the tables before held comes back, so that the release before can go on.
async fn the_way_back_restores_the_rows(database: Database) {
    let place = stored(database);
    let rows = || {
        [
            "SELECT id || ' ' || coalesce(provider_id, 0) || ' ' || language_id || ' ' || stage || ' ' || \
             coalesce(stage_deadline, 0) || ' ' || coalesce(outcome, 0) || ' ' || coalesce(ended_at, 0) AS line \
             FROM conferences ORDER BY id",
            "SELECT conference_id || ' ' || provider_id || ' ' || position || ' ' || state || ' ' || offered_at || ' ' \
             || coalesce(released_at, 0) AS line FROM offers ORDER BY conference_id, provider_id",
            "SELECT id || ' ' || kind || ' ' || coalesce(language_id, 0) AS line FROM participants ORDER BY id",
            "SELECT conference_id || ' ' || seq || ' ' || kind || ' ' || coalesce(code, 0) AS line FROM events \
             ORDER BY conference_id, seq",
            "SELECT owner || ' ' || key || ' ' || created_at AS line FROM idempotency_keys ORDER BY owner, key",
            "SELECT conference_id || ' ' || effect || ' ' || coalesce(participant_id, 0) || ' ' || created_at || ' ' || \
             due_at || ' ' || attempts AS line FROM outbox ORDER BY id",
            "SELECT participant_id || ' ' || conference_id || ' ' || inviter_id || ' ' || channel || ' ' || invited_at || \
             ' ' || due_at || ' ' || attempts AS line FROM deliveries ORDER BY participant_id",
        ]
        .map(|query| place.lines(query))
    };
    let before = rows();
    for (up, _) in steps(database) {
        place.sql(up);
    }
    for (_, down) in steps(database).into_iter().rev() {
        place.sql(down);
    }
    assert_eq!(rows(), before);
}

/// The migrations since then, each with its way back.
fn steps(database: Database) -> [(&'static str, &'static str); 3] {
    macro_rules! step {
        ($database:literal, $name:literal) => {
            (
                include_str!(concat!("../../../../migrations/", $database, "/", $name, "/up.sql")),
                include_str!(concat!("../../../../migrations/", $database, "/", $name, "/down.sql")),
            )
        };
    }
    match database {
        Database::Sqlite => [
            step!("sqlite", "2026-11-26-090000_requests"),
            step!("sqlite", "2026-11-26-160000_jobs"),
            step!("sqlite", "2026-11-26-170000_answers"),
        ],
        Database::Postgres => [
            step!("postgres", "2026-11-26-090000_requests"),
            step!("postgres", "2026-11-26-160000_jobs"),
            step!("postgres", "2026-11-26-170000_answers"),
        ],
    }
}

/// The answer to an invitation had a first line of numbers in it.
async fn what_was_answered_is_answered_again(database: Database) {
    let place = stored(database);
    let (hash, answer) = match database {
        Database::Sqlite => {
            ("zeroblob(32)", "CAST('14 1767225604000000' || char(10) || '{\"a\": 1}' AS BLOB)")
        }
        Database::Postgres => {
            ("decode(repeat('00', 32), 'hex')", "convert_to(E'14 1767225604000000\\n{\"a\": 1}', 'UTF8')")
        }
    };
    place.sql(&format!(
        "INSERT INTO idempotency_keys (owner, key, request_hash, answer, created_at) \
         VALUES ('second', 'invitation', {hash}, {answer}, 1767225604000000)"
    ));
    let world = World::at(place, StoreOptions::default());
    let key = |owner: &str, key: &str, hash| IdempotencyKey {
        owner: owner.to_owned(),
        key: key.to_owned(),
        request_hash: [hash; 32],
    };
    let call = call(&world, 2, 7, 3);
    let actor = Actor::Client(call.client);
    let again = world.conferences.invite(
        ConferenceLookup::Id(call.id),
        actor,
        guest(actor, "another"),
        world.now(),
        Some(key("second", "invitation", 0)),
        Box::new(|_| panic!("rendered again")),
    );
    let made_at = Timestamp(1_767_225_604_000_000);
    let answer = KeptAnswer { body: br#"{"a": 1}"#.to_vec(), participant: Some(ParticipantId(14)), made_at };
    assert_eq!(again.await.unwrap(), answer);
    let again = request(&world.store, &world, call.client, Some(key("first", "request", 7))).await;
    assert_eq!(again.unwrap(), ConferenceId(1));
}

async fn calls_go_on(database: Database) {
    let world = upgraded(database);
    let running = call(&world, 2, 7, 3);
    for out in [13, 1001, 1003] {
        running.by_client(Command::Kick(ParticipantId(out))).await.unwrap();
        assert!(!world.conference(running.id).await.participant(ParticipantId(out)).unwrap().is_live());
    }
    running.by(Actor::Guest(ParticipantId(14)), Command::ConfirmInvitation).await.unwrap();
    running.issue(Actor::Guest(ParticipantId(14))).await.unwrap();
    running.guest("a new guest").await;
    running.finish().await.unwrap();
    assert_eq!(world.conference(running.id).await.participants.iter().filter(|p| p.is_live()).count(), 0);

    for (id, client, provider) in [(5, 10, 4), (6, 11, 5), (7, 12, 2)] {
        let waiting = call(&world, id, client, provider);
        // The sixth rings already: there it is already so.
        waiting.by_client(Command::StartVideo).await.unwrap();
        waiting.by_provider(Command::ConfirmVideo).await.unwrap();
        waiting.issue(Actor::Client(waiting.client)).await.unwrap();
        world.conference(waiting.id).await;
        waiting.finish().await.unwrap();
        world.conference(waiting.id).await;
    }
    for client in [8, 6] {
        let again = world.request(UserId(client)).await.unwrap();
        world.conference(again).await;
    }
}

async fn a_search_goes_on(database: Database) {
    let world = upgraded(database);
    let fritz = UserId(13);
    let offered = world.store.offers(fritz).await.unwrap();
    assert_eq!(offered.iter().map(|offer| offer.request.0).collect::<Vec<_>>(), [8, 9]);
    let refused = call(&world, 9, 15, 1);
    assert!(refused.by_provider(refused.take()).await.is_err(), "it had refused the call");
    let searching = call(&world, 8, 14, 13);
    searching.by_provider(searching.take()).await.unwrap();
    assert_eq!(world.conference(searching.id).await.provider(), Some(fritz));
    assert!(
        call(&world, 9, 15, 13).by_provider(take(ConferenceId(9))).await.is_err(),
        "it serves another request"
    );
    searching.finish().await.unwrap();
    call(&world, 9, 15, 13).by_provider(take(ConferenceId(9))).await.unwrap();
    world.conference(ConferenceId(9)).await;
    let found = world.store.view(ConferenceLookup::Provider(fritz)).await.unwrap().unwrap();
    assert_eq!(found.conference.id, ConferenceId(9));
}

async fn what_was_queued_is_done(database: Database) {
    let world = upgraded(database);
    // Three of them were leased, and the lease is over.
    let mut done = Vec::new();
    loop {
        let claim = world.store.claim_jobs::<Effect>(JobKind::Engine, NodeId(9), LEASE, 100, world.now());
        let claimed = claim.await.unwrap();
        if claimed.is_empty() {
            break;
        }
        for work in claimed {
            done.push((work.conference.unwrap().0, work.work, work.attempts));
            world.store.job_done(&work).await.unwrap();
        }
    }
    let admitted = |conference, attempts| move |id| (conference, Effect::Admit(ParticipantId(id)), attempts);
    let removed = |conference| move |id| (conference, Effect::Remove(ParticipantId(id)), 1);
    let mut expected = vec![(2, Effect::OpenRoom, 2)];
    expected.extend([10, 11].map(admitted(2, 2)));
    expected.extend([12, 13].map(admitted(2, 1)));
    expected.push(removed(2)(12));
    expected.push(admitted(2, 1)(1003));
    expected.push((5, Effect::OpenRoom, 1));
    expected.extend([16, 17].map(admitted(5, 1)));
    expected.extend([16, 17].map(removed(5)));
    done.sort_by_key(|(conference, ..)| *conference);
    assert_eq!(done, expected);
    let kind = JobKind::Delivery(Channel::Email);
    let claim = world.store.claim_jobs::<DeliveryWork>(kind, NodeId(9), LEASE, 100, world.now());
    let invited = claim.await.unwrap();
    let seen = invited.iter().map(|job| {
        let DeliveryWork { participant, inviter, invited_at } = job.work;
        (job.conference, participant.0, inviter, invited_at.0, job.attempts)
    });
    let wanted = |id, attempts| (Some(ConferenceId(2)), id, UserId(7), 1_767_225_604_000_000, attempts);
    assert_eq!(seen.collect::<Vec<_>>(), [wanted(14, 2), wanted(15, 1)]);
    assert_eq!(world.view(ConferenceId(2)).await.conference.current(Kind::Guest).unwrap().id.0, 15);
}
