use std::time::Duration;

use trialogue_domain::{
    Actor, Command, CommandKind, ConferenceId, Event, FinishReason, Kicker, Kind, MAX_INVITED, Observation,
    OfferState, Outcome, ParticipantId, Refusal, ReleaseReason, Removal, RequestId, RequestStatus, Role,
    Stage, State, Timestamp, UserId,
};
use trialogue_storage::{CallLeg, ConferenceLookup, JobKind, StoreError, hash_secret};

use crate::scene::{Call, SPANISH, details, name_of, offer, refusal, secret_of, take};
use crate::world::{Database, on_both};

on_both! {
    a_whole_call_is_its_log,
    every_end_of_a_call_is_its_log,
    the_log_names_who_did_it,
    a_view_shows_the_people,
    offers_are_shown_until_the_search_ends,
    a_declined_offer_stays_declined,
    what_is_not_ones_own_is_not_found,
    refusals_change_nothing,
    the_latest_request_is_the_live_one_or_the_last,
    an_invitation_dies_with_its_participant,
    a_kicked_guest_is_out_and_the_engine_is_told,
    an_account_is_bound_to_the_last_secret,
    the_first_report_of_legs_stands,
    the_search_is_given_up_in_time,
    a_call_nobody_answers_ends_in_time,
    facts_about_nobody_are_nothing,
    no_more_guests_than_allowed,
}

async fn a_whole_call_is_its_log(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let status = async || world.conference(call.id).await.status();
    assert_eq!(status().await, RequestStatus::New);
    call.by_provider(call.take()).await.unwrap();
    assert_eq!(status().await, RequestStatus::InterpreterAccepted);
    call.by_client(Command::StartVideo).await.unwrap();
    world.conference(call.id).await;
    call.by_provider(Command::ConfirmVideo).await.unwrap();
    assert_eq!(status().await, RequestStatus::InService);
    world.clock.advance(Duration::from_micros(1_500_001));
    call.issue(Actor::Client(call.client)).await.unwrap();
    world.conference(call.id).await;
    for kind in [Kind::Client, Kind::Provider] {
        let participant = call.participant_of(kind).await;
        call.observe(Observation::Joined(participant)).await;
        world.conference(call.id).await;
    }
    let guest = call.guest("guest").await;
    world.conference(call.id).await;
    call.observe(Observation::Disconnected(guest)).await;
    world.conference(call.id).await;
    call.by_provider(Command::Kick(guest)).await.unwrap();
    world.conference(call.id).await;
    for observation in
        [Observation::Removed(guest), Observation::RemovalVerified(guest), Observation::Joined(guest)]
    {
        call.observe(observation).await;
        world.conference(call.id).await;
    }
    call.by_client(Command::VideoAgain).await.unwrap();
    assert_eq!(world.conference(call.id).await.participants.len(), 5);
    call.by_provider(Command::ConfirmVideo).await.unwrap();
    let finished = call.finish().await.unwrap();
    assert_eq!(finished, world.conference(call.id).await);
    assert_eq!(finished.status(), RequestStatus::Serviced);
    assert_eq!(call.finish().await.unwrap(), finished, "finishing twice is finishing");
}

async fn every_end_of_a_call_is_its_log(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let [no, leaver] = [call.invited("no").await, call.invited("leaver").await];
    call.by(Actor::Guest(no), Command::DeclineInvitation).await.unwrap();
    call.by(Actor::Guest(leaver), Command::ConfirmInvitation).await.unwrap();
    call.by(Actor::Guest(leaver), Command::Leave).await.unwrap();
    let conference = world.conference(call.id).await;
    let reason = |id| match conference.participant(id).unwrap().state {
        State::Finished { reason, .. } => reason,
        ref other => panic!("{other:?}"),
    };
    assert_eq!((reason(no), reason(leaver)), (FinishReason::Declined, FinishReason::Left));
    call.issue(Actor::Client(call.client)).await.unwrap();
    let actor = Actor::Provider(call.provider);
    let ended = world
        .conferences
        .finish(ConferenceLookup::Provider(call.provider), actor, false, vec![], world.now())
        .await;
    assert_eq!(ended.unwrap().status(), RequestStatus::Cancelled);
    world.conference(call.id).await;
}

async fn the_log_names_who_did_it(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let guest = call.invited("guest").await;
    world.clock.advance(Duration::from_micros(1));
    call.by(Actor::Guest(guest), Command::ConfirmInvitation).await.unwrap();
    world.clock.advance(Duration::from_hours(1));
    call.observe(Observation::DeadlinePassed).await;
    let late = world.provider("late@example.org").await;
    let log = world.store.timeline(call.id).await.unwrap();
    let actor_of = |wanted: fn(&Event) -> bool| log.iter().find(|entry| wanted(&entry.event)).unwrap().actor;
    assert_eq!(actor_of(|e| matches!(e, Event::Requested { .. })), Some(Actor::Client(call.client)));
    assert_eq!(actor_of(|e| matches!(e, Event::Accepted { .. })), Some(Actor::Provider(call.provider)));
    let guests_own = log
        .iter()
        .find(|entry| matches!(entry.event, Event::Confirmed { participant, .. } if participant == guest));
    let guests_own = guests_own.unwrap();
    let at = Timestamp(trialogue_testkit::ManualClock::START.0 + 1);
    assert_eq!((guests_own.actor, guests_own.at), (Some(Actor::Guest(guest)), at));
    assert_eq!(actor_of(|e| matches!(e, Event::Finished { .. })), None);

    let client = world.client("another@example.org").await;
    let id = world.request(client).await.unwrap();
    let other = world.provider("other@example.org").await;
    let offer =
        world.conferences.command(ConferenceLookup::Id(id), Actor::System, offer(id, other), world.now());
    offer.await.unwrap();
    let request = RequestId::main(id);
    let log = world.store.timeline(id).await.unwrap();
    let until = world.now().after(std::time::Duration::from_mins(1));
    let offered = |provider| Event::Offered { request, provider, step: 1, until };
    assert_eq!(log.last().unwrap().event, offered(other));
    assert_eq!(log.last().unwrap().actor, Some(Actor::System));
    assert!(log.iter().any(|entry| entry.event == offered(late)));
    assert_eq!(world.store.timeline(trialogue_domain::ConferenceId(-1)).await.unwrap(), []);
}

async fn a_view_shows_the_people(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let view = world.view(call.id).await;
    assert_eq!((view.requested_at, &view.details), (world.now(), &details()));
    assert_eq!((view.language.id, view.language.code.as_str()), (SPANISH, "es"));
    assert_eq!((view.client.id, &view.client.name), (call.client, &name_of("client-1@example.org")));
    assert!(view.provider.is_none());
    assert_eq!(view.offered.iter().map(|o| o.person.id).collect::<Vec<_>>(), [call.provider]);
    call.by_provider(call.take()).await.unwrap();
    call.by_client(Command::StartVideo).await.unwrap();
    call.by_provider(Command::ConfirmVideo).await.unwrap();
    let guest = call.invited("guest").await;
    for lookup in [
        ConferenceLookup::Id(call.id),
        ConferenceLookup::Client(call.client),
        ConferenceLookup::Provider(call.provider),
    ] {
        let view = world.store.view(lookup).await.unwrap().unwrap();
        let provider = view.provider.unwrap();
        assert_eq!((provider.id, provider.email.as_str()), (call.provider, "provider-1@example.org"));
        assert!(view.offered.is_empty());
        let [invited] = view.invited.as_slice() else { panic!("one guest") };
        assert_eq!((invited.participant, invited.name.clone()), (guest, Some(name_of("guest"))));
        assert_eq!((invited.email.as_deref(), invited.phone.as_deref()), (Some("guest@example.org"), None));
    }
    assert!(world.store.view(ConferenceLookup::Client(call.provider)).await.unwrap().is_none());
    assert!(
        world.store.view(ConferenceLookup::Id(trialogue_domain::ConferenceId(0))).await.unwrap().is_none()
    );
}

async fn offers_are_shown_until_the_search_ends(database: Database) {
    let world = database.world();
    let provider = world.provider("p@example.org").await;
    let other = world.provider("other@example.org").await;
    let mut ids = vec![];
    for n in 0..3 {
        let client = world.client(&format!("c{n}@example.org")).await;
        ids.push(world.request(client).await.unwrap());
        world.clock.advance(Duration::from_secs(1));
    }
    let shown = async |provider: UserId| -> Vec<_> {
        world.store.offers(provider).await.unwrap().iter().map(|o| ConferenceId(o.request.0)).collect()
    };
    assert_eq!(shown(provider).await, ids, "oldest first");
    let first = &world.store.offers(provider).await.unwrap()[0];
    assert_eq!(first.offered_at, world.view(ids[0]).await.requested_at);
    let accept = world.conferences.command(
        ConferenceLookup::Id(ids[0]),
        Actor::Provider(other),
        take(ids[0]),
        world.now(),
    );
    accept.await.unwrap();
    assert_eq!(shown(provider).await, ids[1..]);
    assert_eq!(shown(other).await, [], "who serves a request is not rung by others");
    world.clock.advance(world.conferences.timings().search);
    world.conferences.observe(ids[1], [Observation::DeadlinePassed], world.now()).await.unwrap();
    assert_eq!(shown(provider).await, ids[2..]);
}

async fn a_declined_offer_stays_declined(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    call.by_provider(call.decline()).await.unwrap();
    let declined = world.conference(call.id).await;
    let Stage::Searching { offers, .. } = &declined.main.stage else { panic!("{declined:?}") };
    assert_eq!(offers[0].state, OfferState::Declined);
    assert_eq!(call.by_provider(call.decline()).await.unwrap(), declined);
    assert_eq!(refusal(call.by_provider(call.take()).await), Refusal::OfferDeclined);
    assert!(world.store.offers(call.provider).await.unwrap().is_empty());
    assert!(world.view(call.id).await.offered.is_empty());
}

async fn what_is_not_ones_own_is_not_found(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let stranger = world.client("stranger@example.org").await;
    let provider = world.provider("other@example.org").await;
    let guest = call.invited("guest").await;
    for actor in [
        Actor::Client(stranger),
        Actor::Provider(provider),
        Actor::Guest(ParticipantId(guest.0 + 1)),
        Actor::SecondInterpreter(guest),
    ] {
        assert_eq!(refusal(call.by(actor, Command::Kick(guest)).await), Refusal::NotFound, "{actor:?}");
    }
    // Never offered to this one.
    assert_eq!(refusal(call.by(Actor::Provider(provider), call.take()).await), Refusal::NotFound);
    assert_eq!(refusal(call.by(Actor::Provider(provider), call.decline()).await), Refusal::NotFound);
    assert_eq!(refusal(call.by_client(Command::Kick(ParticipantId(-1))).await), Refusal::NotFound);
    let unknown = ConferenceLookup::Id(trialogue_domain::ConferenceId(i32::MAX));
    let nowhere =
        world.conferences.command(unknown, Actor::Client(call.client), Command::StartVideo, world.now());
    assert_eq!(refusal(nowhere.await), Refusal::NotFound);
    let lookup = ConferenceLookup::Client(stranger);
    let none = world.conferences.command(lookup, Actor::Client(stranger), Command::StartVideo, world.now());
    assert_eq!(refusal(none.await), Refusal::NoRequest);
}

async fn refusals_change_nothing(database: Database) {
    let world = database.world();
    let call = Call::ringing(&world, "1").await;
    let before = world.conference(call.id).await;
    let listener = call.participant_of(Kind::Provider).await;
    assert_eq!(refusal(call.by_client(Command::Kick(listener)).await), Refusal::PrincipalKick);
    assert!(matches!(refusal(call.issue(Actor::Client(call.client)).await), Refusal::NotConfirmed(_)));
    assert_eq!(
        refusal(call.by_client(Command::ConfirmVideo).await),
        Refusal::NotPermitted { role: Role::Client, command: CommandKind::ConfirmVideo }
    );
    assert_eq!(refusal(world.request(call.client).await), Refusal::LiveRequest);
    assert_eq!(world.conference(call.id).await, before);
    assert_eq!((world.count("conferences"), world.count("jobs")), (1, 0));
    let bound = world.store.is_bound(call.id, listener, secret_of(listener)).await.unwrap();
    assert!(!bound);
}

async fn the_latest_request_is_the_live_one_or_the_last(database: Database) {
    let world = database.world();
    let mut call = Call::issued(&world, "1").await;
    let latest = async |lookup| world.store.view(lookup).await.unwrap().map(|v| v.conference.id);
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(1));
        call.finish().await.unwrap();
        assert_eq!(latest(ConferenceLookup::Client(call.client)).await, Some(call.id));
        assert_eq!(latest(ConferenceLookup::Provider(call.provider)).await, Some(call.id));
        call.id = world.request(call.client).await.unwrap();
        assert_eq!(latest(ConferenceLookup::Client(call.client)).await, Some(call.id));
        assert_ne!(
            latest(ConferenceLookup::Provider(call.provider)).await,
            Some(call.id),
            "not accepted yet"
        );
        call.by_provider(call.take()).await.unwrap();
        assert_eq!(latest(ConferenceLookup::Provider(call.provider)).await, Some(call.id));
    }
    // Of several clients, through other writers and so with ids from other blocks.
    call.finish().await.unwrap();
    for n in 0..4 {
        let client = world.client(&format!("other{n}@example.org")).await;
        let id = world.request(client).await.unwrap();
        Call { id, client, ..call }.by_provider(take(id)).await.unwrap();
        assert_eq!(latest(ConferenceLookup::Provider(call.provider)).await, Some(id));
        world.clock.advance(Duration::from_secs(1));
        Call { id, client, ..call }.finish().await.unwrap();
        assert_eq!(latest(ConferenceLookup::Provider(call.provider)).await, Some(id));
    }
}

async fn an_invitation_dies_with_its_participant(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    let (kicked, finished) = (call.invited("kicked").await, call.invited("finished").await);
    let holder = async |secret| world.store.invitation(hash_secret(secret)).await.unwrap();
    let invitation = holder("kicked").await.unwrap();
    assert_eq!((invitation.conference, invitation.participant), (call.id, kicked));
    assert_eq!((invitation.kind, invitation.actor()), (Kind::Guest, Actor::Guest(kicked)));
    assert_eq!(holder("unknown").await, None);
    world.place.sql(&format!("UPDATE participants SET kind = 4, request_id = 999 WHERE id = {finished}"));
    assert_eq!(holder("finished").await.unwrap().actor(), Actor::SecondInterpreter(finished));
    world.place.sql(&format!("UPDATE participants SET kind = 3, request_id = NULL WHERE id = {finished}"));

    call.by_client(Command::Kick(kicked)).await.unwrap();
    assert_eq!(holder("kicked").await, None);
    assert_eq!(holder("finished").await.map(|i| i.participant), Some(finished));
    assert_eq!(
        refusal(call.by(Actor::Guest(kicked), Command::ConfirmInvitation).await),
        Refusal::ParticipantFinished
    );
    call.finish().await.unwrap();
    assert_eq!(holder("finished").await, None);

    // The same secret cannot be used for another invitation.
    let other = Call::confirmed(&world, "2").await;
    let twice = other.invite_through(&world.store, "kicked").await;
    assert!(matches!(twice, Err(StoreError::Query { .. })), "{twice:?}");
    assert_eq!(world.conference(other.id).await.participants.len(), 2);
}

async fn a_kicked_guest_is_out_and_the_engine_is_told(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let guest = call.guest("guest").await;
    let waiting = world.store.jobs_waiting(JobKind::Engine).await.unwrap();
    let kicked = call.by_client(Command::Kick(guest)).await.unwrap();
    let expected = State::Finished {
        reason: FinishReason::Kicked(Kicker::Client),
        at: world.now(),
        removal: Removal::Pending,
    };
    assert_eq!(kicked.participant(guest).unwrap().state, expected);
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), waiting + 1);
    assert_eq!(call.by_provider(Command::Kick(guest)).await.unwrap(), kicked, "kicking twice is kicking");
    assert_eq!(world.store.jobs_waiting(JobKind::Engine).await.unwrap(), waiting + 1);
    assert_eq!(world.conference(call.id).await, kicked);
}

async fn an_account_is_bound_to_the_last_secret(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let [caller, listener] =
        [call.participant_of(Kind::Client).await, call.participant_of(Kind::Provider).await];
    let bound = async |id, secret| world.store.is_bound(call.id, id, secret).await.unwrap();
    assert!(bound(caller, secret_of(caller)).await);
    assert!(!bound(caller, secret_of(listener)).await);
    assert!(!bound(listener, secret_of(listener)).await, "only one's own account is bound");
    call.issue(Actor::Provider(call.provider)).await.unwrap();
    assert!(bound(listener, secret_of(listener)).await);
    let another = hash_secret("another");
    let actor = Actor::Client(call.client);
    let again =
        world.conferences.issue_accounts(ConferenceLookup::Id(call.id), actor, move |_| another, world.now());
    again.await.unwrap();
    assert!(bound(caller, another).await && !bound(caller, secret_of(caller)).await);

    let guest = call.guest("guest").await;
    assert!(bound(guest, secret_of(guest)).await);
    call.by_client(Command::Kick(guest)).await.unwrap();
    let late = world.conferences.issue_accounts(
        ConferenceLookup::Id(call.id),
        Actor::Guest(guest),
        move |_| another,
        world.now(),
    );
    assert_eq!(refusal(late.await), Refusal::ParticipantFinished);
    assert!(!bound(guest, another).await);
    assert!(!bound(ParticipantId(-1), another).await);

    // The caller's link is lost for good, the listener is still there: asking goes well, and binds nothing.
    call.observe(Observation::Disconnected(caller)).await;
    world.clock.advance(world.conferences.timings().reconnect);
    call.observe(Observation::DeadlinePassed).await;
    let conference = call.issue(actor).await.unwrap();
    assert!(!conference.participant(caller).unwrap().is_live());
    assert!(!bound(caller, secret_of(caller)).await);
}

async fn the_first_report_of_legs_stands(database: Database) {
    let world = database.world();
    let call = Call::issued(&world, "1").await;
    let leg = |call_time: &str| CallLeg {
        started: Some(Timestamp(-1)),
        ended: None,
        call_time: call_time.to_owned(),
        successful: true,
        additional_info: Some("é".to_owned()),
        third_party_call_id: None,
    };
    let report = async |legs| {
        let actor = Actor::Client(call.client);
        world
            .conferences
            .finish(ConferenceLookup::Client(call.client), actor, true, legs, world.now())
            .await
            .unwrap()
    };
    let first = report(vec![leg("1.25"), leg("0.10")]).await;
    assert_eq!(report(vec![leg("99")]).await, first);
    let stored = "SELECT position || ' ' || call_time || ' ' || started_at || ' ' || additional_info AS line \
                  FROM call_legs ORDER BY position";
    assert_eq!(world.place.lines(stored), ["0 1.25 -1 é", "1 0.10 -1 é"]);
}

async fn the_search_is_given_up_in_time(database: Database) {
    let world = database.world();
    let call = Call::requested(&world, "1").await;
    let deadline = world.now().after(world.conferences.timings().search);
    let before = Timestamp(deadline.0 - 1);
    // The ring is over long before.
    let rung_until = world.now().after(Duration::from_mins(1));
    world.conferences.observe(call.id, [Observation::DeadlinePassed], rung_until).await.unwrap();
    assert_eq!(world.store.due(before, 10).await.unwrap(), []);
    world.conferences.observe(call.id, [Observation::DeadlinePassed], before).await.unwrap();
    assert!(world.conference(call.id).await.is_live());
    assert_eq!(world.store.due(deadline, 10).await.unwrap(), [call.id]);
    assert_eq!(world.store.due(deadline, 0).await.unwrap(), []);
    world.conferences.observe(call.id, [Observation::DeadlinePassed], deadline).await.unwrap();
    let ended = world.conference(call.id).await;
    assert_eq!(
        ended.main.stage,
        Stage::Ended { outcome: Outcome::NoInterpreter, provider: None, at: deadline }
    );
    assert_eq!(world.store.due(Timestamp(i64::MAX), 10).await.unwrap(), []);
    assert_eq!(refusal(call.by_provider(call.take()).await), Refusal::RequestEnded(Outcome::NoInterpreter));
    world.request(call.client).await.unwrap();
}

async fn a_call_nobody_answers_ends_in_time(database: Database) {
    let world = database.world();
    let first = Call::ringing(&world, "1").await;
    world.clock.advance(Duration::from_secs(1));
    let second = Call::ringing(&world, "2").await;
    world.clock.advance(world.conferences.timings().ring);
    assert_eq!(
        world.store.due(world.now(), 10).await.unwrap(),
        [first.id, second.id],
        "the most urgent first"
    );
    first.observe(Observation::DeadlinePassed).await;
    let waiting = world.conference(first.id).await;
    let search = world.now().after(world.conferences.timings().search);
    assert_eq!(waiting.main.released(), Some(ReleaseReason::Missed));
    assert_eq!(waiting.next_deadline(), Some(search));
    assert!(waiting.participants.iter().all(|p| !p.is_live()));
    assert_eq!(world.store.due(world.now(), 10).await.unwrap(), [second.id]);
}

async fn facts_about_nobody_are_nothing(database: Database) {
    let world = database.world();
    let call = Call::ringing(&world, "1").await;
    let before = world.conference(call.id).await;
    for id in [ParticipantId(-1), call.participant_of(Kind::Client).await] {
        call.observe(Observation::Joined(id)).await;
        call.observe(Observation::Removed(id)).await;
    }
    let nowhere = trialogue_domain::ConferenceId(-1);
    world.conferences.observe(nowhere, [Observation::DeadlinePassed], world.now()).await.unwrap();
    assert_eq!(world.conference(call.id).await, before);
}

async fn no_more_guests_than_allowed(database: Database) {
    let world = database.world();
    let call = Call::confirmed(&world, "1").await;
    for n in 0..MAX_INVITED {
        call.invited(&format!("guest {n}")).await;
    }
    assert_eq!(refusal(call.invite_through(&world.store, "one more").await), Refusal::TooManyInvited);
    assert_eq!(world.store.invitation(hash_secret("one more")).await.unwrap(), None);
    world.conference(call.id).await;
}
