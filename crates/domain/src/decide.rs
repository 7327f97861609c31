//! The judge: what a command leads to, or why it may not be.

use crate::{
    Actor, Command, CommandKind, Conference, ConferenceId, Confirmation, Event, Facts, FinishReason,
    InvitedParty, Kicker, Kind, LanguageId, MAX_CALLS, MAX_INVITED, Moment, NewIds, Offer, OfferState,
    Outcome, Participant, ParticipantId, Party, Purpose, Refusal, ReleaseReason, Request, RequestId, Ring,
    Role, Stage, State, StateName, UserId, VacantPlace, permits,
};

/// The events that open a conference: its main request, with these providers rung.
///
/// # Errors
/// [`Refusal::LiveRequest`] if the client has a live request already.
pub fn open(
    conference: ConferenceId,
    client: UserId,
    has_live_request: bool,
    language: LanguageId,
    rings: &[Ring],
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    if has_live_request {
        return Err(Refusal::LiveRequest);
    }
    let requested = Event::Requested { client, language, deadline: moment.now.after(moment.timings.search) };
    let request = RequestId::main(conference);
    let offers = rings.iter().map(|&ring| offered(request, ring, moment));
    Ok(std::iter::once(requested).chain(offers).collect())
}

/// Judges a command. No events means: allowed, and already so.
///
/// # Errors
/// A [`Refusal`]. A foreign conference is [`Refusal::NotFound`] before anything else is looked at; then the role is
/// judged, then the state.
pub fn decide(
    conference: &Conference,
    actor: Actor,
    command: Command,
    facts: Facts,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    let membership = Membership::of(conference, actor, command)?;
    if !permits(actor.role(), command.kind()) {
        return Err(Refusal::NotPermitted { role: actor.role(), command: command.kind() });
    }
    if let Stage::Ended { outcome, .. } = conference.main.stage {
        return match command {
            // An offer or a no that comes too late is nobody's fault; finishing twice is finishing, and who leaves
            // after it is as gone as he wished to be.
            Command::Offer(..) | Command::DeclineOffer(_) | Command::Finish { .. } | Command::Leave => {
                Ok(vec![])
            }
            // Everybody is out: kicking again changes nothing.
            Command::Kick(target) => kick(conference, actor, target),
            Command::AcceptOffer(_)
            | Command::StartVideo
            | Command::VideoAgain
            | Command::FindAnother
            | Command::Rejoin
            | Command::ConfirmVideo
            | Command::RefuseVideo
            | Command::IssueAccounts
            | Command::InviteGuest
            | Command::RequestSecondInterpreter(..)
            | Command::TakeTurn(_)
            | Command::ConfirmInvitation
            | Command::DeclineInvitation
            | Command::IssueOwnAccount => Err(if membership.is_finished() {
                Refusal::ParticipantFinished
            } else {
                Refusal::RequestEnded(outcome)
            }),
        };
    }
    match command {
        Command::Offer(id, ring) => Ok(offer(request(conference, id)?, ring, moment)),
        Command::AcceptOffer(id) => accept_offer(conference, request(conference, id)?, actor, facts, moment),
        Command::DeclineOffer(id) => decline_offer(request(conference, id)?, actor),
        Command::StartVideo => start_video(conference, facts.ids, moment),
        Command::VideoAgain => video_again(conference, facts.ids, moment),
        Command::FindAnother => find_another(conference, actor, facts.ids, moment),
        Command::Rejoin => rejoin(conference, facts.ids, moment),
        Command::ConfirmVideo => confirm_video(conference, moment),
        Command::RefuseVideo => refuse_video(conference, moment),
        Command::IssueAccounts => issue_accounts(conference, moment),
        Command::InviteGuest => invite(conference, InvitedParty::Guest, facts.ids, moment),
        Command::RequestSecondInterpreter(language, purpose) => {
            request_second_interpreter(conference, (language, purpose), facts.ids, moment)
        }
        Command::TakeTurn(target) => take_turn(conference, actor, target),
        Command::Kick(target) => kick(conference, actor, target),
        Command::ConfirmInvitation => confirm_invitation(membership.invited()?, moment),
        Command::DeclineInvitation => decline_invitation(conference, membership.invited()?, moment),
        Command::IssueOwnAccount => issue_own_account(conference, membership.invited()?, moment),
        Command::Leave => Ok(leave(conference, membership.invited()?, moment)),
        Command::Finish { successful } => finish(conference, actor.role(), successful, moment),
    }
}

/// What ties an actor to a conference.
enum Membership<'a> {
    Principal,
    Invited(&'a Participant),
    System,
}

impl<'a> Membership<'a> {
    fn of(conference: &'a Conference, actor: Actor, command: Command) -> Result<Self, Refusal> {
        match actor {
            Actor::Client(user) if conference.client == user => Ok(Self::Principal),
            Actor::Provider(user) if conference.provider() == Some(user) => Ok(Self::Principal),
            // Storage lets a provider reach a conference by an offer only if the offer was made to it.
            Actor::Provider(_) if is_about_an_offer(command.kind()) => Ok(Self::Principal),
            Actor::Guest(id) => Self::invited_of(conference, id, Kind::Guest),
            Actor::SecondInterpreter(id) => Self::invited_of(conference, id, Kind::SecondInterpreter),
            Actor::System => Ok(Self::System),
            Actor::Client(_) | Actor::Provider(_) => Err(Refusal::NotFound),
        }
    }

    fn invited_of(conference: &'a Conference, id: ParticipantId, kind: Kind) -> Result<Self, Refusal> {
        let participant = conference.participant(id).filter(|p| p.kind() == kind).ok_or(Refusal::NotFound)?;
        // While nobody has accepted its request, nobody is the second interpreter.
        if conference.request_of(participant).is_some_and(|request| request.provider().is_none()) {
            return Err(Refusal::NotFound);
        }
        Ok(Self::Invited(participant))
    }

    fn is_finished(&self) -> bool {
        match self {
            Self::Invited(participant) => !participant.is_live(),
            Self::Principal | Self::System => false,
        }
    }

    fn invited(&self) -> Result<&'a Participant, Refusal> {
        match self {
            Self::Invited(participant) => Ok(participant),
            Self::Principal | Self::System => Err(Refusal::NotFound),
        }
    }
}

const fn is_about_an_offer(command: CommandKind) -> bool {
    matches!(command, CommandKind::AcceptOffer | CommandKind::DeclineOffer)
}

fn request(conference: &Conference, id: RequestId) -> Result<&Request, Refusal> {
    conference.request(id).ok_or(Refusal::NotFound)
}

fn own_offer(offers: &[Offer], actor: Actor) -> Result<Offer, Refusal> {
    offers.iter().find(|o| Actor::Provider(o.provider) == actor).copied().ok_or(Refusal::NotFound)
}

fn offer(request: &Request, ring: Ring, moment: Moment<'_>) -> Vec<Event> {
    let is_possible = |offers: &[Offer]| {
        let before = offers.iter().find(|o| o.provider == ring.provider);
        before.is_none_or(|offer| matches!(offer.state, OfferState::Lapsed(_)))
    };
    match &request.stage {
        Stage::Searching { offers, .. } if is_possible(offers) => vec![offered(request.id, ring, moment)],
        Stage::Searching { .. } | Stage::Accepted { .. } | Stage::Ended { .. } => vec![],
    }
}

fn offered(request: RequestId, ring: Ring, moment: Moment<'_>) -> Event {
    let Ring { provider, step, lasts } = ring;
    Event::Offered { request, provider, step, until: moment.now.after(lasts) }
}

fn accept_offer(
    conference: &Conference,
    request: &Request,
    actor: Actor,
    facts: Facts,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    let offers = match &request.stage {
        Stage::Searching { offers, .. } => offers,
        Stage::Accepted { provider } if Actor::Provider(*provider) == actor => return Ok(vec![]),
        Stage::Accepted { .. } => return Err(Refusal::OfferTaken),
        Stage::Ended { outcome, .. } => return Err(Refusal::RequestEnded(*outcome)),
    };
    let Offer { provider, state, .. } = own_offer(offers, actor)?;
    let serves_here = conference.requests().any(|r| r.is_live() && r.provider() == Some(provider));
    match state {
        // An offer that lapsed can still be accepted while the search is on.
        OfferState::Open { .. } | OfferState::Lapsed(_) if serves_here => Err(Refusal::ProviderBusy),
        OfferState::Open { .. } | OfferState::Lapsed(_) => {
            if let Some(hindrance) = facts.hindrance {
                return Err(hindrance.into());
            }
            let is_main = request.id == conference.main.id;
            let wait = if is_main { moment.timings.start } else { moment.timings.ring };
            Ok(vec![Event::Accepted { request: request.id, provider, deadline: moment.now.after(wait) }])
        }
        OfferState::Declined => Err(Refusal::OfferDeclined),
        OfferState::Released(_) => Err(Refusal::Released),
    }
}

fn decline_offer(request: &Request, actor: Actor) -> Result<Vec<Event>, Refusal> {
    let offers = match &request.stage {
        Stage::Searching { offers, .. } => offers,
        Stage::Accepted { provider } if Actor::Provider(*provider) == actor => {
            return Err(Refusal::OfferTaken);
        }
        Stage::Accepted { .. } | Stage::Ended { .. } => return Ok(vec![]),
    };
    let Offer { provider, state, .. } = own_offer(offers, actor)?;
    Ok(match state {
        OfferState::Open { .. } | OfferState::Lapsed(_) => {
            vec![Event::OfferDeclined { request: request.id, provider }]
        }
        OfferState::Declined | OfferState::Released(_) => vec![],
    })
}

fn start_video(conference: &Conference, ids: NewIds, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    match &conference.main.stage {
        Stage::Searching { .. } => Err(Refusal::StillSearching),
        Stage::Accepted { .. } if !conference.is_in_call() => {
            Ok(vec![call_started(conference, ids, moment)?])
        }
        Stage::Accepted { .. } => match conference.current(Kind::Provider).map(|p| p.state.name()) {
            // Asked again while it rings, or before the accounts are fetched: already so.
            None | Some(StateName::Informed | StateName::Confirmed) => Ok(vec![]),
            Some(
                state @ (StateName::Routed
                | StateName::Connected
                | StateName::Disconnected
                | StateName::Finished),
            ) => Err(Refusal::CallRunning(state)),
        },
        Stage::Ended { outcome, .. } => Err(Refusal::RequestEnded(*outcome)),
    }
}

fn video_again(conference: &Conference, ids: NewIds, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    match &conference.main.stage {
        Stage::Searching { .. } => Err(Refusal::StillSearching),
        Stage::Accepted { .. } => {
            let (client, provider) = conference.pair().ok_or(Refusal::NoCallYet)?;
            let rings = matches!(provider.state, State::Informed { .. } | State::Confirmed { .. });
            if client.is_live() && rings {
                return Ok(vec![]);
            }
            let mut events = finish_all([client, provider], FinishReason::Replaced);
            events.push(call_started(conference, ids, moment)?);
            Ok(events)
        }
        Stage::Ended { outcome, .. } => Err(Refusal::RequestEnded(*outcome)),
    }
}

fn call_started(conference: &Conference, ids: NewIds, moment: Moment<'_>) -> Result<Event, Refusal> {
    if conference.ever(|kind| kind == Kind::Provider) >= MAX_CALLS {
        return Err(Refusal::CallsUsedUp);
    }
    let [client, provider] = ids.participants;
    Ok(Event::CallStarted { client, provider, deadline: moment.now.after(moment.timings.ring) })
}

/// While the interpreter is in the call, it is finished or called again, not replaced. A call that is running goes on.
/// By itself the server asks for another one only when the place has been kept for long enough.
fn find_another(
    conference: &Conference,
    actor: Actor,
    ids: NewIds,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    let Some(provider) = conference.provider() else { return Ok(vec![]) };
    let is_kept = conference.place_deadline().is_none_or(|deadline| moment.now < deadline);
    if actor == Actor::System && is_kept {
        return Ok(vec![]);
    }
    match conference.current(Kind::Provider).map(|p| p.state.name()) {
        Some(state @ StateName::Connected) => Err(Refusal::CallRunning(state)),
        Some(_) if conference.caller_has_account() && conference.successor().is_some() => Ok(vec![]),
        Some(_) if conference.caller_has_account() => {
            let (request, language) = (ids.request, conference.main.language);
            let party = InvitedParty::SecondInterpreter { request, language, purpose: Purpose::Successor };
            invited(conference, party, ids, moment)
        }
        None
        | Some(
            StateName::Informed
            | StateName::Confirmed
            | StateName::Routed
            | StateName::Disconnected
            | StateName::Finished,
        ) => Ok(release(conference, provider, ReleaseReason::Replaced, moment)),
    }
}

/// The interpreter's asking is its yes. The client's part goes on as it is.
fn rejoin(conference: &Conference, ids: NewIds, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    let listener = listener(conference)?;
    match listener.state {
        // The client calls again; that call wants a yes.
        State::Informed { .. } => Err(Refusal::CallRunning(StateName::Informed)),
        State::Confirmed { .. }
        | State::Routed { .. }
        | State::Connected { .. }
        | State::Disconnected { .. } => Ok(vec![]),
        State::Finished { .. } if conference.ever(|kind| kind == Kind::Provider) >= MAX_CALLS => {
            Err(Refusal::CallsUsedUp)
        }
        State::Finished { .. } => {
            let successor = conference.successor();
            if successor.is_some_and(|p| conference.second_interpreter(p).is_some()) {
                return Err(Refusal::SuccessorAsked);
            }
            let mut events = finish_all(successor, FinishReason::Cancelled);
            let [participant, _] = ids.participants;
            events.push(Event::Rejoined { participant, deadline: moment.now.after(moment.timings.join) });
            Ok(events)
        }
    }
}

/// The listener of the call that is on.
fn listener(conference: &Conference) -> Result<&Participant, Refusal> {
    match conference.main.stage {
        Stage::Searching { .. } => Err(Refusal::StillSearching),
        Stage::Accepted { .. } if conference.is_in_call() => {
            conference.current(Kind::Provider).ok_or(Refusal::NoCall)
        }
        Stage::Accepted { .. } | Stage::Ended { .. } => Err(Refusal::NoCall),
    }
}

fn confirm_video(conference: &Conference, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    let listener = listener(conference)?;
    match listener.state {
        State::Informed { .. } => Ok(vec![confirmed(listener, moment)]),
        State::Confirmed { .. }
        | State::Routed { .. }
        | State::Connected { .. }
        | State::Disconnected { .. } => Ok(vec![]),
        State::Finished { .. } => Err(Refusal::ParticipantFinished),
    }
}

fn confirmed(participant: &Participant, moment: Moment<'_>) -> Event {
    Event::Confirmed { participant: participant.id, deadline: moment.now.after(moment.timings.join) }
}

fn refuse_video(conference: &Conference, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    let provider = conference.provider().ok_or(Refusal::StillSearching)?;
    if !conference.is_in_call() {
        return Ok(release(conference, provider, ReleaseReason::Refused, moment));
    }
    let listener = listener(conference)?;
    match listener.state {
        // Who comes back into a call has said yes in it before.
        State::Confirmed { .. } if conference.caller_has_account() => {
            Err(Refusal::AlreadyAnswered(listener.state.name()))
        }
        State::Informed { .. } | State::Confirmed { .. } => {
            Ok(release(conference, provider, ReleaseReason::Refused, moment))
        }
        State::Routed { .. } | State::Connected { .. } | State::Disconnected { .. } => {
            Err(Refusal::AlreadyAnswered(listener.state.name()))
        }
        State::Finished { .. } => Err(Refusal::ParticipantFinished),
    }
}

fn issue_accounts(conference: &Conference, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    listener(conference)?;
    let expires = moment.now.after(moment.timings.account);
    let pair = Confirmation::of_pair(conference)?;
    Ok(pair.into_iter().map(|proof| Event::AccountIssued(proof.issue(expires))).collect())
}

fn invite(
    conference: &Conference,
    party: InvitedParty,
    ids: NewIds,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    listener(conference)?;
    if conference.invited().count() >= MAX_INVITED {
        return Err(Refusal::TooManyInvited);
    }
    invited(conference, party, ids, moment)
}

fn invited(
    conference: &Conference,
    party: InvitedParty,
    ids: NewIds,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    if !conference.may_invite() {
        return Err(Refusal::InvitationsUsedUp);
    }
    let wait = match party {
        InvitedParty::Guest => moment.timings.invitation,
        InvitedParty::SecondInterpreter { .. } => moment.timings.search,
    };
    let [participant, _] = ids.participants;
    Ok(vec![Event::Invited { participant, party, deadline: moment.now.after(wait) }])
}

/// Only in a call that its listener has confirmed.
fn request_second_interpreter(
    conference: &Conference,
    (language, purpose): (LanguageId, Purpose),
    ids: NewIds,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    if listener(conference)?.state.name() == StateName::Informed {
        return Err(Refusal::NotConfirmed(StateName::Informed));
    }
    match purpose {
        Purpose::Relay if language == conference.main.language => {
            return Err(Refusal::OtherLanguage(purpose));
        }
        Purpose::Team | Purpose::Successor if language != conference.main.language => {
            return Err(Refusal::OtherLanguage(purpose));
        }
        Purpose::Successor if conference.successor().is_some() => return Err(Refusal::SuccessorAsked),
        Purpose::SecondLanguage | Purpose::Relay | Purpose::Team | Purpose::Successor => {}
    }
    let party = InvitedParty::SecondInterpreter { request: ids.request, language, purpose };
    invite(conference, party, ids, moment)
}

/// Two interpreters take turns: the interpreter of the call, and one who was asked for to do so. Both are in the call.
fn take_turn(conference: &Conference, actor: Actor, target: ParticipantId) -> Result<Vec<Event>, Refusal> {
    let first = listener(conference)?;
    let is_of_team =
        |p: &Participant| conference.request_of(p).is_some_and(|r| r.purpose == Some(Purpose::Team));
    let target = conference.participant(target).ok_or(Refusal::NotFound)?;
    let stranger = match actor {
        Actor::SecondInterpreter(id) => match conference.participant(id) {
            Some(own) if !own.is_live() => return Err(Refusal::ParticipantFinished),
            own => !own.is_some_and(is_of_team),
        },
        Actor::Client(_) | Actor::Provider(_) | Actor::Guest(_) | Actor::System => false,
    };
    if stranger || !(target.id == first.id || is_of_team(target)) {
        return Err(Refusal::NoTeam);
    }
    let working = conference.working.unwrap_or(first.id);
    match target.state {
        State::Routed { .. } | State::Connected { .. } | State::Disconnected { .. }
            if working == target.id =>
        {
            Ok(vec![])
        }
        State::Routed { .. } | State::Connected { .. } | State::Disconnected { .. } => {
            Ok(vec![Event::TurnTaken { participant: target.id }])
        }
        State::Informed { .. } | State::Confirmed { .. } => Err(Refusal::NotConfirmed(target.state.name())),
        State::Finished { .. } => Err(Refusal::ParticipantFinished),
    }
}

fn kick(conference: &Conference, actor: Actor, target: ParticipantId) -> Result<Vec<Event>, Refusal> {
    let kicker = match actor {
        Actor::Client(_) => Kicker::Client,
        Actor::Provider(_) => Kicker::Provider,
        Actor::Guest(_) | Actor::SecondInterpreter(_) | Actor::System => return Err(Refusal::NotFound),
    };
    let target = conference.participant(target).ok_or(Refusal::NotFound)?;
    match target.party {
        Party::Client(_) | Party::Provider(_) => Err(Refusal::PrincipalKick),
        Party::Guest | Party::SecondInterpreter(_) => Ok(finish_all([target], FinishReason::Kicked(kicker))),
    }
}

fn confirm_invitation(own: &Participant, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    match own.state {
        State::Informed { .. } => Ok(vec![confirmed(own, moment)]),
        State::Confirmed { .. }
        | State::Routed { .. }
        | State::Connected { .. }
        | State::Disconnected { .. } => Ok(vec![]),
        State::Finished { .. } => Err(Refusal::ParticipantFinished),
    }
}

fn decline_invitation(
    conference: &Conference,
    own: &Participant,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    match own.state {
        State::Informed { .. } | State::Confirmed { .. } => {
            Ok(invited_goes(conference, own, FinishReason::Declined, moment))
        }
        State::Routed { .. } | State::Connected { .. } | State::Disconnected { .. } => {
            Err(Refusal::AlreadyAnswered(own.state.name()))
        }
        State::Finished { .. } => Err(Refusal::ParticipantFinished),
    }
}

fn issue_own_account(
    conference: &Conference,
    own: &Participant,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    if own.state.account().is_some() {
        return Ok(vec![]);
    }
    let proof = Confirmation::of_invited(conference, own)?;
    Ok(vec![Event::AccountIssued(proof.issue(moment.now.after(moment.timings.account)))])
}

fn leave(conference: &Conference, own: &Participant, moment: Moment<'_>) -> Vec<Event> {
    invited_goes(conference, own, FinishReason::Left, moment)
}

/// An invited party is out by itself. In the place of a second interpreter who had accepted, and whose service was not
/// used, another one is searched for.
pub(crate) fn invited_goes(
    conference: &Conference,
    own: &Participant,
    reason: FinishReason,
    moment: Moment<'_>,
) -> Vec<Event> {
    let accepted = conference.request_of(own).and_then(|request| match request.stage {
        Stage::Accepted { provider } => Some((request.id, provider)),
        Stage::Searching { .. } | Stage::Ended { .. } => None,
    });
    let Some((request, provider)) = accepted.filter(|_| own.state.account().is_none()) else {
        return finish_all([own], reason);
    };
    let reason = match reason {
        FinishReason::Declined => ReleaseReason::Refused,
        FinishReason::NoAnswer => ReleaseReason::Missed,
        FinishReason::Left
        | FinishReason::Revoked
        | FinishReason::Completed
        | FinishReason::Cancelled
        | FinishReason::Kicked(_)
        | FinishReason::Lost
        | FinishReason::Expired
        | FinishReason::Replaced
        | FinishReason::HandedOver => ReleaseReason::Left,
    };
    vec![released(request, provider, reason, moment)]
}

/// The provider is out of the main request. A successor who is in the call takes its place; otherwise another one is searched for. Storage
/// offers a request to nobody twice, so there are no more releases than providers.
pub(crate) fn release(
    conference: &Conference,
    provider: UserId,
    reason: ReleaseReason,
    moment: Moment<'_>,
) -> Vec<Event> {
    let finish = match reason {
        ReleaseReason::Refused => FinishReason::Declined,
        ReleaseReason::Missed => FinishReason::NoAnswer,
        ReleaseReason::Left => FinishReason::Left,
        ReleaseReason::Replaced => FinishReason::Replaced,
        ReleaseReason::HandedOver => FinishReason::HandedOver,
    };
    let is_there = |successor: &&Participant| matches!(successor.state, State::Connected { .. });
    if let Some(successor) = conference.successor().filter(is_there).filter(|_| conference.is_in_call()) {
        let mut events = finish_all(conference.current(Kind::Provider), finish);
        events.push(Event::HandedOver { from: provider, participant: successor.id });
        return events;
    }
    let principals = conference.participants.iter().filter(|p| p.kind().is_principal());
    let mut events = finish_all(principals, finish);
    events.extend(finish_all(conference.successor(), FinishReason::Cancelled));
    events.push(released(conference.main.id, provider, reason, moment));
    events
}

pub(crate) fn released(
    request: RequestId,
    provider: UserId,
    reason: ReleaseReason,
    moment: Moment<'_>,
) -> Event {
    Event::Released { request, provider, reason, deadline: moment.now.after(moment.timings.search) }
}

fn finish(
    conference: &Conference,
    role: Role,
    successful: bool,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    if let Some(provider) = conference.provider().filter(|_| role == Role::Provider) {
        // Before its service was used, or while the client calls again, it ends only its own part; the client still wants an
        // interpreter.
        if !conference.has_served(provider) || conference.is_calling() {
            return Ok(release(conference, provider, ReleaseReason::Left, moment));
        }
        if conference.lost_interpreter() {
            return Ok(give_up_place(conference, provider, moment));
        }
        if let Some(successor) = conference.successor().filter(|_| conference.is_in_call()) {
            return hand_over(conference, provider, successor);
        }
    }
    let outcome = if conference.serviced && successful { Outcome::Serviced } else { Outcome::Cancelled };
    Ok(end(conference, outcome))
}

/// The call goes on without the interpreter, who does not come back: another one is asked for at once.
pub(crate) fn give_up_place(conference: &Conference, provider: UserId, moment: Moment<'_>) -> Vec<Event> {
    if conference.place == Some(VacantPlace::GivenUp) {
        vec![]
    } else if conference.may_invite() || conference.successor().is_some() {
        vec![Event::PlaceKept { deadline: moment.now }]
    } else {
        release(conference, provider, ReleaseReason::Left, moment)
    }
}

/// The interpreter goes, and the call goes on with its successor, who is in it.
fn hand_over(
    conference: &Conference,
    provider: UserId,
    successor: &Participant,
) -> Result<Vec<Event>, Refusal> {
    match successor.state {
        State::Connected { .. } => {
            let mut events = finish_all(conference.current(Kind::Provider), FinishReason::HandedOver);
            events.push(Event::HandedOver { from: provider, participant: successor.id });
            Ok(events)
        }
        State::Informed { .. }
        | State::Confirmed { .. }
        | State::Routed { .. }
        | State::Disconnected { .. }
        | State::Finished { .. } => Err(Refusal::SuccessorNotPresent),
    }
}

/// Everybody out, and the request over.
pub(crate) fn end(conference: &Conference, outcome: Outcome) -> Vec<Event> {
    let reason = match outcome {
        Outcome::Serviced => FinishReason::Completed,
        Outcome::Cancelled | Outcome::NoInterpreter => FinishReason::Cancelled,
    };
    let mut events = finish_all(&conference.participants, reason);
    events.push(Event::Ended { outcome });
    events
}

pub(crate) fn finish_all<'a>(
    participants: impl IntoIterator<Item = &'a Participant>,
    reason: FinishReason,
) -> Vec<Event> {
    participants
        .into_iter()
        .filter(|p| p.is_live())
        .map(|p| Event::Finished { participant: p.id, reason })
        .collect()
}
