//! Changes of conferences that wait together: loaded, judged and saved as one batch.

use std::pin::Pin;

use trialogue_domain::{Actor, Command, Conference, Refusal, UserId};
use trialogue_storage::{CallLeg, ConferenceLookup, StoreError};

use crate::groups::{held, queued};
use crate::scene::{Call, SPANISH, details, number, offer, plain, refusal};
use crate::world::{Database, Rules as _, World, on_both};

on_both! {
    commands_on_one_conference_follow_each_other,
    one_that_spoils_the_batch_leaves_the_others_whole,
    a_provider_that_accepts_two_requests_in_one_batch_serves_one,
    what_follows_an_operation_of_the_same_user_sees_it,
    a_released_request_is_offered_in_the_same_batch,
    the_first_report_of_a_batch_stands,
}

type Asked = Pin<Box<dyn Future<Output = Result<Conference, StoreError>> + Send>>;

fn ask(call: &Call<'_>, actor: Actor, command: Command) -> Asked {
    let (store, now, id) = (call.world.store.clone(), call.world.now(), call.id);
    Box::pin(async move { store.rules().command(ConferenceLookup::Id(id), actor, command, now).await })
}

/// All of them wait in the queue before the writer takes the first.
async fn in_one_batch(world: &World, asked: Vec<Asked>) -> Vec<Result<Conference, StoreError>> {
    let (holding, gate) = held(world, world.client("holder@example.org").await).await;
    let tasks = queued(asked).await;
    drop(gate);
    holding.await.unwrap().unwrap();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

async fn commands_on_one_conference_follow_each_other(database: Database) {
    let world = database.world_of_one_writer();
    let (call, other) = (Call::issued(&world, "1").await, Call::issued(&world, "2").await);
    let [one, two] = [call.guest("one").await, call.guest("two").await];
    let stranger = other.guest("three").await;
    let client = Actor::Client(call.client);
    let before = world.conference(call.id).await.last_seq;
    let outcomes = in_one_batch(
        &world,
        vec![
            ask(&call, client, Command::Kick(one)),
            ask(&call, client, Command::Kick(stranger)),
            ask(&call, client, Command::Kick(two)),
            ask(&other, Actor::Client(other.client), Command::Kick(stranger)),
            ask(&call, client, Command::Kick(one)),
        ],
    )
    .await;
    let seqs: Vec<Option<i32>> =
        outcomes.iter().map(|outcome| outcome.as_ref().ok().map(|c| c.last_seq - before)).collect();
    assert_eq!((seqs[0], seqs[2], seqs[4]), (Some(1), Some(2), Some(2)), "each sees what came before it");
    assert!(matches!(outcomes[1], Err(StoreError::Refused(Refusal::NotFound))), "{:?}", outcomes[1]);
    for (call, out) in [(&call, vec![one, two]), (&other, vec![stranger])] {
        let stored = world.conference(call.id).await;
        assert!(out.iter().all(|guest| !stored.participant(*guest).unwrap().is_live()));
    }
    let removals = "SELECT count(*) AS n FROM jobs WHERE payload LIKE '{\"remove\":%'";
    assert_eq!(world.place.number(removals), 3);
}

async fn one_that_spoils_the_batch_leaves_the_others_whole(database: Database) {
    let world = database.world_of_one_writer();
    let (call, searching) = (Call::issued(&world, "1").await, Call::requested(&world, "2").await);
    let [guest, another] = [call.guest("guest").await, call.guest("another").await];
    let before = world.conference(searching.id).await;
    let outcomes = in_one_batch(
        &world,
        vec![
            ask(&call, Actor::Client(call.client), Command::Kick(guest)),
            // Refers to nobody, which only the database knows.
            ask(&searching, Actor::System, offer(searching.id, UserId(-1))),
            ask(&call, Actor::Client(call.client), Command::Kick(another)),
        ],
    )
    .await;
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
    assert!(matches!(outcomes[1], Err(StoreError::Query { .. })), "{:?}", outcomes[1]);
    assert_eq!(world.conference(searching.id).await, before);
    assert!(!world.conference(call.id).await.participant(guest).unwrap().is_live());
    let kicked = world.store.timeline(call.id).await.unwrap();
    let of_guest = |entry: &&trialogue_storage::Recorded| matches!(entry.event, trialogue_domain::Event::Finished { participant, .. } if participant == guest);
    assert_eq!(kicked.iter().filter(of_guest).count(), 1, "done once");
}

async fn a_provider_that_accepts_two_requests_in_one_batch_serves_one(database: Database) {
    let world = database.world_of_one_writer();
    let provider = world.provider("p@example.org").await;
    let mut calls = Vec::new();
    for n in 0..2 {
        let client = world.client(&format!("{n}@example.org")).await;
        calls.push(Call { world: &world, id: world.request(client).await.unwrap(), client, provider });
    }
    let accept = |call: &Call<'_>| ask(call, Actor::Provider(provider), call.take());
    let mut outcomes = in_one_batch(&world, calls.iter().map(accept).collect()).await;
    assert_eq!(refusal(outcomes.pop().unwrap()), Refusal::ProviderBusy);
    assert_eq!(outcomes.pop().unwrap().unwrap().provider(), Some(provider));
    for call in &calls {
        world.conference(call.id).await;
    }
}

async fn what_follows_an_operation_of_the_same_user_sees_it(database: Database) {
    let world = database.world_of_one_writer();
    let client = world.client("c@example.org").await;
    let (store, now) = (world.store.clone(), world.now());
    let open: Asked = Box::pin(async move {
        store.rules().open_request(client, plain(SPANISH), details(), now, None, number()).await?;
        Ok(store.conference(trialogue_domain::ConferenceId(1)).await?.unwrap())
    });
    let (store, now) = (world.store.clone(), world.now());
    let finish: Asked = Box::pin(async move {
        store
            .rules()
            .finish(ConferenceLookup::Client(client), Actor::Client(client), false, vec![], now)
            .await
    });
    let outcomes = in_one_batch(&world, vec![open, finish]).await;
    assert!(outcomes[1].as_ref().is_ok_and(|conference| !conference.is_live()), "{:?}", outcomes[1]);
}

async fn a_released_request_is_offered_in_the_same_batch(database: Database) {
    let world = database.world_of_one_writer();
    let call = Call::accepted(&world, "1").await;
    let another = world.provider("another@example.org").await;
    let client = Actor::Client(call.client);
    let outcomes = in_one_batch(
        &world,
        vec![
            ask(&call, client, Command::FindAnother),
            ask(&call, Actor::System, offer(call.id, another)),
            ask(&call, Actor::Provider(another), call.decline()),
        ],
    )
    .await;
    assert!(outcomes[..2].iter().all(Result::is_ok), "{outcomes:?}");
    // The offer was not there yet when the batch began.
    assert!(matches!(outcomes[2], Err(StoreError::Refused(Refusal::NotFound))), "{:?}", outcomes[2]);
    let stored = world.conference(call.id).await;
    assert!(stored.main.open_offers().any(|offered| offered == another), "{stored:?}");
}

async fn the_first_report_of_a_batch_stands(database: Database) {
    let world = database.world_of_one_writer();
    let call = Call::issued(&world, "1").await;
    let report = |time: &str| -> Asked {
        let leg = CallLeg {
            started: None,
            ended: None,
            call_time: time.to_owned(),
            successful: true,
            additional_info: None,
            third_party_call_id: None,
        };
        let (store, now, id) = (world.store.clone(), world.now(), call.id);
        let actor = Actor::Client(call.client);
        Box::pin(
            async move { store.rules().finish(ConferenceLookup::Id(id), actor, true, vec![leg], now).await },
        )
    };
    let outcomes = in_one_batch(&world, vec![report("1"), report("2")]).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(world.place.lines("SELECT call_time AS line FROM call_legs"), ["1"]);
    world.conference(call.id).await;
}
