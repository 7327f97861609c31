//! An interpreter who accepted and does not serve: another one is searched for.

use trialogue_domain::{
    Actor, Command, Departure, Event, Kind, Observation, Outcome, Party, Refusal, ReleaseReason,
    RequestStatus, Stage, StateName, UserId,
};

use crate::story::{CLIENT, DECLINE, MAIN, OTHER_PROVIDER, PROVIDER, Story, TAKE, ring};

/// The user numbers of the two interpreters.
fn users() -> [UserId; 2] {
    [PROVIDER, OTHER_PROVIDER].map(|actor| match actor {
        Actor::Provider(user) => user,
        other => panic!("{other:?} is no interpreter"),
    })
}

/// Every way of being released, with its reason.
fn released() -> Vec<(Story, ReleaseReason)> {
    let [provider, _] = users();
    let finish = Command::Finish { successful: true };
    let gone = |how| Observation::UserGone(provider, how);
    let ring = Story::ringing().timings.ring;
    vec![
        (Story::accepted().then(PROVIDER, Command::RefuseVideo), ReleaseReason::Refused),
        (Story::ringing().then(PROVIDER, Command::RefuseVideo), ReleaseReason::Refused),
        (Story::answered().then(PROVIDER, Command::RefuseVideo), ReleaseReason::Refused),
        (Story::ringing().waited(ring), ReleaseReason::Missed),
        (Story::accepted().then(PROVIDER, finish), ReleaseReason::Left),
        (Story::ringing().then(PROVIDER, finish), ReleaseReason::Left),
        (Story::answered().then(PROVIDER, finish), ReleaseReason::Left),
        (Story::accepted().after(gone(Departure::LoggedOut)), ReleaseReason::Left),
        (Story::ringing().after(gone(Departure::Revoked)), ReleaseReason::Left),
    ]
}

#[test]
fn the_search_goes_on_by_itself() {
    for (story, reason) in released() {
        assert_eq!(story.conference.main.released(), Some(reason));
        assert_eq!(story.conference.status(), RequestStatus::New);
        assert!(story.conference.participants.iter().all(|p| !p.is_live()));
        let deadline = story.conference.next_deadline().unwrap();
        assert_eq!(deadline, story.now.after(story.timings.search), "it is given up, too");
    }
}

#[test]
fn another_interpreter_serves_the_same_request() {
    let [_, other] = users();
    for (story, _) in released() {
        let story = story.then(Actor::System, Command::Offer(MAIN, ring(other))).then(OTHER_PROVIDER, TAKE);
        assert_eq!(story.conference.status(), RequestStatus::InterpreterAccepted);
        let story = story.then(CLIENT, Command::StartVideo).then(OTHER_PROVIDER, Command::ConfirmVideo);
        let mut story = story;
        assert_eq!(story.give(CLIENT, Command::IssueAccounts).len(), 2);
        assert_eq!(story.participant(story.id(Kind::Provider)).party, Party::Provider(other));
    }
}

#[test]
fn who_is_released_is_a_stranger_to_the_request() {
    let [provider, _] = users();
    for (mut story, _) in released() {
        assert_eq!(
            story.give(Actor::System, Command::Offer(MAIN, ring(provider))),
            [],
            "it is not offered again"
        );
        assert_eq!(story.refused(PROVIDER, TAKE), Refusal::Released);
        assert_eq!(story.refused(PROVIDER, Command::ConfirmVideo), Refusal::NotFound);
        assert_eq!(story.give(PROVIDER, DECLINE), []);
    }
}

#[test]
fn a_search_without_success_ends_the_request() {
    for (story, _) in released() {
        let search = story.timings.search;
        let story = story.waited(search);
        assert!(matches!(story.conference.main.stage, Stage::Ended { outcome: Outcome::NoInterpreter, .. }));
    }
}

/// The interpreter was in the call and is lost for good.
fn lost() -> Story {
    let story = Story::connected();
    let (id, grace) = (story.id(Kind::Provider), story.timings.reconnect);
    story.after(Observation::Disconnected(id)).waited(grace)
}

#[test]
fn an_interpreter_who_was_lost_comes_back_into_the_call() {
    let mut story = lost();
    let (client, old) = (story.id(Kind::Client), story.id(Kind::Provider));
    assert_eq!(story.conference.lost(), Some((Kind::Provider, story.now)));
    assert_eq!(story.give(PROVIDER, Command::Rejoin).len(), 1);
    assert_eq!(story.give(PROVIDER, Command::Rejoin), [], "already so");
    let id = story.id(Kind::Provider);
    assert_ne!(id, old, "an identity is never used twice");
    assert_eq!(story.conference.lost(), None);
    assert_eq!(story.refused(PROVIDER, Command::RefuseVideo), Refusal::AlreadyAnswered(StateName::Confirmed));
    let events = story.give(PROVIDER, Command::IssueAccounts);
    assert!(
        matches!(&events[..], [Event::AccountIssued(issued)] if issued.participant() == id),
        "the client keeps its own: {events:?}"
    );
    assert_eq!(story.id(Kind::Client), client);
    assert_eq!(story.state(client).name(), StateName::Connected);
}

#[test]
fn an_interpreter_who_wanted_to_come_back_and_did_not_ends_nobody_elses_part() {
    let story = lost();
    let join = story.timings.join;
    let story = story.then(PROVIDER, Command::Rejoin).waited(join);
    assert_eq!(story.state(story.id(Kind::Client)).name(), StateName::Connected);
    assert_eq!(story.conference.lost(), Some((Kind::Provider, story.now)));
}

#[test]
fn only_a_running_call_can_be_come_back_into() {
    for (mut story, refusal) in
        [(Story::accepted(), Refusal::NoCall), (Story::ringing(), Refusal::CallRunning(StateName::Informed))]
    {
        assert_eq!(story.refused(PROVIDER, Command::Rejoin), refusal);
    }
}

#[test]
fn the_client_may_ask_for_another_interpreter_unless_this_one_is_in_the_call() {
    let (with_guest, guest) = Story::connected().with_guest_in_call();
    let (provider, grace) = (with_guest.id(Kind::Provider), with_guest.timings.reconnect);
    let with_guest = with_guest.after(Observation::Disconnected(provider)).waited(grace);
    for story in [Story::accepted(), Story::ringing()] {
        let story = story.then(CLIENT, Command::FindAnother);
        assert_eq!(story.conference.main.released(), Some(ReleaseReason::Replaced));
        assert!(story.conference.participants.iter().all(|p| !p.is_live() || !p.kind().is_principal()));
    }
    let story = with_guest.then(CLIENT, Command::FindAnother);
    assert!(story.conference.successor().is_some(), "in a running call a successor is asked for");
    for id in [guest, story.id(Kind::Client)] {
        assert_eq!(story.state(id).name(), StateName::Connected, "the call goes on");
    }
    let mut running = Story::connected();
    let refusal = running.refused(CLIENT, Command::FindAnother);
    assert_eq!(refusal, Refusal::CallRunning(StateName::Connected));
}

#[test]
fn an_interpreter_whose_service_was_used_ends_the_request() {
    let mut story = Story::routed();
    let events = story.give(PROVIDER, Command::Finish { successful: true });
    assert!(matches!(events.last(), Some(Event::Ended { outcome: Outcome::Serviced })), "{events:?}");
}
