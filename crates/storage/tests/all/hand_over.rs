//! A call goes on when another interpreter takes the place of the first, and two interpreters take turns.

use trialogue_domain::{
    Actor, Command, Kind, Observation, ParticipantId, Purpose, Refusal, ReleaseReason, Request,
    RequestStatus, Specialty, StateName, Strength, UserId, VacantPlace, Wants,
};
use trialogue_storage::{
    ConferenceLookup, ConferenceView, NewSecondInterpreter, OfferView, Render, StoreError,
};

use crate::scene::{Call, SPANISH, number_in, refusal, secret_of, take};
use crate::world::{Database, World, on_both};

on_both! {
    a_successor_takes_over_and_there_is_one_record,
    a_successor_is_wanted_as_the_first_one_was,
    a_lost_interpreter_comes_back_or_a_successor_is_asked,
    the_place_of_a_lost_interpreter_is_kept_and_then_given_away,
    who_gives_up_its_place_is_not_asked_to_come_back,
    a_call_that_was_handed_over_is_handed_over_back,
    nobody_serves_two_calls_after_a_hand_over,
    two_interpreters_take_turns,
    in_the_place_of_a_second_interpreter_who_refuses_others_are_asked,
}

pub(crate) async fn ask(
    call: &Call<'_>,
    actor: Actor,
    (purpose, wants): (Purpose, Wants),
) -> Result<ParticipantId, StoreError> {
    let inviter = crate::scene::inviter(actor);
    let wanted = NewSecondInterpreter { inviter, language: SPANISH, purpose, wants, note: None };
    let render: Render<(ConferenceView, ParticipantId)> =
        Box::new(|(_, participant)| participant.to_string().into_bytes());
    let asked = call.world.conferences.request_second_interpreter(
        ConferenceLookup::Id(call.id),
        actor,
        wanted,
        call.world.now(),
        None,
        render,
    );
    asked.await.map(|answer| ParticipantId(number_in(&answer)))
}

/// A call with its client and its interpreter in the room.
pub(crate) async fn connected<'w>(world: &'w World, tag: &str) -> Call<'w> {
    let call = Call::issued(world, tag).await;
    for kind in [Kind::Client, Kind::Provider] {
        call.observe(Observation::Joined(call.participant_of(kind).await)).await;
    }
    call
}

/// The interpreter's connection is given up, while the client is in the call.
pub(crate) async fn lose_interpreter(call: &Call<'_>) -> ParticipantId {
    let lost = call.participant_of(Kind::Provider).await;
    call.observe(Observation::Disconnected(lost)).await;
    call.world.clock.advance(call.world.conferences.timings().reconnect);
    call.observe(Observation::DeadlinePassed).await;
    lost
}

async fn offers(world: &World, interpreter: UserId) -> Vec<OfferView> {
    world.store.offers(interpreter).await.unwrap()
}

/// Takes the only offer, and comes into the call.
pub(crate) async fn join(call: &Call<'_>, interpreter: UserId, participant: ParticipantId) {
    let offered = offers(call.world, interpreter).await;
    let [offer] = offered.as_slice() else { panic!("{} offers", offered.len()) };
    call.by(Actor::Provider(interpreter), Command::AcceptOffer(offer.request)).await.unwrap();
    let own = Actor::SecondInterpreter(participant);
    call.by(own, Command::ConfirmInvitation).await.unwrap();
    call.issue(own).await.unwrap();
    call.observe(Observation::Joined(participant)).await;
}

async fn a_successor_takes_over_and_there_is_one_record(database: Database) {
    let world = database.world();
    let call = connected(&world, "1").await;
    let first = call.participant_of(Kind::Provider).await;
    let colleague = world.provider("colleague@example.org").await;
    let successor =
        ask(&call, Actor::Provider(call.provider), (Purpose::Successor, Wants::default())).await.unwrap();
    join(&call, colleague, successor).await;
    call.by_provider(Command::Finish { successful: true }).await.unwrap();

    let conference = world.conference(call.id).await;
    assert_eq!(conference.provider(), Some(colleague));
    assert_eq!(conference.current(Kind::Provider).unwrap().id, successor);
    assert!(conference.is_in_call() && !conference.participant(first).unwrap().is_live());
    assert!(conference.others.iter().all(|request| !request.is_live()));
    let bound = world.store.is_bound(call.id, successor, secret_of(successor)).await.unwrap();
    assert!(bound, "the account is the one it had");

    // Both are told their own: the first has left this call, and the successor serves it.
    let told = world.store.released(call.provider).await.unwrap().unwrap();
    assert_eq!((told.request.0, told.reason), (call.id.0, ReleaseReason::HandedOver));
    let own = ConferenceLookup::Provider(colleague);
    assert_eq!(world.store.view(own).await.unwrap().unwrap().conference.id, call.id);
    assert_eq!(refusal(world.store.view(ConferenceLookup::Provider(call.provider)).await), Refusal::Released);

    call.by(Actor::Provider(colleague), Command::Finish { successful: true }).await.unwrap();
    let conference = world.conference(call.id).await;
    assert_eq!(conference.status(), RequestStatus::Serviced);
    assert_eq!(world.count("conferences"), 1);
    assert_eq!(world.store.released(colleague).await.unwrap(), None);
}

async fn a_successor_is_wanted_as_the_first_one_was(database: Database) {
    let world = database.world();
    let call = connected(&world, "1").await;
    world.place.sql(&format!("UPDATE requests SET specialty = 2 WHERE id = {}", call.id));
    let layman = world.provider("layman@example.org").await;
    let medical = world.provider("medical@example.org").await;
    world.place.sql(&format!("INSERT INTO interpreter_specialties VALUES ({medical}, 2)"));
    world.conferences.touch(medical, world.now()).await.unwrap();
    ask(&call, Actor::Client(call.client), (Purpose::Successor, Wants::default())).await.unwrap();
    assert_eq!((offers(&world, layman).await.len(), offers(&world, medical).await.len()), (0, 1));
    let legal = Wants { specialty: Some((Specialty::Legal, Strength::Wish)), ..Wants::default() };
    ask(&call, Actor::Client(call.client), (Purpose::Team, legal)).await.unwrap();
    assert_eq!(
        world.place.lines(&format!(
            "SELECT specialty || ' ' || purpose AS line FROM requests WHERE id <> {} ORDER BY id",
            call.id
        )),
        ["2 4", "3 3"],
        "what is said counts, and only a successor's and a colleague's silence means the same as before"
    );
}

async fn a_lost_interpreter_comes_back_or_a_successor_is_asked(database: Database) {
    let world = database.world();
    for comes_back in [true, false] {
        let call = connected(&world, &format!("lost{comes_back}")).await;
        let lost = lose_interpreter(&call).await;
        if comes_back {
            call.by_provider(Command::Rejoin).await.unwrap();
            call.issue(Actor::Provider(call.provider)).await.unwrap();
            let conference = world.conference(call.id).await;
            let own = conference.current(Kind::Provider).unwrap();
            assert!(own.id != lost && own.state.account().is_some(), "{own:?}");
            assert!(conference.current(Kind::Client).unwrap().is_live());
            assert_eq!(conference.place, None);
            call.finish().await.unwrap();
        } else {
            let other = world.provider("other@example.org").await;
            call.by_client(Command::FindAnother).await.unwrap();
            world.conferences.touch(other, world.now()).await.unwrap();
            world.conferences.offer_waiting(world.now()).await.unwrap();
            let conference = world.conference(call.id).await;
            assert!(conference.is_in_call(), "the call goes on");
            let successor = conference.successor().unwrap().id;
            join(&call, other, successor).await;
            assert_eq!(
                world.conference(call.id).await.provider(),
                Some(other),
                "there is nobody to wait for"
            );
            let told = world.store.released(call.provider).await.unwrap().unwrap();
            assert_eq!(told.reason, ReleaseReason::HandedOver);
        }
    }
}

async fn the_place_of_a_lost_interpreter_is_kept_and_then_given_away(database: Database) {
    let world = database.world();
    let call = connected(&world, "1").await;
    lose_interpreter(&call).await;
    let other = world.provider("other@example.org").await;
    let until = world.now().after(world.conferences.timings().place);
    assert_eq!(world.conference(call.id).await.place, Some(VacantPlace::Kept(until)));
    world.conferences.pass_deadline(call.id, world.now()).await.unwrap();
    assert_eq!(world.conference(call.id).await.successor(), None, "not before its time");

    world.clock.advance(world.conferences.timings().place);
    assert!(world.store.due(world.now(), 10).await.unwrap().contains(&call.id));
    world.conferences.pass_deadline(call.id, world.now()).await.unwrap();
    world.conferences.touch(other, world.now()).await.unwrap();
    world.conferences.offer_waiting(world.now()).await.unwrap();
    let successor = world.conference(call.id).await.successor().unwrap().id;
    join(&call, other, successor).await;
    assert_eq!(world.conference(call.id).await.provider(), Some(other));
    assert_eq!(refusal(call.by_provider(Command::Rejoin).await), Refusal::NotFound, "it is too late");
}

/// And if nobody is found, it is free for others.
async fn who_gives_up_its_place_is_not_asked_to_come_back(database: Database) {
    let world = database.world();
    let call = connected(&world, "1").await;
    lose_interpreter(&call).await;
    call.by_provider(Command::Finish { successful: true }).await.unwrap();
    assert_eq!(world.conference(call.id).await.place, Some(VacantPlace::GivenUp));
    assert!(
        world.store.due(world.now(), 10).await.unwrap().contains(&call.id),
        "another one is asked for at once"
    );
    world.conferences.pass_deadline(call.id, world.now()).await.unwrap();
    let conference = world.conference(call.id).await;
    assert!(conference.successor().is_some() && conference.place == Some(VacantPlace::GivenUp));
    world.clock.advance(world.conferences.timings().search);
    world.conferences.pass_deadline(call.id, world.now()).await.unwrap();
    let conference = world.conference(call.id).await;
    assert_eq!((conference.provider(), conference.place), (None, None));
    let told = world.store.released(call.provider).await.unwrap().unwrap();
    assert_eq!((told.reason, told.conference), (ReleaseReason::Left, call.id));
}

/// The first interpreter has had an offer of this conference before.
async fn a_call_that_was_handed_over_is_handed_over_back(database: Database) {
    let world = database.world();
    let call = connected(&world, "1").await;
    let colleague = world.provider("colleague@example.org").await;
    for (from, to) in [(call.provider, colleague), (colleague, call.provider)] {
        world.conferences.touch(to, world.now()).await.unwrap();
        let successor =
            ask(&call, Actor::Provider(from), (Purpose::Successor, Wants::default())).await.unwrap();
        join(&call, to, successor).await;
        call.by(Actor::Provider(from), Command::Finish { successful: true }).await.unwrap();
        assert_eq!(world.conference(call.id).await.provider(), Some(to));
        let own = world.store.view(ConferenceLookup::Provider(to)).await.unwrap().unwrap();
        assert_eq!(own.conference.id, call.id);
    }
    assert_eq!(world.store.released(call.provider).await.unwrap(), None, "it serves again");
    call.finish().await.unwrap();
    world.conference(call.id).await;
}

async fn nobody_serves_two_calls_after_a_hand_over(database: Database) {
    let world = database.world();
    let call = connected(&world, "1").await;
    let colleague = world.provider("colleague@example.org").await;
    let successor =
        ask(&call, Actor::Client(call.client), (Purpose::Successor, Wants::default())).await.unwrap();
    join(&call, colleague, successor).await;
    let client = world.client("next@example.org").await;
    let next = world.request(client).await.unwrap();
    let accept = |interpreter: UserId| {
        world.conferences.command(
            ConferenceLookup::Id(next),
            Actor::Provider(interpreter),
            take(next),
            world.now(),
        )
    };
    call.by_provider(Command::Finish { successful: true }).await.unwrap();
    assert_eq!(offers(&world, colleague).await.len(), 0, "it serves");
    assert!(accept(colleague).await.is_err());
    world.clock.advance(world.conferences.timings().wrap_up);
    world.conferences.touch(call.provider, world.now()).await.unwrap();
    world.conferences.offer_waiting(world.now()).await.unwrap();
    accept(call.provider).await.unwrap();
    assert_eq!(
        world.conference(next).await.provider(),
        Some(call.provider),
        "and the first is free for others"
    );
    assert_eq!(world.conference(call.id).await.provider(), Some(colleague));
}

async fn two_interpreters_take_turns(database: Database) {
    let world = database.world();
    let call = connected(&world, "1").await;
    let first = call.participant_of(Kind::Provider).await;
    let colleague = world.provider("colleague@example.org").await;
    let second = ask(&call, Actor::Client(call.client), (Purpose::Team, Wants::default())).await.unwrap();
    join(&call, colleague, second).await;
    assert_eq!(world.conference(call.id).await.working, None);
    call.by_provider(Command::TakeTurn(second)).await.unwrap();
    assert_eq!(world.conference(call.id).await.working, Some(second));
    call.by(Actor::Provider(colleague), Command::TakeTurn(first)).await.unwrap();
    assert_eq!(world.conference(call.id).await.working, None);
    call.by_provider(Command::TakeTurn(second)).await.unwrap();
    call.by_client(Command::Kick(second)).await.unwrap();
    assert_eq!(world.conference(call.id).await.working, None, "whoever is out does not work");
}

async fn in_the_place_of_a_second_interpreter_who_refuses_others_are_asked(database: Database) {
    let world = database.world();
    let call = connected(&world, "1").await;
    let (tired, other) =
        (world.provider("tired@example.org").await, world.provider("other@example.org").await);
    let second = ask(&call, Actor::Client(call.client), (Purpose::Team, Wants::default())).await.unwrap();
    let request = world.conference(call.id).await.others[0].id;
    call.by(Actor::Provider(tired), Command::AcceptOffer(request)).await.unwrap();
    assert_eq!(offers(&world, other).await.len(), 0);
    call.by(Actor::Provider(tired), Command::DeclineInvitation).await.unwrap();
    let told = world.store.released(tired).await.unwrap().unwrap();
    assert_eq!((told.request, told.reason), (request, ReleaseReason::Refused));
    world.conferences.touch(other, world.now()).await.unwrap();
    world.conferences.offer_waiting(world.now()).await.unwrap();
    assert_eq!(offers(&world, tired).await.len(), 0, "nobody is asked twice");
    join(&call, other, second).await;
    let conference = world.conference(call.id).await;
    assert_eq!(conference.others[0].provider(), Some(other));
    assert_eq!(conference.participant(second).unwrap().state.name(), StateName::Connected);
    assert_eq!(conference.requests().filter_map(Request::provider).count(), 2);
}
