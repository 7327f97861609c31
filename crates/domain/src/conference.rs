//! The aggregate: one interpreted encounter, its requests and its participants.
//!
//! A repeated call (`VideoAgain`) goes on in the same conference with new participants. All changes of a conference, of
//! its requests and of its participants are judged together: one stream of events, one version.

use crate::{
    Actor, ConferenceId, Kind, LanguageId, Participant, ParticipantId, Party, Purpose, Removal, Request,
    RequestId, RequestStatus, Stage, State, StateName, Timestamp, UserId,
};

/// At most this many invited parties may be in a conference at a time.
pub const MAX_INVITED: usize = 8;

/// Maximum number of invitations in one conference, whatever became of them. It bounds what is loaded to judge a command.
pub const MAX_INVITATIONS: usize = 100;

/// Maximum number of calls in one conference, for the same reason.
pub const MAX_CALLS: usize = 50;

/// One interpreted encounter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conference {
    /// Its number.
    pub id: ConferenceId,
    /// Who asked.
    pub client: UserId,
    /// The request from which it begins. Its interpreter is the listener of every call, and it ends with the conference.
    pub main: Request,
    /// The requests for second interpreters, by number. Each has a participant of its own, and ends with it, or when that
    /// one takes the interpreter's place.
    pub others: Vec<Request>,
    /// While an interpreter has accepted and no call is on: until when a call must be started.
    pub start_by: Option<Timestamp>,
    /// While the interpreter is out of a call that goes on: what becomes of its place.
    pub place: Option<VacantPlace>,
    /// Of two interpreters who take turns, the second one while it works; none while the first does.
    pub working: Option<ParticipantId>,
    /// An account was issued once: the interpreter's service has been used.
    pub serviced: bool,
    /// Everybody who was ever in it, oldest first.
    pub participants: Vec<Participant>,
    /// The sequence number of its last event; the first event has 1.
    pub last_seq: i32,
}

/// The place of an interpreter who is out of a call that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VacantPlace {
    /// It is kept until then, and then a successor is asked for.
    Kept(Timestamp),
    /// The interpreter does not come back: a successor is asked for at once. If nobody is found, the interpreter is out of
    /// the request as well.
    GivenUp,
}

impl Conference {
    /// The wire's status of the main request. It is in service from the listener's confirmation on.
    pub fn status(&self) -> RequestStatus {
        match &self.main.stage {
            Stage::Searching { .. } => RequestStatus::New,
            Stage::Accepted { .. } => {
                let informed =
                    self.current(Kind::Provider).is_some_and(|p| p.state.name() == StateName::Informed);
                if self.is_in_call() && !informed {
                    RequestStatus::InService
                } else {
                    RequestStatus::InterpreterAccepted
                }
            }
            Stage::Ended { outcome, .. } => (*outcome).into(),
        }
    }

    /// The wire's status of the request that a second interpreter is here for. It is in service from that one's confirmation on.
    pub fn status_of_second(&self, own: &Participant) -> Option<RequestStatus> {
        Some(match &self.request_of(own)?.stage {
            Stage::Searching { .. } => RequestStatus::New,
            Stage::Accepted { .. } if own.state.name() == StateName::Informed => {
                RequestStatus::InterpreterAccepted
            }
            Stage::Accepted { .. } => RequestStatus::InService,
            Stage::Ended { outcome, .. } => (*outcome).into(),
        })
    }

    /// Not ended.
    pub const fn is_live(&self) -> bool {
        self.main.is_live()
    }

    /// A call is on: a client or provider participant is live.
    pub const fn is_in_call(&self) -> bool {
        matches!(self.main.stage, Stage::Accepted { .. }) && self.start_by.is_none()
    }

    /// The interpreter who accepted the main request.
    pub const fn provider(&self) -> Option<UserId> {
        self.main.provider()
    }

    /// The interpreters who have accepted a request that is on, the main one first.
    pub fn interpreters(&self) -> impl Iterator<Item = UserId> {
        self.requests().filter(|request| request.is_live()).filter_map(Request::provider)
    }

    /// All requests, the main one first.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        std::iter::once(&self.main).chain(&self.others)
    }

    /// The request with this id.
    pub fn request(&self, id: RequestId) -> Option<&Request> {
        self.requests().find(|r| r.id == id)
    }

    /// The language that a relay reaches the request's language through: the one of the main request.
    pub fn through(&self, request: &Request) -> Option<LanguageId> {
        (request.purpose == Some(Purpose::Relay)).then_some(self.main.language)
    }

    /// The request that this participant, a second interpreter, is here for.
    pub fn request_of(&self, participant: &Participant) -> Option<&Request> {
        match participant.party {
            Party::SecondInterpreter(request) => self.request(request),
            Party::Client(_) | Party::Provider(_) | Party::Guest => None,
        }
    }

    /// The interpreter who accepted the request of a second interpreter.
    pub fn second_interpreter(&self, participant: &Participant) -> Option<UserId> {
        self.request_of(participant).and_then(Request::provider)
    }

    /// The participant, live or not, as which an interpreter is the second one here; none for the main interpreter.
    pub fn own_as_second(&self, interpreter: UserId) -> Option<&Participant> {
        let own = |p: &&Participant| self.second_interpreter(p) == Some(interpreter);
        self.participants.iter().rev().find(own).filter(|_| self.provider() != Some(interpreter))
    }

    /// Who acts: an interpreter who has accepted a request for a second interpreter acts as that one.
    pub fn acting(&self, actor: Actor) -> Actor {
        match actor {
            Actor::Provider(user) => {
                self.own_as_second(user).map_or(actor, |own| Actor::SecondInterpreter(own.id))
            }
            Actor::Client(_) | Actor::Guest(_) | Actor::SecondInterpreter(_) | Actor::System => actor,
        }
    }

    /// The participant with this id.
    pub fn participant(&self, id: ParticipantId) -> Option<&Participant> {
        self.participants.iter().find(|p| p.id == id)
    }

    /// The newest participant of a kind that is live, or the last one that finished: of the client and the provider, the
    /// one of the latest call.
    pub fn current(&self, kind: Kind) -> Option<&Participant> {
        let finished_at = |p: &&Participant| match p.state {
            State::Finished { at, .. } => at,
            State::Informed { .. }
            | State::Confirmed { .. }
            | State::Routed { .. }
            | State::Connected { .. }
            | State::Disconnected { .. } => Timestamp(i64::MAX),
        };
        self.participants.iter().filter(|p| p.kind() == kind).max_by_key(finished_at)
    }

    /// The second interpreter who is to take the interpreter's place, from its invitation on.
    pub fn successor(&self) -> Option<&Participant> {
        let is_to_succeed = |p: &&Participant| {
            p.is_live() && self.request_of(p).is_some_and(|r| r.purpose == Some(Purpose::Successor))
        };
        self.participants.iter().find(is_to_succeed)
    }

    /// When a successor is asked for by itself: the place of the interpreter who is out has been kept for long enough, or is
    /// given up, and nobody is asked yet.
    pub fn place_deadline(&self) -> Option<Timestamp> {
        let is_wanted = self.successor().is_none() && self.may_invite();
        match self.place.filter(|_| is_wanted)? {
            VacantPlace::Kept(until) => Some(until),
            VacantPlace::GivenUp => Some(Timestamp(0)),
        }
    }

    /// Whether the client calls: it is there, and the interpreter has not come into the call yet.
    pub(crate) fn is_calling(&self) -> bool {
        let waits = |kind| {
            self.current(kind)
                .is_some_and(|p| matches!(p.state, State::Informed { .. } | State::Confirmed { .. }))
        };
        self.is_in_call() && waits(Kind::Client) && waits(Kind::Provider)
    }

    /// Whether one more party may be invited, as far as all that ever were are concerned.
    pub(crate) fn may_invite(&self) -> bool {
        self.ever(|kind| !kind.is_principal()) < MAX_INVITATIONS
    }

    /// Whether the service of this interpreter was used here: it was issued an account for the main request.
    pub(crate) fn has_served(&self, interpreter: UserId) -> bool {
        let had_account = |p: &Participant| match &p.state {
            State::Finished { removal, .. } => *removal != Removal::NotNeeded,
            live => live.account().is_some(),
        };
        self.participants.iter().any(|p| p.party == Party::Provider(interpreter) && had_account(p))
    }

    /// The client and the provider of the call that is on or was last on.
    pub(crate) fn pair(&self) -> Option<(&Participant, &Participant)> {
        self.current(Kind::Client).zip(self.current(Kind::Provider))
    }

    /// The client or the provider who lost the connection for good while the other one is still in the call, and when
    /// it was given up.
    pub fn lost(&self) -> Option<(Kind, Timestamp)> {
        if !self.is_in_call() {
            return None;
        }
        [Kind::Client, Kind::Provider].into_iter().find_map(|kind| match self.current(kind)?.state {
            State::Finished { at, .. } => Some((kind, at)),
            State::Informed { .. }
            | State::Confirmed { .. }
            | State::Routed { .. }
            | State::Connected { .. }
            | State::Disconnected { .. } => None,
        })
    }

    /// How many participants of a kind there ever were.
    pub(crate) fn ever(&self, is_counted: impl Fn(Kind) -> bool) -> usize {
        self.participants.iter().filter(|p| is_counted(p.kind())).count()
    }

    /// The live invited parties.
    pub(crate) fn invited(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter().filter(|p| p.is_live() && !p.kind().is_principal())
    }
}
