//! Every change of a call: load, decide or observe, apply, save, answer.

use crate::aggregate::batch::{Deed, Step, Verdict};
use crate::aggregate::decision::Given;
use crate::aggregate::facts::Needs;
use crate::aggregate::find::{Whose, find};
use crate::aggregate::leg::CallLeg;
use crate::aggregate::view::{ConferenceView, view};
use crate::jobs::lease::LeasedJob;
use crate::schema::conferences;
use crate::text::storable;
use crate::{Store, StoreError};
use diesel::prelude::*;
use trialogue_domain::{
    Actor, Command, Conference, ConferenceId, Event, Facts, Moment, Observation, Refusal, Timestamp, decide,
    observe,
};

impl Store {
    /// Does a command on a conference.
    ///
    /// # Errors
    /// [`StoreError::Refused`] by the rules; an unknown conference is [`Refusal::NotFound`].
    pub async fn command(
        &self,
        whose: Whose,
        actor: Actor,
        command: Command,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        let store = self.clone();
        let needs = match (command, actor) {
            (Command::AcceptOffer(request) | Command::DeclineOffer(request), Actor::Provider(provider)) => {
                Needs::OfferTo(request, provider)
            }
            _ => Needs::Nothing,
        };
        let judge = move |conference: &Conference, given: &Given| {
            // A provider reaches a request by the offer made to it, and by nothing else.
            if matches!(needs, Needs::OfferTo(..)) && !given.answers.offered {
                return Err(Refusal::NotFound.into());
            }
            Ok(command_steps(conference, actor, command, given.facts, store.moment(now))?.into())
        };
        let conference = self.executor().decide(whose, needs, "do a command", judge).await?;
        Ok(self.followed_by_offers(conference, now).await)
    }

    /// A request that is searched for is offered, and a provider whose request has ended is available for others.
    async fn followed_by_offers(&self, conference: Conference, now: Timestamp) -> Conference {
        let has_ended = !conference.is_live() && conference.provider().is_some();
        if has_ended || conference.main.released().is_some() {
            self.offer_waiting_after_change(now).await;
        }
        conference
    }

    /// Finishes a call, with the legs that the client reports.
    ///
    /// # Errors
    /// As [`Store::command`].
    pub async fn finish(
        &self,
        whose: Whose,
        actor: Actor,
        successful: bool,
        legs: Vec<CallLeg>,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        for leg in &legs {
            storable(&[
                ("call_time", Some(&leg.call_time)),
                ("additional_info", leg.additional_info.as_deref()),
                ("third_party_call_id", leg.third_party_call_id.as_deref()),
            ])?;
        }
        let store = self.clone();
        let has_legs = !legs.is_empty();
        let judge = move |conference: &Conference, given: &Given| {
            let command = Command::Finish { successful };
            let steps = command_steps(conference, actor, command, given.facts, store.moment(now))?;
            // Finishing again reports the same legs again; the first report stands.
            let legs = if given.answers.legs_reported { Vec::new() } else { legs.clone() };
            Ok(Verdict { legs, ..steps.into() })
        };
        let needs = if has_legs { Needs::Legs } else { Needs::Nothing };
        let conference = self.executor().decide(whose, needs, "finish a call", judge).await?;
        Ok(self.followed_by_offers(conference, now).await)
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
        let store = self.clone();
        let observations: Vec<Observation> = observations.into_iter().collect();
        let judge = move |conference: &Conference, _: &Given| {
            Ok(observation_steps(conference, &observations, store.moment(now)).into())
        };
        match self.executor().decide(Whose::Id(id), Needs::Nothing, "take in observations", judge).await {
            Ok(_) | Err(StoreError::Refused(Refusal::NotFound)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A job about a conference is done, and this was seen of it: both are noted in one transaction. If the lease was lost
    /// meanwhile, the job is another's, but what was seen is true.
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
        let store = self.clone();
        let seen: Vec<Observation> = seen.into_iter().collect();
        let judge = move |conference: &Conference, _: &Given| {
            Ok(observation_steps(conference, &seen, store.moment(now)).into())
        };
        let whose = Whose::Id(conference);
        self.executor()
            .decide_and_settle(whose, Needs::Nothing, "finish a job", judge, Some(job.held()))
            .await?;
        Ok(())
    }

    /// The first conferences in which something has ended by itself by now, in the order of their deadlines.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, now: Timestamp, limit: i64) -> Result<Vec<ConferenceId>, StoreError> {
        Ok(self.due_after(None, now, limit).await?.into_iter().map(|(_, conference)| conference).collect())
    }

    /// The conferences that are due after this one, with their deadlines. So a conference that stays due, because its
    /// rows cannot be read, does not hide those behind it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_after(
        &self,
        last: Option<(Timestamp, ConferenceId)>,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<(Timestamp, ConferenceId)>, StoreError> {
        let (last_deadline, last_id) =
            last.map_or((i64::MIN, i32::MIN), |(deadline, conference)| (deadline.0, conference.0));
        self.executor()
            .read("find what is due", move |connection| {
                let deadline = conferences::next_deadline.assume_not_null();
                let due: Vec<(i64, i32)> = conferences::table
                    .filter(deadline.le(now.0).and(deadline.ge(last_deadline)))
                    .filter(deadline.gt(last_deadline).or(conferences::id.gt(last_id)))
                    .order((deadline, conferences::id))
                    .limit(limit)
                    .select((deadline, conferences::id))
                    .load(connection)
                    .map_err(StoreError::query("find what is due"))?;
                Ok(due.into_iter().map(|(at, id)| (Timestamp(at), ConferenceId(id))).collect())
            })
            .await
    }

    /// A conference with the names of its people.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn view(&self, whose: Whose) -> Result<Option<ConferenceView>, StoreError> {
        self.executor()
            .read_together("show a conference", move |connection| match find(connection, whose)? {
                Some(id) => view(connection, id),
                None => Ok(None),
            })
            .await
    }
}

/// What a command leads to. What is due has ended before it, whether or not the background work has come round to it.
pub(crate) fn command_steps(
    conference: &Conference,
    actor: Actor,
    command: Command,
    facts: Facts,
    moment: Moment<'_>,
) -> Result<Vec<Step>, StoreError> {
    let mut steps = observation_steps(conference, &[Observation::DeadlinePassed], moment);
    let events = match steps.first() {
        None => decide(conference, actor, command, facts, moment)?,
        Some(overdue) => decide(&after(conference, &overdue.events, moment), actor, command, facts, moment)?,
    };
    if !events.is_empty() {
        steps.push(Step { deed: Deed { actor: Some(actor), at: moment.now }, events });
    }
    Ok(steps)
}

pub(crate) fn observation_steps(
    conference: &Conference,
    observations: &[Observation],
    moment: Moment<'_>,
) -> Vec<Step> {
    let mut events: Vec<Event> = Vec::new();
    for observation in observations {
        let seen = if events.is_empty() {
            observe(conference, *observation, moment)
        } else {
            observe(&after(conference, &events, moment), *observation, moment)
        };
        events.extend(seen);
    }
    if events.is_empty() {
        return Vec::new();
    }
    vec![Step { deed: Deed { actor: None, at: moment.now }, events }]
}

pub(crate) fn after(conference: &Conference, events: &[Event], moment: Moment<'_>) -> Conference {
    events.iter().fold(conference.clone(), |state, event| state.apply(event, moment.now))
}

pub(crate) const fn missing(whose: Whose) -> Refusal {
    match whose {
        Whose::Id(_) => Refusal::NotFound,
        Whose::Client(_) | Whose::Provider(_) => Refusal::NoRequest,
    }
}
