//! A provider who accepted and does not serve is out of the request, and others are asked at once.

use std::time::Duration;

use trialogue_domain::{
    Actor, Availability, Command, ConferenceId, Departure, Event, Kind, Observation, Outcome, Refusal,
    ReleaseReason, Stage, UserId,
};
use trialogue_storage::{ConferenceLookup, ReleasedView};

use crate::scene::{Call, refusal, take};
use crate::world::{Database, Rules as _, World, on_both};

on_both! {
    others_are_asked_at_once_and_one_of_them_serves,
    nobody_is_asked_twice_in_one_request,
    the_provider_is_told_until_its_next_task,
    who_misses_two_calls_in_a_row_is_offline,
    a_search_without_success_ends_the_request,
}

/// The ways of being released.
#[derive(Debug, Clone, Copy)]
enum Way {
    Refused,
    Missed,
    Finished,
    LoggedOut,
}

impl Way {
    const ALL: [Self; 4] = [Self::Refused, Self::Missed, Self::Finished, Self::LoggedOut];

    const fn reason(self) -> ReleaseReason {
        match self {
            Self::Refused => ReleaseReason::Refused,
            Self::Missed => ReleaseReason::Missed,
            Self::Finished | Self::LoggedOut => ReleaseReason::Left,
        }
    }

    /// Releases a provider who has accepted; to be missed, the call is started.
    async fn take(self, call: &Call<'_>, provider: UserId) {
        let (world, actor) = (call.world, Actor::Provider(provider));
        match self {
            Self::Refused => _ = call.by(actor, Command::RefuseVideo).await.unwrap(),
            Self::Missed => {
                call.by_client(Command::StartVideo).await.unwrap();
                world.clock.advance(world.conferences.timings().ring);
                call.observe(Observation::DeadlinePassed).await;
            }
            Self::Finished => {
                world
                    .store
                    .rules()
                    .finish(ConferenceLookup::Id(call.id), actor, true, vec![], world.now())
                    .await
                    .unwrap();
            }
            Self::LoggedOut => call.observe(Observation::UserGone(provider, Departure::LoggedOut)).await,
        }
    }
}

async fn offered(world: &World, provider: UserId) -> Vec<ConferenceId> {
    world.store.offers(provider).await.unwrap().iter().map(|offer| ConferenceId(offer.request.0)).collect()
}

async fn released(world: &World, provider: UserId) -> Option<ReleasedView> {
    world.store.released(provider).await.unwrap()
}

/// Says of all providers that they are there, and offers what waits.
async fn look(world: &World, present: &[UserId]) {
    for provider in present {
        world.conferences.touch(*provider, world.now()).await.unwrap();
    }
    assert!(world.conferences.offer_waiting(world.now()).await.unwrap().is_empty());
}

async fn others_are_asked_at_once_and_one_of_them_serves(database: Database) {
    for (n, way) in Way::ALL.into_iter().enumerate() {
        let world = database.world();
        let withdrawn = world.provider(&format!("withdrawn{n}@example.org")).await;
        let call = Call::accepted(&world, &format!("released{n}")).await;
        assert_eq!(offered(&world, withdrawn).await, [], "the offer was withdrawn");
        world.conferences.touch(withdrawn, world.now()).await.unwrap();
        way.take(&call, call.provider).await;
        look(&world, &[withdrawn]).await;
        assert_eq!(offered(&world, withdrawn).await, [call.id], "{way:?}");
        let conference = world.conference(call.id).await;
        assert_eq!(conference.main.released(), Some(way.reason()));
        call.by(Actor::Provider(withdrawn), call.take()).await.unwrap();
        call.by_client(Command::StartVideo).await.unwrap();
        call.by(Actor::Provider(withdrawn), Command::ConfirmVideo).await.unwrap();
        call.issue(Actor::Client(call.client)).await.unwrap();
        let conference = world.conference(call.id).await;
        assert_eq!(conference.provider(), Some(withdrawn));
        assert!(conference.current(Kind::Provider).unwrap().state.account().is_some());
    }
}

async fn nobody_is_asked_twice_in_one_request(database: Database) {
    let world = database.world();
    let mut providers = Vec::new();
    for n in 0..3 {
        providers.push(world.provider(&format!("{n}@example.org")).await);
    }
    let declining = world.provider("declining@example.org").await;
    let call = Call::requested(&world, "twice").await;
    call.by(Actor::Provider(declining), call.decline()).await.unwrap();
    world.conferences.set_availability(call.provider, Availability::Off, world.now()).await.unwrap();
    for (n, provider) in providers.iter().enumerate() {
        for later in &providers[n..] {
            assert_eq!(offered(&world, *later).await, [call.id]);
        }
        call.by(Actor::Provider(*provider), call.take()).await.unwrap();
        call.by(Actor::Provider(*provider), Command::RefuseVideo).await.unwrap();
        assert_eq!(refusal(call.by(Actor::Provider(*provider), call.take()).await), Refusal::Released);
    }
    look(&world, &providers).await;
    for provider in providers.iter().chain([&declining]) {
        assert_eq!(offered(&world, *provider).await, []);
    }
    world.conference(call.id).await;
}

async fn the_provider_is_told_until_its_next_task(database: Database) {
    let world = database.world();
    for (n, way) in Way::ALL.into_iter().enumerate() {
        let call = Call::accepted(&world, &format!("told{n}")).await;
        let own = ConferenceLookup::Provider(call.provider);
        assert_eq!(released(&world, call.provider).await, None);
        way.take(&call, call.provider).await;
        let told = released(&world, call.provider).await.unwrap();
        assert_eq!((told.request.0, told.reason, told.at), (call.id.0, way.reason(), world.now()));
        assert_eq!(refusal(world.store.view(own).await), Refusal::Released);
        let again = world
            .store
            .rules()
            .command(own, Actor::Provider(call.provider), Command::ConfirmVideo, world.now())
            .await;
        assert_eq!(refusal(again), Refusal::Released);
        world
            .store
            .rules()
            .finish(
                ConferenceLookup::Client(call.client),
                Actor::Client(call.client),
                true,
                vec![],
                world.now(),
            )
            .await
            .unwrap();
        assert!(released(&world, call.provider).await.is_some(), "the end of the request is not its own");
        world.clock.advance(Duration::from_secs(1));
        world.conferences.set_availability(call.provider, Availability::On, world.now()).await.unwrap();
        let client = world.client(&format!("next{n}@example.org")).await;
        let next = world.request(client).await.unwrap();
        let accept = world.conferences.command(
            ConferenceLookup::Id(next),
            Actor::Provider(call.provider),
            take(next),
            world.now(),
        );
        accept.await.unwrap();
        assert_eq!(released(&world, call.provider).await, None);
        assert_eq!(world.store.view(own).await.unwrap().unwrap().conference.id, next);
        world.clock.advance(Duration::from_secs(1));
        world
            .store
            .rules()
            .finish(ConferenceLookup::Id(next), Actor::Client(client), true, vec![], world.now())
            .await
            .unwrap();
        assert_eq!(released(&world, call.provider).await, None, "what it served came later");
        world.conferences.set_availability(call.provider, Availability::Off, world.now()).await.unwrap();
    }
}

async fn who_misses_two_calls_in_a_row_is_offline(database: Database) {
    let world = database.world();
    let provider = world.provider("sleepy@example.org").await;
    let miss = async |n: usize, way: Way| {
        let client = world.client(&format!("client{n}@example.org")).await;
        world.conferences.touch(provider, world.now()).await.unwrap();
        let id = world.request(client).await.unwrap();
        let call = Call { world: &world, id, client, provider };
        call.by_provider(call.take()).await.unwrap();
        way.take(&call, provider).await;
        let told = released(&world, provider).await.unwrap();
        world
            .store
            .rules()
            .finish(ConferenceLookup::Id(id), Actor::Client(client), true, vec![], world.now())
            .await
            .unwrap();
        world.clock.advance(Duration::from_secs(1));
        told.availability == Availability::On
    };
    assert!(miss(1, Way::Missed).await, "once may happen");
    assert!(miss(2, Way::Refused).await, "it answers");
    assert!(miss(3, Way::Missed).await);
    assert!(!miss(4, Way::Missed).await);
    let client = world.client("client5@example.org").await;
    world.request(client).await.unwrap();
    world.conferences.touch(provider, world.now()).await.unwrap();
    assert_eq!(offered(&world, provider).await, []);
    world.conferences.set_availability(provider, Availability::On, world.now()).await.unwrap();
    assert_eq!(offered(&world, provider).await.len(), 1, "until it comes online again");
}

async fn a_search_without_success_ends_the_request(database: Database) {
    let world = database.world();
    let call = Call::ringing(&world, "alone").await;
    call.by_provider(Command::RefuseVideo).await.unwrap();
    world.clock.advance(world.conferences.timings().search);
    call.observe(Observation::DeadlinePassed).await;
    let conference = world.conference(call.id).await;
    assert!(matches!(conference.main.stage, Stage::Ended { outcome: Outcome::NoInterpreter, .. }));
    let log = world.store.timeline(call.id).await.unwrap();
    assert!(log.iter().any(|entry| matches!(
        entry.event,
        Event::Released { provider, reason: ReleaseReason::Refused, .. } if provider == call.provider
    )));
}
