//! Each waiting state ends at its deadline, and not a microsecond before.

use std::time::Duration;

use trialogue_domain::{
    Actor, Command, FinishReason, Kind, Lapse, Observation, OfferState, Outcome, ParticipantId,
    ReleaseReason, Stage, State, Timestamp,
};

use crate::story::{CLIENT, Story};

const MICROSECOND: Duration = Duration::from_micros(1);

/// Waits until just before, then until it is due.
fn ends_after(mut story: Story, span: Duration) -> Story {
    let due = story.now.after(span);
    assert_eq!(story.conference.next_deadline(), Some(due));
    assert_eq!(story.wait(span.saturating_sub(MICROSECOND)), [], "not before its time");
    story.waited(MICROSECOND)
}

fn reason(story: &Story, id: ParticipantId) -> Option<FinishReason> {
    match story.state(id) {
        State::Finished { reason, .. } => Some(*reason),
        _ => None,
    }
}

fn ended(story: &Story) -> Option<Outcome> {
    match story.conference.main.stage {
        Stage::Ended { outcome, .. } => Some(outcome),
        Stage::Searching { .. } | Stage::Accepted { .. } => None,
    }
}

#[test]
fn a_search_ends_without_an_interpreter() {
    let mut story = Story::requested();
    let (search, ring) = (story.timings.search, Duration::from_mins(1));
    story = ends_after(story, ring);
    let lapsed = OfferState::Lapsed(Lapse::NoAnswer);
    assert!(story.conference.main.offers().iter().all(|offer| offer.state == lapsed), "nobody answered");
    assert_eq!(ended(&story), None, "the search goes on");
    assert_eq!(ended(&ends_after(story, search.saturating_sub(ring))), Some(Outcome::NoInterpreter));
}

#[test]
fn an_accepted_request_without_a_call_is_cancelled() {
    let story = Story::accepted();
    let start = story.timings.start;
    assert_eq!(ended(&ends_after(story, start)), Some(Outcome::Cancelled));
}

#[test]
fn a_served_request_without_a_further_call_is_serviced() {
    let story = Story::routed();
    let (account, start) = (story.timings.account, story.timings.start);
    let over = ends_after(story, account);
    assert_eq!(ended(&ends_after(over, start)), Some(Outcome::Serviced));
}

#[test]
fn an_unanswered_call_is_over_for_both() {
    let story = Story::ringing();
    let ring = story.timings.ring;
    let story = ends_after(story, ring);
    for kind in [Kind::Client, Kind::Provider] {
        assert_eq!(reason(&story, story.id(kind)), Some(FinishReason::NoAnswer));
    }
    assert_eq!(story.conference.main.released(), Some(ReleaseReason::Missed), "another one is searched for");
    let search = story.timings.search;
    assert_eq!(ended(&ends_after(story, search)), Some(Outcome::NoInterpreter));
}

#[test]
fn accounts_that_nobody_fetches_end_the_call() {
    let mut story = Story::ringing();
    story.now = story.now.after(story.timings.ring.saturating_sub(MICROSECOND));
    // A yes in the last moment gives both the whole time to fetch their accounts.
    story.give(crate::story::PROVIDER, Command::ConfirmVideo);
    let join = story.timings.join;
    let story = ends_after(story, join);
    assert_eq!(reason(&story, story.id(Kind::Client)), Some(FinishReason::NoAnswer));
}

#[test]
fn an_invitation_expires() {
    let mut story = Story::connected();
    let guest = story.invite(Kind::Guest);
    let invitation = story.timings.invitation;
    let story = ends_after(story, invitation);
    assert_eq!(reason(&story, guest), Some(FinishReason::NoAnswer));
    assert!(story.conference.is_in_call(), "the call goes on without it");
}

#[test]
fn a_guest_who_said_yes_and_never_came_is_out() {
    let mut story = Story::connected();
    let guest = story.invite(Kind::Guest);
    story.give(Actor::Guest(guest), Command::ConfirmInvitation);
    let join = story.timings.join;
    assert_eq!(reason(&ends_after(story, join), guest), Some(FinishReason::NoAnswer));
}

#[test]
fn a_lost_link_has_its_grace() {
    let story = Story::connected();
    let client = story.id(Kind::Client);
    let grace = story.timings.reconnect;
    let story = ends_after(story.after(Observation::Disconnected(client)), grace);
    assert_eq!(reason(&story, client), Some(FinishReason::Lost));
    assert_eq!(reason(&story, story.id(Kind::Provider)), None, "the other waits in the call");
    assert!(story.conference.is_in_call());
}

#[test]
fn a_link_that_came_back_in_time_stays() {
    let story = Story::connected();
    let client = story.id(Kind::Client);
    let grace = story.timings.reconnect;
    let mut story = story.after(Observation::Disconnected(client)).after(Observation::Joined(client));
    assert_eq!(story.wait(grace), []);
}

#[test]
fn an_account_has_an_end_connected_or_away() {
    let story = Story::connected();
    let (client, account) = (story.id(Kind::Client), story.timings.account);
    let expired = ends_after(story.clone(), account);
    assert_eq!(reason(&expired, client), Some(FinishReason::Expired));
    // Away shortly before the end: the account's end comes first.
    let mut story = story;
    story.wait(account.saturating_sub(MICROSECOND));
    let story = story.after(Observation::Disconnected(client));
    assert_eq!(story.participant(client).deadline(), Some(story.now.after(MICROSECOND)));
    let story = ends_after(story, MICROSECOND);
    assert_eq!(reason(&story, client), Some(FinishReason::Expired));
}

#[test]
fn a_request_that_is_over_waits_for_nothing() {
    let story = Story::connected().then(CLIENT, Command::Finish { successful: true });
    assert_eq!(story.conference.next_deadline(), None);
}

#[test]
fn deadlines_passed_unnoticed_are_all_noticed_later() {
    let mut story = Story::connected();
    let guest = story.invite(Kind::Guest);
    let account = story.timings.account;
    let story = story.waited(account);
    assert_eq!(reason(&story, guest), Some(FinishReason::NoAnswer));
    assert_eq!(reason(&story, story.id(Kind::Client)), Some(FinishReason::Expired));
}

#[test]
fn time_neither_overflows_nor_runs_backwards() {
    let end = Timestamp(i64::MAX);
    assert_eq!(end.after(Duration::MAX), end);
    assert_eq!(Timestamp(1).since(Timestamp(2)), Duration::ZERO);
    assert_eq!(Timestamp(0).after(MICROSECOND), Timestamp(1));
}
