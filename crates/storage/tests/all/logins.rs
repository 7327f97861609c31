//! Logins on both databases: what ends with them, and when they end.

use std::time::Duration;

use trialogue_domain::{Actor, FinishReason, Kind, Purpose, State, UserId, Wants};
use trialogue_storage::{
    ConferenceLookup, Credentials, NewSecondInterpreter, UserRole, UserStatus, Wake, hash_secret,
};

use crate::scene::{Call, SPANISH, log_in, secret_of};
use crate::world::{Database, Rules as _, World, on_both};

on_both! {
    a_revoked_user_has_nothing_left,
    a_login_ends_the_call_that_it_joined_and_no_other,
    a_password_judged_before_a_change_opens_nothing,
    a_removed_user_is_forgotten,
    the_notes_of_a_removed_user_are_blanked,
    a_further_login_ends_the_oldest,
    a_login_is_prolonged_and_never_shortened,
}

const LIFE: Duration = Duration::from_hours(1);

async fn logged_in(world: &World, user: UserId, token: &str) {
    log_in(world, user, hash_secret(token), world.now().after(LIFE)).await;
}

async fn is_login(world: &World, token: &str) -> bool {
    world.store.login(hash_secret(token), world.now()).await.unwrap().is_some()
}

async fn a_revoked_user_has_nothing_left(database: Database) {
    let world = &database.world();
    let call = Call::issued(world, "1").await;
    for (user, token) in [(call.provider, "p1"), (call.provider, "p2"), (call.client, "c")] {
        logged_in(world, user, token).await;
    }
    let mut wakes = world.store.wakes();
    let own = call.participant_of(Kind::Provider).await;
    let email = world.store.users().await.unwrap().into_iter().find(|u| u.id == call.provider).unwrap().email;
    assert!(world.conferences.disable_user(UserRole::Provider, &email, world.now()).await.unwrap());
    assert!(!is_login(world, "p1").await && !is_login(world, "p2").await && is_login(world, "c").await);
    let view = world.view(call.id).await;
    let ended = &view.conference.participant(own).unwrap().state;
    assert!(matches!(ended, State::Finished { reason: FinishReason::Revoked, .. }), "{ended:?}");
    assert!(view.conference.is_live(), "the client is still there");
    assert!(!world.conferences.has_account(call.id, own, world.now()).await.unwrap());
    loop {
        match wakes.next().await.unwrap() {
            Wake::Changed(changes) if changes.iter().any(|c| c.users.contains(&call.provider)) => break,
            _ => {}
        }
    }
    let listed = world.store.users().await.unwrap();
    assert_eq!(listed.iter().find(|u| u.id == call.provider).unwrap().status, UserStatus::Disabled);
    assert!(world.store.credentials(UserRole::Provider, &email).await.unwrap().is_none());
}

async fn a_login_ends_the_call_that_it_joined_and_no_other(database: Database) {
    let world = &database.world();
    let call = Call::issued(world, "1").await;
    let own = call.participant_of(Kind::Client).await;
    for token in ["joined", "other", "third"] {
        logged_in(world, call.client, token).await;
    }
    let now = world.now();
    let foreign = |_| hash_secret("of another login");
    world.conferences.log_out(call.client, hash_secret("other"), foreign, now).await.unwrap();
    assert!(world.view(call.id).await.conference.participant(own).unwrap().is_live());
    world.conferences.log_out(call.client, hash_secret("joined"), secret_of, now).await.unwrap();
    assert!(!world.view(call.id).await.conference.is_live());
    assert!(is_login(world, "third").await);
}

async fn a_password_judged_before_a_change_opens_nothing(database: Database) {
    let world = database.world();
    let user = world.client("c@example.org").await;
    let judged = || Credentials { user, password_hash: "$argon2".to_owned(), company: None, language: None };
    let log_in = |token: &str| {
        world.conferences.log_in(judged(), hash_secret(token), world.now(), world.now().after(LIFE))
    };
    assert!(log_in("good").await.unwrap());
    let changed = world
        .store
        .rules()
        .set_password(UserRole::Client, "c@example.org", "$other".to_owned(), world.now())
        .await;
    assert!(changed.unwrap());
    assert!(!log_in("late").await.unwrap());
    assert_eq!(world.count("tokens"), 0);
    let nobody = world.conferences.disable_user(UserRole::Client, "nobody@example.org", world.now()).await;
    assert!(!nobody.unwrap());
}

async fn a_removed_user_is_forgotten(database: Database) {
    let world = database.world();
    let user = world.client("c@example.org").await;
    let id = world.request(user).await.unwrap();
    assert!(world.conferences.remove_user(UserRole::Client, "C@example.org", world.now()).await.unwrap());
    let left = world
        .place
        .lines(&format!("SELECT email || name || password_hash AS line FROM users WHERE id = {user}"));
    assert_eq!(left, [format!("removed {user}")]);
    let texts =
        "SELECT count(*) AS n FROM conferences WHERE additional_info IS NOT NULL OR location IS NOT NULL";
    assert_eq!(world.place.number(texts), 0);
    assert!(!world.view(id).await.conference.is_live());
    world.conference(id).await;
    assert!(!world.conferences.remove_user(UserRole::Client, "c@example.org", world.now()).await.unwrap());
    world.client("c@example.org").await;
}

async fn the_notes_of_a_removed_user_are_blanked(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "a").await;
    for (inviter, actor) in
        [(call.client, Actor::Client(call.client)), (call.provider, Actor::Provider(call.provider))]
    {
        let note = Some("about the patient".to_owned());
        let (purpose, wants) = (Purpose::SecondLanguage, Wants::default());
        let wanted = NewSecondInterpreter { inviter, language: SPANISH, purpose, wants, note };
        let asked = world.conferences.request_second_interpreter(
            ConferenceLookup::Id(call.id),
            actor,
            wanted,
            world.now(),
            None,
            Box::new(|_| Vec::new()),
        );
        asked.await.unwrap();
    }
    let notes = "SELECT count(*) AS n FROM participants WHERE note IS NOT NULL";
    assert_eq!(world.place.number(notes), 2);
    for (role, email, left) in
        [(UserRole::Provider, "provider-a@example.org", 1), (UserRole::Client, "client-a@example.org", 0)]
    {
        assert!(world.conferences.remove_user(role, email, world.now()).await.unwrap());
        assert_eq!(world.place.number(notes), left, "{email}");
    }
}

async fn a_further_login_ends_the_oldest(database: Database) {
    let world = database.world();
    let user = world.client("c@example.org").await;
    for n in 0..25 {
        world.clock.advance(Duration::from_secs(1));
        logged_in(&world, user, &n.to_string()).await;
    }
    assert_eq!(world.count("tokens"), 20);
    assert!(!is_login(&world, "4").await && is_login(&world, "5").await);

    world.request(user).await.unwrap();
    for n in 25..50 {
        world.clock.advance(Duration::from_secs(1));
        logged_in(&world, user, &n.to_string()).await;
    }
    assert!(
        is_login(&world, "5").await && is_login(&world, "24").await,
        "the request's own login is one of them"
    );
    assert!(!is_login(&world, "29").await && is_login(&world, "30").await);
}

async fn a_login_is_prolonged_and_never_shortened(database: Database) {
    let world = database.world();
    let user = world.client("c@example.org").await;
    logged_in(&world, user, "token").await;
    let hash = hash_secret("token");
    let longer = world.now().after(2 * LIFE);
    for expires in [longer, world.now().after(LIFE)] {
        world.store.prolong(user, hash, expires).await.unwrap();
        let session = world.store.login(hash, world.now()).await.unwrap().unwrap();
        assert_eq!(session.expires, longer);
    }
    world.clock.advance(2 * LIFE);
    assert!(!is_login(&world, "token").await);
    // A live request keeps it alive.
    world.request(user).await.unwrap();
    assert!(is_login(&world, "token").await);
}
