//! Requests that wait are offered to whoever becomes available.

use std::time::Duration;

use trialogue_domain::{
    Actor, Availability, ConferenceId, Event, Plan, RequestId, RingMode, Timestamp, UserId,
};
use trialogue_storage::{ConferenceLookup, StoreError, UserRole, hash_secret};

use crate::scene::{Call, GERMAN, decline, details, log_in, number, plain, secret_of, take, user};
use crate::world::{Database, Rules as _, World, on_both};

on_both! {
    who_comes_online_is_offered_what_waits,
    who_gives_a_sign_of_life_again_is_offered_what_waits,
    who_is_free_again_is_offered_what_waits,
    sleepers_get_no_offers_and_take_nobodys_place,
    nobody_is_asked_twice,
    a_request_that_cannot_be_offered_keeps_no_other_waiting,
    the_performance_is_the_share_of_serviced_requests,
}

mod several_nodes {
    #[tokio::test]
    async fn nodes_that_look_at_once_offer_once() {
        super::nodes_that_look_at_once_offer_once().await;
    }
}

const MINUTE: Duration = Duration::from_mins(1);

impl World {
    /// A request by a new client.
    async fn waiting(&self, tag: &str) -> ConferenceId {
        let client = self.client(&format!("waiting-{tag}@example.org")).await;
        self.request(client).await.unwrap()
    }

    /// The requests that are offered to a provider.
    async fn offered(&self, provider: UserId) -> Vec<ConferenceId> {
        self.store.offers(provider).await.unwrap().iter().map(|offer| ConferenceId(offer.request.0)).collect()
    }

    async fn look(&self) {
        assert!(self.conferences.offer_waiting(self.now()).await.unwrap().is_empty());
    }
}

async fn who_comes_online_is_offered_what_waits(database: Database) {
    let world = database.world();
    let older = world.waiting("1").await;
    world.clock.advance(Duration::from_secs(1));
    let newer = world.waiting("2").await;
    let third = world.client("c3@example.org").await;
    let german =
        world.conferences.open_request(third, plain(GERMAN), details(), world.now(), None, number()).await;
    german.unwrap();
    let late = world.store.add_user(user(UserRole::Provider, "late@example.org"), world.now()).await.unwrap();
    world.look().await;
    assert_eq!(world.offered(late).await, []);
    world.conferences.set_availability(late, Availability::On, world.now()).await.unwrap();
    assert_eq!(world.offered(late).await, [older, newer]);
    world.conference(older).await;
    // A request whose time has passed is not offered any more.
    let ended = world.clock.advance(world.conferences.timings().search);
    world.conferences.set_availability(late, Availability::Off, ended).await.unwrap();
    let later = world.provider("later@example.org").await;
    assert_eq!(world.offered(later).await, []);
}

async fn who_gives_a_sign_of_life_again_is_offered_what_waits(database: Database) {
    let world = database.world();
    let (polling, logging_in, streaming) =
        (world.provider("1@x.org").await, world.provider("2@x.org").await, world.provider("3@x.org").await);
    world.clock.advance(MINUTE);
    let waiting = world.waiting("1").await;
    world.look().await;
    for provider in [polling, logging_in, streaming] {
        assert_eq!(world.offered(provider).await, [], "it is not there");
    }
    world.conferences.touch(polling, world.now()).await.unwrap();
    assert_eq!(world.offered(polling).await, [waiting]);
    log_in(&world, logging_in, hash_secret("token"), Timestamp(i64::MAX)).await;
    assert_eq!(world.offered(logging_in).await, [waiting]);
    world.store.touch_all(vec![streaming], world.now(), world.now()).await.unwrap();
    world.look().await;
    assert_eq!(world.offered(streaming).await, [waiting]);
    // Who does not want to take calls may show as many signs of life as it likes.
    let resting = world.provider("4@x.org").await;
    world.conferences.set_availability(resting, Availability::Off, world.now()).await.unwrap();
    let next = world.waiting("2").await;
    world.clock.advance(MINUTE);
    world.conferences.touch(resting, world.now()).await.unwrap();
    assert!(!world.offered(resting).await.contains(&next));
}

async fn who_is_free_again_is_offered_what_waits(database: Database) {
    let world = database.world();
    let present = |provider| world.conferences.touch(provider, world.now());

    for (n, by_client) in [true, false].into_iter().enumerate() {
        let call = Call::issued(&world, &format!("finished{n}")).await;
        let waiting = world.waiting(&format!("finished{n}")).await;
        assert_eq!(world.offered(call.provider).await, [], "it is in a call");
        let actor = if by_client { Actor::Client(call.client) } else { Actor::Provider(call.provider) };
        world
            .conferences
            .finish(ConferenceLookup::Id(call.id), actor, true, vec![], world.now())
            .await
            .unwrap();
        assert_eq!(world.offered(call.provider).await, [waiting]);
        end(&world, waiting, call.provider).await;
    }

    let call = Call::accepted(&world, "logged out").await;
    let (waiting, token) = (world.waiting("logged out").await, hash_secret("token"));
    log_in(&world, call.client, token, Timestamp(i64::MAX)).await;
    world.conferences.log_out(call.client, token, secret_of, world.now()).await.unwrap();
    assert_eq!(world.offered(call.provider).await, [waiting]);
    end(&world, waiting, call.provider).await;

    // The client never starts the call.
    let call = Call::accepted(&world, "not started").await;
    let before = world.conferences.timings().search.min(MINUTE);
    world.clock.advance(world.conferences.timings().start.checked_sub(before).unwrap());
    let waiting = world.waiting("not started").await;
    world.clock.advance(before);
    present(call.provider).await.unwrap();
    assert_eq!(world.offered(call.provider).await, [], "its request has not been ended yet");
    call.observe(trialogue_domain::Observation::DeadlinePassed).await;
    world.look().await;
    assert_eq!(world.offered(call.provider).await, [waiting]);
}

/// Ends a request, and sends its provider home.
async fn end(world: &World, id: ConferenceId, provider: UserId) {
    let client = world.view(id).await.client.id;
    world
        .store
        .rules()
        .finish(ConferenceLookup::Id(id), Actor::Client(client), true, vec![], world.now())
        .await
        .unwrap();
    world.conferences.set_availability(provider, Availability::Off, world.now()).await.unwrap();
}

async fn sleepers_get_no_offers_and_take_nobodys_place(database: Database) {
    let world = database.world();
    let mut all_at_once = Plan::default();
    all_at_once.steps[1].mode = RingMode::Star(30);
    world.store.set_plan(None, Some(all_at_once), world.now()).await.unwrap();
    let mut sleepers = Vec::new();
    for n in 0..25 {
        sleepers.push(world.provider(&format!("sleeper{n}@example.org")).await);
    }
    world.clock.advance(MINUTE);
    let awake = world.provider("awake@example.org").await;
    let waiting = world.waiting("1").await;
    assert_eq!(world.offered(awake).await, [waiting]);
    assert_eq!(world.count("offers"), 1);
    // Offers to those who fell asleep keep it from nobody, however many there are.
    for sleeper in &sleepers {
        world.conferences.touch(*sleeper, world.now()).await.unwrap();
    }
    assert_eq!(world.count("offers"), 26);
    assert_eq!(world.view(waiting).await.offered.len(), 20, "the first ones are shown");
    world.clock.advance(MINUTE);
    let late = world.provider("late@example.org").await;
    assert_eq!(world.offered(late).await, [waiting]);
}

async fn nobody_is_asked_twice(database: Database) {
    let world = database.world();
    let provider = world.provider("p@example.org").await;
    let waiting = world.waiting("1").await;
    world
        .store
        .rules()
        .command(ConferenceLookup::Id(waiting), Actor::Provider(provider), decline(waiting), world.now())
        .await
        .unwrap();
    let declined = world.conference(waiting).await;
    world.look().await;
    world.conferences.set_availability(provider, Availability::On, world.now()).await.unwrap();
    assert_eq!(world.conference(waiting).await, declined);
    assert_eq!(world.offered(provider).await, []);
    let other = world.provider("other@example.org").await;
    assert_eq!(world.offered(other).await, [waiting]);
    let log = world.store.timeline(waiting).await.unwrap();
    let (request, until) = (RequestId::main(waiting), world.now().after(MINUTE));
    assert_eq!(log.last().unwrap().event, Event::Offered { request, provider: other, step: 1, until });
    assert_eq!(log.last().unwrap().actor, Some(Actor::System));
}

async fn a_request_that_cannot_be_offered_keeps_no_other_waiting(database: Database) {
    let world = database.world();
    let first = world.provider("first@example.org").await;
    let (spoiled, sound) = (world.waiting("spoiled").await, world.waiting("sound").await);
    world.place.sql(&format!("UPDATE offers SET state = 99 WHERE conference_id = {spoiled}"));
    let second = world.provider("second@example.org").await;
    assert_eq!(world.offered(second).await, [sound]);
    let failed = world.conferences.offer_waiting(world.now()).await.unwrap();
    let [(id, StoreError::Inconsistent { table: "offers", .. })] = &failed[..] else {
        panic!("{failed:?}");
    };
    assert_eq!((*id, world.offered(first).await), (spoiled, vec![sound]));
}

async fn the_performance_is_the_share_of_serviced_requests(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    call.finish().await.unwrap();
    let shown = async |tag: &str| {
        let waiting = world.waiting(tag).await;
        let offered = world.view(waiting).await.offered;
        let performance = offered.iter().find(|o| o.person.id == call.provider).unwrap().performance;
        (waiting, performance)
    };
    let (cancelled, performance) = shown("2").await;
    assert_eq!(performance, 100);
    let accept = take(cancelled);
    let by_provider = Actor::Provider(call.provider);
    world
        .conferences
        .command(ConferenceLookup::Id(cancelled), by_provider, accept, world.now())
        .await
        .unwrap();
    world
        .conferences
        .finish(ConferenceLookup::Id(cancelled), by_provider, true, vec![], world.now())
        .await
        .unwrap();
    assert_eq!(shown("3").await.1, 50);
    let beginner = world.provider("beginner@example.org").await;
    let (waiting, _) = shown("4").await;
    let offered = world.view(waiting).await.offered;
    let order: Vec<_> = offered.iter().map(|o| (o.person.id, o.performance)).collect();
    assert_eq!(order, [(beginner, 0), (call.provider, 50)], "who has been idle longest comes first");
}

async fn nodes_that_look_at_once_offer_once() {
    let world = Database::Postgres.world();
    let other = world.another_node();
    for n in 0..5 {
        world.waiting(&n.to_string()).await;
    }
    for n in 0..3 {
        let provider = world.store.add_user(user(UserRole::Provider, &format!("{n}@x.org")), world.now());
        let provider = provider.await.unwrap();
        // Behind the store's back, so that nobody has looked yet.
        let seen = world.now().0;
        world
            .place
            .sql(&format!("UPDATE users SET availability = 1, last_seen = {seen} WHERE id = {}", provider.0));
    }
    let there = other.rules();
    let (one, two) =
        tokio::join!(world.conferences.offer_waiting(world.now()), there.offer_waiting(world.now()));
    assert!(one.unwrap().is_empty() && two.unwrap().is_empty());
    assert_eq!(world.count("offers"), 15);
    assert_eq!(world.place.number("SELECT count(*) AS n FROM events WHERE kind = 2"), 15);
    other.close();
}
