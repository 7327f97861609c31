//! The columns of the state table: one conference for each thing that can be said of a request or a participant.

use std::time::Duration;

use trialogue_domain::{Actor, Command, Kind, Observation, ParticipantId, Purpose, RequestId, UserId};

use crate::story::{CLIENT, DECLINE, MAIN, OTHER_PROVIDER, PROVIDER, SPANISH, Story, ring};

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Situation {
    pub(crate) title: &'static str,
    pub(crate) story: Story,
    /// Which participant the column is about; none if it is the main request.
    pub(crate) subject: Option<ParticipantId>,
    /// Which request offers are made of.
    pub(crate) request: RequestId,
    /// Whether the request's state is shown, and not the participant's.
    pub(crate) shows_request: bool,
}

fn about(title: &'static str, story: Story, subject: ParticipantId) -> Situation {
    Situation { title, story, subject: Some(subject), request: MAIN, shows_request: false }
}

/// The request without a call.
pub(crate) fn of_request() -> Vec<Situation> {
    let declined = Story::requested().then(PROVIDER, DECLINE);
    let released = Story::ringing().then(PROVIDER, Command::RefuseVideo);
    let over = Story::connected();
    let lost = |story: Story, kind| {
        let id = story.id(kind);
        story.after(Observation::Disconnected(id))
    };
    let grace = over.timings.reconnect;
    let over = lost(lost(over, Kind::Client), Kind::Provider).waited(grace);
    let serviced = Story::connected().then(CLIENT, Command::Finish { successful: true });
    let cancelled = Story::accepted().then(CLIENT, Command::Finish { successful: false });
    let search = Story::requested().timings.search;
    let nobody = Story::requested().waited(search);
    [
        ("Searching", Story::requested()),
        ("Searching, own offer declined", declined),
        ("Searching, the own call refused", released),
        ("Accepted, no call yet", Story::accepted()),
        ("Accepted, a call is over", over),
        ("Ended, Serviced", serviced),
        ("Ended, Cancelled", cancelled),
        ("Ended, NoInterpreter", nobody),
    ]
    .map(|(title, story)| Situation { title, story, subject: None, request: MAIN, shows_request: true })
    .into()
}

/// The request for a second interpreter.
pub(crate) fn of_other_request() -> Vec<Situation> {
    let mut story = Story::connected();
    let id = story.invite(Kind::SecondInterpreter);
    let request = story.conference.others[0].id;
    let searching = story.then(Actor::System, Command::Offer(request, ring(UserId(3))));
    let declined = searching.clone().then(OTHER_PROVIDER, Command::DeclineOffer(request));
    let accepted = searching.clone().then(OTHER_PROVIDER, Command::AcceptOffer(request));
    let own = Actor::SecondInterpreter(id);
    let routed = accepted.clone().then(own, Command::ConfirmInvitation).then(own, Command::IssueOwnAccount);
    let serviced = routed.clone().then(own, Command::Leave);
    let cancelled = searching.clone().then(CLIENT, Command::Kick(id));
    let search = searching.timings.search;
    let nobody = searching.clone().waited(search);
    [
        ("Searching", searching),
        ("Searching, own offer declined", declined),
        ("Accepted", accepted),
        ("Accepted, with an account", routed),
        ("Ended, Serviced", serviced),
        ("Ended, Cancelled", cancelled),
        ("Ended, NoInterpreter", nobody),
    ]
    .map(|(title, story)| Situation { request, shows_request: true, ..about(title, story, id) })
    .into()
}

/// A client or provider participant, in each of its states.
pub(crate) fn of_principal(kind: Kind) -> Vec<Situation> {
    let first = match kind {
        Kind::Client => ("Confirmed, it rings", Story::ringing()),
        Kind::Provider => ("Informed", Story::ringing()),
        Kind::Guest | Kind::SecondInterpreter => panic!("a {kind:?} is invited"),
    };
    let connected = Story::connected();
    let subject = connected.id(kind);
    let away = connected.clone().after(Observation::Disconnected(subject));
    let other = connected.id(if kind == Kind::Client { Kind::Provider } else { Kind::Client });
    let both_away = away.clone().after(Observation::Disconnected(other));
    let lost = away.clone().waited(connected.timings.reconnect);
    [
        first,
        ("Confirmed", Story::answered()),
        ("Routed", Story::routed()),
        ("Connected", connected),
        ("Disconnected", away),
        ("Disconnected, as the other", both_away),
        ("Finished (Lost), the other stays", lost),
    ]
    .map(|(title, story)| {
        let subject = story.id(kind);
        about(title, story, subject)
    })
    .into()
}

fn invited(mut story: Story, kind: Kind) -> (Story, ParticipantId) {
    match kind {
        Kind::Guest => {
            let id = story.invite(kind);
            (story, id)
        }
        Kind::SecondInterpreter => story.with_second_interpreter(),
        Kind::Client | Kind::Provider => panic!("a {kind:?} is not invited"),
    }
}

/// An invited party, in each of its states; of a second interpreter's, those after it accepted.
pub(crate) fn of_invited(kind: Kind) -> Vec<Situation> {
    let (early, early_id) = invited(Story::connected(), kind);
    let early =
        early.then(CLIENT, Command::VideoAgain).then(actor(kind, early_id), Command::ConfirmInvitation);

    let (informed, id) = invited(Story::connected(), kind);
    let own = actor(kind, id);
    let confirmed = informed.clone().then(own, Command::ConfirmInvitation);
    let routed = confirmed.clone().then(own, Command::IssueOwnAccount);
    let connected = routed.clone().after(Observation::Joined(id));
    let away = connected.clone().after(Observation::Disconnected(id));
    let left = connected.clone().then(own, Command::Leave);
    let kicked = connected.clone().then(CLIENT, Command::Kick(id));
    let over = connected.clone().then(CLIENT, Command::Finish { successful: true });
    vec![
        about("Informed", informed, id),
        about("Confirmed, the listener not yet", early, early_id),
        about("Confirmed", confirmed, id),
        about("Routed", routed, id),
        about("Connected", connected, id),
        about("Disconnected", away, id),
        about("Finished (Left)", left, id),
        about("Finished (Kicked)", kicked, id),
        about("Finished, the request ended", over, id),
    ]
}

/// A successor's request, in a call whose interpreter is in it, is lost, or is called again.
pub(crate) fn of_successor() -> Vec<Situation> {
    let asked = |story: Story| {
        let command = Command::RequestSecondInterpreter(SPANISH, Purpose::Successor);
        let story = story.then(CLIENT, command);
        let request = story.conference.others[0].id;
        story.then(Actor::System, Command::Offer(request, ring(UserId(3))))
    };
    let accepted = |story: Story| {
        let request = story.conference.others[0].id;
        story.then(OTHER_PROVIDER, Command::AcceptOffer(request))
    };
    let by_own = |story: Story, command| {
        let own = Actor::SecondInterpreter(story.id(Kind::SecondInterpreter));
        story.then(own, command)
    };
    let confirmed = |story| by_own(story, Command::ConfirmInvitation);
    let routed = |story| by_own(story, Command::IssueOwnAccount);
    let seen = |story: Story, observation: fn(ParticipantId) -> Observation| {
        let id = story.id(Kind::SecondInterpreter);
        story.after(observation(id))
    };
    let lost = |story: Story| {
        let (id, grace) = (story.id(Kind::Provider), story.timings.reconnect);
        story.after(Observation::Disconnected(id)).waited(grace)
    };
    let again = |story: Story| story.then(CLIENT, Command::VideoAgain);
    let searching = asked(Story::connected());
    let told = accepted(searching.clone());
    let ready = confirmed(told.clone());
    let waiting = routed(ready.clone());
    let present = seen(waiting.clone(), Observation::Joined);
    let away = seen(present.clone(), Observation::Disconnected);
    let left_alone = {
        let (client, provider) = (present.id(Kind::Client), present.id(Kind::Provider));
        let grace = present.timings.reconnect;
        let story = present.clone().after(Observation::Disconnected(client));
        story.after(Observation::Disconnected(provider)).waited(grace)
    };
    let searching_lost = asked(lost(Story::connected()));
    let told_lost = accepted(searching_lost.clone());
    [
        ("Searching", searching.clone()),
        ("Searching, the interpreter is lost", searching_lost),
        ("Accepted, the interpreter is lost", told_lost.clone()),
        ("Routed, the interpreter is lost", routed(confirmed(told_lost))),
        ("Routed", waiting.clone()),
        ("Connected", present.clone()),
        ("Disconnected", away.clone()),
        ("Searching, called again", again(searching)),
        ("Accepted, called again", again(told)),
        ("Confirmed, called again", again(ready)),
        ("Routed, called again", again(waiting)),
        ("Connected, called again", again(present)),
        ("Disconnected, called again", again(away)),
        ("Connected, no call is on", left_alone),
    ]
    .map(|(title, story)| {
        let (id, request) = (story.id(Kind::SecondInterpreter), story.conference.others[0].id);
        Situation { request, shows_request: true, ..about(title, story, id) }
    })
    .into()
}

/// An interpreter whose client is lost.
pub(crate) fn of_lost_client() -> Vec<Situation> {
    let lost = |story: Story| {
        let (id, grace) = (story.id(Kind::Client), story.timings.reconnect);
        story.after(Observation::Disconnected(id)).waited(grace)
    };
    let routed = lost(Story::routed());
    let away = {
        let story = Story::connected();
        let (id, grace) = (story.id(Kind::Client), story.timings.reconnect);
        let mut story = story.after(Observation::Disconnected(id));
        story.now = story.now.after(grace);
        let provider = story.id(Kind::Provider);
        story.see(Observation::Disconnected(provider));
        story.see(Observation::DeadlinePassed);
        story
    };
    [("Routed, the client is lost", routed), ("Disconnected, the client is lost", away)]
        .map(|(title, story)| {
            let id = story.id(Kind::Provider);
            about(title, story, id)
        })
        .into()
}

/// A finished participant, by what is known of its removal.
pub(crate) fn of_removal() -> Vec<Situation> {
    let mut story = Story::ringing();
    let unused = story.invite(Kind::Guest);
    let unused_story = story.then(CLIENT, Command::Kick(unused));
    let (story, guest) = Story::connected().with_guest_in_call();
    let pending = story.then(CLIENT, Command::Kick(guest));
    let removed = pending.clone().after(Observation::Removed(guest));
    let verified = removed.clone().after(Observation::RemovalVerified(guest));
    vec![
        about("NotNeeded", unused_story, unused),
        about("Pending", pending, guest),
        about("Removed", removed, guest),
        about("Verified", verified, guest),
    ]
}

/// All of them.
pub(crate) fn all() -> Vec<Situation> {
    [
        of_request(),
        of_other_request(),
        of_principal(Kind::Client),
        of_principal(Kind::Provider),
        of_invited(Kind::Guest),
        of_invited(Kind::SecondInterpreter),
        of_successor(),
        of_lost_client(),
        of_removal(),
    ]
    .concat()
}

/// The actor who holds this participant's invitation.
pub(crate) fn actor(kind: Kind, id: ParticipantId) -> Actor {
    match kind {
        Kind::Guest => Actor::Guest(id),
        Kind::SecondInterpreter => Actor::SecondInterpreter(id),
        Kind::Client | Kind::Provider => panic!("a {kind:?} has no invitation"),
    }
}

/// How long until something ends by itself.
pub(crate) fn until_deadline(story: &Story, id: Option<ParticipantId>) -> Option<Duration> {
    let deadline = match id {
        Some(id) => story.participant(id).deadline(),
        None => story.conference.next_deadline(),
    };
    deadline.map(|deadline| deadline.since(story.now))
}
