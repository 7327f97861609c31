//! The next state. Replaying a conference's events gives its stored state.

use crate::{
    Account, Conference, ConferenceId, Event, FinishReason, InvitedParty, Kind, Offer, OfferState, Outcome,
    Participant, ParticipantId, Party, Purpose, Removal, Request, RequestId, Stage, State, Timestamp, UserId,
    VacantPlace,
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
                main: Request::begin(RequestId::main(id), *language, None, *deadline),
                others: Vec::new(),
                start_by: None,
                place: None,
                working: None,
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
            Event::Offered { request, provider, step, until } => {
                let state = OfferState::Open { until: *until };
                self.offer(*request, Offer { provider: *provider, state, step: *step, at });
            }
            Event::OfferLapsed { request, provider, lapse } => {
                self.set_offer(*request, *provider, OfferState::Lapsed(*lapse));
            }
            Event::OfferDeclined { request, provider } => {
                self.set_offer(*request, *provider, OfferState::Declined);
            }
            Event::Accepted { request, provider, deadline } => self.accept(*request, *provider, *deadline),
            Event::CallStarted { client, provider, deadline } => {
                self.start_call(*client, *provider, *deadline);
            }
            Event::Invited { participant, party, deadline } => {
                if let InvitedParty::SecondInterpreter { request, language, purpose } = party {
                    let place = self.others.partition_point(|other| other.id < *request);
                    self.others.insert(place, Request::begin(*request, *language, Some(*purpose), *deadline));
                    if *purpose == Purpose::Successor {
                        self.place = self.place.filter(|place| *place == VacantPlace::GivenUp);
                    }
                }
                let state = State::Informed { deadline: *deadline };
                self.participants.push(Participant { id: *participant, party: (*party).into(), state });
            }
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
                self.end_request_of(*participant, *reason, at);
                self.working = self.working.filter(|working| working != participant);
                self.update(*participant, |state| State::Finished {
                    reason: *reason,
                    at,
                    removal: if state.account().is_some() { Removal::Pending } else { Removal::NotNeeded },
                });
            }
            Event::CallEnded { deadline } => {
                self.start_by = Some(*deadline);
                self.place = None;
            }
            Event::Released { request, provider, reason, deadline } => {
                let state = OfferState::Released(*reason);
                let released = Offer { provider: *provider, state, step: 0, at };
                self.search_again(*request, released, *deadline);
            }
            Event::Rejoined { participant, deadline } => {
                if let Some(provider) = self.provider() {
                    let state = State::Confirmed { deadline: *deadline };
                    let party = Party::Provider(provider);
                    self.participants.push(Participant { id: *participant, party, state });
                }
                self.place = None;
            }
            Event::PlaceKept { deadline } if *deadline <= at => self.place = Some(VacantPlace::GivenUp),
            Event::PlaceKept { deadline } => self.place = Some(VacantPlace::Kept(*deadline)),
            Event::HandedOver { from: _, participant } => self.hand_over(*participant, at),
            Event::TurnTaken { participant } => {
                self.working = Some(*participant)
                    .filter(|id| self.current(Kind::Provider).is_none_or(|first| first.id != *id));
            }
            Event::RemovalReopened { participant } => self.set_removal(*participant, Removal::Pending),
            Event::Removed { participant } => self.set_removal(*participant, Removal::Removed),
            Event::RemovalVerified { participant } => self.set_removal(*participant, Removal::Verified),
            Event::Ended { outcome } => {
                self.main.stage = Stage::Ended { outcome: *outcome, provider: self.provider(), at };
                self.start_by = None;
                self.place = None;
            }
        }
        self
    }

    /// A provider has one offer of a request: one that is made again takes the place of the one before.
    fn offer(&mut self, request: RequestId, offer: Offer) {
        let Some(offers) = self.offers_mut(request) else { return };
        match offers.iter_mut().find(|o| o.provider == offer.provider) {
            Some(before) => *before = offer,
            None => offers.push(offer),
        }
    }

    fn set_offer(&mut self, request: RequestId, provider: UserId, state: OfferState) {
        let offers = self.offers_mut(request).into_iter().flatten();
        offers.filter(|o| o.provider == provider).for_each(|o| o.state = state);
    }

    fn request_mut(&mut self, id: RequestId) -> Option<&mut Request> {
        std::iter::once(&mut self.main).chain(&mut self.others).find(|r| r.id == id)
    }

    fn offers_mut(&mut self, request: RequestId) -> Option<&mut Vec<Offer>> {
        match &mut self.request_mut(request)?.stage {
            Stage::Searching { offers, .. } => Some(offers),
            Stage::Accepted { .. } | Stage::Ended { .. } => None,
        }
    }

    /// The main request waits for a call from now on; a second interpreter's participant is told.
    fn accept(&mut self, id: RequestId, provider: UserId, deadline: Timestamp) {
        if let Some(request) = self.request_mut(id) {
            request.stage = Stage::Accepted { provider };
        }
        if id == self.main.id {
            self.start_by = Some(deadline);
        }
        let own = |p: &&mut Participant| p.party == Party::SecondInterpreter(id);
        if let Some(participant) = self.participants.iter_mut().find(own)
            && let State::Informed { deadline: told } = &mut participant.state
        {
            *told = deadline;
        }
    }

    /// The main request waits for no call any more; a second interpreter's participant waits for another one to accept.
    fn search_again(&mut self, id: RequestId, released: Offer, deadline: Timestamp) {
        if let Some(request) = self.request_mut(id) {
            request.stage = Stage::Searching { offers: vec![released], deadline };
        }
        if id == self.main.id {
            self.start_by = None;
            self.place = None;
        }
        let own = |p: &&mut Participant| p.party == Party::SecondInterpreter(id);
        if let Some(participant) = self.participants.iter_mut().find(own) {
            participant.state = State::Informed { deadline };
        }
    }

    /// The successor has the main request from now on, and its part in the call goes on as it is.
    fn hand_over(&mut self, id: ParticipantId, at: Timestamp) {
        let Some(participant) = self.participants.iter_mut().find(|p| p.id == id) else { return };
        let Party::SecondInterpreter(own) = participant.party else { return };
        let Some(request) = self.others.iter_mut().find(|request| request.id == own) else { return };
        let Some(successor) = request.provider() else { return };
        let provider = Some(successor);
        request.stage = Stage::Ended { outcome: Outcome::Serviced, provider, at };
        participant.party = Party::Provider(successor);
        self.main.stage = Stage::Accepted { provider: successor };
        self.place = None;
    }

    /// A second interpreter's request ends with its participant.
    fn end_request_of(&mut self, id: ParticipantId, reason: FinishReason, at: Timestamp) {
        let Some(participant) = self.participant(id) else { return };
        let Some(request) = self.request_of(participant) else { return };
        let is_used = participant.state.account().is_some();
        let outcome = match &request.stage {
            Stage::Searching { .. } | Stage::Accepted { .. } if is_used => Outcome::Serviced,
            Stage::Searching { .. } if reason == FinishReason::NoAnswer => Outcome::NoInterpreter,
            Stage::Searching { .. } | Stage::Accepted { .. } => Outcome::Cancelled,
            Stage::Ended { .. } => return,
        };
        let (request, provider) = (request.id, request.provider());
        if let Some(request) = self.request_mut(request) {
            request.stage = Stage::Ended { outcome, provider, at };
        }
    }

    fn start_call(&mut self, client: ParticipantId, provider: ParticipantId, deadline: Timestamp) {
        let Some(listener) = self.provider() else { return };
        self.start_by = None;
        self.place = None;
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
