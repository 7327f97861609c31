//! Changes of a conference, step by step: deadlines that have passed are applied before a command is judged.

use crate::actor::Actor;
use crate::command::{Command, Facts};
use crate::conference::Conference;
use crate::deadline::Moment;
use crate::decide::decide;
use crate::event::Event;
use crate::ids::{RequestId, Timestamp, UserId};
use crate::matching::Choice;
use crate::observe::{Observation, observe};
use crate::refusal::Refusal;
use crate::request::{Request, Stage};

/// Events that belong together: who caused them, when, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who did it; none for an observation.
    pub actor: Option<Actor>,
    /// When.
    pub at: Timestamp,
    /// What happened, in this order. Not empty.
    pub events: Vec<Event>,
}

/// What a command leads to. Deadlines that have passed end their states first, whether or not the background work has
/// come round to it. No step means that the command is allowed and changes nothing. What a second interpreter says of the
/// call is said of its own part.
///
/// # Errors
/// The [`Refusal`] of [`decide`].
pub fn command_steps(
    conference: &Conference,
    actor: Actor,
    command: Command,
    facts: Facts,
    moment: Moment<'_>,
) -> Result<Vec<Step>, Refusal> {
    let (actor, command) = of_second_interpreter(conference, actor, command);
    let mut steps = observation_steps(conference, &[Observation::DeadlinePassed], moment);
    let events = match steps.first() {
        None => decide(conference, actor, command, facts, moment)?,
        Some(overdue) => decide(&after(conference, &overdue.events, moment), actor, command, facts, moment)?,
    };
    steps.extend(step(Some(actor), moment, events));
    Ok(steps)
}

/// What the server does by itself when time has passed: what is due ends, and in the place of an interpreter who was lost a
/// successor is asked for.
///
/// # Errors
/// The [`Refusal`] of [`decide`].
pub fn deadline_steps(
    conference: &Conference,
    facts: Facts,
    moment: Moment<'_>,
) -> Result<Vec<Step>, Refusal> {
    let mut steps = observation_steps(conference, &[Observation::DeadlinePassed], moment);
    let conference = conference.after_steps(&steps);
    if conference.place_deadline().is_some_and(|deadline| deadline <= moment.now) {
        let events = decide(&conference, Actor::System, Command::FindAnother, facts, moment)?;
        steps.extend(step(Some(Actor::System), moment, events));
    }
    Ok(steps)
}

/// What observations lead to, one after the other.
pub fn observation_steps(
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
    step(None, moment, events).into_iter().collect()
}

/// An interpreter who has accepted a request for a second interpreter acts as that one; offers are to users.
fn of_second_interpreter(conference: &Conference, actor: Actor, command: Command) -> (Actor, Command) {
    if matches!(command, Command::AcceptOffer(_) | Command::DeclineOffer(_)) {
        return (actor, command);
    }
    match (actor, conference.acting(actor)) {
        (Actor::Provider(_), acting @ Actor::SecondInterpreter(_)) => {
            let own = match command {
                Command::ConfirmVideo => Command::ConfirmInvitation,
                Command::RefuseVideo => Command::DeclineInvitation,
                Command::IssueAccounts => Command::IssueOwnAccount,
                Command::Finish { .. } => Command::Leave,
                other => other,
            };
            (acting, own)
        }
        _ => (actor, command),
    }
}

/// The next step of a request's search: who can't take an offer any more, and whom the request is offered to by `choose`.
/// Deadlines that have passed end their states first; there is no choice if the search has ended. A search that can find
/// nobody ends at once.
///
/// # Errors
/// The [`Refusal`] of [`decide`].
pub fn search_steps(
    conference: &Conference,
    request: RequestId,
    choose: impl FnOnce(&Request) -> Choice,
    facts: Facts,
    moment: Moment<'_>,
) -> Result<(Vec<Step>, Option<Choice>), Refusal> {
    let mut steps = observation_steps(conference, &[Observation::DeadlinePassed], moment);
    let conference = conference.after_steps(&steps);
    let searching = conference.request(request).filter(|r| matches!(r.stage, Stage::Searching { .. }));
    let Some(searching) = searching else { return Ok((steps, None)) };
    let mut choice = choose(searching);
    if choice.is_hopeless {
        steps.extend(observation_steps(&conference, &[Observation::NobodyLeft(request)], moment));
        return Ok((steps, Some(choice)));
    }
    // Whether an interpreter that did not answer until now is away is known when this is saved: the next look rings it again.
    let lapsed_now = |provider: UserId| {
        let mut events = steps.iter().flat_map(|step| &step.events);
        events.any(|event| matches!(event, Event::OfferLapsed { provider: of, .. } if *of == provider))
    };
    choice.ring.retain(|ring| !lapsed_now(ring.provider));
    let unavailable: Vec<Observation> =
        choice.unavailable.iter().map(|provider| Observation::Unavailable(*provider)).collect();
    let lapsed = observation_steps(&conference, &unavailable, moment);
    steps.extend(lapsed);
    let mut events = Vec::new();
    for ring in &choice.ring {
        events.extend(decide(&conference, Actor::System, Command::Offer(request, *ring), facts, moment)?);
    }
    steps.extend(step(Some(Actor::System), moment, events));
    Ok((steps, Some(choice)))
}

/// The conference as it is at this moment: what is due has ended.
pub fn as_of(conference: &Conference, moment: Moment<'_>) -> Conference {
    let due = observe(conference, Observation::DeadlinePassed, moment);
    after(conference, &due, moment)
}

fn after(conference: &Conference, events: &[Event], moment: Moment<'_>) -> Conference {
    events.iter().fold(conference.clone(), |state, event| state.apply(event, moment.now))
}

fn step(actor: Option<Actor>, moment: Moment<'_>, events: Vec<Event>) -> Option<Step> {
    (!events.is_empty()).then_some(Step { actor, at: moment.now, events })
}

impl Conference {
    /// The state after these steps.
    #[must_use]
    pub fn after_steps(&self, steps: &[Step]) -> Self {
        let events = steps.iter().flat_map(|step| step.events.iter().map(move |event| (event, step.at)));
        events.fold(self.clone(), |state, (event, at)| state.apply(event, at))
    }
}
