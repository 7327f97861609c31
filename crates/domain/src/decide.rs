//! The judge: what a command leads to, or why it may not be.

use crate::{
    Actor, Command, CommandKind, Conference, Confirmation, Event, FinishReason, InvitedParty, Kicker, Kind,
    LanguageId, MAX_CALLS, MAX_INVITATIONS, MAX_INVITED, Moment, NewPair, Offer, OfferState, Outcome,
    Participant, ParticipantId, Party, Refusal, ReleaseReason, Role, Stage, State, StateName, UserId,
    permits,
};

/// The events that open a conference: the request, offered to these providers.
///
/// # Errors
/// [`Refusal::LiveRequest`] if the client has a live request already.
pub fn open(
    client: UserId,
    has_live_request: bool,
    language: LanguageId,
    offered_to: &[UserId],
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    if has_live_request {
        return Err(Refusal::LiveRequest);
    }
    let requested = Event::Requested { client, language, deadline: moment.now.after(moment.timings.search) };
    let offers = offered_to.iter().map(|&provider| Event::Offered { provider });
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
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    let seat = Seat::of(conference, actor, command)?;
    if !permits(actor.role(), command.kind()) {
        return Err(Refusal::NotPermitted { role: actor.role(), command: command.kind() });
    }
    if let Stage::Ended { outcome, .. } = conference.stage {
        return match command {
            // An offer or a no that comes too late is nobody's fault; finishing twice is finishing, and who leaves
            // after it is as gone as he wished to be.
            Command::Offer(_) | Command::DeclineOffer | Command::Finish { .. } | Command::Leave => Ok(vec![]),
            // Everybody is out: kicking again changes nothing.
            Command::Kick(target) => kick(conference, actor, target),
            _ if seat.is_finished() => Err(Refusal::ParticipantFinished),
            _ => Err(Refusal::RequestEnded(outcome)),
        };
    }
    match command {
        Command::Offer(provider) => Ok(offer(conference, provider)),
        Command::AcceptOffer { busy } => accept_offer(conference, actor, busy, moment),
        Command::DeclineOffer => decline_offer(conference, actor),
        Command::StartVideo(pair) => start_video(conference, pair, moment),
        Command::VideoAgain(pair) => video_again(conference, pair, moment),
        Command::ConfirmVideo => confirm_video(conference, moment),
        Command::RefuseVideo => refuse_video(conference, moment),
        Command::IssueAccounts => issue_accounts(conference, moment),
        Command::InviteGuest(id) => invite(conference, id, InvitedParty::Guest, moment),
        Command::RequestSecondInterpreter(id, language) => {
            invite(conference, id, InvitedParty::SecondInterpreter(language), moment)
        }
        Command::Kick(target) => kick(conference, actor, target),
        Command::ConfirmInvitation => confirm_invitation(seat.invited()?, moment),
        Command::DeclineInvitation => decline_invitation(seat.invited()?),
        Command::IssueOwnAccount => issue_own_account(conference, seat.invited()?, moment),
        Command::Leave => Ok(leave(seat.invited()?)),
        Command::Finish { successful } => Ok(finish(conference, actor.role(), successful, moment)),
    }
}

/// What ties an actor to a conference.
enum Seat<'a> {
    Principal,
    Invited(&'a Participant),
    System,
}

impl<'a> Seat<'a> {
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

fn own_offer(conference: &Conference, actor: Actor) -> Result<Offer, Refusal> {
    match &conference.stage {
        Stage::Searching { offers, .. } => {
            offers.iter().find(|o| Actor::Provider(o.provider) == actor).copied().ok_or(Refusal::NotFound)
        }
        Stage::Accepted { .. } | Stage::InCall { .. } | Stage::Ended { .. } => Err(Refusal::OfferTaken),
    }
}

fn offer(conference: &Conference, provider: UserId) -> Vec<Event> {
    match &conference.stage {
        Stage::Searching { offers, .. } if offers.iter().all(|o| o.provider != provider) => {
            vec![Event::Offered { provider }]
        }
        Stage::Searching { .. } | Stage::Accepted { .. } | Stage::InCall { .. } | Stage::Ended { .. } => {
            vec![]
        }
    }
}

fn accept_offer(
    conference: &Conference,
    actor: Actor,
    busy: bool,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    if conference.provider().is_some_and(|p| Actor::Provider(p) == actor) {
        return Ok(vec![]);
    }
    let Offer { provider, state } = own_offer(conference, actor)?;
    match state {
        OfferState::Open if busy => Err(Refusal::ProviderBusy),
        OfferState::Open => {
            Ok(vec![Event::Accepted { provider, deadline: moment.now.after(moment.timings.start) }])
        }
        OfferState::Declined => Err(Refusal::OfferDeclined),
        OfferState::Released(_) => Err(Refusal::Released),
    }
}

fn decline_offer(conference: &Conference, actor: Actor) -> Result<Vec<Event>, Refusal> {
    let taken_by_another = conference.provider().is_some_and(|p| Actor::Provider(p) != actor);
    if taken_by_another {
        return Ok(vec![]);
    }
    let Offer { provider, state } = own_offer(conference, actor)?;
    Ok(match state {
        OfferState::Open => vec![Event::OfferDeclined { provider }],
        OfferState::Declined | OfferState::Released(_) => vec![],
    })
}

fn start_video(conference: &Conference, new: NewPair, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    match &conference.stage {
        Stage::Searching { .. } => Err(Refusal::StillSearching),
        Stage::Accepted { .. } => Ok(vec![call_started(conference, new, moment)?]),
        Stage::InCall { .. } => match conference.current(Kind::Provider).map(|p| p.state.name()) {
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

fn video_again(conference: &Conference, new: NewPair, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    match &conference.stage {
        Stage::Searching { .. } => Err(Refusal::StillSearching),
        Stage::Accepted { .. } if conference.participants.is_empty() => Err(Refusal::NoCallYet),
        Stage::Accepted { .. } => Ok(vec![call_started(conference, new, moment)?]),
        Stage::InCall { .. } => {
            let (client, provider) = conference.pair().ok_or(Refusal::NoCallYet)?;
            if client.is_live() && matches!(provider.state, State::Informed { .. } | State::Confirmed { .. })
            {
                return Ok(vec![]);
            }
            let mut events = finish_all([client, provider], FinishReason::Replaced);
            events.push(call_started(conference, new, moment)?);
            Ok(events)
        }
        Stage::Ended { outcome, .. } => Err(Refusal::RequestEnded(*outcome)),
    }
}

fn call_started(conference: &Conference, new: NewPair, moment: Moment<'_>) -> Result<Event, Refusal> {
    if conference.ever(|kind| kind == Kind::Client) >= MAX_CALLS {
        return Err(Refusal::CallsUsedUp);
    }
    let NewPair { client, provider } = new;
    Ok(Event::CallStarted { client, provider, deadline: moment.now.after(moment.timings.ring) })
}

/// The listener of the call that is on.
fn listener(conference: &Conference) -> Result<&Participant, Refusal> {
    match conference.stage {
        Stage::Searching { .. } => Err(Refusal::StillSearching),
        Stage::Accepted { .. } | Stage::Ended { .. } => Err(Refusal::NoCall),
        Stage::InCall { .. } => conference.current(Kind::Provider).ok_or(Refusal::NoCall),
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
    if let Stage::Accepted { provider, .. } = conference.stage {
        return Ok(release(conference, provider, ReleaseReason::Refused, moment));
    }
    let listener = listener(conference)?;
    match listener.state {
        State::Informed { .. } | State::Confirmed { .. } => match conference.provider() {
            Some(provider) => Ok(release(conference, provider, ReleaseReason::Refused, moment)),
            None => Err(Refusal::NoCall),
        },
        State::Routed { .. } | State::Connected { .. } | State::Disconnected { .. } => {
            Err(Refusal::AlreadyAnswered(listener.state.name()))
        }
        State::Finished { .. } => Err(Refusal::ParticipantFinished),
    }
}

fn issue_accounts(conference: &Conference, moment: Moment<'_>) -> Result<Vec<Event>, Refusal> {
    listener(conference)?;
    let issued_before = conference.pair().is_some_and(|(client, provider)| {
        [client, provider].iter().any(|p| p.state.account().is_some() || !p.is_live())
    });
    if issued_before {
        return Ok(vec![]);
    }
    let expires = moment.now.after(moment.timings.account);
    let pair = Confirmation::of_pair(conference)?;
    Ok(pair.into_iter().map(|proof| Event::AccountIssued(proof.issue(expires))).collect())
}

fn invite(
    conference: &Conference,
    participant: ParticipantId,
    party: InvitedParty,
    moment: Moment<'_>,
) -> Result<Vec<Event>, Refusal> {
    match conference.stage {
        Stage::Searching { .. } => Err(Refusal::StillSearching),
        Stage::Accepted { .. } => Err(Refusal::NoCall),
        Stage::InCall { .. } if conference.invited().count() >= MAX_INVITED => Err(Refusal::TooManyInvited),
        Stage::InCall { .. } if conference.ever(|kind| !kind.is_principal()) >= MAX_INVITATIONS => {
            Err(Refusal::InvitationsUsedUp)
        }
        Stage::InCall { .. } => {
            let deadline = moment.now.after(moment.timings.invitation);
            Ok(vec![Event::Invited { participant, party, deadline }])
        }
        Stage::Ended { outcome, .. } => Err(Refusal::RequestEnded(outcome)),
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

fn decline_invitation(own: &Participant) -> Result<Vec<Event>, Refusal> {
    match own.state {
        State::Informed { .. } | State::Confirmed { .. } => Ok(finish_all([own], FinishReason::Declined)),
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

fn leave(own: &Participant) -> Vec<Event> {
    finish_all([own], FinishReason::Left)
}

/// The provider is out of the request, and another one is searched for. Storage offers a request to nobody twice, so
/// there are no more releases than providers.
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
    };
    let principals = conference.participants.iter().filter(|p| p.kind().is_principal());
    let mut events = finish_all(principals, finish);
    events.push(released(provider, reason, moment));
    events
}

pub(crate) fn released(provider: UserId, reason: ReleaseReason, moment: Moment<'_>) -> Event {
    Event::Released { provider, reason, deadline: moment.now.after(moment.timings.search) }
}

/// Before its service was used, a provider ends only its own part; the client still wants an interpreter.
fn finish(conference: &Conference, role: Role, successful: bool, moment: Moment<'_>) -> Vec<Event> {
    if let Some(provider) = conference.provider().filter(|_| role == Role::Provider && !conference.serviced) {
        return release(conference, provider, ReleaseReason::Left, moment);
    }
    let outcome = if conference.serviced && successful { Outcome::Serviced } else { Outcome::Cancelled };
    end(conference, outcome)
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
