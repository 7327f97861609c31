//! The invariants, one test each; `search.rs` holds them in every reachable state of a small world.

use trialogue_domain::{
    Actor, Command, Conference, Departure, Effect, Event, FinishReason, Hindrance, Kicker, Kind, Observation,
    Outcome, Refusal, ReleaseReason, Removal, ReplayError, RequestStatus, Role, Stage, State, StateName,
    Timestamp, UserId, command_steps, effects, open, own_account,
};

use crate::story::{CLIENT, ID, OTHER_PROVIDER, PROVIDER, SPANISH, Story, TAKE, UNKNOWN, ring};

#[test]
fn finished_is_final() {
    let (story, guest) = Story::connected().with_guest_in_call();
    let mut story = story.then(CLIENT, Command::Kick(guest));
    let finished = story.state(guest).clone();
    let own = Actor::Guest(guest);
    for command in [Command::ConfirmInvitation, Command::DeclineInvitation, Command::IssueOwnAccount] {
        assert_eq!(story.refused(own, command), Refusal::ParticipantFinished);
    }
    for observation in [Observation::Joined(guest), Observation::Disconnected(guest)] {
        story.see(observation);
    }
    story.wait(story.timings.account);
    assert_eq!(story.state(guest), &finished);
}

#[test]
fn an_ended_request_is_final() {
    let mut story = Story::connected().then(CLIENT, Command::Finish { successful: true });
    let ended = story.conference.clone();
    for (actor, command) in [
        (CLIENT, Command::StartVideo),
        (CLIENT, Command::VideoAgain),
        (PROVIDER, Command::ConfirmVideo),
        (CLIENT, Command::IssueAccounts),
        (CLIENT, Command::InviteGuest),
    ] {
        assert_eq!(story.refused(actor, command), Refusal::RequestEnded(Outcome::Serviced));
    }
    assert_eq!(story.give(CLIENT, Command::Finish { successful: false }), []);
    assert_eq!(story.wait(story.timings.account), []);
    assert_eq!(story.conference, ended);
}

#[test]
fn no_account_before_the_listener_has_confirmed() {
    let mut story = Story::ringing();
    let guest = story.invite(Kind::Guest);
    let own = Actor::Guest(guest);
    story.give(own, Command::ConfirmInvitation);
    let not_yet = Refusal::NotConfirmed(StateName::Informed);
    assert_eq!(story.refused(CLIENT, Command::IssueAccounts), not_yet);
    assert_eq!(story.refused(PROVIDER, Command::IssueAccounts), not_yet);
    assert_eq!(story.refused(own, Command::IssueOwnAccount), not_yet, "the guest's own yes is not enough");
    story.give(PROVIDER, Command::ConfirmVideo);
    assert_eq!(story.give(own, Command::IssueOwnAccount).len(), 1);
    assert_eq!(story.give(CLIENT, Command::IssueAccounts).len(), 2);
}

#[test]
fn a_repeated_call_needs_a_new_confirmation() {
    let mut story = Story::connected().then(CLIENT, Command::VideoAgain);
    let refusal = story.refused(CLIENT, Command::IssueAccounts);
    assert_eq!(refusal, Refusal::NotConfirmed(StateName::Informed));
}

#[test]
fn no_guest_account_before_the_guest_has_confirmed() {
    let mut story = Story::connected();
    let guest = story.invite(Kind::Guest);
    let refusal = story.refused(Actor::Guest(guest), Command::IssueOwnAccount);
    assert_eq!(refusal, Refusal::NotConfirmed(StateName::Informed));
}

#[test]
fn a_kicked_guest_loses_account_and_invitation_at_once() {
    let (mut story, guest) = Story::connected().with_guest_in_call();
    let before = story.conference.clone();
    let events = story.give(CLIENT, Command::Kick(guest));
    let reason = FinishReason::Kicked(Kicker::Client);
    assert_eq!(events, [Event::Finished { participant: guest, reason }], "one event, so one transaction");
    assert_eq!(effects(&before, &events[0]), [Effect::Remove(guest)]);
    let at = story.now;
    assert_eq!(story.state(guest), &State::Finished { reason, at, removal: Removal::Pending });
    let shown = own_account(&story.conference, guest);
    assert!(shown.killed && shown.listener.is_none(), "{shown:?}");
    let refusal = story.refused(Actor::Guest(guest), Command::IssueOwnAccount);
    assert_eq!(refusal, Refusal::ParticipantFinished);
}

#[test]
fn a_kick_of_one_who_is_only_invited_cancels_the_invitation() {
    let mut story = Story::connected();
    let guest = story.invite(Kind::Guest);
    let before = story.conference.clone();
    let events = story.give(PROVIDER, Command::Kick(guest));
    assert_eq!(effects(&before, &events[0]), [], "the engine never knew of the guest");
    let refusal = story.refused(Actor::Guest(guest), Command::ConfirmInvitation);
    assert_eq!(refusal, Refusal::ParticipantFinished);
}

#[test]
fn a_second_kick_changes_nothing() {
    let (story, guest) = Story::connected().with_guest_in_call();
    let mut story = story.then(CLIENT, Command::Kick(guest));
    let kicked = story.conference.clone();
    assert_eq!(story.give(CLIENT, Command::Kick(guest)), []);
    assert_eq!(story.give(PROVIDER, Command::Kick(guest)), [], "nor by whom it was done");
    assert_eq!(story.conference, kicked);
}

#[test]
fn a_kicked_guest_comes_back_only_by_a_new_invitation() {
    let (story, guest) = Story::connected().with_guest_in_call();
    let (story, again) = story.then(CLIENT, Command::Kick(guest)).with_guest_in_call();
    assert_ne!(again, guest, "an identity is never used twice");
    assert_eq!(story.state(again).name(), StateName::Connected);
    assert_eq!(story.state(guest).name(), StateName::Finished);
}

#[test]
fn a_client_and_a_provider_cannot_be_kicked() {
    let mut story = Story::connected();
    for kind in [Kind::Client, Kind::Provider] {
        for kicker in [CLIENT, PROVIDER] {
            let target = story.id(kind);
            assert_eq!(story.refused(kicker, Command::Kick(target)), Refusal::PrincipalKick);
        }
    }
}

#[test]
fn an_unknown_participant_and_a_foreign_conference_are_alike() {
    let (mut story, guest) = Story::connected().with_guest_in_call();
    let stranger = Actor::Client(UserId(9));
    assert_eq!(story.refused(CLIENT, Command::Kick(UNKNOWN)), Refusal::NotFound);
    assert_eq!(story.refused(stranger, Command::Kick(guest)), Refusal::NotFound);
    assert_eq!(story.refused(Actor::SecondInterpreter(guest), Command::Leave), Refusal::NotFound);
}

#[test]
fn a_removal_is_done_when_the_engine_lists_no_handle() {
    let (story, guest) = Story::connected().with_guest_in_call();
    let mut story = story.then(CLIENT, Command::Kick(guest));
    assert_eq!(story.see(Observation::RemovalVerified(guest)), [], "not before it says that it removed it");
    let mut story = story.after(Observation::Removed(guest)).after(Observation::RemovalVerified(guest));
    assert!(matches!(story.state(guest), State::Finished { removal: Removal::Verified, .. }));
    let before = story.conference.clone();
    let events = story.see(Observation::Joined(guest));
    assert_eq!(events, [Event::RemovalReopened { participant: guest }], "seen again, removed again");
    assert_eq!(effects(&before, &events[0]), [Effect::Remove(guest)]);
}

#[test]
fn one_live_pair_at_most() {
    let story = Story::connected();
    let (client, provider) = (story.id(Kind::Client), story.id(Kind::Provider));
    let story = story.then(CLIENT, Command::VideoAgain);
    for old in [client, provider] {
        let replaced =
            State::Finished { reason: FinishReason::Replaced, at: story.now, removal: Removal::Pending };
        assert_eq!(story.state(old), &replaced);
    }
    let live: Vec<_> = story.conference.participants.iter().filter(|p| p.is_live()).map(|p| p.id).collect();
    assert_eq!(live, [story.id(Kind::Client), story.id(Kind::Provider)]);
    assert!(!live.contains(&client) && !live.contains(&provider));
}

#[test]
fn one_live_request_of_a_client_at_most() {
    let story = Story::requested();
    let opened = open(ID, UserId(1), true, SPANISH, &[], story.moment());
    assert_eq!(opened, Err(Refusal::LiveRequest));
}

#[test]
fn one_live_request_of_a_provider_at_most() {
    let mut story = Story::requested();
    story.hindrance = Some(Hindrance::Busy);
    assert_eq!(story.refused(PROVIDER, TAKE), Refusal::ProviderBusy);
    // Busy with this very request: asked again, not refused.
    let mut story = Story::accepted();
    story.hindrance = Some(Hindrance::Busy);
    assert_eq!(story.give(PROVIDER, TAKE), []);
}

#[test]
fn nobody_accepts_with_a_credential_that_is_not_in_force() {
    let mut story = Story::requested();
    story.hindrance = Some(Hindrance::Credential);
    assert_eq!(story.refused(PROVIDER, TAKE), Refusal::CredentialNotInForce);
    // One that ends after the yes ends nothing.
    let mut story = Story::accepted();
    story.hindrance = Some(Hindrance::Credential);
    assert_eq!(story.give(PROVIDER, TAKE), []);
}

#[test]
fn a_second_interpreter_accepts_before_it_says_yes() {
    let mut story = Story::connected();
    let second = story.invite(Kind::SecondInterpreter);
    let request = story.conference.others[0].id;
    let own = Actor::SecondInterpreter(second);
    assert_eq!(story.refused(own, Command::ConfirmInvitation), Refusal::NotFound, "nobody is it yet");
    for stranger in [PROVIDER, OTHER_PROVIDER] {
        assert_eq!(story.refused(stranger, Command::AcceptOffer(request)), Refusal::NotFound, "not offered");
    }
    for user in [UserId(2), UserId(3)] {
        story.give(Actor::System, Command::Offer(request, ring(user)));
    }
    let busy = story.refused(PROVIDER, Command::AcceptOffer(request));
    assert_eq!(busy, Refusal::ProviderBusy, "it serves the main request of the same conference");
    story.give(OTHER_PROVIDER, Command::AcceptOffer(request));
    assert_eq!(story.conference.provider(), Some(UserId(2)), "the main interpreter stays");
    let told = State::Informed { deadline: story.now.after(story.timings.ring) };
    assert_eq!(story.state(second), &told);
    story.give(own, Command::ConfirmInvitation);
    assert_eq!(story.give(own, Command::IssueOwnAccount).len(), 1);
}

#[test]
fn a_second_interpreters_request_ends_with_its_participant() {
    let (story, second) = Story::connected().with_second_interpreter();
    let own = Actor::SecondInterpreter(second);
    let serving = story.clone().then(own, Command::ConfirmInvitation).then(own, Command::IssueOwnAccount);
    let gone = Observation::UserGone(UserId(3), Departure::LoggedOut);
    for (story, outcome) in [
        (story.clone().then(CLIENT, Command::Kick(second)), Outcome::Cancelled),
        (serving.clone().then(own, Command::Leave), Outcome::Serviced),
        (serving.clone().after(gone), Outcome::Serviced),
        (serving.then(CLIENT, Command::Finish { successful: true }), Outcome::Serviced),
    ] {
        let (provider, at) = (Some(UserId(3)), story.now);
        assert_eq!(story.conference.others[0].stage, Stage::Ended { outcome, provider, at });
        assert!(!story.participant(second).is_live());
    }
    assert!(story.conference.is_live(), "the main request goes on");
    let mut kicked = story;
    let events = kicked.give(PROVIDER, Command::Kick(second));
    assert_eq!(events.len(), 1, "one event says both, so one transaction");
}

#[test]
fn sequence_numbers_have_no_gap() {
    let (story, _) = Story::connected().with_guest_in_call();
    let mut conference = Conference::begin(ID, &story.log[0].1).expect("the log begins with the request");
    assert_eq!(conference.last_seq, 1);
    for (seq, (at, event)) in (2..).zip(&story.log[1..]) {
        conference = conference.apply(event, *at);
        assert_eq!(conference.last_seq, seq);
    }
}

#[test]
fn replaying_the_log_gives_the_state() {
    let (story, guest) = Story::connected().with_guest_in_call();
    let story = story.then(CLIENT, Command::Kick(guest)).then(PROVIDER, Command::Finish { successful: true });
    let replayed = Conference::replay(ID, story.log.iter().map(|(at, event)| (*at, event)));
    assert_eq!(replayed, Ok(story.conference));
}

#[test]
fn a_log_begins_with_the_request() {
    let event = Event::Ended { outcome: Outcome::Serviced };
    let no_beginning = Err(ReplayError::NoBeginning);
    assert_eq!(Conference::replay(ID, [(Timestamp(0), &event)]), no_beginning);
    assert_eq!(Conference::replay(ID, []), no_beginning);
}

#[test]
fn the_room_is_opened_once_and_closed_once() {
    let (story, _) = Story::connected().with_guest_in_call();
    let story = story.then(CLIENT, Command::Finish { successful: true });
    let mut conference = Conference::begin(ID, &story.log[0].1).expect("the log begins with the request");
    let mut all = Vec::new();
    for (at, event) in &story.log[1..] {
        all.extend(effects(&conference, event));
        conference = conference.apply(event, *at);
    }
    for (effect, times) in [(Effect::OpenRoom, 1), (Effect::CloseRoom, 1)] {
        assert_eq!(all.iter().filter(|e| **e == effect).count(), times, "{effect:?} of {all:?}");
    }
    assert_eq!(all.iter().position(|e| *e == Effect::OpenRoom), Some(0), "before anybody is admitted");
    assert_eq!(all.last(), Some(&Effect::CloseRoom), "after everybody is out");
}

#[test]
fn the_outcome_tells_whether_the_service_was_used() {
    for (story, successful, status) in
        [(Story::routed(), true, RequestStatus::Serviced), (Story::routed(), false, RequestStatus::Cancelled)]
    {
        let story = story.then(PROVIDER, Command::Finish { successful });
        assert_eq!(story.conference.status(), status);
        assert!(matches!(story.conference.main.stage, Stage::Ended { .. }));
    }
}

/// What an interpreter says of the call is said of its own part in it, whether it is the main or a second one.
#[test]
fn an_interpreter_who_accepted_the_request_of_a_second_one_acts_as_that_one() {
    let (story, second) = Story::connected().with_second_interpreter();
    let steps =
        |command| command_steps(&story.conference, OTHER_PROVIDER, command, story.facts(), story.moment());
    let confirmed = steps(Command::ConfirmVideo).unwrap();
    assert_eq!(confirmed[0].actor, Some(Actor::SecondInterpreter(second)));
    assert!(
        matches!(confirmed[0].events[..], [Event::Confirmed { participant, .. }] if participant == second)
    );
    for (command, of) in [
        (Command::RefuseVideo, ReleaseReason::Refused),
        (Command::Finish { successful: true }, ReleaseReason::Left),
    ] {
        let events = steps(command).unwrap().remove(0).events;
        assert!(matches!(events[..], [Event::Released { reason, .. }] if reason == of), "{command:?}");
    }
    assert_eq!(steps(Command::IssueAccounts), Err(Refusal::NotConfirmed(StateName::Informed)));
    for command in [Command::Kick(second), Command::InviteGuest, Command::Rejoin] {
        let refused = Err(Refusal::NotPermitted { role: Role::SecondInterpreter, command: command.kind() });
        assert_eq!(steps(command), refused, "{command:?}");
    }
    assert_eq!(story.conference.acting(PROVIDER), PROVIDER, "the main one as itself");
}
