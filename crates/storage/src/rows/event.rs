use diesel::prelude::*;
use trialogue_domain::{
    AccountIssued, Actor, ConferenceId, Event, InvitedParty, LanguageId, ParticipantId, Purpose, RequestId,
    Timestamp, UserId,
};

use super::offer::{LAPSES, RELEASE_REASONS, lapse_code, release_code};
use super::participant::{REASONS, reason_code};
use super::request::{OUTCOMES, outcome_code, purpose_code};
use super::{decode, row};
use crate::error::StoreError;
use crate::schema::events;

row! {
    #[derive(Debug, Queryable, Selectable)]
    #[diesel(table_name = events)]
    pub(crate) struct EventRow inserted into events {
        pub(crate) conference_id: i32,
        pub(crate) seq: i32,
        pub(crate) at: i64,
        pub(crate) kind: i16,
        pub(crate) actor_role: Option<i16>,
        pub(crate) actor_id: Option<i32>,
        pub(crate) participant_id: Option<i32>,
        pub(crate) other_id: Option<i32>,
        pub(crate) user_id: Option<i32>,
        pub(crate) code: Option<i32>,
        pub(crate) deadline: Option<i64>,
        // None for the main request.
        pub(crate) request_id: Option<i32>,
        // Of a second interpreter's request.
        pub(crate) purpose: Option<i16>,
    }
}

pub(crate) mod kind {
    pub(super) const REQUESTED: i16 = 1;
    pub(super) const OFFERED: i16 = 2;
    pub(super) const OFFER_DECLINED: i16 = 3;
    pub(super) const ACCEPTED: i16 = 4;
    pub(super) const CALL_STARTED: i16 = 5;
    pub(crate) const INVITED: i16 = 6;
    pub(super) const CONFIRMED: i16 = 7;
    pub(super) const ACCOUNT_ISSUED: i16 = 8;
    pub(super) const JOINED: i16 = 9;
    pub(super) const DISCONNECTED: i16 = 10;
    pub(crate) const FINISHED: i16 = 11;
    pub(super) const CALL_ENDED: i16 = 12;
    pub(super) const REMOVAL_REOPENED: i16 = 13;
    pub(super) const REMOVED: i16 = 14;
    pub(super) const REMOVAL_VERIFIED: i16 = 15;
    pub(crate) const ENDED: i16 = 16;
    pub(super) const RELEASED: i16 = 17;
    pub(super) const REJOINED: i16 = 18;
    pub(super) const OFFER_LAPSED: i16 = 19;
    pub(super) const PLACE_KEPT: i16 = 20;
    pub(crate) const HANDED_OVER: i16 = 21;
    pub(super) const TURN_TAKEN: i16 = 22;
}

impl EventRow {
    pub(crate) fn new(
        conference: ConferenceId,
        seq: i32,
        at: Timestamp,
        actor: Option<Actor>,
        event: &Event,
    ) -> Self {
        let (actor_role, actor_id) = actor.map_or((None, None), |actor| {
            let (role, id) = actor_columns(actor);
            (Some(role), id)
        });
        let mut row = Self {
            conference_id: conference.0,
            seq,
            at: at.0,
            kind: 0,
            actor_role,
            actor_id,
            participant_id: None,
            other_id: None,
            user_id: None,
            code: None,
            deadline: None,
            request_id: None,
            purpose: None,
        };
        row.fill(event);
        row
    }

    fn fill(&mut self, event: &Event) {
        match event {
            Event::Requested { client, language, deadline } => {
                self.kind = kind::REQUESTED;
                self.user_id = Some(client.0);
                self.code = Some(language.0);
                self.deadline = Some(deadline.0);
            }
            Event::Offered { request, provider, step, until } => {
                self.kind = kind::OFFERED;
                self.of(*request);
                self.user_id = Some(provider.0);
                self.code = Some((*step).into());
                self.deadline = Some(until.0);
            }
            Event::OfferLapsed { request, provider, lapse } => {
                self.kind = kind::OFFER_LAPSED;
                self.of(*request);
                self.user_id = Some(provider.0);
                self.code = Some(lapse_code(*lapse).into());
            }
            Event::OfferDeclined { request, provider } => {
                self.kind = kind::OFFER_DECLINED;
                self.of(*request);
                self.user_id = Some(provider.0);
            }
            Event::Accepted { request, provider, deadline } => {
                self.kind = kind::ACCEPTED;
                self.of(*request);
                self.user_id = Some(provider.0);
                self.deadline = Some(deadline.0);
            }
            Event::CallStarted { client, provider, deadline } => {
                self.about(kind::CALL_STARTED, *client);
                self.other_id = Some(provider.0);
                self.deadline = Some(deadline.0);
            }
            Event::Invited { participant, party, deadline } => {
                self.about(kind::INVITED, *participant);
                self.deadline = Some(deadline.0);
                match party {
                    InvitedParty::Guest => {}
                    InvitedParty::SecondInterpreter { request, language, purpose } => {
                        self.of(*request);
                        self.code = Some(language.0);
                        self.purpose = Some(purpose_code(*purpose));
                    }
                }
            }
            Event::Confirmed { participant, deadline } => {
                self.about(kind::CONFIRMED, *participant);
                self.deadline = Some(deadline.0);
            }
            Event::AccountIssued(issued) => {
                self.about(kind::ACCOUNT_ISSUED, issued.participant());
                self.deadline = Some(issued.expires().0);
            }
            Event::Joined { participant } => self.about(kind::JOINED, *participant),
            Event::Disconnected { participant, deadline } => {
                self.about(kind::DISCONNECTED, *participant);
                self.deadline = Some(deadline.0);
            }
            Event::Finished { participant, reason } => {
                self.about(kind::FINISHED, *participant);
                self.code = Some(reason_code(*reason).into());
            }
            Event::CallEnded { deadline } => {
                self.kind = kind::CALL_ENDED;
                self.deadline = Some(deadline.0);
            }
            Event::Released { request, provider, reason, deadline } => {
                self.kind = kind::RELEASED;
                self.of(*request);
                self.user_id = Some(provider.0);
                self.code = Some(release_code(*reason).into());
                self.deadline = Some(deadline.0);
            }
            Event::Rejoined { participant, deadline } => {
                self.about(kind::REJOINED, *participant);
                self.deadline = Some(deadline.0);
            }
            Event::PlaceKept { deadline } => {
                self.kind = kind::PLACE_KEPT;
                self.deadline = Some(deadline.0);
            }
            Event::HandedOver { from, participant } => {
                self.about(kind::HANDED_OVER, *participant);
                self.user_id = Some(from.0);
            }
            Event::TurnTaken { participant } => self.about(kind::TURN_TAKEN, *participant),
            Event::RemovalReopened { participant } => self.about(kind::REMOVAL_REOPENED, *participant),
            Event::Removed { participant } => self.about(kind::REMOVED, *participant),
            Event::RemovalVerified { participant } => self.about(kind::REMOVAL_VERIFIED, *participant),
            Event::Ended { outcome } => {
                self.kind = kind::ENDED;
                self.code = Some(outcome_code(*outcome).into());
            }
        }
    }

    fn of(&mut self, request: RequestId) {
        self.request_id = Some(request.0).filter(|id| *id != self.conference_id);
    }

    const fn about(&mut self, kind: i16, participant: ParticipantId) {
        self.kind = kind;
        self.participant_id = Some(participant.0);
    }

    pub(crate) fn to_domain(&self) -> Result<Event, StoreError> {
        Ok(match self.kind {
            kind::REQUESTED => Event::Requested {
                client: self.user()?,
                language: LanguageId(self.code()?),
                deadline: self.deadline()?,
            },
            // Before there were ring plans an offer had no step, and stood as long as the search.
            kind::OFFERED => Event::Offered {
                request: self.request(),
                provider: self.user()?,
                step: u8::try_from(self.code.unwrap_or(0)).map_err(|_| self.inconsistent("code"))?,
                until: self.deadline.map_or(Timestamp(i64::MAX), Timestamp),
            },
            kind::OFFER_LAPSED => Event::OfferLapsed {
                request: self.request(),
                provider: self.user()?,
                lapse: self.decoded(&LAPSES, lapse_code)?,
            },
            kind::OFFER_DECLINED => Event::OfferDeclined { request: self.request(), provider: self.user()? },
            kind::ACCEPTED => Event::Accepted {
                request: self.request(),
                provider: self.user()?,
                deadline: self.deadline()?,
            },
            kind::CALL_STARTED => Event::CallStarted {
                client: self.participant()?,
                provider: ParticipantId(self.other_id.ok_or_else(|| self.inconsistent("other_id"))?),
                deadline: self.deadline()?,
            },
            kind::INVITED => Event::Invited {
                participant: self.participant()?,
                party: match (self.request_id, self.code, self.purpose) {
                    (None, None, None) => InvitedParty::Guest,
                    (Some(request), Some(language), Some(purpose)) => InvitedParty::SecondInterpreter {
                        request: RequestId(request),
                        language: LanguageId(language),
                        purpose: decode(&Purpose::ALL, purpose_code, purpose, ("events", "purpose"), || {
                            self.key()
                        })?,
                    },
                    _ => return Err(self.inconsistent("request_id")),
                },
                deadline: self.deadline()?,
            },
            kind::CONFIRMED => {
                Event::Confirmed { participant: self.participant()?, deadline: self.deadline()? }
            }
            kind::ACCOUNT_ISSUED => {
                Event::AccountIssued(AccountIssued::from_log(self.participant()?, self.deadline()?))
            }
            kind::JOINED => Event::Joined { participant: self.participant()? },
            kind::DISCONNECTED => {
                Event::Disconnected { participant: self.participant()?, deadline: self.deadline()? }
            }
            kind::FINISHED => Event::Finished {
                participant: self.participant()?,
                reason: self.decoded(&REASONS, reason_code)?,
            },
            kind::CALL_ENDED => Event::CallEnded { deadline: self.deadline()? },
            kind::RELEASED => Event::Released {
                request: self.request(),
                provider: self.user()?,
                reason: self.decoded(&RELEASE_REASONS, release_code)?,
                deadline: self.deadline()?,
            },
            kind::REJOINED => {
                Event::Rejoined { participant: self.participant()?, deadline: self.deadline()? }
            }
            kind::PLACE_KEPT => Event::PlaceKept { deadline: self.deadline()? },
            kind::HANDED_OVER => Event::HandedOver { from: self.user()?, participant: self.participant()? },
            kind::TURN_TAKEN => Event::TurnTaken { participant: self.participant()? },
            kind::REMOVAL_REOPENED => Event::RemovalReopened { participant: self.participant()? },
            kind::REMOVED => Event::Removed { participant: self.participant()? },
            kind::REMOVAL_VERIFIED => Event::RemovalVerified { participant: self.participant()? },
            kind::ENDED => Event::Ended { outcome: self.decoded(&OUTCOMES, outcome_code)? },
            _ => return Err(self.inconsistent("kind")),
        })
    }

    /// Who did it; none for an observation.
    pub(crate) fn actor(&self) -> Result<Option<Actor>, StoreError> {
        Ok(match (self.actor_role, self.actor_id) {
            (None, None) => None,
            (Some(1), Some(id)) => Some(Actor::Client(UserId(id))),
            (Some(2), Some(id)) => Some(Actor::Provider(UserId(id))),
            (Some(3), Some(id)) => Some(Actor::Guest(ParticipantId(id))),
            (Some(4), Some(id)) => Some(Actor::SecondInterpreter(ParticipantId(id))),
            (Some(5), None) => Some(Actor::System),
            _ => return Err(self.inconsistent("actor_role")),
        })
    }

    fn request(&self) -> RequestId {
        self.request_id.map_or(RequestId::main(ConferenceId(self.conference_id)), RequestId)
    }

    fn participant(&self) -> Result<ParticipantId, StoreError> {
        self.participant_id.map(ParticipantId).ok_or_else(|| self.inconsistent("participant_id"))
    }

    fn user(&self) -> Result<UserId, StoreError> {
        self.user_id.map(UserId).ok_or_else(|| self.inconsistent("user_id"))
    }

    fn code(&self) -> Result<i32, StoreError> {
        self.code.ok_or_else(|| self.inconsistent("code"))
    }

    fn deadline(&self) -> Result<Timestamp, StoreError> {
        self.deadline.map(Timestamp).ok_or_else(|| self.inconsistent("deadline"))
    }

    fn decoded<T: Copy>(&self, all: &[T], code: impl Fn(T) -> i16) -> Result<T, StoreError> {
        let stored = i16::try_from(self.code()?).map_err(|_| self.inconsistent("code"))?;
        decode(all, code, stored, ("events", "code"), || self.key())
    }

    fn inconsistent(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: "events", column, row: self.key() }
    }

    fn key(&self) -> String {
        format!("{}/{}", self.conference_id, self.seq)
    }
}

const fn actor_columns(actor: Actor) -> (i16, Option<i32>) {
    match actor {
        Actor::Client(user) => (1, Some(user.0)),
        Actor::Provider(user) => (2, Some(user.0)),
        Actor::Guest(participant) => (3, Some(participant.0)),
        Actor::SecondInterpreter(participant) => (4, Some(participant.0)),
        Actor::System => (5, None),
    }
}
