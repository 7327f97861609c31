//! Conferences and the rules that change them. What follows from a state is decided here; the store saves it.
//!
//! Use cases of a caller (`App`), background workers and the command line change conferences through this only.

use trialogue_domain::{
    Actor, Command, CommandKind, Conference, ConferenceId, Facts, Hindrance, Kind, Moment, Observation,
    Participant, ParticipantId, Refusal, Timestamp, Timings, are_in_force, as_of, command_steps,
    deadline_steps, observation_steps,
};
use trialogue_storage::{
    CallLeg, ConferenceLookup, LeasedJob, Needed, Needs, SecretHash, Store, StoreError, Verdict,
};

mod opening;
mod users;
mod waiting;

/// Conferences, changed by the rules. Cheap to clone.
#[derive(Clone)]
pub struct Conferences {
    store: Store,
    timings: Timings,
}

impl Conferences {
    /// The conferences of a store, with these waiting times.
    pub const fn new(store: Store, timings: Timings) -> Self {
        Self { store, timings }
    }

    /// The store.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// The waiting times in force.
    pub const fn timings(&self) -> Timings {
        self.timings
    }

    /// Does a command. A provider reaches a request that it has not accepted by the offer made to it, and by nothing else.
    ///
    /// # Errors
    /// [`StoreError::Refused`] by the rules; an unknown conference is [`Refusal::NotFound`].
    pub async fn command(
        &self,
        lookup: ConferenceLookup,
        actor: Actor,
        command: Command,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        let timings = self.timings;
        let needs = match (command, actor) {
            (Command::AcceptOffer(request) | Command::DeclineOffer(request), Actor::Provider(provider)) => {
                Needs::OfferTo(request, provider)
            }
            _ => Needs::Nothing,
        };
        let changed = self.store.change(lookup, needs, "do a command", move |conference, input| {
            if matches!(needs, Needs::OfferTo(..)) && !input.needed.offered {
                return Err(Refusal::NotFound);
            }
            let facts = Facts { hindrance: hindrance(conference, needs, &input.needed, now), ..input.facts };
            Ok(command_steps(conference, actor, command, facts, at(now, &timings))?.into())
        });
        let conference = changed.await?;
        self.offer_after(command.kind(), &conference, now).await;
        Ok(conference)
    }

    /// Finishes a call, with the legs that the client reports. The first report stands.
    ///
    /// # Errors
    /// As [`Conferences::command`].
    pub async fn finish(
        &self,
        lookup: ConferenceLookup,
        actor: Actor,
        successful: bool,
        legs: Vec<CallLeg>,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        let timings = self.timings;
        let needs = if legs.is_empty() { Needs::Nothing } else { Needs::Legs };
        let changed = self.store.change(lookup, needs, "finish a call", move |conference, input| {
            let command = Command::Finish { successful };
            let steps = command_steps(conference, actor, command, input.facts, at(now, &timings))?;
            let legs = if input.needed.legs_reported { Vec::new() } else { legs.clone() };
            Ok(Verdict::from(steps).with_legs(legs))
        });
        let conference = changed.await?;
        self.offer_after(CommandKind::Finish, &conference, now).await;
        Ok(conference)
    }

    /// Issues the accounts that `actor` may have by now, and binds its own to the secret it derived.
    ///
    /// # Errors
    /// As [`Conferences::command`]; [`Refusal::NotConfirmed`] before the confirmation.
    pub async fn issue_accounts(
        &self,
        lookup: ConferenceLookup,
        actor: Actor,
        secret: impl Fn(ParticipantId) -> SecretHash + Send + 'static,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        let timings = self.timings;
        let command = match actor {
            Actor::Client(_) | Actor::Provider(_) | Actor::System => Command::IssueAccounts,
            Actor::Guest(_) | Actor::SecondInterpreter(_) => Command::IssueOwnAccount,
        };
        let changed =
            self.store.change(lookup, Needs::Nothing, "issue accounts", move |conference, input| {
                let steps = command_steps(conference, actor, command, input.facts, at(now, &timings))?;
                let after = conference.after_steps(&steps);
                let own = own_participant(&after, actor)
                    .filter(|id| after.participant(*id).is_some_and(Participant::is_live));
                Ok(Verdict::from(steps).with_secret(own.map(|own| (own, secret(own)))))
            });
        changed.await
    }

    /// Whether a participant is in the conference with an account that is good now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_account(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(conference) = self.store.conference(conference).await? else { return Ok(false) };
        let conference = as_of(&conference, at(now, &self.timings));
        Ok(conference.participant(participant).is_some_and(|p| p.state.account().is_some()))
    }

    /// Ends what is due, and asks for a successor of an interpreter whose place has been kept for long enough.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pass_deadline(&self, id: ConferenceId, now: Timestamp) -> Result<(), StoreError> {
        let (timings, lookup) = (self.timings, ConferenceLookup::Id(id));
        let changed =
            self.store.change(lookup, Needs::Nothing, "pass a deadline", move |conference, input| {
                Ok(deadline_steps(conference, input.facts, at(now, &timings))?.into())
            });
        match changed.await {
            Ok(_) | Err(StoreError::Refused(Refusal::NotFound)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes in facts from outside, one after the other. A conference that does not exist has nothing to take in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn observe(
        &self,
        id: ConferenceId,
        observations: impl IntoIterator<Item = Observation>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let timings = self.timings;
        let seen: Vec<Observation> = observations.into_iter().collect();
        let lookup = ConferenceLookup::Id(id);
        let changed =
            self.store.change(lookup, Needs::Nothing, "take in observations", move |conference, _| {
                Ok(observation_steps(conference, &seen, at(now, &timings)).into())
            });
        match changed.await {
            Ok(_) | Err(StoreError::Refused(Refusal::NotFound)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Applies observations that were derived from a state of a conference. If it has changed since, nothing happens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn observe_unchanged(
        &self,
        from: &Conference,
        observations: Vec<Observation>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (timings, seq, lookup) = (self.timings, from.last_seq, ConferenceLookup::Id(from.id));
        let changed =
            self.store.change(lookup, Needs::Nothing, "take in conclusions", move |conference, _| {
                let unchanged = conference.last_seq == seq;
                let observations = if unchanged { observations.as_slice() } else { &[] };
                Ok(observation_steps(conference, observations, at(now, &timings)).into())
            });
        changed.await.map(drop)
    }

    /// A job about a conference is done, and this was seen of it: both are noted in one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn job_done_seeing<W>(
        &self,
        job: &LeasedJob<W>,
        conference: ConferenceId,
        seen: impl IntoIterator<Item = Observation>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let timings = self.timings;
        let seen: Vec<Observation> = seen.into_iter().collect();
        let judge = move |conference: &Conference| observation_steps(conference, &seen, at(now, &timings));
        self.store.job_done_seeing(job, conference, judge).await
    }
}

/// What keeps the interpreter who was offered a request from serving it.
fn hindrance(conference: &Conference, needs: Needs, needed: &Needed, now: Timestamp) -> Option<Hindrance> {
    let Needs::OfferTo(request, _) = needs else { return None };
    let request = conference.request(request)?;
    let mut languages = std::iter::once(request.language).chain(conference.through(request));
    if needed.busy {
        return Some(Hindrance::Busy);
    }
    let may_serve = languages.all(|language| are_in_force(&needed.credentials, language, now));
    (!may_serve).then_some(Hindrance::Credential)
}

/// A moment, by these waiting times.
pub(crate) const fn at(now: Timestamp, timings: &Timings) -> Moment<'_> {
    Moment { now, timings }
}

fn own_participant(conference: &Conference, actor: Actor) -> Option<ParticipantId> {
    match conference.acting(actor) {
        Actor::Client(_) => conference.current(Kind::Client).map(|p| p.id),
        Actor::Provider(_) => conference.current(Kind::Provider).map(|p| p.id),
        Actor::Guest(id) | Actor::SecondInterpreter(id) => Some(id),
        Actor::System => None,
    }
}
