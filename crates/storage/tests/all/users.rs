use std::time::Duration;

use trialogue_domain::{Actor, Availability, LanguageId, Timestamp};
use trialogue_storage::{ConferenceLookup, Store, StoreError, StoreOptions, UserRole, hash_secret, migrate};

use crate::scene::{GERMAN, SPANISH, details, log_in, number, plain, request, take, user};
use crate::world::{Database, Rules as _, on_both};

on_both! {
    an_email_is_found_in_any_letter_case,
    an_email_is_taken_in_any_letter_case_but_per_role,
    an_unknown_language_adds_nobody,
    a_token_is_good_until_it_expires,
    signs_of_life_are_kept,
    only_fitting_providers_get_an_offer,
    languages_are_there,
    an_open_store_is_healthy,
}

async fn an_email_is_found_in_any_letter_case(database: Database) {
    let world = database.world();
    let id = world.client("MiXed.Ärzte@Example.ORG").await;
    for written in ["MiXed.Ärzte@Example.ORG", "mixed.ärzte@example.org", "MIXED.ÄRZTE@EXAMPLE.ORG"] {
        let found = world.store.credentials(UserRole::Client, written).await.unwrap().unwrap();
        assert_eq!((found.user, found.password_hash.as_str()), (id, "$argon2"));
    }
    // No pattern matching, whatever the address holds.
    for other in ["m%", "mixed_ärzte@example.org", ""] {
        assert!(world.store.credentials(UserRole::Client, other).await.unwrap().is_none(), "{other}");
    }
    assert!(world.store.credentials(UserRole::Provider, "mixed.ärzte@example.org").await.unwrap().is_none());
}

async fn an_email_is_taken_in_any_letter_case_but_per_role(database: Database) {
    let world = database.world();
    world.client("one@example.org").await;
    let again = world.store.add_user(user(UserRole::Client, "ONE@Example.org"), world.now()).await;
    assert!(matches!(again, Err(StoreError::EmailTaken)));
    world.provider("one@example.org").await;
    assert_eq!(world.count("users"), 2);
}

async fn an_unknown_language_adds_nobody(database: Database) {
    let world = database.world();
    let mut new = user(UserRole::Provider, "p@example.org");
    new.languages = vec![(SPANISH, true), (LanguageId(4711), false)];
    let refused = world.store.add_user(new, world.now()).await;
    assert!(matches!(refused, Err(StoreError::UnknownLanguage(4711))));
    assert_eq!((world.count("users"), world.count("provider_languages")), (0, 0));

    let client = world.client("c@example.org").await;
    let none = LanguageId(0);
    let refused =
        world.conferences.open_request(client, plain(none), details(), world.now(), None, number()).await;
    assert!(matches!(refused, Err(StoreError::UnknownLanguage(0))));
    assert_eq!(world.count("conferences"), 0);
}

async fn a_token_is_good_until_it_expires(database: Database) {
    let world = database.world();
    let user = world.provider("p@example.org").await;
    let (hash, now) = (hash_secret("token"), world.now());
    let expires = now.after(Duration::from_micros(2));
    log_in(&world, user, hash, expires).await;
    let login = world.store.login(hash, Timestamp(expires.0 - 1)).await.unwrap().unwrap();
    assert_eq!((login.user, login.role, login.last_seen), (user, UserRole::Provider, Some(now)));
    assert_eq!(world.store.login(hash, expires).await.unwrap(), None);
    assert_eq!(world.store.login(hash_secret("another"), now).await.unwrap(), None);
}

async fn signs_of_life_are_kept(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    let hash = hash_secret("token");
    log_in(&world, client, hash, Timestamp(i64::MAX)).await;
    let later = world.clock.advance(Duration::from_micros(1));
    world.conferences.touch(client, later).await.unwrap();
    let login = world.store.login(hash, later).await.unwrap().unwrap();
    assert_eq!((login.role, login.last_seen), (UserRole::Client, Some(later)));
}

async fn only_fitting_providers_get_an_offer(database: Database) {
    let world = database.world();
    let online = world.provider("online@example.org").await;
    let offline = world.provider("offline@example.org").await;
    world.conferences.set_availability(offline, Availability::Off, world.now()).await.unwrap();
    let mut german = user(UserRole::Provider, "german@example.org");
    german.languages = vec![(GERMAN, true)];
    let german = world.store.add_user(german, world.now()).await.unwrap();
    world.conferences.set_availability(german, Availability::On, world.now()).await.unwrap();
    let busy = world.provider("busy@example.org").await;
    let other = world.client("other@example.org").await;
    let served = world.request(other).await.unwrap();
    let accept = world.conferences.command(
        ConferenceLookup::Id(served),
        Actor::Provider(busy),
        take(served),
        world.now(),
    );
    accept.await.unwrap();

    let client = world.client("c@example.org").await;
    let id = request(&world.store, &world, client, None).await.unwrap();
    let view = world.view(id).await;
    let offered: Vec<_> = view.offered.iter().map(|o| o.person.id).collect();
    assert_eq!(offered, [online]);
    assert_eq!(view.offered[0].native_languages, ["Spanish"]);
    assert!(view.offered[0].other_languages.is_empty());
}

async fn languages_are_there(database: Database) {
    let world = database.world();
    let spanish = world.store.language(SPANISH).await.unwrap().unwrap();
    assert_eq!((spanish.code.as_str(), spanish.name.as_str()), ("es", "Spanish"));
    assert_eq!(world.store.language(LanguageId(0)).await.unwrap(), None);
}

async fn an_open_store_is_healthy(database: Database) {
    let world = database.world();
    assert_eq!(world.store.check().await.unwrap(), trialogue_storage::SchemaState::Current);
    assert_eq!(world.store.url(), &world.place.url());
    let store = world.store.clone();
    let (place, clock) = (world.place, world.clock);
    drop(world.conferences);
    world.store.close();
    // Another handle is alive: the store goes on.
    store.rules().touch(trialogue_domain::UserId(1), clock.now()).await.unwrap();
    store.close();
    // The file is free again.
    trialogue_storage::Store::open(&place.url(), trialogue_storage::StoreOptions::default()).unwrap().close();
}

/// As by `trialogue user add`, which opens and closes a store for each user.
#[tokio::test]
async fn a_store_that_makes_one_user_uses_one_id() {
    for database in [Database::Sqlite, Database::Postgres] {
        let place = database.empty();
        migrate(&place.url()).unwrap();
        let mut ids = vec![];
        for n in 0..3 {
            let store = Store::open(&place.url(), StoreOptions::default()).unwrap();
            let new = user(UserRole::Client, &format!("{n}@example.org"));
            ids.push(store.add_user(new, Timestamp(0)).await.unwrap().0);
            store.close();
        }
        assert_eq!(ids, [1, 2, 3], "{database:?}");
    }
}
