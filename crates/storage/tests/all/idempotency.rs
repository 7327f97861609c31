use trialogue_domain::{Actor, ParticipantId, Refusal};
use trialogue_storage::{ConferenceLookup, ConferenceView, IdempotencyKey, Render, StoreError, hash_secret};

use crate::scene::{Call, SPANISH, details, guest, number, number_in, plain, refusal, request};
use crate::world::{Database, on_both};

on_both! {
    the_same_request_gets_the_same_answer,
    another_body_under_the_same_key_is_refused,
    a_key_belongs_to_its_owner,
    a_refused_request_uses_no_key_up,
    an_invitation_is_made_once_under_a_key,
    two_at_once_under_one_key_make_one,
}

pub(crate) fn key(owner: &str, key: &str, body: u8) -> IdempotencyKey {
    IdempotencyKey { owner: owner.to_owned(), key: key.to_owned(), request_hash: [body; 32] }
}

async fn the_same_request_gets_the_same_answer(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    let first = request(&world.store, &world, client, Some(key("c", "k", 1))).await.unwrap();
    // Rendered once: the kept bytes are the answer, whatever has become of the request.
    let other: Render<ConferenceView> = Box::new(|_| panic!("rendered again"));
    let again = world.conferences.open_request(
        client,
        plain(SPANISH),
        details(),
        world.now(),
        Some(key("c", "k", 1)),
        other,
    );
    assert_eq!(number_in(&again.await.unwrap()), first.0);
    assert_eq!((world.count("conferences"), world.count("idempotency_keys")), (1, 1));
}

async fn another_body_under_the_same_key_is_refused(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    request(&world.store, &world, client, Some(key("c", "k", 1))).await.unwrap();
    let other = request(&world.store, &world, client, Some(key("c", "k", 2))).await;
    assert!(matches!(other, Err(StoreError::IdempotencyMismatch)), "{other:?}");
    let kept = "SELECT count(*) AS n FROM idempotency_keys WHERE length(request_hash) = 32";
    assert_eq!(world.place.number(kept), 1);
}

async fn a_key_belongs_to_its_owner(database: Database) {
    let world = database.world();
    let [one, two] = [world.client("1@example.org").await, world.client("2@example.org").await];
    let first = request(&world.store, &world, one, Some(key("1", "k", 1))).await.unwrap();
    let second = request(&world.store, &world, two, Some(key("2", "k", 2))).await.unwrap();
    assert_ne!(first, second);
}

async fn a_refused_request_uses_no_key_up(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let refused = request(&world.store, &world, call.client, Some(key("c", "k", 1))).await;
    assert_eq!(refusal(refused), Refusal::LiveRequest);
    assert_eq!(world.count("idempotency_keys"), 0);
    call.finish().await.unwrap();
    request(&world.store, &world, call.client, Some(key("c", "k", 1))).await.unwrap();
}

async fn an_invitation_is_made_once_under_a_key(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let mut answers = vec![];
    // The second time with a fresh secret, as a client that asks again would come with.
    for secret in ["first", "second"] {
        let render: Render<(ConferenceView, ParticipantId)> = Box::new(|(_, id)| id.to_string().into_bytes());
        let actor = Actor::Client(call.client);
        let lookup = ConferenceLookup::Id(call.id);
        let key = Some(key("c", "k", 1));
        answers.push(
            world
                .conferences
                .invite(lookup, actor, guest(actor, secret), world.now(), key, render)
                .await
                .unwrap(),
        );
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(world.conference(call.id).await.participants.len(), 3);
    assert!(world.store.invitation(hash_secret("first")).await.unwrap().is_some());
    assert!(world.store.invitation(hash_secret("second")).await.unwrap().is_none());
}

async fn two_at_once_under_one_key_make_one(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    let open = || {
        world.conferences.open_request(
            client,
            plain(SPANISH),
            details(),
            world.now(),
            Some(key("c", "k", 1)),
            number(),
        )
    };
    let (one, two, three) = tokio::join!(open(), open(), open());
    let one = one.unwrap();
    assert_eq!((&one, &one), (&two.unwrap(), &three.unwrap()));
    assert_eq!(world.count("conferences"), 1);
}
