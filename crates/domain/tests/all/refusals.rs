//! Refusals that need a test of their own, and their public codes.

use std::collections::BTreeSet;

use trialogue_domain::{Actor, Command, Kind, MAX_CALLS, MAX_INVITATIONS, MAX_INVITED, Refusal};

use crate::story::{CLIENT, DECLINE, OTHER_PROVIDER, PROVIDER, Story, TAKE};

#[test]
fn codes_are_stable_and_distinct() {
    let codes = Refusal::SAMPLES.map(|refusal| refusal.code());
    assert_eq!(
        codes,
        [
            "not_found",
            "no_request",
            "not_permitted",
            "principal_kick",
            "request_ended",
            "still_searching",
            "offer_taken",
            "live_request",
            "provider_busy",
            "credential_not_in_force",
            "offer_declined",
            "released",
            "no_call_yet",
            "no_call",
            "call_running",
            "not_confirmed",
            "already_answered",
            "participant_finished",
            "too_many_invited",
            "invitations_used_up",
            "calls_used_up",
            "other_language",
            "successor_asked",
            "successor_not_present",
            "no_team",
        ],
        "clients know these: add, never change"
    );
    assert_eq!(BTreeSet::from(codes).len(), codes.len());
}

#[test]
fn a_conference_has_room_for_so_many_guests() {
    let mut story = Story::connected();
    let first = story.invite(Kind::Guest);
    for _ in 1..MAX_INVITED {
        story.invite(Kind::Guest);
    }
    let invitation = Command::InviteGuest;
    assert_eq!(story.refused(CLIENT, invitation), Refusal::TooManyInvited);
    story.give(CLIENT, Command::Kick(first));
    assert_eq!(story.give(CLIENT, invitation).len(), 1, "who is out makes room");
}

#[test]
fn the_first_to_accept_wins() {
    let mut story = Story::accepted();
    assert_eq!(story.refused(OTHER_PROVIDER, TAKE), Refusal::OfferTaken);
    assert_eq!(story.give(PROVIDER, TAKE), [], "the winner may ask again");
}

/// Nobody must be told off for declining what a colleague has taken a moment ago.
#[test]
fn declining_too_late_is_no_fault() {
    let mut story = Story::accepted();
    assert_eq!(story.give(OTHER_PROVIDER, DECLINE), []);
    let mut story = Story::accepted().then(CLIENT, Command::Finish { successful: true });
    assert_eq!(story.give(OTHER_PROVIDER, DECLINE), []);
}

#[test]
fn who_has_accepted_can_no_longer_decline() {
    let mut story = Story::accepted();
    assert_eq!(story.refused(PROVIDER, DECLINE), Refusal::OfferTaken);
}

#[test]
fn who_has_declined_can_no_longer_accept() {
    let mut story = Story::requested().then(PROVIDER, DECLINE);
    assert_eq!(story.refused(PROVIDER, TAKE), Refusal::OfferDeclined);
}

/// A guest who hangs up while the client finishes the call has left, whichever came first.
#[test]
fn leaving_an_ended_call_is_no_fault() {
    let (story, guest) = Story::connected().with_guest_in_call();
    let mut story = story.then(CLIENT, Command::Finish { successful: true });
    assert_eq!(story.give(Actor::Guest(guest), Command::Leave), []);
}

/// What was ever in a conference is loaded to judge a command, so it has a limit.
#[test]
fn a_request_has_a_limited_number_of_invitations_and_calls() {
    let mut story = Story::connected();
    for _ in 0..MAX_INVITATIONS {
        let guest = story.invite(Kind::Guest);
        story.give(CLIENT, Command::Kick(guest));
    }
    assert_eq!(story.refused(CLIENT, Command::InviteGuest), Refusal::InvitationsUsedUp);
    for _ in 1..MAX_CALLS {
        story = story.then(CLIENT, Command::VideoAgain).then(PROVIDER, Command::ConfirmVideo);
        story = story.then(CLIENT, Command::IssueAccounts);
    }
    assert_eq!(story.refused(CLIENT, Command::VideoAgain), Refusal::CallsUsedUp);
}
