//! Media accounts: issued by proof of confirmation, bound to the secret that their holder derived.

use diesel::prelude::*;
use trialogue_domain::{
    Actor, Command, Conference, ConferenceId, Kind, Observation, Participant, ParticipantId, Timestamp,
    observe,
};

use crate::aggregate::batch::Verdict;
use crate::aggregate::decision::Given;
use crate::aggregate::facts::Needs;
use crate::aggregate::find::Whose;
use crate::aggregate::load::load;
use crate::conferences::calls::{after, command_steps};
use crate::schema::participants;
use crate::secret::SecretHash;
use crate::{Store, StoreError};

impl Store {
    /// Issues the accounts that `actor` may have by now, and binds its own to the secret it derived.
    ///
    /// # Errors
    /// As [`Store::command`]; [`trialogue_domain::Refusal::NotConfirmed`] before the confirmation.
    pub async fn issue_accounts(
        &self,
        whose: Whose,
        actor: Actor,
        secret: impl Fn(ParticipantId) -> SecretHash + Send + 'static,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        let store = self.clone();
        let command = match actor {
            Actor::Client(_) | Actor::Provider(_) | Actor::System => Command::IssueAccounts,
            Actor::Guest(_) | Actor::SecondInterpreter(_) => Command::IssueOwnAccount,
        };
        let judge = move |conference: &Conference, given: &Given| {
            let moment = store.moment(now);
            let steps = command_steps(conference, actor, command, given.facts, moment)?;
            let state =
                steps.iter().fold(conference.clone(), |state, step| after(&state, &step.events, moment));
            let own = own_participant(&state, actor)
                .filter(|id| state.participant(*id).is_some_and(Participant::is_live));
            Ok(Verdict { secret: own.map(|own| (own, secret(own))), ..steps.into() })
        };
        self.executor().decide(whose, Needs::Nothing, "issue accounts", judge).await
    }

    /// Whether a participant is in the conference with an account that is good now. What is due has ended, whether or not
    /// the background work has come round to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_account(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let store = self.clone();
        self.executor()
            .read_together("check an account", move |connection| {
                let Some(loaded) = load(connection, conference)? else { return Ok(false) };
                let conference = loaded.conference()?;
                let due = observe(&conference, Observation::DeadlinePassed, store.moment(now));
                let conference = due.iter().fold(conference, |state, event| state.apply(event, now));
                Ok(conference.participant(participant).is_some_and(|p| p.state.account().is_some()))
            })
            .await
    }

    /// Whether an account is bound to this secret already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_bound(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
        secret: SecretHash,
    ) -> Result<bool, StoreError> {
        self.executor()
            .read("check an account secret", move |connection| {
                let bound = participants::table
                    .find((conference.0, participant.0))
                    .select(participants::account_secret)
                    .get_result::<Option<Vec<u8>>>(connection)
                    .optional()
                    .map_err(StoreError::query("check an account secret"))?;
                Ok(bound.flatten().is_some_and(|bound| bound == secret))
            })
            .await
    }
}

fn own_participant(conference: &Conference, actor: Actor) -> Option<ParticipantId> {
    match actor {
        Actor::Client(_) => conference.current(Kind::Client).map(|p| p.id),
        Actor::Provider(_) => conference.current(Kind::Provider).map(|p| p.id),
        Actor::Guest(id) | Actor::SecondInterpreter(id) => Some(id),
        Actor::System => None,
    }
}
