//! Conferences in a given state, brought there by the rules themselves.

use trialogue_domain::{
    Actor, Command, Conference, ConferenceId, Effect, Event, LanguageId, Moment, NewPair, Observation,
    ParticipantId, Refusal, Timestamp, Timings, UserId, decide, effects, observe, open,
};

use crate::ManualClock;

/// A conference and how it came to be. Its chapters follow each other:
/// [`requested`](Self::requested), [`accepted`](Self::accepted), [`ringing`](Self::ringing),
/// [`confirmed`](Self::confirmed), [`issued`](Self::issued), [`connected`](Self::connected) and
/// [`with_guest`](Self::with_guest).
#[derive(Debug)]
pub struct Story {
    /// Where it stands.
    pub conference: Conference,
    /// All that happened, oldest first.
    pub events: Vec<(Timestamp, Event)>,
    /// All that the engine is owed because of it, oldest first.
    pub effects: Vec<Effect>,
    /// The time in it.
    pub clock: ManualClock,
    /// Its waiting times.
    pub timings: Timings,
}

impl Story {
    /// The client.
    pub const CLIENT: UserId = UserId(1);
    /// The interpreter.
    pub const PROVIDER: UserId = UserId(2);
    /// Spanish.
    pub const LANGUAGE: LanguageId = LanguageId(44);
    /// The client's participant.
    pub const CALLER: ParticipantId = ParticipantId(1);
    /// The interpreter's participant.
    pub const LISTENER: ParticipantId = ParticipantId(2);
    /// The invited party's participant.
    pub const GUEST: ParticipantId = ParticipantId(3);

    /// The client has asked, the interpreter has the offer.
    ///
    /// # Panics
    /// If the rules do not allow what the story tells; so do all chapters.
    pub fn requested(id: ConferenceId) -> Self {
        let clock = ManualClock::new();
        let timings = Timings::default();
        let moment = Moment { now: clock.now(), timings: &timings };
        let opening = open(Self::CLIENT, false, Self::LANGUAGE, &[Self::PROVIDER], moment)
            .expect("the client has no other request");
        let [request, offers @ ..] = opening.as_slice() else { panic!("a story begins with a request") };
        let conference = Conference::begin(id, request).expect("a story begins with a request");
        let events = vec![(clock.now(), request.clone())];
        let mut story = Self { conference, events, effects: Vec::new(), clock, timings };
        story.happen(offers);
        story
    }

    /// The interpreter has accepted.
    #[must_use]
    pub fn accepted(self) -> Self {
        self.then(Actor::Provider(Self::PROVIDER), Command::AcceptOffer { busy: false })
    }

    /// The client is ready; the interpreter has not answered.
    #[must_use]
    pub fn ringing(self) -> Self {
        let pair = NewPair { client: Self::CALLER, provider: Self::LISTENER };
        self.then(Actor::Client(Self::CLIENT), Command::StartVideo(pair))
    }

    /// The interpreter has said yes.
    #[must_use]
    pub fn confirmed(self) -> Self {
        self.then(Actor::Provider(Self::PROVIDER), Command::ConfirmVideo)
    }

    /// Both have their accounts.
    #[must_use]
    pub fn issued(self) -> Self {
        self.then(Actor::Client(Self::CLIENT), Command::IssueAccounts)
    }

    /// Both have joined.
    #[must_use]
    pub fn connected(mut self) -> Self {
        self.observe(Observation::Joined(Self::CALLER));
        self.observe(Observation::Joined(Self::LISTENER));
        self
    }

    /// A guest was invited, has said yes, has its account and has joined.
    #[must_use]
    pub fn with_guest(self) -> Self {
        let guest = Actor::Guest(Self::GUEST);
        let mut story = self
            .then(Actor::Client(Self::CLIENT), Command::InviteGuest(Self::GUEST))
            .then(guest, Command::ConfirmInvitation)
            .then(guest, Command::IssueOwnAccount);
        story.observe(Observation::Joined(Self::GUEST));
        story
    }

    /// Somebody asks for something; the events are those that came of it.
    ///
    /// # Errors
    /// The refusal; nothing has happened then.
    pub fn command(&mut self, actor: Actor, command: Command) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.conference, actor, command, self.moment())?;
        self.happen(&events);
        Ok(events)
    }

    /// The world has moved; the events are those that came of it.
    pub fn observe(&mut self, observation: Observation) -> Vec<Event> {
        let events = observe(&self.conference, observation, self.moment());
        self.happen(&events);
        events
    }

    fn then(mut self, actor: Actor, command: Command) -> Self {
        if let Err(refusal) = self.command(actor, command) {
            panic!("{command:?} of {actor:?} is refused: {refusal}");
        }
        self
    }

    fn happen(&mut self, events: &[Event]) {
        let now = self.clock.now();
        for event in events {
            self.effects.extend(effects(&self.conference, event));
            self.conference = self.conference.clone().apply(event, now);
            self.events.push((now, event.clone()));
        }
    }

    fn moment(&self) -> Moment<'_> {
        Moment { now: self.clock.now(), timings: &self.timings }
    }
}

#[cfg(test)]
mod tests {
    use trialogue_domain::{RequestStatus, StateName};

    use super::*;

    #[test]
    fn every_chapter_brings_the_conference_on() {
        let states = |story: &Story| -> Vec<StateName> {
            story.conference.participants.iter().map(|p| p.state.name()).collect()
        };
        let story = Story::requested(ConferenceId(5));
        assert_eq!(story.conference.status(), RequestStatus::New);
        let story = story.accepted();
        assert_eq!(story.conference.status(), RequestStatus::InterpreterAccepted);
        let story = story.ringing();
        assert_eq!(states(&story), [StateName::Confirmed, StateName::Informed]);
        let story = story.confirmed();
        assert_eq!(states(&story), [StateName::Confirmed; 2]);
        let story = story.issued();
        assert_eq!(states(&story), [StateName::Routed; 2]);
        let story = story.connected().with_guest();
        assert_eq!(states(&story), [StateName::Connected; 3]);
        let owed = [Story::CALLER, Story::LISTENER, Story::GUEST].map(Effect::Admit);
        assert_eq!(story.effects, [[Effect::OpenRoom].as_slice(), &owed].concat());
    }

    #[test]
    fn its_events_lead_to_its_conference() {
        let mut story =
            Story::requested(ConferenceId(5)).accepted().ringing().confirmed().issued().connected();
        story.command(Actor::Client(Story::CLIENT), Command::Finish { successful: true }).unwrap();
        let replayed =
            Conference::replay(ConferenceId(5), story.events.iter().map(|(at, event)| (*at, event)));
        assert_eq!(replayed, Ok(story.conference));
    }

    #[test]
    fn a_refusal_changes_nothing() {
        let mut story = Story::requested(ConferenceId(5));
        let before = story.conference.clone();
        assert!(story.command(Actor::Client(Story::CLIENT), Command::IssueAccounts).is_err());
        assert_eq!(story.conference, before);
    }
}
