//! The moves of a small world: everything that anybody may try, and every way in which time can pass.
//!
//! Time is abstract: a state is kept with all its deadlines equally far away, and any of them may pass next. So the
//! search sees more orders of deadlines than there are, and the world stays finite.

use trialogue_domain::{
    Actor, Command, Conference, ConferenceId, Departure, Event, Facts, Hindrance, Kind, LanguageId, Moment,
    NewIds, Observation, OfferState, Participant, ParticipantId, Party, Purpose, RequestId, Stage, State,
    Timestamp, Timings, UserId, VacantPlace, open,
};

use crate::story::ring;

const CLIENT: UserId = UserId(1);
const PROVIDER: UserId = UserId(2);
const OTHER_PROVIDER: UserId = UserId(3);
const FOREIGN: UserId = UserId(4);
const ID: ConferenceId = ConferenceId(1);
const MAIN: RequestId = RequestId::main(ID);
const FOREIGN_REQUEST: RequestId = RequestId(99);
const FOREIGN_PARTICIPANT: ParticipantId = ParticipantId(15);
const FIRST_INVITED: i32 = 6;

/// The present, always.
pub(crate) const NOW: Timestamp = Timestamp(0);
/// Every deadline that has not come.
const LATER: Timestamp = Timestamp(1_000_000);

/// How much may happen in a world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) calls: usize,
    pub(crate) guests: usize,
    pub(crate) second_interpreters: usize,
    /// What they are wanted for.
    pub(crate) purpose: Purpose,
    /// How often the interpreter may come back into a call.
    pub(crate) rejoins: usize,
    /// Whether foreigners, and holders of another's id, try every command too, users go, and all refusals and arrows are noted.
    pub(crate) thorough: bool,
    /// Whether the engine reports what becomes of removed accounts. Without it a world is far smaller.
    pub(crate) removals: bool,
}

/// What the path to a state has shown of each participant, one bit each, by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct History {
    confirmed: u16,
    had_account: u16,
}

impl History {
    pub(crate) const fn confirmed(self, id: ParticipantId) -> bool {
        self.confirmed & bit(id) != 0
    }

    pub(crate) const fn had_account(self, id: ParticipantId) -> bool {
        self.had_account & bit(id) != 0
    }

    pub(crate) fn note(&mut self, before: &Conference, event: &Event) {
        match event {
            // Whoever comes next has not said yes.
            Event::Released { request, .. } => {
                let own = |p: &&Participant| p.party == Party::SecondInterpreter(*request);
                if let Some(second) = before.participants.iter().find(own) {
                    self.confirmed &= !bit(second.id);
                }
            }
            Event::Confirmed { participant, .. } | Event::Rejoined { participant, .. } => {
                self.confirmed |= bit(*participant);
            }
            Event::AccountIssued(issued) => self.had_account |= bit(issued.participant()),
            _ => {}
        }
    }

    fn renamed(self, from: &[ParticipantId], to: &[ParticipantId]) -> Self {
        let mut renamed = self;
        for (&from, &to) in from.iter().zip(to) {
            let copy = |old: u16, new: u16| (new & !bit(to)) | if old & bit(from) == 0 { 0 } else { bit(to) };
            renamed.confirmed = copy(self.confirmed, renamed.confirmed);
            renamed.had_account = copy(self.had_account, renamed.had_account);
        }
        renamed
    }
}

const fn bit(id: ParticipantId) -> u16 {
    1 << id.0
}

/// A state of the world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) conference: Conference,
    pub(crate) history: History,
}

/// One thing that can happen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input {
    Command(Actor, Command),
    /// Of a provider who serves another conference.
    CommandOfHindered(Actor, Command, Hindrance),
    Observation(Observation),
}

/// A request with an offer to one provider; the other one comes online later.
pub(crate) fn beginning() -> Node {
    let timings = Timings::default();
    let events =
        open(ID, CLIENT, false, LanguageId(44), &[ring(PROVIDER)], Moment { now: NOW, timings: &timings })
            .expect("the client has no other request");
    let conference = Conference::replay(ID, events.iter().map(|event| (NOW, event)))
        .expect("open begins with the request");
    Node { conference, history: History::default() }.canonical()
}

impl Bounds {
    /// Whether a state is of this world, or one step beyond it.
    pub(crate) fn hold(self, conference: &Conference) -> bool {
        let count = |kind| conference.participants.iter().filter(|p| p.kind() == kind).count();
        let successors = conference.others.len() - count(Kind::SecondInterpreter);
        count(Kind::Client) <= self.calls
            && count(Kind::Provider) <= count(Kind::Client) + self.rejoins + successors
            && count(Kind::Guest) <= self.guests
            && conference.others.len() <= self.second_interpreters
    }
}

/// Every command of every actor, and everything that the engine may report.
pub(crate) fn inputs(conference: &Conference, bounds: Bounds) -> Vec<Input> {
    let mut commands = commands(conference, bounds.purpose);
    if !bounds.thorough {
        // It doubles a world with guests, who stay while another interpreter is searched for.
        commands.retain(|command| *command != Command::FindAnother);
    }
    let mut inputs: Vec<Input> = actors(conference)
        .into_iter()
        .flat_map(|actor| commands.iter().map(move |&command| Input::Command(actor, command)))
        .collect();
    for hindrance in [Hindrance::Busy, Hindrance::Credential] {
        let accept = Command::AcceptOffer(MAIN);
        inputs.push(Input::CommandOfHindered(Actor::Provider(PROVIDER), accept, hindrance));
    }
    if bounds.thorough {
        let one_of_each = &commands[..=COMMANDS_BESIDE_KICKS];
        let foreigners = foreigners(conference);
        inputs
            .extend(foreigners.iter().flat_map(|&f| one_of_each.iter().map(move |&c| Input::Command(f, c))));
    }
    for id in ids(conference) {
        let [joined, disconnected, removal @ ..] = crate::state_table::engine_observations(id);
        inputs.extend([joined, disconnected].map(Input::Observation));
        if bounds.removals {
            inputs.extend(removal.map(Input::Observation));
        }
    }
    inputs.push(Input::Observation(Observation::DeadlinePassed));
    inputs.push(Input::Observation(Observation::Unavailable(PROVIDER)));
    if bounds.thorough {
        for user in [CLIENT, PROVIDER, OTHER_PROVIDER, FOREIGN] {
            inputs.push(Input::Observation(Observation::UserGone(user, Departure::Revoked)));
        }
    }
    inputs
}

fn ids(conference: &Conference) -> impl Iterator<Item = ParticipantId> {
    conference.participants.iter().map(|p| p.id).chain([FOREIGN_PARTICIPANT])
}

fn actors(conference: &Conference) -> Vec<Actor> {
    let users =
        [Actor::Client(CLIENT), Actor::Provider(PROVIDER), Actor::Provider(OTHER_PROVIDER), Actor::System];
    let invited = conference.participants.iter().filter_map(|p| match p.kind() {
        Kind::Client | Kind::Provider => None,
        Kind::Guest => Some(Actor::Guest(p.id)),
        Kind::SecondInterpreter => Some(Actor::SecondInterpreter(p.id)),
    });
    users.into_iter().chain(invited).collect()
}

/// Those who must never get anywhere: other users, and an invitation that names another's, or nobody's, id.
fn foreigners(conference: &Conference) -> Vec<Actor> {
    let claims = ids(conference).flat_map(|id| {
        let kind = conference.participant(id).map(Participant::kind);
        let guest = (kind != Some(Kind::Guest)).then_some(Actor::Guest(id));
        let second = (kind != Some(Kind::SecondInterpreter)).then_some(Actor::SecondInterpreter(id));
        guest.into_iter().chain(second)
    });
    [Actor::Client(FOREIGN), Actor::Provider(FOREIGN)].into_iter().chain(claims).collect()
}

const COMMANDS_BESIDE_KICKS: usize = 19;

fn commands(conference: &Conference, purpose: Purpose) -> Vec<Command> {
    let language = if purpose.is_of_same_language() { conference.main.language } else { LanguageId(9) };
    let mut commands = vec![
        Command::Offer(MAIN, ring(PROVIDER)),
        Command::Offer(MAIN, ring(OTHER_PROVIDER)),
        Command::AcceptOffer(MAIN),
        Command::DeclineOffer(MAIN),
        Command::StartVideo,
        Command::VideoAgain,
        Command::FindAnother,
        Command::Rejoin,
        Command::ConfirmVideo,
        Command::RefuseVideo,
        Command::IssueAccounts,
        Command::InviteGuest,
        Command::RequestSecondInterpreter(language, purpose),
        Command::ConfirmInvitation,
        Command::DeclineInvitation,
        Command::IssueOwnAccount,
        Command::Leave,
        Command::Finish { successful: true },
        Command::Finish { successful: false },
    ];
    assert_eq!(commands.len(), COMMANDS_BESIDE_KICKS);
    commands.extend(ids(conference).map(Command::Kick));
    if purpose == Purpose::Team {
        commands.extend(ids(conference).map(Command::TakeTurn));
    }
    for request in conference.others.iter().map(|r| r.id).chain([FOREIGN_REQUEST]) {
        commands.extend([
            Command::Offer(request, ring(OTHER_PROVIDER)),
            Command::AcceptOffer(request),
            Command::DeclineOffer(request),
        ]);
    }
    commands
}

/// What is known beside the conference, with ids of this world: 1 to 5 and 12 to 14 for the sides of calls, 6 and more
/// for invited parties.
pub(crate) fn facts(conference: &Conference, command: Command, hindrance: Option<Hindrance>) -> Facts {
    let count = |principal: bool| {
        let of = conference.participants.iter().filter(|p| p.kind().is_principal() == principal);
        i32::try_from(of.count()).expect("few")
    };
    // Who took the interpreter's place keeps the id of an invited party.
    let seconds = conference.participants.iter().filter(|p| p.kind() == Kind::SecondInterpreter).count();
    let successors = i32::try_from(conference.others.len() - seconds).expect("few");
    let next = count(true) - successors + 1;
    let participants = match command {
        Command::InviteGuest | Command::RequestSecondInterpreter(..) | Command::FindAnother => {
            let invited = FIRST_INVITED + count(false) + successors;
            [invited, invited + 1]
        }
        Command::Rejoin => [if next < FIRST_INVITED { next } else { 14 }, 0],
        // A third pair is one step beyond every world; its ids must only be free.
        _ if next + 1 < FIRST_INVITED => [next, next + 1],
        _ => [12, 13],
    };
    let request = RequestId(MAIN.0 + 1 + i32::try_from(conference.others.len()).expect("few"));
    Facts { hindrance, ids: NewIds { participants: participants.map(ParticipantId), request } }
}

/// The state, once for each way in which time can pass: one deadline comes, or all do.
pub(crate) fn times_passing(conference: &Conference) -> Vec<Conference> {
    // The caller's and the listener's are set together, so they come together.
    let principal = |p: &Participant| p.kind().is_principal();
    let mut passing = vec![
        at(conference, true, |_| true, |_| true),
        at(conference, true, |_| false, |_| false),
        at(conference, false, |p| principal(p) && !is_disconnected(p), |_| false),
        at(conference, false, |_| false, principal),
        rings_over(conference),
    ];
    for one in conference.participants.iter().filter(|p| p.is_live()) {
        if !principal(one) || is_disconnected(one) {
            passing.push(at(conference, false, |p| p.id == one.id, |_| false));
        }
        if !principal(one) {
            passing.push(at(conference, false, |_| false, |p| p.id == one.id));
        }
    }
    passing
}

/// The same state, once the place of a lost interpreter has been kept for long enough, if it is kept.
pub(crate) fn place_over(conference: &Conference) -> Option<Conference> {
    let mut conference = at(conference, false, |_| false, |_| false);
    match conference.place.as_mut()? {
        VacantPlace::Kept(until) => *until = NOW,
        VacantPlace::GivenUp => {}
    }
    Some(conference)
}

/// The same state, with the time of all rings come, and no other deadline.
fn rings_over(conference: &Conference) -> Conference {
    let mut conference = at(conference, false, |_| false, |_| false);
    for request in std::iter::once(&mut conference.main).chain(&mut conference.others) {
        if let Stage::Searching { offers, .. } = &mut request.stage {
            for offer in offers {
                if let OfferState::Open { until } = &mut offer.state {
                    *until = NOW;
                }
            }
        }
    }
    conference
}

const fn is_disconnected(participant: &Participant) -> bool {
    matches!(participant.state, State::Disconnected { .. })
}

/// The same state, with the chosen deadlines (of the request, of waiting states, of accounts) come and all others not.
fn at(
    conference: &Conference,
    request: bool,
    waiting: impl Fn(&Participant) -> bool,
    expiring: impl Fn(&Participant) -> bool,
) -> Conference {
    let when = |come: bool| if come { NOW } else { LATER };
    let mut conference = conference.clone();
    if let Some(deadline) = &mut conference.start_by {
        *deadline = when(request);
    }
    if let Some(VacantPlace::Kept(until)) = &mut conference.place {
        *until = LATER;
    }
    let others = conference.others.iter_mut().map(|other| (other, LATER));
    for (request, deadline) in std::iter::once((&mut conference.main, when(request))).chain(others) {
        match &mut request.stage {
            Stage::Searching { deadline: set, offers } => {
                *set = deadline;
                for offer in offers {
                    offer.at = NOW;
                    if let OfferState::Open { until } = &mut offer.state {
                        *until = LATER;
                    }
                }
            }
            Stage::Accepted { .. } => {}
            Stage::Ended { at, .. } => *at = NOW,
        }
    }
    for participant in &mut conference.participants {
        let (waits, expires) = (when(waiting(participant)), when(expiring(participant)));
        match &mut participant.state {
            State::Informed { deadline } | State::Confirmed { deadline } => *deadline = waits,
            State::Routed { account } | State::Connected { account } => account.expires = expires,
            State::Disconnected { account, deadline } => {
                account.expires = expires;
                *deadline = waits;
            }
            State::Finished { at, .. } => *at = NOW,
        }
    }
    conference
}

impl Node {
    /// The one state that stands for all that differ from it only in times, in the numbering of guests, or in which of
    /// the two interpreters accepted.
    pub(crate) fn canonical(&self) -> Self {
        let mut conference = at(&self.conference, false, |_| false, |_| false);
        conference.last_seq = 0;
        let mut history = self.history;
        let is_guest = |p: &&Participant| p.kind() == Kind::Guest;
        let mut found: Vec<Participant> = conference.participants.iter().filter(is_guest).cloned().collect();
        let mut free: Vec<ParticipantId> = found.iter().map(|p| p.id).collect();
        free.sort_unstable();
        if found.len() > 1 {
            found.sort_by_cached_key(|p| {
                (format!("{:?}", p.state), self.history.confirmed(p.id), self.history.had_account(p.id))
            });
            let from: Vec<ParticipantId> = found.iter().map(|p| p.id).collect();
            history = history.renamed(&from, &free);
            conference.participants.retain(|p| p.kind() != Kind::Guest);
            conference
                .participants
                .extend(found.into_iter().zip(free).map(|(p, id)| Participant { id, ..p }));
        }
        conference.participants.sort_by_key(|p| p.id);
        if conference.provider() == Some(OTHER_PROVIDER) {
            mirror(&mut conference);
        }
        Self { conference, history }
    }
}

fn mirror(conference: &mut Conference) {
    match &mut conference.main.stage {
        Stage::Searching { .. } => {}
        Stage::Accepted { provider } => *provider = PROVIDER,
        Stage::Ended { provider, .. } => *provider = Some(PROVIDER),
    }
    for participant in &mut conference.participants {
        if let Party::Provider(user) = &mut participant.party {
            *user = PROVIDER;
        }
    }
}

/// Which invitation an actor holds.
pub(crate) const fn invitation(actor: Actor) -> Option<ParticipantId> {
    match actor {
        Actor::Guest(id) | Actor::SecondInterpreter(id) => Some(id),
        Actor::Client(_) | Actor::Provider(_) | Actor::System => None,
    }
}

/// Whether an event makes this id a participant's.
pub(crate) fn creates(event: &Event) -> Vec<ParticipantId> {
    match event {
        Event::CallStarted { client, provider, .. } => vec![*client, *provider],
        Event::Invited { participant, .. } | Event::Rejoined { participant, .. } => vec![*participant],
        _ => vec![],
    }
}
