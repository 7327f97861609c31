//! Every change of a call: load, decide or observe, apply, save, answer.

use diesel::prelude::*;
use trialogue_domain::{
    Actor, Command, Conference, ConferenceId, Event, Moment, NewPair, Observation, ParticipantId, Refusal,
    Timestamp, UserId, decide, observe,
};

use crate::aggregate::{Deed, Invitee, Step, append, load_to_change};
use crate::connection::AnyConnection;
use crate::requests::{LiveOf, is_live, require_offer};
use crate::schema::{call_legs, conferences};
use crate::text::storable;
use crate::view::{ConferenceView, Whose, find, view};
use crate::writer::Tx;
use crate::{Store, StoreError};

/// A command as it comes from outside: without the ids of what it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Take the request.
    AcceptOffer,
    /// Do not take it.
    DeclineOffer,
    /// The caller is ready for video.
    StartVideo,
    /// The caller is ready for video again.
    VideoAgain,
    /// The provider is out of the request, and another one is searched for.
    FindAnother,
    /// The provider who was lost comes back into the running call.
    Rejoin,
    /// The listener's yes.
    ConfirmVideo,
    /// The listener's no.
    RefuseVideo,
    /// Remove an invited party.
    Kick(ParticipantId),
    /// The invited party's yes.
    ConfirmInvitation,
    /// The invited party's no.
    DeclineInvitation,
    /// The invited party goes.
    Leave,
    /// Offer the request to one more provider.
    Offer(UserId),
}

/// One leg of a finished call, as the client reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLeg {
    /// Its beginning.
    pub started: Option<Timestamp>,
    /// Its end.
    pub ended: Option<Timestamp>,
    /// The time charged, a decimal number as text.
    pub call_time: String,
    /// Whether it went well.
    pub successful: bool,
    /// A note.
    pub additional_info: Option<String>,
    /// The id in the caller's own system.
    pub third_party_call_id: Option<String>,
}

impl Store {
    /// Does a command on a conference.
    ///
    /// # Errors
    /// [`StoreError::Refused`] by the rules; an unknown conference is [`Refusal::NotFound`].
    pub async fn command(
        &self,
        whose: Whose,
        actor: Actor,
        ask: Ask,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        let store = self.clone();
        if let (Whose::Id(id), Ok(command)) = (whose, plain_command(ask)) {
            let plan =
                move |conference: &Conference| command_steps(conference, actor, command, store.moment(now));
            let conference = self.executor().decide(id, "do a command", plan).await?;
            return Ok(self.followed_by_offers(conference, now).await);
        }
        let conference = self
            .executor()
            .write(lane_key(whose), "do a command", move |tx| {
                let id = find(&mut tx.connection, whose)?.ok_or_else(|| missing(whose))?;
                let command = command_of(tx, id, actor, ask)?;
                store.decide_and_save(tx, id, actor, command, now, None)
            })
            .await?;
        Ok(self.followed_by_offers(conference, now).await)
    }

    /// A request that is searched for is offered, and a provider whose request has ended is available for others.
    async fn followed_by_offers(&self, conference: Conference, now: Timestamp) -> Conference {
        let has_ended = !conference.is_live() && conference.provider().is_some();
        if has_ended || conference.released().is_some() {
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
        let conference = self
            .executor()
            .write(lane_key(whose), "finish a call", move |tx| {
                let id = find(&mut tx.connection, whose)?.ok_or_else(|| missing(whose))?;
                let command = Command::Finish { successful };
                let conference = store.decide_and_save(tx, id, actor, command, now, None)?;
                save_legs(&mut tx.connection, id, &legs)?;
                Ok(conference)
            })
            .await?;
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
        let plan = move |conference: &Conference| {
            Ok(observation_steps(conference, &observations, store.moment(now)))
        };
        match self.executor().decide(id, "take in observations", plan).await {
            Ok(_) | Err(StoreError::Refused(Refusal::NotFound)) => Ok(()),
            Err(error) => Err(error),
        }
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

    pub(crate) fn decide_and_save(
        &self,
        tx: &mut Tx,
        id: ConferenceId,
        actor: Actor,
        command: Command,
        now: Timestamp,
        invitee: Option<&Invitee>,
    ) -> Result<Conference, StoreError> {
        let conference = load_to_change(&mut tx.connection, id)?.ok_or(Refusal::NotFound)?.conference;
        let steps = command_steps(&conference, actor, command, self.moment(now))?;
        append(tx, conference, &steps, invitee)
    }
}

/// What a command leads to. What is due has ended before it, whether or not the background work has come round to it.
fn command_steps(
    conference: &Conference,
    actor: Actor,
    command: Command,
    moment: Moment<'_>,
) -> Result<Vec<Step>, StoreError> {
    let mut steps = observation_steps(conference, &[Observation::DeadlinePassed], moment);
    let events = match steps.first() {
        None => decide(conference, actor, command, moment)?,
        Some(overdue) => decide(&after(conference, &overdue.events, moment), actor, command, moment)?,
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

fn after(conference: &Conference, events: &[Event], moment: Moment<'_>) -> Conference {
    events.iter().fold(conference.clone(), |state, event| state.apply(event, moment.now))
}

/// What an ask still needs before it is a command.
enum Needs {
    OfferToAccept,
    OfferToDecline,
    PairToStart,
    PairToStartAgain,
    ParticipantToRejoin,
}

/// The command of an ask, if it needs neither new ids nor a look at other rows.
const fn plain_command(ask: Ask) -> Result<Command, Needs> {
    match ask {
        Ask::AcceptOffer => Err(Needs::OfferToAccept),
        Ask::DeclineOffer => Err(Needs::OfferToDecline),
        Ask::StartVideo => Err(Needs::PairToStart),
        Ask::VideoAgain => Err(Needs::PairToStartAgain),
        Ask::FindAnother => Ok(Command::FindAnother),
        Ask::Rejoin => Err(Needs::ParticipantToRejoin),
        Ask::ConfirmVideo => Ok(Command::ConfirmVideo),
        Ask::RefuseVideo => Ok(Command::RefuseVideo),
        Ask::Kick(target) => Ok(Command::Kick(target)),
        Ask::ConfirmInvitation => Ok(Command::ConfirmInvitation),
        Ask::DeclineInvitation => Ok(Command::DeclineInvitation),
        Ask::Leave => Ok(Command::Leave),
        Ask::Offer(provider) => Ok(Command::Offer(provider)),
    }
}

fn command_of(tx: &mut Tx, id: ConferenceId, actor: Actor, ask: Ask) -> Result<Command, StoreError> {
    match plain_command(ask) {
        Ok(command) => Ok(command),
        Err(Needs::OfferToAccept) => {
            require_offer(&mut tx.connection, id, actor)?;
            let busy = match actor {
                Actor::Provider(provider) => is_live(&mut tx.connection, LiveOf::Provider(provider, id))?,
                Actor::Client(_) | Actor::Guest(_) | Actor::SecondInterpreter(_) | Actor::System => false,
            };
            Ok(Command::AcceptOffer { busy })
        }
        Err(Needs::OfferToDecline) => {
            require_offer(&mut tx.connection, id, actor)?;
            Ok(Command::DeclineOffer)
        }
        Err(Needs::PairToStart) => Ok(Command::StartVideo(new_pair(tx))),
        Err(Needs::PairToStartAgain) => Ok(Command::VideoAgain(new_pair(tx))),
        Err(Needs::ParticipantToRejoin) => Ok(Command::Rejoin(tx.ids.participant())),
    }
}

fn new_pair(tx: &mut Tx) -> NewPair {
    NewPair { client: tx.ids.participant(), provider: tx.ids.participant() }
}

pub(crate) const fn missing(whose: Whose) -> Refusal {
    match whose {
        Whose::Id(_) => Refusal::NotFound,
        Whose::Client(_) | Whose::Provider(_) => Refusal::NoRequest,
    }
}

pub(crate) const fn lane_key(whose: Whose) -> i32 {
    match whose {
        Whose::Id(id) => id.0,
        Whose::Client(user) | Whose::Provider(user) => user.0,
    }
}

fn save_legs(connection: &mut AnyConnection, id: ConferenceId, legs: &[CallLeg]) -> Result<(), StoreError> {
    // Finishing again reports the same legs again; the first report stands.
    let reported = call_legs::table
        .filter(call_legs::conference_id.eq(id.0))
        .count()
        .get_result::<i64>(connection)
        .map_err(StoreError::query("look for call legs"))?;
    if reported > 0 || legs.is_empty() {
        return Ok(());
    }
    for (position, leg) in (0..).zip(legs) {
        diesel::insert_into(call_legs::table)
            .values((
                call_legs::conference_id.eq(id.0),
                call_legs::position.eq(position),
                call_legs::started_at.eq(leg.started.map(|t| t.0)),
                call_legs::ended_at.eq(leg.ended.map(|t| t.0)),
                call_legs::call_time.eq(&leg.call_time),
                call_legs::successful.eq(leg.successful),
                call_legs::additional_info.eq(&leg.additional_info),
                call_legs::third_party_call_id.eq(&leg.third_party_call_id),
            ))
            .execute(connection)
            .map_err(StoreError::query("insert a call leg"))?;
    }
    // The texts of a late report are blanked by the next sweep.
    let late = conferences::table.find(id.0).filter(conferences::blanked.eq(true));
    diesel::update(late)
        .set(conferences::blanked.eq(false))
        .execute(connection)
        .map_err(StoreError::query("note a late report"))?;
    Ok(())
}
