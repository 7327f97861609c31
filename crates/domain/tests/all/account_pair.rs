//! The flags that clients poll for.

use trialogue_domain::{
    Actor, Command, Conference, Kind, Observation, ParticipantId, UserId, account_pair, own_account,
};

use crate::story::{CLIENT, MAIN, OTHER_PROVIDER, PROVIDER, Story, TAKE, ring};

/// Caller, listener, killed, disconnected.
fn flags(conference: &Conference) -> (bool, bool, bool, bool) {
    let pair = account_pair(conference);
    (pair.caller.is_some(), pair.listener.is_some(), pair.killed, pair.disconnected)
}

const POLL_ON: (bool, bool, bool, bool) = (false, false, false, false);
const BOTH: (bool, bool, bool, bool) = (true, true, false, false);
const KILLED: (bool, bool, bool, bool) = (false, false, true, false);

#[test]
fn there_is_nothing_to_show_until_the_accounts_are_issued() {
    for story in [Story::requested(), Story::accepted(), Story::ringing(), Story::answered()] {
        assert_eq!(flags(&story.conference), POLL_ON, "{:?}", story.conference.main.stage);
    }
    assert_eq!(flags(&Story::routed().conference), BOTH);
}

#[test]
fn each_side_shows_its_own_participant() {
    let story = Story::routed();
    let pair = account_pair(&story.conference);
    assert_eq!(pair.caller.map(|leg| leg.participant), Some(story.id(Kind::Client)));
    assert_eq!(pair.listener.map(|leg| leg.participant), Some(story.id(Kind::Provider)));
    assert_eq!(pair.caller.map(|leg| leg.expires), Some(story.now.after(story.timings.account)));
}

#[test]
fn what_ends_on_purpose_is_killed() {
    let ring = Story::ringing().timings.ring;
    for story in [
        Story::ringing().then(PROVIDER, Command::RefuseVideo),
        Story::ringing().waited(ring),
        Story::ringing().then(CLIENT, Command::Finish { successful: false }),
        Story::connected().then(PROVIDER, Command::Finish { successful: true }),
    ] {
        assert_eq!(flags(&story.conference), KILLED, "{:?}", story.log.last());
    }
}

#[test]
fn a_new_call_is_not_killed_by_the_old_one() {
    let released = Story::ringing().then(PROVIDER, Command::RefuseVideo);
    let story =
        released.then(Actor::System, Command::Offer(MAIN, ring(UserId(3)))).then(OTHER_PROVIDER, TAKE);
    assert_eq!(flags(&story.conference), KILLED, "until the client calls the other interpreter");
    let story = story.then(CLIENT, Command::StartVideo);
    assert_eq!(flags(&story.conference), POLL_ON);
}

#[test]
fn a_guest_that_is_lost_for_good_is_told_to_stop_polling() {
    let (story, guest) = Story::connected().with_guest_in_call();
    let lost = story.after(Observation::Disconnected(guest));
    let own = own_account(&lost.conference, guest);
    assert!(own.disconnected && !own.killed && own.listener.is_some());
    let reconnect = lost.timings.reconnect;
    let own = own_account(&lost.waited(reconnect).conference, guest);
    assert!(own.killed && !own.disconnected && own.listener.is_none());
}

#[test]
fn a_lost_link_shows_as_disconnected_until_it_is_back() {
    let story = Story::connected();
    let provider = story.id(Kind::Provider);
    let away = story.after(Observation::Disconnected(provider));
    assert_eq!(flags(&away.conference), (true, true, false, true), "its account still works");
    assert_eq!(flags(&away.clone().after(Observation::Joined(provider)).conference), BOTH);
    let grace = away.timings.reconnect;
    let lost = away.waited(grace);
    assert_eq!(flags(&lost.conference), (true, false, false, true));
    assert_eq!(flags(&lost.then(CLIENT, Command::VideoAgain).conference), POLL_ON);
}

#[test]
fn a_call_that_both_lost_is_disconnected_and_not_killed() {
    let story = Story::connected();
    let (client, provider) = (story.id(Kind::Client), story.id(Kind::Provider));
    let grace = story.timings.reconnect;
    let story = story.after(Observation::Disconnected(client)).after(Observation::Disconnected(provider));
    assert_eq!(flags(&story.waited(grace).conference), (false, false, false, true));
}

#[test]
fn a_guest_sees_its_own_account_and_no_other() {
    let (story, guest) = Story::connected().with_guest_in_call();
    let own = own_account(&story.conference, guest);
    assert_eq!((own.caller, own.listener.map(|leg| leg.participant)), (None, Some(guest)));
    let left = story.then(Actor::Guest(guest), Command::Leave);
    let own = own_account(&left.conference, guest);
    assert!(own.killed && own.listener.is_none() && !own.disconnected, "{own:?}");
}

#[test]
fn nobody_has_no_account() {
    let shown = own_account(&Story::connected().conference, ParticipantId(999));
    assert!(shown.killed && shown.listener.is_none(), "{shown:?}");
}
