use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;
use trialogue_domain::{Actor, Command, Effect, Event, MAX_INVITED, Refusal, Timestamp};
use trialogue_storage::{ConferenceLookup, JobKind, LeasedJob, NodeId, Store, StoreError};

use crate::scene::{Call, SPANISH, details, guest, number, plain, refusal, take};
use crate::world::{Database, Rules as _, on_both};

on_both! {
    guests_invited_at_once_are_all_there,
    a_guest_kicked_by_many_is_kicked_once,
    a_client_asking_many_times_at_once_gets_one,
    two_providers_accepting_at_once_one_wins,
    one_provider_accepting_two_at_once_serves_one,
    many_claimers_share_the_work,
    a_view_is_never_torn,
}

async fn guests_invited_at_once_are_all_there(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let mut asks = JoinSet::new();
    for n in 0..3 * MAX_INVITED {
        let (store, now) = (world.store.clone(), world.now());
        // Half by the provider's name, half by the conference's: through different writers.
        let (lookup, actor) = if n % 2 == 0 {
            (ConferenceLookup::Id(call.id), Actor::Client(call.client))
        } else {
            (ConferenceLookup::Provider(call.provider), Actor::Provider(call.provider))
        };
        asks.spawn(async move {
            store
                .rules()
                .invite(lookup, actor, guest(actor, &format!("{n}")), now, None, Box::new(|_| vec![]))
                .await
        });
    }
    let mut invited = 0;
    for outcome in asks.join_all().await {
        match outcome {
            Ok(_) => invited += 1,
            Err(StoreError::Contended { .. }) => {}
            other => assert_eq!(refusal(other), Refusal::TooManyInvited),
        }
    }
    assert!((1..=MAX_INVITED).contains(&invited), "{invited}");
    assert_eq!(world.conference(call.id).await.participants.len(), 2 + invited);
}

async fn a_guest_kicked_by_many_is_kicked_once(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let guest = call.guest("guest").await;
    let mut kicks = JoinSet::new();
    for n in 0..24 {
        let (store, now) = (world.store.clone(), world.now());
        let (lookup, actor) = match n % 3 {
            0 => (ConferenceLookup::Id(call.id), Actor::Client(call.client)),
            1 => (ConferenceLookup::Client(call.client), Actor::Client(call.client)),
            _ => (ConferenceLookup::Provider(call.provider), Actor::Provider(call.provider)),
        };
        kicks.spawn(async move { store.rules().command(lookup, actor, Command::Kick(guest), now).await });
    }
    let kicked = kicks.join_all().await.into_iter().filter(|outcome| match outcome {
        Ok(_) => true,
        Err(StoreError::Contended { .. }) => false,
        Err(other) => panic!("{other:?}"),
    });
    assert!(kicked.count() > 0);
    let log = world.store.timeline(call.id).await.unwrap();
    let finished = |e: &Event| matches!(e, Event::Finished { participant, .. } if *participant == guest);
    assert_eq!(log.iter().filter(|entry| finished(&entry.event)).count(), 1);
    let removals = format!("SELECT count(*) AS n FROM jobs WHERE payload = '{{\"remove\":{guest}}}'");
    assert_eq!(world.place.number(&removals), 1);
    world.conference(call.id).await;
}

async fn a_client_asking_many_times_at_once_gets_one(database: Database) {
    let world = database.world();
    let client = world.client("c@example.org").await;
    let mut asks = JoinSet::new();
    for _ in 0..24 {
        let (store, now) = (world.store.clone(), world.now());
        asks.spawn(async move {
            store.rules().open_request(client, plain(SPANISH), details(), now, None, number()).await
        });
    }
    let refused = asks.join_all().await.into_iter().filter(Result::is_err);
    assert_eq!(refused.map(|r| assert_eq!(refusal(r), Refusal::LiveRequest)).count(), 23);
    assert_eq!(world.count("conferences"), 1);
}

async fn two_providers_accepting_at_once_one_wins(database: Database) {
    let world = database.world();
    for n in 0..8 {
        let providers = [
            world.provider(&format!("a{n}@example.org")).await,
            world.provider(&format!("b{n}@example.org")).await,
        ];
        let client = world.client(&format!("c{n}@example.org")).await;
        let id = world.request(client).await.unwrap();
        let accept = |p| {
            world.conferences.command(ConferenceLookup::Id(id), Actor::Provider(p), take(id), world.now())
        };
        let (a, b) = tokio::join!(accept(providers[0]), accept(providers[1]));
        let conference = world.conference(id).await;
        let (winner, loser) = if a.is_ok() { (providers[0], b) } else { (providers[1], a) };
        assert_eq!(conference.provider(), Some(winner));
        assert_eq!(refusal(loser), Refusal::OfferTaken);
        let states =
            format!("SELECT state || '' AS line FROM offers WHERE conference_id = {id} ORDER BY state");
        assert!(world.place.lines(&states).iter().all(|state| state == "3" || state == "4"));
    }
}

async fn one_provider_accepting_two_at_once_serves_one(database: Database) {
    let world = database.world();
    let provider = world.provider("p@example.org").await;
    for n in 0..8 {
        let [one, two] = [
            world.client(&format!("a{n}@example.org")).await,
            world.client(&format!("b{n}@example.org")).await,
        ];
        let ids = [world.request(one).await.unwrap(), world.request(two).await.unwrap()];
        let accept = |id| {
            world.conferences.command(
                ConferenceLookup::Id(id),
                Actor::Provider(provider),
                take(id),
                world.now(),
            )
        };
        let (a, b) = tokio::join!(accept(ids[0]), accept(ids[1]));
        let lost = if a.is_ok() { b } else { a };
        assert_eq!(refusal(lost), Refusal::ProviderBusy);
        for (id, client) in [(ids[0], one), (ids[1], two)] {
            world.conference(id).await;
            Call { world: &world, id, client, provider }.finish().await.unwrap();
        }
    }
}

async fn many_claimers_share_the_work(database: Database) {
    let world = database.world();
    for n in 0..4 {
        Call::issued(&world, &n.to_string()).await;
    }
    let mut claimers = JoinSet::new();
    for token in 0..16 {
        claimers.spawn(work_off(world.store.clone(), token, world.now()));
    }
    let mut done: Vec<LeasedJob<Effect>> = claimers.join_all().await.concat();
    // A claimer stops when all that is left is another's; the last word is spoken alone.
    done.extend(work_off(world.store.clone(), 99, world.now()).await);
    let ids: BTreeSet<i64> = done.iter().map(|c| c.id).collect();
    assert_eq!((done.len(), ids.len()), (12, 12));
    assert!(done.iter().all(|c| c.attempts == 1));
    for id in done.iter().map(|c| c.conference).collect::<BTreeSet<_>>() {
        assert_eq!(done.iter().filter(|c| c.conference == id).count(), 3);
    }
}

/// Claims and finishes until nothing is to be had.
pub(crate) async fn work_off(store: Store, token: i64, now: Timestamp) -> Vec<LeasedJob<Effect>> {
    let mut done = Vec::new();
    loop {
        match store.claim_jobs(JobKind::Engine, NodeId(token), Duration::from_secs(30), 2, now).await {
            Ok(claimed) if claimed.is_empty() => return done,
            Ok(claimed) => {
                for work in claimed {
                    store.job_done(&work).await.unwrap();
                    done.push(work);
                }
            }
            // Two nodes clashed again and again over the same rows.
            Err(StoreError::NotDone { .. }) => return done,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Offers are rows apart from the request's own, and change with it: a look between must see neither half.
async fn a_view_is_never_torn(database: Database) {
    let world = database.world();
    for n in 0..12 {
        let call = Call::requested(&world, &n.to_string()).await;
        let mut looks = JoinSet::new();
        for _ in 0..8 {
            let (store, id) = (world.store.clone(), call.id);
            looks.spawn(
                async move { store.view(ConferenceLookup::Id(id)).await.unwrap().unwrap().conference },
            );
        }
        call.by_provider(call.take()).await.unwrap();
        call.finish().await.unwrap();
        let log = world.store.timeline(call.id).await.unwrap();
        for seen in looks.join_all().await {
            let until = log.iter().take_while(|entry| entry.seq <= seen.last_seq);
            let replayed = trialogue_domain::Conference::replay(call.id, until.map(|e| (e.at, &e.event)));
            assert_eq!(replayed, Ok(seen));
        }
    }
}
