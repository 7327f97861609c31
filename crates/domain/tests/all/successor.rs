//! Hand-over: the call goes on when its interpreter is replaced by another one. And two interpreters who take turns.

use std::time::Duration;

use trialogue_domain::{
    Actor, Command, Departure, Event, FinishReason, Kind, LanguageId, Observation, OfferState, Party,
    Purpose, Refusal, ReleaseReason, Removal, RequestStatus, Stage, State, StateName, UserId, VacantPlace,
};

use crate::story::{CLIENT, MAIN, OTHER_PROVIDER, PROVIDER, SPANISH, Story, ring};

const FINISH: Command = Command::Finish { successful: true };

/// The interpreter of a running call is lost for good.
fn lost() -> Story {
    let story = Story::connected();
    let (provider, grace) = (story.id(Kind::Provider), story.timings.reconnect);
    story.after(Observation::Disconnected(provider)).waited(grace)
}

/// A successor has been asked for and has accepted, in a call whose interpreter is lost.
fn lost_with_successor() -> (Story, Actor) {
    let mut story = lost().then(CLIENT, Command::FindAnother);
    let request = story.conference.others[0].id;
    story.give(Actor::System, Command::Offer(request, ring(UserId(3))));
    story.give(OTHER_PROVIDER, Command::AcceptOffer(request));
    let own = Actor::SecondInterpreter(story.id(Kind::SecondInterpreter));
    (story, own)
}

#[test]
fn an_interpreter_who_finishes_hands_the_call_over_to_a_successor_who_is_in_it() {
    let (story, successor) = Story::connected().with_colleague(Purpose::Successor);
    let (first, client) = (story.id(Kind::Provider), story.id(Kind::Client));
    let mut story = story.then(PROVIDER, FINISH);
    let (reason, removal) = (FinishReason::HandedOver, Removal::Pending);
    assert_eq!(story.state(first), &State::Finished { reason, at: story.now, removal });
    for id in [client, successor] {
        assert_eq!(story.state(id).name(), StateName::Connected, "the call goes on");
    }
    assert_eq!(story.conference.provider(), Some(UserId(3)));
    assert_eq!(story.participant(successor).party, Party::Provider(UserId(3)), "it cannot be kicked");
    assert_eq!(story.refused(CLIENT, Command::Kick(successor)), Refusal::PrincipalKick);
    assert!(!story.conference.others[0].is_live(), "its own request is done");
    assert_eq!(story.conference.status(), RequestStatus::InService);
    assert_eq!(story.refused(PROVIDER, FINISH), Refusal::NotFound, "the first is free for others");
    story.give(OTHER_PROVIDER, FINISH);
    assert_eq!(story.conference.status(), RequestStatus::Serviced, "one record");
}

#[test]
fn nobody_hands_over_to_a_successor_who_is_not_there() {
    let mut story = Story::connected();
    story.give(PROVIDER, Command::RequestSecondInterpreter(SPANISH, Purpose::Successor));
    assert_eq!(story.refused(PROVIDER, FINISH), Refusal::SuccessorNotPresent);
    let again = Command::RequestSecondInterpreter(SPANISH, Purpose::Successor);
    assert_eq!(story.refused(CLIENT, again), Refusal::SuccessorAsked);
    let successor = story.id(Kind::SecondInterpreter);
    story.give(PROVIDER, Command::Kick(successor));
    story.give(PROVIDER, FINISH);
    assert_eq!(story.conference.status(), RequestStatus::Serviced);
}

#[test]
fn the_place_of_a_lost_interpreter_is_kept_for_a_while() {
    let mut story = lost();
    let deadline = story.now.after(story.timings.place);
    assert_eq!(story.conference.place, Some(VacantPlace::Kept(deadline)));
    assert_eq!(story.give(Actor::System, Command::FindAnother), [], "not before its time");
    let back = story.clone().then(PROVIDER, Command::Rejoin);
    assert_eq!(back.conference.place, None);
    story.now = deadline;
    story.give(Actor::System, Command::FindAnother);
    let successor = story.conference.successor().expect("a successor is asked for");
    let request = story.conference.request_of(successor).expect("its request");
    assert_eq!((request.language, request.purpose), (SPANISH, Some(Purpose::Successor)));
    let id = successor.id;
    assert_eq!(story.give(Actor::System, Command::FindAnother), [], "once");
    let back = story.then(PROVIDER, Command::Rejoin);
    assert!(!back.participant(id).is_live(), "the search ends when the interpreter comes back");
}

#[test]
fn who_gives_up_its_place_is_replaced_at_once() {
    let mut story = lost();
    story.give(PROVIDER, FINISH);
    assert_eq!(story.conference.place, Some(VacantPlace::GivenUp));
    assert!(story.conference.is_in_call(), "the call goes on");
    assert_ne!(story.give(Actor::System, Command::FindAnother), []);
    assert_eq!(story.give(PROVIDER, FINISH), []);
}

#[test]
fn a_successor_takes_the_place_of_a_lost_interpreter_as_soon_as_it_is_in_the_call() {
    let (mut story, own) = lost_with_successor();
    assert_eq!(story.refused(PROVIDER, Command::Rejoin), Refusal::SuccessorAsked);
    story.give(own, Command::ConfirmInvitation);
    story.give(own, Command::IssueOwnAccount);
    let successor = story.id(Kind::SecondInterpreter);
    let events = story.see(Observation::Joined(successor));
    assert!(matches!(events[..], [Event::Joined { .. }, Event::HandedOver { .. }]), "{events:?}");
    assert_eq!(story.conference.provider(), Some(UserId(3)));
    assert_eq!(story.conference.lost(), None);
    assert_eq!(story.refused(PROVIDER, Command::Rejoin), Refusal::NotFound);
}

#[test]
fn a_successor_who_waits_in_the_call_takes_over_when_the_interpreter_is_lost() {
    let (story, _) = Story::connected().with_colleague(Purpose::Successor);
    let (first, grace) = (story.id(Kind::Provider), story.timings.reconnect);
    let story = story.after(Observation::Disconnected(first)).waited(grace);
    assert_eq!(story.conference.provider(), Some(UserId(3)));
    assert!(story.conference.is_in_call());
}

#[test]
fn in_the_place_of_a_second_interpreter_who_refuses_another_one_is_searched_for() {
    let (story, second) = Story::connected().with_second_interpreter();
    let own = Actor::SecondInterpreter(second);
    let missed = story.timings.ring;
    for mut story in [story.clone().then(own, Command::DeclineInvitation), story.waited(missed)] {
        assert!(matches!(story.conference.others[0].stage, Stage::Searching { .. }));
        assert_eq!(story.state(second).name(), StateName::Informed);
        assert_eq!(story.refused(own, Command::ConfirmInvitation), Refusal::NotFound, "it is out");
        let request = story.conference.others[0].id;
        story.give(Actor::System, Command::Offer(request, ring(UserId(4))));
        story.give(Actor::Provider(UserId(4)), Command::AcceptOffer(request));
        assert_ne!(story.give(own, Command::ConfirmInvitation), []);
    }
}

#[test]
fn two_interpreters_take_turns() {
    let (mut story, second) = Story::connected().with_colleague(Purpose::Team);
    let (first, own) = (story.id(Kind::Provider), Actor::SecondInterpreter(second));
    assert_eq!(story.conference.working, None);
    story.give(PROVIDER, Command::TakeTurn(second));
    assert_eq!(story.conference.working, Some(second));
    assert_eq!(story.give(own, Command::TakeTurn(second)), [], "already so");
    story.give(own, Command::TakeTurn(first));
    assert_eq!(story.conference.working, None);
    let client = story.id(Kind::Client);
    assert_eq!(story.refused(PROVIDER, Command::TakeTurn(client)), Refusal::NoTeam);
    story.give(own, Command::TakeTurn(second));
    story.give(own, Command::Leave);
    assert_eq!(story.conference.working, None, "whose turn it is stays in the call");
    let (mut story, second) = Story::connected().with_second_interpreter();
    assert_eq!(story.refused(PROVIDER, Command::TakeTurn(second)), Refusal::NoTeam);
}

#[test]
fn the_purpose_says_which_language() {
    let mut story = Story::connected();
    for (purpose, language) in
        [(Purpose::Team, LanguageId(9)), (Purpose::Successor, LanguageId(9)), (Purpose::Relay, SPANISH)]
    {
        let command = Command::RequestSecondInterpreter(language, purpose);
        assert_eq!(story.refused(CLIENT, command), Refusal::OtherLanguage(purpose));
    }
}

#[test]
fn a_call_whose_client_goes_too_keeps_no_place() {
    let story = lost();
    let (client, grace) = (story.id(Kind::Client), story.timings.reconnect);
    let story = story.after(Observation::Disconnected(client)).waited(grace + Duration::from_secs(1));
    assert_eq!(story.conference.place, None);
    assert!(!story.conference.is_in_call());
}

/// Whoever gave up its place, and in whose place nobody was found.
#[test]
fn who_gave_up_its_place_is_free_when_nobody_is_found() {
    let mut story = lost();
    story.give(PROVIDER, FINISH);
    story.give(Actor::System, Command::FindAnother);
    let search = story.timings.search;
    let story = story.waited(search);
    assert_eq!(story.conference.provider(), None, "it is free for others");
    assert_eq!(story.conference.status(), RequestStatus::New, "and the client's search goes on");
    let Stage::Searching { offers, .. } = &story.conference.main.stage else { panic!("a search") };
    assert_eq!(offers[0].state, OfferState::Released(ReleaseReason::Left));
}

#[test]
fn who_is_lost_and_said_nothing_may_still_come_back_when_nobody_is_found() {
    let mut story = lost().then(CLIENT, Command::FindAnother);
    let search = story.timings.search;
    story = story.waited(search);
    assert_eq!((story.conference.provider(), story.conference.place), (Some(UserId(2)), None));
    assert_ne!(story.clone().give(PROVIDER, Command::Rejoin), []);
    assert_ne!(story.clone().give(CLIENT, Command::FindAnother), [], "the client may ask again");
    // It does not come back, though: the next search is the last.
    story.give(PROVIDER, FINISH);
    assert_ne!(story.give(Actor::System, Command::FindAnother), []);
    assert_eq!(story.waited(search).conference.provider(), None);
}

#[test]
fn while_a_successor_is_searched_the_first_may_say_that_it_does_not_come_back() {
    let mut story = lost().then(CLIENT, Command::FindAnother);
    story.give(PROVIDER, FINISH);
    let successor = story.id(Kind::SecondInterpreter);
    story.give(CLIENT, Command::Kick(successor));
    assert_ne!(story.give(Actor::System, Command::FindAnother), [], "another one is asked for at once");
}

#[test]
fn a_successor_who_is_in_the_call_takes_it_when_the_interpreter_refuses_it() {
    let (mut story, successor) = Story::connected().with_colleague(Purpose::Successor);
    let (client, grace) = (story.id(Kind::Client), story.timings.reconnect);
    story = story.after(Observation::Disconnected(client)).waited(grace).then(CLIENT, Command::VideoAgain);
    let events = story.give(PROVIDER, Command::RefuseVideo);
    assert!(matches!(events[..], [Event::Finished { .. }, Event::HandedOver { .. }]), "{events:?}");
    assert_eq!(story.state(successor).name(), StateName::Connected);
    assert_eq!(story.conference.status(), RequestStatus::InService);
    assert_ne!(story.give(CLIENT, Command::IssueAccounts), [], "the client comes in at once");
}

#[test]
fn whose_service_was_not_used_is_replaced_though_another_one_was_used() {
    // The first was used, and misses the next call. The one in its place goes before it was used.
    let mut story = Story::connected().then(CLIENT, Command::VideoAgain);
    let ring_time = story.timings.ring;
    story = story.waited(ring_time);
    story.give(Actor::System, Command::Offer(MAIN, ring(UserId(3))));
    story.give(OTHER_PROVIDER, Command::AcceptOffer(MAIN));
    let gone = Observation::UserGone(UserId(3), Departure::LoggedOut);
    for story in [story.clone().then(OTHER_PROVIDER, FINISH), story.after(gone)] {
        assert!(story.conference.is_live(), "the client still wants an interpreter");
        assert_eq!(story.conference.status(), RequestStatus::New);
    }
}

#[test]
fn who_is_out_of_the_team_takes_no_turns() {
    let (mut story, kicked) = Story::connected().with_colleague(Purpose::Team);
    story.give(CLIENT, Command::Kick(kicked));
    let (first, own) = (story.id(Kind::Provider), Actor::SecondInterpreter(kicked));
    assert_eq!(story.refused(own, Command::TakeTurn(first)), Refusal::ParticipantFinished);
}

#[test]
fn who_was_invited_comes_in_though_the_interpreter_is_lost() {
    let mut story = Story::connected().then(CLIENT, Command::InviteGuest);
    let guest = story.id(Kind::Guest);
    let (provider, grace) = (story.id(Kind::Provider), story.timings.reconnect);
    story = story.after(Observation::Disconnected(provider)).waited(grace);
    story.give(Actor::Guest(guest), Command::ConfirmInvitation);
    assert_ne!(story.give(Actor::Guest(guest), Command::IssueOwnAccount), []);
}

#[test]
fn an_interpreter_who_finishes_while_it_is_called_again_ends_its_own_part() {
    let story = Story::connected().then(CLIENT, Command::VideoAgain);
    let gone = Observation::UserGone(UserId(2), Departure::LoggedOut);
    for story in [story.clone().then(PROVIDER, FINISH), story.after(gone)] {
        assert_eq!(story.conference.status(), RequestStatus::New, "the client still wants an interpreter");
    }
}

#[test]
fn a_lost_interpreter_who_has_no_login_any_more_does_not_come_back() {
    let story = lost().after(Observation::UserGone(UserId(2), Departure::Revoked));
    assert_eq!(story.conference.place, Some(VacantPlace::GivenUp));
    assert!(story.conference.is_in_call());
}
