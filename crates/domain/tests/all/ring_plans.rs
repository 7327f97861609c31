//! Every reachable state of some small searches: nobody who fits and is free stays unasked while somebody waits.
//!
//! Two requests and three interpreters; whatever the interpreters do and however time passes, after each step the searches
//! are taken on as the server does it, and every invariant is checked.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use trialogue_domain::{
    Availability, Candidate, Employment, Gender, Group, LanguageId, Lapse, Moment, NotRung, Offer,
    OfferState, Plan, PlanStep, Presence, RingMode, Search, Strength, Timestamp, Timings, UserId, Wants,
    choose,
};

const LANGUAGE: LanguageId = LanguageId(44);
const NOW: Timestamp = Timestamp(0);
const TICK: Duration = Duration::from_secs(1);
/// What is longer ago makes no difference.
const LONG_AGO: Duration = Duration::from_secs(5);
const INTERPRETERS: [(UserId, Employment, Gender); 3] = [
    (UserId(0), Employment::Staff, Gender::Female),
    (UserId(1), Employment::Freelance, Gender::Male),
    (UserId(2), Employment::Vendor, Gender::Female),
];

/// What an interpreter does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Doing {
    Away,
    Free,
    /// Serves this request.
    Serves(usize),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    interpreters: [Doing; 3],
    /// The offers of each search.
    searches: [Vec<Offer>; 2],
}

struct Rules {
    plan: Plan,
    wants: [Wants; 2],
}

impl Rules {
    fn search<'a>(&'a self, number: usize, offers: &'a [Offer]) -> Search<'a> {
        Search { language: LANGUAGE, wants: self.wants[number], plan: &self.plan, offers, asked_before: &[] }
    }

    /// Whether the interpreter may ever serve this request.
    fn fits(&self, interpreter: usize, number: usize) -> bool {
        let (_, _, gender) = INTERPRETERS[interpreter];
        !matches!(self.wants[number].gender, Some((wanted, Strength::Requirement)) if wanted != gender)
    }
}

impl World {
    fn candidates(&self) -> Vec<Candidate> {
        let candidate = |(&doing, (provider, employment, gender)): (&Doing, _)| Candidate {
            provider,
            presence: Presence {
                availability: if doing == Doing::Away { Availability::Off } else { Availability::On },
                said_at: None,
                last_seen: Some(NOW),
                busy: matches!(doing, Doing::Serves(_)),
                served: None,
            },
            languages: vec![LANGUAGE],
            credentials: vec![],
            employment,
            gender: Some(gender),
            certification: 0,
            specialties: vec![],
        };
        self.interpreters.iter().zip(INTERPRETERS).map(candidate).collect()
    }

    fn is_searched(&self, number: usize) -> bool {
        !self.interpreters.contains(&Doing::Serves(number))
    }

    fn set(&mut self, number: usize, provider: UserId, state: OfferState) {
        let offers = self.searches[number].iter_mut();
        offers.filter(|offer| offer.provider == provider).for_each(|offer| offer.state = state);
    }

    /// Takes the searches on until nothing changes, as the server does after each change.
    fn settled(mut self, rules: &Rules) -> Self {
        let timings = Timings::default();
        let moment = Moment { now: NOW, timings: &timings };
        for number in 0..2 {
            if !self.is_searched(number) {
                self.searches[number].clear();
                continue;
            }
            for offer in &mut self.searches[number] {
                if offer.state.until().is_some_and(|until| until <= NOW) {
                    offer.state = OfferState::Lapsed(Lapse::NoAnswer);
                }
            }
            let candidates = self.candidates();
            let choice = choose(&rules.search(number, &self.searches[number]), &candidates, moment);
            for provider in choice.unavailable {
                self.set(number, provider, OfferState::Lapsed(Lapse::Unavailable));
            }
            for ring in choice.ring {
                let made = Offer {
                    provider: ring.provider,
                    state: OfferState::Open { until: NOW.after(ring.lasts) },
                    step: ring.step,
                    at: NOW,
                };
                let offers = &mut self.searches[number];
                match offers.iter_mut().find(|offer| offer.provider == ring.provider) {
                    Some(before) => *before = made,
                    None => offers.push(made),
                }
            }
            let again = choose(&rules.search(number, &self.searches[number]), &candidates, moment);
            assert!(again.ring.is_empty() && again.unavailable.is_empty(), "one look does all: {again:?}");
        }
        self
    }

    /// A tick later; the present is always the same.
    fn later(mut self) -> Self {
        for offer in self.searches.iter_mut().flatten() {
            offer.at = offer.at.before(TICK).max(NOW.before(LONG_AGO));
            if let OfferState::Open { until } = &mut offer.state {
                *until = until.before(TICK);
            }
        }
        self
    }

    /// Everything that may happen next.
    fn next(&self) -> Vec<Self> {
        let mut next = vec![self.clone().later()];
        for (number, doing) in self.interpreters.into_iter().enumerate() {
            let does = |doing| {
                let mut world = self.clone();
                world.interpreters[number] = doing;
                world
            };
            let provider = INTERPRETERS[number].0;
            match doing {
                Doing::Away | Doing::Serves(_) => next.push(does(Doing::Free)),
                Doing::Free => {
                    next.push(does(Doing::Away));
                    for (request, offers) in self.searches.iter().enumerate() {
                        if offers.iter().any(|o| o.provider == provider && o.state.is_open()) {
                            next.push(does(Doing::Serves(request)));
                            let mut declined = self.clone();
                            declined.set(request, provider, OfferState::Declined);
                            next.push(declined);
                        }
                    }
                }
            }
        }
        // Two things never happen at the same moment.
        for offer in next.iter_mut().flat_map(|world| world.searches.iter_mut().flatten()) {
            offer.at = offer.at.min(NOW.before(Duration::from_micros(1)));
        }
        next
    }

    fn is_free(&self, provider: UserId) -> bool {
        INTERPRETERS
            .iter()
            .zip(self.interpreters)
            .any(|((id, ..), doing)| *id == provider && doing == Doing::Free)
    }

    fn check(&self, rules: &Rules) {
        let timings = Timings::default();
        for number in (0..2).filter(|number| self.is_searched(*number)) {
            let offers = &self.searches[number];
            let open: Vec<&Offer> = offers.iter().filter(|offer| offer.state.is_open()).collect();
            assert!(
                open.iter().all(|offer| self.is_free(offer.provider)),
                "only who is free is rung: {self:?}"
            );
            for (step, of_plan) in rules.plan.steps.iter().enumerate() {
                let rung = open.iter().filter(|offer| usize::from(offer.step) == step).count();
                assert!(rung <= of_plan.mode.width(), "not more than the step is wide: {self:?}");
            }
            for (interpreter, (provider, ..)) in INTERPRETERS.iter().enumerate() {
                let offer = offers.iter().find(|offer| offer.provider == *provider);
                let has_declined = offer.is_some_and(|offer| offer.state == OfferState::Declined);
                let could_be_asked =
                    self.is_free(*provider) && rules.fits(interpreter, number) && !has_declined;
                if !rules.fits(interpreter, number) {
                    assert_eq!(offer, None, "a requirement is never relaxed");
                }
                // The invariant: whoever waits is offered to whoever fits and is free.
                if could_be_asked {
                    assert!(!open.is_empty(), "somebody waits, and {provider} is free: {self:?}");
                }
            }
            let moment = Moment { now: NOW, timings: &timings };
            let choice = choose(&rules.search(number, offers), &self.candidates(), moment);
            let accounted = choice.not_rung.len() + open.len();
            assert_eq!(accounted, INTERPRETERS.len(), "who is not rung has a reason: {choice:?} {self:?}");
            for (provider, reason) in choice.not_rung {
                let waits = matches!(reason, NotRung::Next | NotRung::LaterStep | NotRung::NoAnswer);
                assert!(
                    !waits || !open.is_empty(),
                    "{provider} waits for others to answer: {reason:?} {self:?}"
                );
            }
        }
    }

    /// If nothing happens but that time passes, whoever could be asked is asked, and again.
    fn check_nobody_is_forgotten(&self, rules: &Rules) {
        for number in (0..2).filter(|number| self.is_searched(*number)) {
            for (interpreter, (provider, ..)) in INTERPRETERS.iter().enumerate() {
                let offers = &self.searches[number];
                let has_declined =
                    offers.iter().any(|o| o.provider == *provider && o.state == OfferState::Declined);
                if !self.is_free(*provider) || !rules.fits(interpreter, number) || has_declined {
                    continue;
                }
                let mut world = self.clone();
                let is_rung = |world: &Self| {
                    world.searches[number].iter().any(|o| o.provider == *provider && o.state.is_open())
                };
                let asked = (0..20).any(|_| {
                    let is = is_rung(&world);
                    world = world.clone().later().settled(rules);
                    is
                });
                assert!(asked, "{provider} is never asked: {self:?}");
            }
        }
    }
}

fn explore(rules: &Rules) -> usize {
    let beginning =
        World { interpreters: [Doing::Away; 3], searches: [Vec::new(), Vec::new()] }.settled(rules);
    let mut visited = HashSet::from([beginning.clone()]);
    let mut queue = VecDeque::from([beginning]);
    while let Some(world) = queue.pop_front() {
        world.check(rules);
        world.check_nobody_is_forgotten(rules);
        for next in world.next() {
            // The order of the offers makes no difference.
            let mut next = next.settled(rules);
            next.searches.iter_mut().for_each(|offers| offers.sort_by_key(|offer| offer.provider));
            if visited.insert(next.clone()) {
                queue.push_back(next);
            }
        }
    }
    println!("{} states", visited.len());
    visited.len()
}

fn step(who: Group, mode: RingMode, ring: u64, lasts: u64) -> PlanStep {
    let (ring, lasts) = (Duration::from_secs(ring), Duration::from_secs(lasts));
    PlanStep { who, mode, ring, lasts, relaxes: Vec::new() }
}

#[test]
fn a_plan_that_widens_leaves_nobody_unasked() {
    let steps = vec![
        step(Group::Employed(Employment::Staff), RingMode::Star(1), 2, 1),
        step(Group::Employed(Employment::Freelance), RingMode::Rotating, 1, 2),
        step(Group::Everyone, RingMode::Star(1), 2, 1),
    ];
    let plan = Plan { steps, ..Plan::default() };
    let female = Wants { gender: Some((Gender::Female, Strength::Requirement)), specialty: None };
    let states = explore(&Rules { plan, wants: [Wants::default(), female] });
    assert!(states > 1_000, "{states} states");
}

#[test]
fn one_after_the_other_leaves_nobody_unasked() {
    let plan = Plan { steps: vec![step(Group::Everyone, RingMode::Rotating, 2, 3)], ..Plan::default() };
    let states = explore(&Rules { plan, wants: [Wants::default(); 2] });
    assert!(states > 1_000, "{states} states");
}

#[test]
fn all_at_once_leaves_nobody_unasked() {
    let plan = Plan { steps: vec![step(Group::Everyone, RingMode::Star(3), 2, 1)], ..Plan::default() };
    let states = explore(&Rules { plan, wants: [Wants::default(); 2] });
    assert!(states > 500, "{states} states");
}
