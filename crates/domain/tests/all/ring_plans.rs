//! Every reachable state of some small searches: nobody who fits and is free stays unasked while somebody waits.
//!
//! A request and three interpreters; whatever the interpreters do and however time passes, after each step the search is
//! taken on as the server does it, and every invariant is checked.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use trialogue_domain::{
    Availability, Candidate, Choice, Employment, Gender, Group, LanguageId, Lapse, Moment, NotRung, Offer,
    OfferState, Plan, PlanStep, Presence, RingMode, Search, Strength, Timestamp, Timings, UserId, Wants,
    choose,
};

const LANGUAGE: LanguageId = LanguageId(44);
const NOW: Timestamp = Timestamp(0);
const TICK: Duration = Duration::from_secs(1);
/// What is longer ago makes no difference: nobody is rung for so long before it is another's turn.
const LONG_AGO: Duration = Duration::from_secs(3);
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
    /// Serves another request.
    Busy,
}

/// A search that is on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    interpreters: [Doing; 3],
    offers: Vec<Offer>,
}

struct Rules {
    plan: Plan,
    wants: Wants,
}

impl Rules {
    /// Whether the interpreter may ever serve the request.
    fn fits(&self, interpreter: usize) -> bool {
        let (provider, _, gender) = INTERPRETERS[interpreter];
        let is_wrong_gender =
            matches!(self.wants.gender, Some((wanted, Strength::Requirement)) if wanted != gender);
        let is_another =
            matches!(self.wants.interpreter, Some((named, Strength::Requirement)) if named != provider);
        !is_wrong_gender && !is_another
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
                busy: doing == Doing::Busy,
                served: None,
            },
            languages: vec![LANGUAGE],
            credentials: vec![],
            employment,
            gender: Some(gender),
            certification: 0,
            specialties: vec![],
            takes_video: true,
            takes_calls: false,
        };
        self.interpreters.iter().zip(INTERPRETERS).map(candidate).collect()
    }

    fn choice(&self, rules: &Rules) -> Choice {
        let timings = Timings::default();
        let (plan, wants, offers) = (&rules.plan, rules.wants, self.offers.as_slice());
        let search = Search { language: LANGUAGE, through: None, wants, plan, offers, asked_before: &[] };
        choose(&search, &self.candidates(), Moment { now: NOW, timings: &timings })
    }

    fn set(&mut self, provider: UserId, state: OfferState) {
        self.offers
            .iter_mut()
            .filter(|offer| offer.provider == provider)
            .for_each(|offer| offer.state = state);
    }

    /// Takes the search on until nothing changes, as the server does after each change.
    fn settled(mut self, rules: &Rules) -> Self {
        for offer in &mut self.offers {
            if offer.state.until().is_some_and(|until| until <= NOW) {
                offer.state = OfferState::Lapsed(Lapse::NoAnswer);
            }
        }
        let choice = self.choice(rules);
        for provider in choice.unavailable {
            self.set(provider, OfferState::Lapsed(Lapse::Unavailable));
        }
        for ring in choice.ring {
            let state = OfferState::Open { until: NOW.after(ring.lasts) };
            self.offers.retain(|offer| offer.provider != ring.provider);
            self.offers.push(Offer { provider: ring.provider, state, step: ring.step, at: NOW });
        }
        let again = self.choice(rules);
        assert!(again.ring.is_empty() && again.unavailable.is_empty(), "one look does all: {again:?}");
        // The order of the offers makes no difference.
        self.offers.sort_by_key(|offer| offer.provider);
        self
    }

    /// A tick later; the present is always the same.
    fn later(mut self) -> Self {
        for offer in &mut self.offers {
            offer.at = offer.at.before(TICK).max(NOW.before(LONG_AGO));
            if let OfferState::Open { until } = &mut offer.state {
                *until = until.before(TICK);
            }
        }
        self
    }

    /// Everything that may happen next, but that somebody accepts: then the search is over.
    fn next(&self) -> Vec<Self> {
        let mut next = vec![self.clone().later()];
        for (number, doing) in self.interpreters.into_iter().enumerate() {
            for other in [Doing::Away, Doing::Free, Doing::Busy].into_iter().filter(|other| *other != doing) {
                let mut world = self.clone();
                world.interpreters[number] = other;
                next.push(world);
            }
            let provider = INTERPRETERS[number].0;
            if self.is_rung(provider) {
                let mut declined = self.clone();
                declined.set(provider, OfferState::Declined);
                next.push(declined);
            }
        }
        // Two things never happen at the same moment.
        for offer in next.iter_mut().flat_map(|world| &mut world.offers) {
            offer.at = offer.at.min(NOW.before(Duration::from_micros(1)));
        }
        next
    }

    fn is_rung(&self, provider: UserId) -> bool {
        self.offers.iter().any(|offer| offer.provider == provider && offer.state.is_open())
    }

    /// Whether the interpreter is free, fits, and has not said no.
    fn could_be_asked(&self, interpreter: usize, rules: &Rules) -> bool {
        let provider = INTERPRETERS[interpreter].0;
        let said_no = |offer: &Offer| offer.provider == provider && offer.state == OfferState::Declined;
        self.interpreters[interpreter] == Doing::Free
            && rules.fits(interpreter)
            && !self.offers.iter().any(said_no)
    }

    fn check(&self, rules: &Rules) {
        let open: Vec<&Offer> = self.offers.iter().filter(|offer| offer.state.is_open()).collect();
        for (step, of_plan) in rules.plan.steps.iter().enumerate() {
            let rung = open.iter().filter(|offer| usize::from(offer.step) == step).count();
            assert!(rung <= of_plan.mode.width(), "not more than the step is wide: {self:?}");
        }
        for (interpreter, (provider, ..)) in INTERPRETERS.iter().enumerate() {
            let is_free = self.interpreters[interpreter] == Doing::Free;
            assert!(is_free || !self.is_rung(*provider), "only who is free is rung: {self:?}");
            if !rules.fits(interpreter) {
                let was_asked = self.offers.iter().any(|offer| offer.provider == *provider);
                assert!(!was_asked, "a requirement is never relaxed: {self:?}");
            }
            // The invariant: whoever waits is offered to whoever fits and is free.
            if self.could_be_asked(interpreter, rules) {
                assert!(!open.is_empty(), "the client waits, and {provider} is free: {self:?}");
            }
        }
        let Choice { not_rung, is_hopeless, .. } = self.choice(rules);
        // An interpreter who is away or busy may be free later; a decline is final.
        let may_be_asked = |number: &usize| {
            let came_back = Self { interpreters: [Doing::Free; 3], ..self.clone() };
            came_back.could_be_asked(*number, rules)
        };
        assert!(!is_hopeless || (0..INTERPRETERS.len()).find(may_be_asked).is_none(), "{self:?}");
        assert_eq!(not_rung.len() + open.len(), INTERPRETERS.len(), "each has a reason: {not_rung:?}");
        for (provider, reason) in not_rung {
            let waits = matches!(reason, NotRung::Next | NotRung::LaterStep | NotRung::NoAnswer);
            assert!(!waits || !open.is_empty(), "{provider} waits for others to answer: {reason:?} {self:?}");
        }
    }

    /// If nothing happens but that time passes, whoever could be asked is asked.
    fn check_nobody_is_forgotten(&self, rules: &Rules) {
        let could_be_asked = (0..INTERPRETERS.len()).filter(|&number| self.could_be_asked(number, rules));
        let mut missing: Vec<UserId> = could_be_asked.map(|number| INTERPRETERS[number].0).collect();
        let mut world = self.clone();
        for _ in 0..20 {
            missing.retain(|provider| !world.is_rung(*provider));
            if missing.is_empty() {
                return;
            }
            world = world.later().settled(rules);
        }
        assert!(missing.is_empty(), "{missing:?} are never asked: {self:?}");
    }
}

fn explore(rules: &Rules) -> usize {
    let beginning = World { interpreters: [Doing::Away; 3], offers: Vec::new() }.settled(rules);
    let mut visited = HashSet::from([beginning.clone()]);
    let mut queue = VecDeque::from([beginning]);
    while let Some(world) = queue.pop_front() {
        world.check(rules);
        world.check_nobody_is_forgotten(rules);
        for next in world.next() {
            let next = next.settled(rules);
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

fn widening() -> Plan {
    let steps = vec![
        step(Group::Employed(Employment::Staff), RingMode::Star(1), 2, 1),
        step(Group::Employed(Employment::Freelance), RingMode::Rotating, 1, 2),
        step(Group::Everyone, RingMode::Star(1), 1, 1),
    ];
    Plan { steps, ..Plan::default() }
}

/// The numbers say nothing by themselves; that they change says that the rules did.
#[test]
fn a_plan_that_widens_leaves_nobody_unasked() {
    assert_eq!(explore(&Rules { plan: widening(), wants: Wants::default() }), 130_046);
}

#[test]
fn nor_does_one_with_a_requirement() {
    let wants = Wants { gender: Some((Gender::Female, Strength::Requirement)), ..Wants::default() };
    assert_eq!(explore(&Rules { plan: widening(), wants }), 5_922);
}

#[test]
fn nor_one_that_rings_first_whom_the_client_named() {
    let mut plan = widening();
    plan.steps.insert(0, step(Group::Named, RingMode::Rotating, 1, 2));
    let wants = |strength| Wants { interpreter: Some((UserId(1), strength)), ..Wants::default() };
    assert_eq!(explore(&Rules { plan: plan.clone(), wants: wants(Strength::Wish) }), 130_041);
    assert_eq!(explore(&Rules { plan, wants: wants(Strength::Requirement) }), 414);
}

#[test]
fn nor_one_that_rings_one_after_the_other() {
    let plan = Plan { steps: vec![step(Group::Everyone, RingMode::Rotating, 1, 3)], ..Plan::default() };
    assert_eq!(explore(&Rules { plan, wants: Wants::default() }), 29_857);
}

#[test]
fn nor_one_that_rings_all_at_once() {
    let plan = Plan { steps: vec![step(Group::Everyone, RingMode::Star(3), 2, 1)], ..Plan::default() };
    assert_eq!(explore(&Rules { plan, wants: Wants::default() }), 69_967);
}
