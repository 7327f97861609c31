//! Facts from outside. They are never refused: they describe what has already happened.

use std::time::Duration;

use crate::decide::{end, finish_all, give_up_place, invited_goes, release, released};
use crate::{
    Conference, Event, FinishReason, Kind, Lapse, Moment, Offer, Outcome, Participant, ParticipantId, Party,
    ReleaseReason, Removal, Request, RequestId, Stage, State, UserId, VacantPlace,
};

/// A fact from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Observation {
    /// The engine saw the account join.
    Joined(ParticipantId),
    /// The account's media link is gone: left, closed or lost.
    Disconnected(ParticipantId),
    /// The engine says that it removed the account.
    Removed(ParticipantId),
    /// The engine, asked again, lists no handle of the account.
    RemovalVerified(ParticipantId),
    /// Applies the deadlines that have passed.
    DeadlinePassed,
    /// The provider can take no offer of this conference any more: it serves another one, or has gone.
    Unavailable(UserId),
    /// Nobody can ever be rung for this request.
    NobodyLeft(RequestId),
    /// The user has no login any more, so its part in the conference is over.
    UserGone(UserId, Departure),
}

/// How a user lost its login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Departure {
    /// It logged out.
    LoggedOut,
    /// An operator disabled or removed the user, or gave it a new password.
    Revoked,
}

/// What follows from a fact. Duplicates and late comers lead to nothing, but for one: a finished participant seen at
/// the engine must be removed again.
pub fn observe(conference: &Conference, observation: Observation, moment: Moment<'_>) -> Vec<Event> {
    let mut events = observed(conference, observation, moment);
    events.extend(place(conference, &events, moment));
    events
}

/// What becomes of the interpreter's place in a call by these events: a successor who is in the call takes it once it is
/// free; it is kept for an interpreter who was lost. Who has given it up is out of the request when a successor was asked for
/// in vain.
fn place(conference: &Conference, events: &[Event], moment: Moment<'_>) -> Vec<Event> {
    let matters = |event: &Event| matches!(event, Event::Finished { .. } | Event::Joined { .. });
    if !conference.is_in_call() || !events.iter().any(matters) {
        return vec![];
    }
    let after = events.iter().fold(conference.clone(), |state, event| state.apply(event, moment.now));
    let Some(provider) = after.provider().filter(|_| after.lost_interpreter()) else { return vec![] };
    // Why the interpreter is out by these events; none if it was out before.
    let own = conference.current(Kind::Provider).map(|p| p.id);
    let went = events.iter().find_map(|event| match event {
        Event::Finished { participant, reason } if Some(*participant) == own => Some(*reason),
        _ => None,
    });
    let wait = went.map(|reason| match reason {
        FinishReason::Lost | FinishReason::Expired | FinishReason::NoAnswer => moment.timings.place,
        FinishReason::Completed
        | FinishReason::Left
        | FinishReason::Declined
        | FinishReason::Cancelled
        | FinishReason::Kicked(_)
        | FinishReason::Replaced
        | FinishReason::Revoked
        | FinishReason::HandedOver => Duration::ZERO,
    });
    let kept = |wait| vec![Event::PlaceKept { deadline: moment.now.after(wait) }];
    match (after.successor(), wait) {
        (Some(successor), _) if matches!(successor.state, State::Connected { .. }) => {
            vec![Event::HandedOver { from: provider, participant: successor.id }]
        }
        // The place is not kept while somebody is asked, but it may be given up.
        (Some(_), Some(Duration::ZERO)) => kept(Duration::ZERO),
        (Some(_), _) => vec![],
        (None, Some(wait)) => kept(wait),
        (None, None) => {
            let in_vain = conference.successor().is_some() && after.place == Some(VacantPlace::GivenUp);
            if in_vain { release(&after, provider, ReleaseReason::Left, moment) } else { vec![] }
        }
    }
}

fn observed(conference: &Conference, observation: Observation, moment: Moment<'_>) -> Vec<Event> {
    match observation {
        Observation::Joined(id) => conference.participant(id).map_or_else(Vec::new, joined),
        Observation::Disconnected(id) => {
            conference.participant(id).map_or_else(Vec::new, |p| disconnected(p, moment))
        }
        Observation::Removed(id) => conference.participant(id).map_or_else(Vec::new, removed),
        Observation::RemovalVerified(id) => conference.participant(id).map_or_else(Vec::new, verified),
        Observation::DeadlinePassed => deadline_passed(conference, moment),
        Observation::Unavailable(user) => {
            lapsed(conference, Lapse::Unavailable, |offer| offer.provider == user)
        }
        Observation::NobodyLeft(request) => nobody_left(conference, request),
        Observation::UserGone(user, departure) => user_gone(conference, user, departure, moment),
    }
}

fn joined(participant: &Participant) -> Vec<Event> {
    let id = participant.id;
    match participant.state {
        State::Routed { .. } | State::Disconnected { .. } => vec![Event::Joined { participant: id }],
        State::Finished { removal: Removal::Removed | Removal::Verified, .. } => {
            vec![Event::RemovalReopened { participant: id }]
        }
        State::Informed { .. }
        | State::Confirmed { .. }
        | State::Connected { .. }
        | State::Finished { removal: Removal::NotNeeded | Removal::Pending, .. } => vec![],
    }
}

fn disconnected(participant: &Participant, moment: Moment<'_>) -> Vec<Event> {
    match participant.state {
        State::Routed { .. } | State::Connected { .. } => vec![Event::Disconnected {
            participant: participant.id,
            deadline: moment.now.after(moment.timings.reconnect),
        }],
        State::Informed { .. }
        | State::Confirmed { .. }
        | State::Disconnected { .. }
        | State::Finished { .. } => vec![],
    }
}

fn removed(participant: &Participant) -> Vec<Event> {
    match participant.state {
        State::Finished { removal: Removal::Pending, .. } => {
            vec![Event::Removed { participant: participant.id }]
        }
        State::Finished { removal: Removal::NotNeeded | Removal::Removed | Removal::Verified, .. }
        | State::Informed { .. }
        | State::Confirmed { .. }
        | State::Routed { .. }
        | State::Connected { .. }
        | State::Disconnected { .. } => vec![],
    }
}

fn verified(participant: &Participant) -> Vec<Event> {
    match participant.state {
        State::Finished { removal: Removal::Removed, .. } => {
            vec![Event::RemovalVerified { participant: participant.id }]
        }
        State::Finished { removal: Removal::NotNeeded | Removal::Pending | Removal::Verified, .. }
        | State::Informed { .. }
        | State::Confirmed { .. }
        | State::Routed { .. }
        | State::Connected { .. }
        | State::Disconnected { .. } => vec![],
    }
}

fn deadline_passed(conference: &Conference, moment: Moment<'_>) -> Vec<Event> {
    match conference.main.stage {
        Stage::Searching { deadline, .. } if deadline <= moment.now => {
            end(conference, Outcome::NoInterpreter)
        }
        Stage::Accepted { .. } if conference.start_by.is_some_and(|deadline| deadline <= moment.now) => {
            let outcome = if conference.serviced { Outcome::Serviced } else { Outcome::Cancelled };
            end(conference, outcome)
        }
        Stage::Searching { .. } | Stage::Accepted { .. } | Stage::Ended { .. } => {
            let mut events = participants_due(conference, moment);
            let is_over = |offer: &Offer| offer.state.until().is_some_and(|until| until <= moment.now);
            let unanswered = if events.is_empty() {
                lapsed(conference, Lapse::NoAnswer, is_over)
            } else {
                // A second interpreter's request ends with its participant, and has no offers then.
                let after =
                    events.iter().fold(conference.clone(), |state, event| state.apply(event, moment.now));
                lapsed(&after, Lapse::NoAnswer, is_over)
            };
            events.extend(unanswered);
            events
        }
    }
}

/// The search is over before its time. A second interpreter's request ends with its participant.
fn nobody_left(conference: &Conference, id: RequestId) -> Vec<Event> {
    let is_searching = |request: &Request| matches!(request.stage, Stage::Searching { .. });
    if !conference.request(id).is_some_and(is_searching) {
        return vec![];
    }
    if id == conference.main.id {
        return end(conference, Outcome::NoInterpreter);
    }
    let own = conference.participants.iter().filter(|p| p.party == Party::SecondInterpreter(id));
    finish_all(own, FinishReason::NoAnswer)
}

/// The lapse of the open offers that are concerned.
fn lapsed(conference: &Conference, lapse: Lapse, is_concerned: impl Fn(&Offer) -> bool) -> Vec<Event> {
    let of_request = |request: &Request| {
        let id = request.id;
        let concerned = request.offers().iter().filter(|offer| offer.state.is_open() && is_concerned(offer));
        let lapsed = |offer: &Offer| Event::OfferLapsed { request: id, provider: offer.provider, lapse };
        concerned.map(lapsed).collect::<Vec<_>>()
    };
    conference.requests().flat_map(of_request).collect()
}

/// Without its client a conference is over. An interpreter who goes before its service was used, or while it is called, is
/// replaced. Otherwise it ends only its own part in a call that is running: the client and the guests stay connected. So does
/// a second interpreter. One who was lost does not come back.
fn user_gone(conference: &Conference, user: UserId, departure: Departure, moment: Moment<'_>) -> Vec<Event> {
    if !conference.is_live() {
        return vec![];
    }
    let reason = match departure {
        Departure::LoggedOut => FinishReason::Left,
        Departure::Revoked => FinishReason::Revoked,
    };
    let is_own = |p: &Participant| match p.party {
        Party::Client(id) | Party::Provider(id) => id == user,
        Party::Guest => false,
        Party::SecondInterpreter(_) => conference.second_interpreter(p) == Some(user),
    };
    let own: Vec<Event> = conference
        .participants
        .iter()
        .filter(|p| is_own(p))
        .flat_map(|p| match p.kind() {
            Kind::SecondInterpreter => invited_goes(conference, p, reason, moment),
            Kind::Client | Kind::Provider | Kind::Guest => finish_all([p], reason),
        })
        .collect();
    let is_provider = conference.provider() == Some(user);
    let is_client = conference.client == user;
    let client_is_in = conference.caller_has_account();
    if is_provider && conference.lost_interpreter() {
        return own.into_iter().chain(give_up_place(conference, user, moment)).collect();
    }
    if !is_client && (!is_provider || client_is_in) {
        return own;
    }
    if is_provider && (!conference.has_served(user) || conference.is_calling()) {
        return release(conference, user, ReleaseReason::Left, moment);
    }
    let outcome = if conference.serviced { Outcome::Serviced } else { Outcome::Cancelled };
    let others = end(conference, outcome).into_iter().filter(|event| match event {
        Event::Finished { participant, .. } => {
            conference.participant(*participant).is_some_and(|p| !is_own(p))
        }
        _ => true,
    });
    own.into_iter().chain(others).collect()
}

fn participants_due(conference: &Conference, moment: Moment<'_>) -> Vec<Event> {
    let is_missed = |p: &Participant| matches!(p.state, State::Informed { .. }) && due(p, moment).is_some();
    let missed = conference.current(Kind::Provider).is_some_and(is_missed);
    // An interpreter who wanted to come back and did not ends nobody else's part.
    let unanswered_call = !conference.caller_has_account()
        && conference
            .participants
            .iter()
            .any(|p| p.kind().is_principal() && due(p, moment) == Some(FinishReason::NoAnswer));
    let mut events = Vec::new();
    for participant in conference.participants.iter().filter(|p| p.is_live()) {
        // A call that one of the two did not answer is over for both.
        let reason = due(participant, moment).or_else(|| {
            (unanswered_call && participant.kind().is_principal()).then_some(FinishReason::NoAnswer)
        });
        match reason {
            None => {}
            Some(FinishReason::NoAnswer) if participant.kind() == Kind::SecondInterpreter => {
                events.extend(invited_goes(conference, participant, FinishReason::NoAnswer, moment));
            }
            Some(reason) => events.extend(finish_all([participant], reason)),
        }
    }
    if let Some(provider) = conference.provider().filter(|_| missed) {
        let successor = conference.successor().filter(|successor| !is_finished(&events, successor));
        events.extend(finish_all(successor, FinishReason::Cancelled));
        events.push(released(conference.main.id, provider, ReleaseReason::Missed, moment));
        return events;
    }
    let is_in = |p: &Participant| p.kind().is_principal() && p.is_live() && !is_finished(&events, p);
    let call_goes_on = conference.participants.iter().any(is_in);
    if conference.is_in_call() && !call_goes_on {
        events.push(Event::CallEnded { deadline: moment.now.after(moment.timings.start) });
    }
    events
}

fn is_finished(events: &[Event], of: &Participant) -> bool {
    events.iter().any(|e| matches!(e, Event::Finished { participant, .. } if *participant == of.id))
}

/// Why a participant is out by now, if it is.
fn due(participant: &Participant, moment: Moment<'_>) -> Option<FinishReason> {
    let now = moment.now;
    match &participant.state {
        State::Informed { deadline } | State::Confirmed { deadline } if *deadline <= now => {
            Some(FinishReason::NoAnswer)
        }
        State::Routed { account } | State::Connected { account } | State::Disconnected { account, .. }
            if account.expires <= now =>
        {
            Some(FinishReason::Expired)
        }
        State::Disconnected { deadline, .. } if *deadline <= now => Some(FinishReason::Lost),
        State::Informed { .. }
        | State::Confirmed { .. }
        | State::Routed { .. }
        | State::Connected { .. }
        | State::Disconnected { .. }
        | State::Finished { .. } => None,
    }
}
