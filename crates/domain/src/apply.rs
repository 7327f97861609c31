//! The next state. Replaying a conference's events gives its stored state.

use crate::{
    Account, Conference, ConferenceId, Event, Kind, Offer, OfferState, Participant, ParticipantId, Party,
    Removal, Stage, State, Timestamp,
};

/// A log that is no conference's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The first event must be [`Event::Requested`].
    #[error("the log does not begin with the request")]
    NoBeginning,
}

impl Conference {
    /// The state after the first event, [`Event::Requested`].
    ///
    /// # Errors
    /// [`ReplayError::NoBeginning`] for any other event.
    pub fn begin(id: ConferenceId, event: &Event) -> Result<Self, ReplayError> {
        match event {
            Event::Requested { client, language, deadline } => Ok(Self {
                id,
                client: *client,
                language: *language,
                stage: Stage::Searching { offers: Vec::new(), deadline: *deadline },
                serviced: false,
                participants: Vec::new(),
                last_seq: 1,
            }),
            _ => Err(ReplayError::NoBeginning),
        }
    }

    /// The state that a log of events, each with its time, leads to.
    ///
    /// # Errors
    /// [`ReplayError::NoBeginning`] if it is no conference's log.
    pub fn replay<'a>(
        id: ConferenceId,
        events: impl IntoIterator<Item = (Timestamp, &'a Event)>,
    ) -> Result<Self, ReplayError> {
        let mut events = events.into_iter();
        let (_, first) = events.next().ok_or(ReplayError::NoBeginning)?;
        let begun = Self::begin(id, first)?;
        Ok(events.fold(begun, |conference, (at, event)| conference.apply(event, at)))
    }

    /// The state after an event that happened at `at`.
    #[must_use]
    pub fn apply(mut self, event: &Event, at: Timestamp) -> Self {
        self.last_seq += 1;
        match event {
            // A request begins once; see `begin`.
            Event::Requested { .. } => {}
            Event::Offered { provider } => {
                if let Stage::Searching { offers, .. } = &mut self.stage {
                    offers.push(Offer { provider: *provider, state: OfferState::Open });
                }
            }
            Event::OfferDeclined { provider } => {
                if let Stage::Searching { offers, .. } = &mut self.stage {
                    offers
                        .iter_mut()
                        .filter(|o| o.provider == *provider)
                        .for_each(|o| o.state = OfferState::Declined);
                }
            }
            Event::Accepted { provider, deadline } => {
                self.stage = Stage::Accepted { provider: *provider, deadline: *deadline };
            }
            Event::CallStarted { client, provider, deadline } => {
                self.start_call(*client, *provider, *deadline);
            }
            Event::Invited { participant, party, deadline } => self.participants.push(Participant {
                id: *participant,
                party: (*party).into(),
                state: State::Informed { deadline: *deadline },
            }),
            Event::Confirmed { participant, deadline } => self.confirm(*participant, *deadline),
            Event::AccountIssued(issued) => {
                self.serviced = true;
                let account = Account { expires: issued.expires() };
                self.update(issued.participant(), |_| State::Routed { account });
            }
            Event::Joined { participant } => {
                self.update(*participant, |state| match state.account() {
                    Some(account) => State::Connected { account: *account },
                    None => state,
                });
            }
            Event::Disconnected { participant, deadline } => {
                self.update(*participant, |state| match state.account() {
                    Some(account) => State::Disconnected { account: *account, deadline: *deadline },
                    None => state,
                });
            }
            Event::Finished { participant, reason } => {
                self.update(*participant, |state| State::Finished {
                    reason: *reason,
                    at,
                    removal: if state.account().is_some() { Removal::Pending } else { Removal::NotNeeded },
                });
            }
            Event::CallEnded { deadline } => {
                if let Some(provider) = self.provider() {
                    self.stage = Stage::Accepted { provider, deadline: *deadline };
                }
            }
            Event::Released { provider, reason, deadline } => {
                let released = Offer { provider: *provider, state: OfferState::Released(*reason) };
                self.stage = Stage::Searching { offers: vec![released], deadline: *deadline };
            }
            Event::RemovalReopened { participant } => self.set_removal(*participant, Removal::Pending),
            Event::Removed { participant } => self.set_removal(*participant, Removal::Removed),
            Event::RemovalVerified { participant } => self.set_removal(*participant, Removal::Verified),
            Event::Ended { outcome } => {
                self.stage = Stage::Ended { outcome: *outcome, provider: self.provider(), at };
            }
        }
        self
    }

    fn start_call(&mut self, client: ParticipantId, provider: ParticipantId, deadline: Timestamp) {
        let Some(listener) = self.provider() else { return };
        self.stage = Stage::InCall { provider: listener };
        let state = State::Confirmed { deadline };
        self.participants.push(Participant { id: client, party: Party::Client(self.client), state });
        let state = State::Informed { deadline };
        self.participants.push(Participant { id: provider, party: Party::Provider(listener), state });
    }

    fn confirm(&mut self, id: ParticipantId, deadline: Timestamp) {
        self.update(id, |_| State::Confirmed { deadline });
        // The caller waited for this yes; from now on it has as long as the listener.
        if self.participant(id).is_some_and(|p| p.kind() == Kind::Provider) {
            let caller = self.current(Kind::Client).map(|p| p.id);
            if let Some(caller) = caller {
                self.update(caller, |state| match state {
                    State::Confirmed { .. } => State::Confirmed { deadline },
                    other => other,
                });
            }
        }
    }

    fn set_removal(&mut self, id: ParticipantId, removal: Removal) {
        self.update(id, |state| match state {
            State::Finished { reason, at, .. } => State::Finished { reason, at, removal },
            other => other,
        });
    }

    fn update(&mut self, id: ParticipantId, change: impl FnOnce(State) -> State) {
        if let Some(participant) = self.participants.iter_mut().find(|p| p.id == id) {
            participant.state = change(participant.state.clone());
        }
    }
}
