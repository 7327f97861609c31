//! Whom a request is offered to next, and why the others are not. A pure function: the same input gives the same answer.

use crate::{
    BreakReason, Credential, Employment, Gender, Group, InterpreterStatus, LanguageId, Lapse, Medium, Moment,
    Offer, OfferState, Plan, PlanStep, Presence, Ring, Specialty, Strength, Timestamp, UserId, Wants, Wish,
    are_in_force,
};

/// An interpreter, as far as the choice looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub provider: UserId,
    /// Whether it takes calls.
    pub presence: Presence,
    /// The languages it interprets.
    pub languages: Vec<LanguageId>,
    /// Its credentials.
    pub credentials: Vec<Credential>,
    /// For whom it works.
    pub employment: Employment,
    /// How it wishes to be addressed.
    pub gender: Option<Gender>,
    /// The level of its certification.
    pub certification: i32,
    /// Its specialties.
    pub specialties: Vec<Specialty>,
    /// Whether it takes calls with a picture.
    pub takes_video: bool,
    /// Whether it takes calls without one.
    pub takes_calls: bool,
}

/// The search of a request.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The language asked for.
    pub language: LanguageId,
    /// The language that it is reached through, which the interpreter must speak as well ([`Purpose::Relay`](crate::Purpose::Relay)).
    pub through: Option<LanguageId>,
    /// What else is wanted.
    pub wants: Wants,
    /// The plan of the client's company.
    pub plan: &'a Plan,
    /// The offers of this search.
    pub offers: &'a [Offer],
    /// The interpreters that were offered the request in an earlier search. They are not rung again.
    pub asked_before: &'a [UserId],
}

/// What is to be done next in a search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// Whom to ring, in this order.
    pub ring: Vec<Ring>,
    /// The interpreters that have an open offer and cannot take it any more.
    pub unavailable: Vec<UserId>,
    /// The candidates that are not rung, each with the reason. Candidates of other languages are left out.
    pub not_rung: Vec<(UserId, NotRung)>,
    /// Nobody can ever be rung: the client wants one interpreter and no other, and that one has said no, is out of the
    /// request, or is never rung.
    pub is_hopeless: bool,
}

/// Why a candidate is not rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NotRung {
    /// Takes no calls, or gave no sign of life lately.
    Offline,
    /// Has a break.
    Break(BreakReason),
    /// Missed its last rings.
    Away,
    /// Serves a request, or its last one.
    Busy,
    /// Has time for what is left to do after a request.
    WrapUp,
    /// A credential for the language is not in force.
    Credential,
    /// On the company's list of those who are never rung.
    Never,
    /// Not on the company's list of those who alone are rung.
    NotListed,
    /// The plan has no step for it.
    NoStep,
    /// Has not the gender that is wanted.
    Gender,
    /// Has not the specialty that is wished.
    Specialty,
    /// Has not the level of certification that is wished.
    Certification,
    /// Takes no calls of the kind that is wanted, with a picture or without.
    Medium,
    /// Is not the one that the client wants and no other.
    NotNamed,
    /// Its step of the plan has not begun.
    LaterStep,
    /// As many as the step rings at a time are rung; it comes next.
    Next,
    /// Said no.
    Declined,
    /// Did not answer; it is rung again when nobody else is left.
    NoAnswer,
    /// Had accepted, and is out of the request.
    Released,
    /// Was offered the request in an earlier search.
    AskedBefore,
}

impl NotRung {
    /// All reasons.
    pub const ALL: [Self; 24] = [
        Self::Offline,
        Self::Break(BreakReason::Rest),
        Self::Break(BreakReason::Meal),
        Self::Break(BreakReason::Work),
        Self::Break(BreakReason::Technical),
        Self::Break(BreakReason::Other),
        Self::Away,
        Self::Busy,
        Self::WrapUp,
        Self::Credential,
        Self::Never,
        Self::NotListed,
        Self::NoStep,
        Self::Gender,
        Self::Specialty,
        Self::Certification,
        Self::Medium,
        Self::NotNamed,
        Self::LaterStep,
        Self::Next,
        Self::Declined,
        Self::NoAnswer,
        Self::Released,
        Self::AskedBefore,
    ];

    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Break(BreakReason::Rest) => "break_rest",
            Self::Break(BreakReason::Meal) => "break_meal",
            Self::Break(BreakReason::Work) => "break_work",
            Self::Break(BreakReason::Technical) => "break_technical",
            Self::Break(BreakReason::Other) => "break_other",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::WrapUp => "wrap_up",
            Self::Credential => "credential",
            Self::Never => "never",
            Self::NotListed => "not_listed",
            Self::NoStep => "no_step",
            Self::Gender => "gender",
            Self::Specialty => "specialty",
            Self::Certification => "certification",
            Self::Medium => "medium",
            Self::NotNamed => "not_named",
            Self::LaterStep => "later_step",
            Self::Next => "next",
            Self::Declined => "declined",
            Self::NoAnswer => "no_answer",
            Self::Released => "released",
            Self::AskedBefore => "asked_before",
        }
    }
}

impl From<Wish> for NotRung {
    fn from(lacking: Wish) -> Self {
        match lacking {
            Wish::Gender => Self::Gender,
            Wish::Specialty => Self::Specialty,
            Wish::Certification => Self::Certification,
            Wish::Video => Self::Medium,
        }
    }
}

impl Candidate {
    /// Whether it can take a call now; else why not.
    fn is_free(&self, moment: Moment<'_>) -> Result<(), NotRung> {
        let timings = moment.timings;
        match self.presence.status(moment.now, timings.presence, timings.wrap_up) {
            InterpreterStatus::Available | InterpreterStatus::Ringing => Ok(()),
            InterpreterStatus::Offline => Err(NotRung::Offline),
            InterpreterStatus::Busy | InterpreterStatus::LastCall => Err(NotRung::Busy),
            InterpreterStatus::WrapUp(_) => Err(NotRung::WrapUp),
            InterpreterStatus::Break(reason) => Err(NotRung::Break(reason)),
            InterpreterStatus::Away => Err(NotRung::Away),
        }
    }

    fn is_of(&self, group: Group, plan: &Plan) -> bool {
        match group {
            Group::Everyone => true,
            Group::Named => false,
            Group::Preferred => plan.prefer.contains(&self.provider),
            Group::Employed(employment) => self.employment == employment,
        }
    }
}

impl Search<'_> {
    /// The first step of the plan that adds this candidate; if there is none, why.
    fn first_step(&self, candidate: &Candidate) -> Result<usize, NotRung> {
        let plan = self.plan;
        if plan.never.contains(&candidate.provider) {
            return Err(NotRung::Never);
        }
        if !plan.only.is_empty() && !plan.only.contains(&candidate.provider) {
            return Err(NotRung::NotListed);
        }
        if matches!(self.wants.interpreter, Some((_, Strength::Requirement))) && !self.is_named(candidate) {
            return Err(NotRung::NotNamed);
        }
        if self.wants.medium == Medium::Audio && !candidate.takes_calls {
            return Err(NotRung::Medium);
        }
        // The interpreter whom the client named belongs to every step, so it is rung from the first step on.
        let mut is_added = self.is_named(candidate);
        let mut last = NotRung::NoStep;
        for (number, step) in plan.steps.iter().enumerate() {
            is_added = is_added || candidate.is_of(step.who, plan);
            if is_added {
                match self.unmet(candidate, plan.steps.get(..=number).unwrap_or_default()) {
                    None => return Ok(number),
                    Some(reason) => last = reason,
                }
            }
        }
        Err(last)
    }

    /// What is wanted that the candidate lacks, once these steps have begun.
    fn unmet(&self, candidate: &Candidate, begun: &[PlanStep]) -> Option<NotRung> {
        let is_relaxed = |wish| begun.iter().any(|step| step.relaxes.contains(&wish));
        let counts = |wish: &Wish| match self.lacking(candidate, *wish) {
            None => false,
            Some(Strength::Wish) => self.plan.required.contains(wish) || !is_relaxed(*wish),
            Some(Strength::Requirement) => true,
        };
        Wish::ALL.into_iter().find(counts).map(NotRung::from)
    }

    /// How much this is wanted, if the candidate lacks it.
    fn lacking(&self, candidate: &Candidate, wish: Wish) -> Option<Strength> {
        let Wants { gender, specialty, certification, medium, .. } = self.wants;
        let strength = |(is_met, strength)| if is_met { None } else { Some(strength) };
        match wish {
            Wish::Gender => gender.and_then(|(g, s)| strength((candidate.gender == Some(g), s))),
            Wish::Specialty => specialty.and_then(|(t, s)| strength((candidate.specialties.contains(&t), s))),
            Wish::Certification => {
                let of_plan = strength((candidate.certification >= self.plan.certification, Strength::Wish));
                let of_request = certification.and_then(|(l, s)| strength((candidate.certification >= l, s)));
                of_plan.max(of_request)
            }
            Wish::Video => match medium {
                Medium::Video(s) => strength((candidate.takes_video, s)),
                Medium::Audio => None,
            },
        }
    }

    /// As [`Choice::is_hopeless`].
    fn is_hopeless(&self) -> bool {
        let Some((named, Strength::Requirement)) = self.wants.interpreter else { return false };
        let has_said_no = match self.offer_to(named).map(|offer| offer.state) {
            None => self.asked_before.contains(&named),
            Some(OfferState::Declined | OfferState::Released(_)) => true,
            Some(OfferState::Open { .. } | OfferState::Lapsed(_)) => false,
        };
        let Plan { never, only, .. } = self.plan;
        has_said_no || never.contains(&named) || (!only.is_empty() && !only.contains(&named))
    }

    /// Whether this is the one that the client named.
    fn is_named(&self, candidate: &Candidate) -> bool {
        self.wants.interpreter.is_some_and(|(named, _)| named == candidate.provider)
    }

    /// The languages that an interpreter must speak.
    fn languages(&self) -> impl Iterator<Item = LanguageId> {
        std::iter::once(self.language).chain(self.through)
    }

    /// Whether the candidate may be rung, and from which step on.
    fn step_of(&self, candidate: &Candidate, moment: Moment<'_>) -> Result<usize, NotRung> {
        candidate.is_free(moment)?;
        if !self.languages().all(|language| are_in_force(&candidate.credentials, language, moment.now)) {
            return Err(NotRung::Credential);
        }
        self.first_step(candidate)
    }

    fn offer_to(&self, provider: UserId) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.provider == provider)
    }

    /// When the first offer of a step was made.
    fn begun_at(&self, step: usize) -> Option<Timestamp> {
        self.offers.iter().filter(|offer| usize::from(offer.step) == step).map(|offer| offer.at).min()
    }

    fn has_begun_after(&self, step: usize) -> bool {
        self.offers.iter().any(|offer| usize::from(offer.step) > step)
    }
}

/// Decides whom to ring next. `candidates` were looked up at `moment`.
///
/// Each step of the plan that has begun rings as many of its interpreters as it is wide: first whom the client named, then
/// those who have been idle for the longest time. The next step begins when the time of the step has passed, or when it has nobody left to ring.
/// When no offer is open and nobody is left, the interpreters that did not answer are rung again, the earliest ring first.
pub fn choose(search: &Search<'_>, candidates: &[Candidate], moment: Moment<'_>) -> Choice {
    let mut choice = Choice { is_hopeless: search.is_hopeless(), ..Choice::default() };
    let steps = &search.plan.steps;
    let mut pools: Vec<Vec<&Candidate>> = vec![Vec::new(); steps.len()];
    let mut open = vec![0_usize; steps.len()];
    let mut unanswered: Vec<(Timestamp, UserId)> = Vec::new();
    let mut still_open: Vec<UserId> = Vec::new();
    let speaks = |c: &&Candidate| search.languages().all(|language| c.languages.contains(&language));
    for candidate in candidates.iter().filter(speaks) {
        let provider = candidate.provider;
        let offer = search.offer_to(provider);
        let reason = match (search.step_of(candidate, moment), offer.map(|offer| (offer, offer.state))) {
            (_, Some((_, OfferState::Declined))) => NotRung::Declined,
            (_, Some((_, OfferState::Released(_)))) => NotRung::Released,
            (_, None) if search.asked_before.contains(&provider) => NotRung::AskedBefore,
            (Err(reason), _) => reason,
            (Ok(_), Some((offer, OfferState::Open { until }))) if until > moment.now => {
                still_open.push(provider);
                // A plan that was changed meanwhile may have fewer steps.
                let step = usize::from(offer.step).min(steps.len().saturating_sub(1));
                if let Some(count) = open.get_mut(step) {
                    *count = count.saturating_add(1);
                }
                continue;
            }
            (Ok(_), Some((offer, OfferState::Open { .. } | OfferState::Lapsed(Lapse::NoAnswer)))) => {
                unanswered.push((offer.at, provider));
                NotRung::NoAnswer
            }
            (Ok(step), Some((_, OfferState::Lapsed(Lapse::Unavailable))) | None) => {
                if let Some(pool) = pools.get_mut(step) {
                    pool.push(candidate);
                }
                continue;
            }
        };
        choice.not_rung.push((provider, reason));
    }
    // An offer that another node has made since the candidates were looked up is not judged by them.
    let is_lost = |offer: &&Offer| {
        let is_rung = offer.state.until().is_some_and(|until| until > moment.now);
        is_rung && offer.at < moment.now && !still_open.contains(&offer.provider)
    };
    choice.unavailable = search.offers.iter().filter(is_lost).map(|offer| offer.provider).collect();

    let mut has_begun = true;
    for (number, ((step, mut pool), open)) in steps.iter().zip(pools).zip(open).enumerate() {
        pool.sort_by_key(|c| (!search.is_named(c), c.presence.served, c.provider));
        let room = if has_begun { step.mode.width().saturating_sub(open) } else { 0 };
        let (rung, left) = pool.split_at(room.min(pool.len()));
        choice.ring.extend(rung.iter().map(|candidate| ring(candidate.provider, number, step)));
        let reason = if has_begun { NotRung::Next } else { NotRung::LaterStep };
        choice.not_rung.extend(left.iter().map(|candidate| (candidate.provider, reason)));
        let is_over = search.begun_at(number).is_some_and(|begun| begun.after(step.lasts) <= moment.now);
        let is_exhausted = open == 0 && pool.is_empty();
        has_begun = has_begun && (is_over || is_exhausted || search.has_begun_after(number));
    }
    if choice.ring.is_empty() && still_open.is_empty() {
        ring_again(search, unanswered, &mut choice);
    }
    choice
}

/// Rings the interpreters again that did not answer, by the last step of the plan.
fn ring_again(search: &Search<'_>, mut unanswered: Vec<(Timestamp, UserId)>, choice: &mut Choice) {
    let Some((number, step)) = search.plan.steps.iter().enumerate().next_back() else { return };
    unanswered.sort_unstable();
    for (_, provider) in unanswered.into_iter().take(step.mode.width()) {
        choice.not_rung.retain(|(of, _)| *of != provider);
        choice.ring.push(ring(provider, number, step));
    }
}

fn ring(provider: UserId, number: usize, step: &PlanStep) -> Ring {
    Ring { provider, step: u8::try_from(number).unwrap_or(u8::MAX), lasts: step.ring }
}
