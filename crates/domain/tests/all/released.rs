//! An interpreter who accepted and does not serve: another one is searched for.

use trialogue_domain::{
    Actor, Command, Departure, Event, Kind, Observation, Outcome, Refusal, ReleaseReason, RequestStatus,
    Stage, UserId,
};

use crate::story::{CLIENT, OTHER_PROVIDER, PROVIDER, Story, TAKE};

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
        assert_eq!(story.conference.released(), Some(reason));
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
        let story = story.then(Actor::System, Command::Offer(other)).then(OTHER_PROVIDER, TAKE);
        assert_eq!(story.conference.status(), RequestStatus::InterpreterAccepted);
        let mut story = story;
        let pair = story.new_pair();
        let story = story.then(CLIENT, Command::StartVideo(pair)).then(OTHER_PROVIDER, Command::ConfirmVideo);
        let mut story = story;
        assert_eq!(story.give(CLIENT, Command::IssueAccounts).len(), 2);
        assert_eq!(story.participant(story.id(Kind::Provider)).id, pair.provider);
    }
}

#[test]
fn who_is_released_is_a_stranger_to_the_request() {
    let [provider, _] = users();
    for (mut story, _) in released() {
        assert_eq!(story.give(Actor::System, Command::Offer(provider)), [], "it is not offered again");
        assert_eq!(story.refused(PROVIDER, TAKE), Refusal::Released);
        assert_eq!(story.refused(PROVIDER, Command::ConfirmVideo), Refusal::NotFound);
        assert_eq!(story.give(PROVIDER, Command::DeclineOffer), []);
    }
}

#[test]
fn a_search_without_success_ends_the_request() {
    for (story, _) in released() {
        let search = story.timings.search;
        let story = story.waited(search);
        assert!(matches!(story.conference.stage, Stage::Ended { outcome: Outcome::NoInterpreter, .. }));
    }
}

#[test]
fn an_interpreter_whose_service_was_used_ends_the_request() {
    let mut story = Story::routed();
    let events = story.give(PROVIDER, Command::Finish { successful: true });
    assert!(matches!(events.last(), Some(Event::Ended { outcome: Outcome::Serviced })), "{events:?}");
}
