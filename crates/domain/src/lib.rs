//! The rules of an interpreted call: pure functions over plain values.
//!
//! A client requests an interpreter; a provider accepts; the listener *confirms* before any media account can
//! exist; third parties are invited and can be kicked, and second interpreters are requested. Three total functions carry
//! every change of a [`Conference`]:
//!
//! * [`decide`] judges a [`Command`] of an [`Actor`]; it may refuse, with a [`Refusal`]. What it must know from outside
//!   the conference comes in as [`Facts`];
//! * [`observe`] takes in a fact from outside; it may not refuse, for the world has moved already;
//! * [`Conference::apply`] makes the next state from an [`Event`], and [`effects`] names what must be done outside because
//!   of it.
//!
//! No clock, no randomness, no IO: time and ids come in as arguments. The full table of states, commands and roles is
//! printed from this code into `docs/state-machine.md`.

mod actor;
mod apply;
mod availability;
mod command;
mod conference;
mod confirmation;
mod deadline;
mod decide;
mod effect;
mod event;
mod ids;
mod interpreter;
mod matching;
mod observe;
mod pair;
mod participant;
mod plan;
mod presence;
mod refusal;
mod request;
mod steps;
mod waits;
mod wants;

pub use actor::{Actor, Role, permits};
pub use apply::ReplayError;
pub use availability::{Availability, BreakReason, InterpreterStatus, MISSED_RINGS, MissedRings, Presence};
pub use command::{Command, CommandKind, Facts, Hindrance, NewIds};
pub use conference::{Conference, MAX_CALLS, MAX_INVITATIONS, MAX_INVITED, VacantPlace};
pub use confirmation::{AccountIssued, Confirmation};
pub use deadline::{Moment, Timings};
pub use decide::{decide, open};
pub use effect::{Effect, effects};
pub use event::Event;
pub use ids::{ConferenceId, LanguageId, ParticipantId, RequestId, Timestamp, UserId};
pub use interpreter::{Credential, Employment, Gender, Specialty, are_in_force};
pub use matching::{Candidate, Choice, NotRung, Search, choose};
pub use observe::{Departure, Observation, observe};
pub use pair::{AccountPair, Leg, account_pair, own_account};
pub use participant::{
    Account, FinishReason, InvitedParty, Kicker, Kind, Participant, Party, Removal, State, StateName,
};
pub use plan::{Group, MAX_LISTED, MAX_STEPS, MAX_WIDTH, Plan, PlanStep, RingMode, Wish};
pub use presence::is_offline;
pub use refusal::Refusal;
pub use request::{
    Lapse, Offer, OfferState, Outcome, Purpose, ReleaseReason, Request, RequestStatus, Ring, Stage,
};
pub use steps::{Step, as_of, command_steps, deadline_steps, observation_steps, search_steps};
pub use waits::{FEWEST_WAITS, WaitEstimate};
pub use wants::{Medium, Strength, Wants};
