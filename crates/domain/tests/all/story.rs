//! One conference on its way: every step goes through the real functions, so every state that a test starts from is
//! one that can be reached.

use std::time::Duration;

use trialogue_domain::{
    Actor, Command, Conference, ConferenceId, Event, Facts, Hindrance, Kind, LanguageId, Moment, NewIds,
    Observation, Participant, ParticipantId, Purpose, Refusal, RequestId, Ring, State, Timestamp, Timings,
    UserId, decide, observe, open,
};

pub(crate) const ID: ConferenceId = ConferenceId(7);
pub(crate) const CLIENT: Actor = Actor::Client(UserId(1));
pub(crate) const PROVIDER: Actor = Actor::Provider(UserId(2));
/// Has an offer too, and is never the one who accepts.
pub(crate) const OTHER_PROVIDER: Actor = Actor::Provider(UserId(3));
pub(crate) const SPANISH: LanguageId = LanguageId(44);
pub(crate) const MAIN: RequestId = RequestId::main(ID);
pub(crate) const TAKE: Command = Command::AcceptOffer(MAIN);
pub(crate) const DECLINE: Command = Command::DeclineOffer(MAIN);
/// Nobody's id.
pub(crate) const UNKNOWN: ParticipantId = ParticipantId(999);

#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) conference: Conference,
    pub(crate) log: Vec<(Timestamp, Event)>,
    pub(crate) now: Timestamp,
    pub(crate) timings: Timings,
    /// Whoever asks serves another conference.
    pub(crate) hindrance: Option<Hindrance>,
}

/// A ring by the first step of a plan, for a minute.
pub(crate) const fn ring(provider: UserId) -> Ring {
    Ring { provider, step: 0, lasts: Duration::from_mins(1) }
}

impl Story {
    /// A request, offered to two providers.
    pub(crate) fn requested() -> Self {
        let now = Timestamp(1_000_000_000);
        let timings = Timings::default();
        let offered = [UserId(2), UserId(3)];
        let events =
            open(ID, UserId(1), false, SPANISH, &offered.map(ring), Moment { now, timings: &timings })
                .expect("the client has no other request");
        let log: Vec<_> = events.into_iter().map(|event| (now, event)).collect();
        let conference = Conference::replay(ID, log.iter().map(|(at, event)| (*at, event)))
            .expect("open begins with the request");
        Self { conference, log, now, timings, hindrance: None }
    }

    pub(crate) fn accepted() -> Self {
        Self::requested().then(PROVIDER, TAKE)
    }

    /// The client has called; the listener has not answered.
    pub(crate) fn ringing() -> Self {
        Self::accepted().then(CLIENT, Command::StartVideo)
    }

    /// The listener has said yes.
    pub(crate) fn answered() -> Self {
        Self::ringing().then(PROVIDER, Command::ConfirmVideo)
    }

    /// Both hold accounts.
    pub(crate) fn routed() -> Self {
        Self::answered().then(CLIENT, Command::IssueAccounts)
    }

    /// Both are in the call.
    pub(crate) fn connected() -> Self {
        let story = Self::routed();
        let (client, provider) = (story.id(Kind::Client), story.id(Kind::Provider));
        story.after(Observation::Joined(client)).after(Observation::Joined(provider))
    }

    pub(crate) fn invite(&mut self, kind: Kind) -> ParticipantId {
        let command = match kind {
            Kind::Guest => Command::InviteGuest,
            Kind::SecondInterpreter => {
                Command::RequestSecondInterpreter(LanguageId(9), Purpose::SecondLanguage)
            }
            Kind::Client | Kind::Provider => panic!("a {kind:?} is not invited"),
        };
        self.give(CLIENT, command);
        self.id(kind)
    }

    /// A second interpreter who has accepted, and has not said yes to the call.
    pub(crate) fn with_second_interpreter(mut self) -> (Self, ParticipantId) {
        let second = self.invite(Kind::SecondInterpreter);
        let request = self.conference.others.last().map(|r| r.id).expect("a request of its own");
        self.give(Actor::System, Command::Offer(request, ring(UserId(3))));
        self.give(OTHER_PROVIDER, Command::AcceptOffer(request));
        (self, second)
    }

    /// A second interpreter of the request's own language, who is in the call.
    pub(crate) fn with_colleague(mut self, purpose: Purpose) -> (Self, ParticipantId) {
        self.give(CLIENT, Command::RequestSecondInterpreter(SPANISH, purpose));
        let second = self.id(Kind::SecondInterpreter);
        let request = self.conference.others.last().map(|r| r.id).expect("a request of its own");
        self.give(Actor::System, Command::Offer(request, ring(UserId(3))));
        self.give(OTHER_PROVIDER, Command::AcceptOffer(request));
        self.give(Actor::SecondInterpreter(second), Command::ConfirmInvitation);
        self.give(Actor::SecondInterpreter(second), Command::IssueOwnAccount);
        self.see(Observation::Joined(second));
        (self, second)
    }

    /// Invites a guest, who comes into the call.
    pub(crate) fn with_guest_in_call(mut self) -> (Self, ParticipantId) {
        let guest = self.invite(Kind::Guest);
        self.give(Actor::Guest(guest), Command::ConfirmInvitation);
        self.give(Actor::Guest(guest), Command::IssueOwnAccount);
        self.see(Observation::Joined(guest));
        (self, guest)
    }

    pub(crate) fn facts(&self) -> Facts {
        Facts { hindrance: self.hindrance, ids: free_ids(&self.conference) }
    }

    pub(crate) fn moment(&self) -> Moment<'_> {
        Moment { now: self.now, timings: &self.timings }
    }

    pub(crate) fn attempt(&mut self, actor: Actor, command: Command) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.conference, actor, command, self.facts(), self.moment())?;
        self.record(&events);
        Ok(events)
    }

    pub(crate) fn give(&mut self, actor: Actor, command: Command) -> Vec<Event> {
        self.attempt(actor, command)
            .unwrap_or_else(|refusal| panic!("{actor:?} may not {command:?}: {refusal}"))
    }

    pub(crate) fn refused(&mut self, actor: Actor, command: Command) -> Refusal {
        match self.attempt(actor, command) {
            Ok(events) => panic!("{actor:?} may {command:?}: {events:?}"),
            Err(refusal) => refusal,
        }
    }

    pub(crate) fn see(&mut self, observation: Observation) -> Vec<Event> {
        let events = observe(&self.conference, observation, self.moment());
        self.record(&events);
        events
    }

    /// Time passes, and is noticed.
    pub(crate) fn wait(&mut self, span: Duration) -> Vec<Event> {
        self.now = self.now.after(span);
        self.see(Observation::DeadlinePassed)
    }

    #[must_use]
    pub(crate) fn then(mut self, actor: Actor, command: Command) -> Self {
        assert_ne!(self.give(actor, command), [], "{command:?} changes something");
        self
    }

    #[must_use]
    pub(crate) fn after(mut self, observation: Observation) -> Self {
        assert_ne!(self.see(observation), [], "{observation:?} changes something");
        self
    }

    #[must_use]
    pub(crate) fn waited(mut self, span: Duration) -> Self {
        assert_ne!(self.wait(span), [], "something is due after {span:?}");
        self
    }

    /// The newest participant of a kind.
    pub(crate) fn id(&self, kind: Kind) -> ParticipantId {
        self.conference.current(kind).map(|p| p.id).expect("a participant of this kind")
    }

    pub(crate) fn participant(&self, id: ParticipantId) -> &Participant {
        self.conference.participant(id).expect("a participant with this id")
    }

    pub(crate) fn state(&self, id: ParticipantId) -> &State {
        &self.participant(id).state
    }

    fn record(&mut self, events: &[Event]) {
        for event in events {
            self.conference = self.conference.clone().apply(event, self.now);
            self.log.push((self.now, event.clone()));
        }
    }
}

/// Ids that nothing in the conference has.
pub(crate) fn free_ids(conference: &Conference) -> NewIds {
    let last = conference.participants.iter().map(|p| p.id.0).max().unwrap_or(1);
    let requests = i32::try_from(conference.others.len()).expect("few");
    NewIds {
        participants: [ParticipantId(last + 1), ParticipantId(last + 2)],
        request: RequestId(MAIN.0 + 1 + requests),
    }
}

/// The name of an event, a command or an observation: its variant.
pub(crate) fn variant(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}
