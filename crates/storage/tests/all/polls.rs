//! A poll is answered from memory while nothing has changed, and is right after every change.

use std::sync::Arc;

use trialogue_domain::{Actor, Command, Observation, Refusal, UserId};
use trialogue_storage::{ConferenceLookup, ConferenceView, Store, StoreError, StoreOptions, UserRole};

use crate::scene::Call;
use crate::world::{Database, Rules as _, World, on_both};

on_both! {
    nothing_new_is_answered_from_memory,
    a_poll_is_right_after_every_step_of_a_call,
    what_another_node_changes_is_seen,
    while_it_is_searched_a_poll_shows_what_becomes_of_the_asked,
    who_has_nothing_is_told_so,
}

/// All that is shown, but for signs of life.
fn shown(view: &ConferenceView) -> String {
    let person = |p: &trialogue_storage::Person| (p.id, p.name.clone(), p.email.clone());
    let offered = |p: &trialogue_storage::OfferedProvider| {
        (person(&p.person), p.performance, p.native_languages.clone(), p.other_languages.clone())
    };
    let invited = |i: &trialogue_storage::Invited| {
        (i.participant, i.name.clone(), i.email.clone(), i.phone.clone(), i.inviter)
    };
    format!(
        "{:?}",
        (
            (&view.conference, view.requested_at, &view.details, &view.language),
            (person(&view.client), view.provider.as_ref().map(person)),
            (
                view.invited.iter().map(invited).collect::<Vec<_>>(),
                view.offered.iter().map(offered).collect::<Vec<_>>()
            ),
        )
    )
}

async fn polled(store: &Store, lookup: ConferenceLookup) -> Result<Option<Arc<ConferenceView>>, String> {
    store.polled(lookup).await.map_err(|error| error.to_string())
}

/// Polls twice, as both sides, and compares with what is stored.
async fn assert_right(store: &Store, call: &Call<'_>, step: &str) {
    for lookup in [
        ConferenceLookup::Client(call.client),
        ConferenceLookup::Provider(call.provider),
        ConferenceLookup::Id(call.id),
    ] {
        let stored = store.view(lookup).await.map_err(|error| error.to_string());
        for _ in 0..2 {
            let polled = polled(store, lookup).await;
            assert_eq!(
                polled.map(|view| view.map(|view| shown(&view))),
                stored.as_ref().map(|view| view.as_ref().map(shown)).map_err(Clone::clone),
                "{step}, {lookup:?}"
            );
        }
    }
}

async fn nothing_new_is_answered_from_memory(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let lookup = ConferenceLookup::Client(call.client);
    let first = world.store.polled(lookup).await.unwrap().unwrap();
    let second = world.store.polled(lookup).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&first, &second), "it was read again");
    call.invited("guest").await;
    let third = world.store.polled(lookup).await.unwrap().unwrap();
    assert_eq!((second.invited.len(), third.invited.len()), (0, 1));
    assert!(Arc::ptr_eq(&third, &world.store.polled(lookup).await.unwrap().unwrap()));
}

async fn a_poll_is_right_after_every_step_of_a_call(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let store = &world.store;
    assert_right(store, &call, "requested").await;
    call.by_provider(call.take()).await.unwrap();
    assert_right(store, &call, "accepted").await;
    call.by_client(Command::StartVideo).await.unwrap();
    assert_right(store, &call, "started").await;
    call.by_provider(Command::ConfirmVideo).await.unwrap();
    assert_right(store, &call, "confirmed").await;
    call.issue(Actor::Client(call.client)).await.unwrap();
    assert_right(store, &call, "issued").await;
    let guest = call.guest("guest").await;
    assert_right(store, &call, "a guest").await;
    call.by_client(Command::Kick(guest)).await.unwrap();
    assert_right(store, &call, "kicked").await;
    call.observe(Observation::Removed(guest)).await;
    assert_right(store, &call, "removed").await;
    call.finish().await.unwrap();
    assert_right(store, &call, "finished").await;
    let next = world.request(call.client).await.unwrap();
    let view = store.polled(ConferenceLookup::Client(call.client)).await.unwrap().unwrap();
    assert_eq!(view.conference.id, next);
    world.conferences.remove_user(UserRole::Client, "client-1@example.org", world.now()).await.unwrap();
    assert_right(store, &call, "removed").await;
}

async fn what_another_node_changes_is_seen(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    assert_right(&world.store, &call, "before").await;
    let node = world.another_node();
    let guest = call.invite_through(&node, "guest").await.unwrap();
    assert_right(&world.store, &call, "a guest").await;
    let rules = node.rules();
    let kicked = rules.command(
        ConferenceLookup::Id(call.id),
        Actor::Client(call.client),
        Command::Kick(guest),
        world.now(),
    );
    kicked.await.unwrap();
    assert_right(&world.store, &call, "kicked").await;
    // Its name is gone from what it took part in, and its call is over.
    node.rules().remove_user(UserRole::Provider, "provider-1@example.org", world.now()).await.unwrap();
    assert_right(&world.store, &call, "removed").await;
}

/// The performance of those who are asked changes with other requests.
async fn while_it_is_searched_a_poll_shows_what_becomes_of_the_asked(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let other = world.client("other@example.org").await;
    let waiting = world.request(other).await.unwrap();
    let performance = async |world: &World| {
        let view = world.store.polled(ConferenceLookup::Client(other)).await.unwrap().unwrap();
        assert_eq!(view.conference.id, waiting);
        view.offered.first().map(|offered| offered.performance)
    };
    assert_eq!(performance(&world).await, None, "the provider is busy");
    call.finish().await.unwrap();
    assert_eq!(performance(&world).await, Some(100));
    let provider = call.provider;
    world.conferences.remove_user(UserRole::Provider, "provider-1@example.org", world.now()).await.unwrap();
    let view = world.store.polled(ConferenceLookup::Client(other)).await.unwrap().unwrap();
    let name = view.offered.iter().find(|p| p.person.id == provider).map(|p| p.person.name.clone());
    assert_eq!(name.as_deref(), Some(""));
}

async fn who_has_nothing_is_told_so(database: Database) {
    let world = database.world_with(StoreOptions::default());
    for lookup in [
        ConferenceLookup::Client(UserId(7)),
        ConferenceLookup::Provider(UserId(7)),
        ConferenceLookup::Id(trialogue_domain::ConferenceId(7)),
    ] {
        assert!(world.store.polled(lookup).await.unwrap().is_none());
    }
    let call = Call::accepted(&world, "1").await;
    let lookup = ConferenceLookup::Provider(call.provider);
    world.store.polled(lookup).await.unwrap().unwrap();
    call.by_client(Command::FindAnother).await.unwrap();
    let released = world.store.polled(lookup).await;
    assert!(matches!(released, Err(StoreError::Refused(Refusal::Released))), "it is out");
}
