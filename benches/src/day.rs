//! A simulated day: requests come and go by the real rules, with a clock that is turned by hand.
//!
//! 200 interpreters in 4 languages serve up to 500 requests a minute. Calls are short (10 to 20 s), because so few could not
//! serve longer ones at that rate. What an interpreter does is drawn from a seeded generator, so each run is the same.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use trialogue_domain::{
    Actor, Availability, Candidate, Command, Conference, ConferenceId, Employment, Facts, LanguageId,
    MissedRings, Moment, NewIds, Observation, OfferState, ParticipantId, Plan, Presence, Request, RequestId,
    Search, Stage, Step, Timestamp, Timings, UserId, Wants, choose, command_steps, observation_steps, open,
    search_steps,
};

const INTERPRETERS: i32 = 200;
const LANGUAGES: i32 = 4;
const PEAK_PER_MINUTE: u64 = 500;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 60 * 60;

/// A linear congruential generator: good enough to draw from, and the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

struct Interpreter {
    presence: Presence,
    missed: MissedRings,
    language: LanguageId,
    employment: Employment,
    /// When it looks at its desk again.
    looks_at: i64,
    /// The conference that it serves, and until when.
    serves: Option<(i32, i64)>,
}

#[derive(Default)]
struct Hour {
    requests: u64,
    waits: Vec<Duration>,
    unserved: u64,
}

/// Runs the day and prints how long clients waited.
///
/// # Errors
/// If a rule was broken: a request accepted twice, or an interpreter left unasked while a client waits.
pub(crate) fn simulate() -> anyhow::Result<()> {
    let mut day = Day::new();
    for second in 0..DAY {
        day.tick(second)?;
    }
    println!("hour  requests  served  not served  median  90 %  longest");
    for (hour, of) in day.hours.iter_mut().enumerate() {
        of.waits.sort_unstable();
        let rank = |percent: usize| {
            let last = of.waits.len().saturating_sub(1);
            of.waits.get((of.waits.len() * percent / 100).min(last)).map_or(0, Duration::as_secs)
        };
        println!(
            "{hour:>4}  {:>8}  {:>6}  {:>10}  {:>5} s  {:>2} s  {:>5} s",
            of.requests,
            of.waits.len(),
            of.unserved,
            rank(50),
            rank(90),
            rank(100)
        );
    }
    println!("nobody was left unasked, and no request was accepted twice");
    Ok(())
}

struct Day {
    draw: Draw,
    plan: Plan,
    timings: Timings,
    interpreters: Vec<Interpreter>,
    /// Those whose search is on.
    waiting: BTreeMap<i32, Conference>,
    /// Those that an interpreter serves.
    served: HashMap<i32, Conference>,
    since: HashMap<i32, i64>,
    hours: Vec<Hour>,
    next: i32,
}

impl Day {
    fn new() -> Self {
        let interpreter = |n: i32| Interpreter {
            presence: Presence {
                availability: Availability::On,
                said_at: None,
                last_seen: Some(Timestamp(0)),
                busy: false,
                served: None,
            },
            missed: MissedRings::default(),
            language: LanguageId(n % LANGUAGES),
            employment: if n % 2 == 0 { Employment::Staff } else { Employment::Freelance },
            looks_at: 0,
            serves: None,
        };
        Self {
            draw: Draw(4711),
            plan: Plan::default(),
            timings: Timings { wrap_up: Duration::from_secs(2), ..Timings::default() },
            interpreters: (0..INTERPRETERS).map(interpreter).collect(),
            waiting: BTreeMap::new(),
            served: HashMap::new(),
            since: HashMap::new(),
            hours: (0..24).map(|_| Hour::default()).collect(),
            next: 1,
        }
    }

    fn tick(&mut self, second: i64) -> anyhow::Result<()> {
        let now = Timestamp(second * SECOND);
        self.finish(second, now)?;
        self.pass_deadlines(second, now);
        self.arrive(second, now)?;
        self.search(now)?;
        self.answer(second, now)?;
        // Whoever said no, or took a call, is followed at once by the next.
        self.search(now)?;
        self.check(now)
    }

    /// Requests in a minute: few at night, most at noon.
    fn rate(second: i64) -> u64 {
        let from_noon = (second - DAY / 2).unsigned_abs();
        PEAK_PER_MINUTE - (PEAK_PER_MINUTE - 10) * from_noon / (DAY.unsigned_abs() / 2)
    }

    fn hour(&mut self, second: i64) -> anyhow::Result<&mut Hour> {
        self.hours.get_mut(usize::try_from(second / 3600)?).context("an hour of the day")
    }

    /// By language, as the store looks them up.
    fn candidates(&self) -> HashMap<LanguageId, Vec<Candidate>> {
        let mut found: HashMap<LanguageId, Vec<Candidate>> = HashMap::new();
        for (id, of) in (0..).zip(&self.interpreters) {
            found.entry(of.language).or_default().push(Candidate {
                provider: UserId(id),
                presence: of.presence,
                languages: vec![of.language],
                credentials: Vec::new(),
                employment: of.employment,
                gender: None,
                certification: 0,
                specialties: Vec::new(),
                takes_video: true,
                takes_calls: false,
            });
        }
        found
    }

    fn arrive(&mut self, second: i64, now: Timestamp) -> anyhow::Result<()> {
        let rate = Self::rate(second);
        let coming = rate / 60 + u64::from(self.draw.below(60) < rate % 60);
        for _ in 0..coming {
            let id = self.next;
            self.next += 1;
            let language = LanguageId(i32::try_from(self.draw.below(LANGUAGES.unsigned_abs().into()))?);
            let moment = Moment { now, timings: &self.timings };
            let events = open(ConferenceId(id), UserId(-id), false, language, &[], moment)?;
            let conference = Conference::replay(ConferenceId(id), events.iter().map(|event| (now, event)))?;
            self.waiting.insert(id, conference);
            self.since.insert(id, second);
            self.hour(second)?.requests += 1;
        }
        Ok(())
    }

    fn search(&mut self, now: Timestamp) -> anyhow::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let candidates = self.candidates();
        let moment = Moment { now, timings: &self.timings };
        for conference in self.waiting.values_mut() {
            let plan = &self.plan;
            let of_language =
                candidates.get(&conference.main.language).map(Vec::as_slice).unwrap_or_default();
            let next = |request: &Request| choose(&search_of(request, plan), of_language, moment);
            let (steps, _) = search_steps(conference, conference.main.id, next, facts(0), moment)?;
            *conference = conference.after_steps(&steps);
        }
        Ok(())
    }

    /// Each interpreter who is rung looks at its desk now and then, and takes the oldest request, says no, or does not look.
    fn answer(&mut self, second: i64, now: Timestamp) -> anyhow::Result<()> {
        for number in 0..self.interpreters.len() {
            let user = UserId(i32::try_from(number)?);
            let of = &mut self.interpreters[number];
            of.presence.last_seen = Some(now);
            if of.presence.availability == Availability::Away && of.looks_at <= second {
                of.presence.availability = Availability::On;
                (of.presence.said_at, of.missed) = (Some(now), MissedRings::default());
            }
            if of.serves.is_some() || of.looks_at > second {
                continue;
            }
            let is_rung = |conference: &&Conference| conference.main.open_offers().any(|rung| rung == user);
            let Some(conference) = self.waiting.values().find(is_rung) else { continue };
            let (id, request) = (conference.id.0, conference.main.id);
            of.looks_at = second + 2 + i64::try_from(self.draw.below(4))?;
            let command = match self.draw.below(40) {
                0 => {
                    // Gone for a coffee.
                    of.looks_at = second + 150;
                    continue;
                }
                1..=3 => Command::DeclineOffer(request),
                _ => Command::AcceptOffer(request),
            };
            let moment = Moment { now, timings: &self.timings };
            let steps = command_steps(conference, Actor::Provider(user), command, facts(0), moment)?;
            let after = conference.after_steps(&steps);
            if after.provider() == Some(user) {
                ensure!(self.served.insert(id, after).is_none(), "{id} is accepted twice");
                self.waiting.remove(&id);
                let lasts = 10 + i64::try_from(self.draw.below(11))?;
                let of = &mut self.interpreters[number];
                (of.serves, of.presence.busy) = (Some((id, second + lasts)), true);
                let waited = second - self.since.remove(&id).context("a request has a beginning")?;
                self.hour(second)?.waits.push(Duration::from_secs(waited.unsigned_abs()));
            } else {
                self.waiting.insert(id, after);
            }
        }
        Ok(())
    }

    fn finish(&mut self, second: i64, now: Timestamp) -> anyhow::Result<()> {
        for of in &mut self.interpreters {
            let Some((id, _)) = of.serves.filter(|(_, until)| *until <= second) else { continue };
            let conference = self.served.remove(&id).context("a served conference")?;
            let moment = Moment { now, timings: &self.timings };
            let client = Actor::Client(conference.client);
            let steps =
                command_steps(&conference, client, Command::Finish { successful: true }, facts(0), moment)?;
            ensure!(!conference.after_steps(&steps).is_live(), "{id} is over");
            (of.serves, of.presence.busy, of.presence.served) = (None, false, Some(now));
        }
        Ok(())
    }

    fn pass_deadlines(&mut self, second: i64, now: Timestamp) {
        let moment = Moment { now, timings: &self.timings };
        let mut over = Vec::new();
        for (id, conference) in &mut self.waiting {
            let steps = observation_steps(conference, &[Observation::DeadlinePassed], moment);
            count_missed(&mut self.interpreters, conference, &steps, now);
            *conference = conference.after_steps(&steps);
            if matches!(conference.main.stage, Stage::Ended { .. }) {
                over.push(*id);
            }
        }
        for id in over {
            self.waiting.remove(&id);
            self.since.remove(&id);
            if let Ok(hour) = self.hour(second) {
                hour.unserved += 1;
            }
        }
    }

    /// While a request waits and no offer is open, no interpreter that could be rung is left.
    fn check(&self, now: Timestamp) -> anyhow::Result<()> {
        let moment = Moment { now, timings: &self.timings };
        let candidates = self.candidates();
        for conference in self.waiting.values() {
            if conference.main.open_offers().next().is_some() {
                continue;
            }
            let of_language =
                candidates.get(&conference.main.language).map(Vec::as_slice).unwrap_or_default();
            let choice = choose(&search_of(&conference.main, &self.plan), of_language, moment);
            ensure!(choice.ring.is_empty(), "{} waits, and somebody is free", conference.id);
        }
        Ok(())
    }
}

/// Counts the rings that were not answered, as the store does.
fn count_missed(interpreters: &mut [Interpreter], conference: &Conference, steps: &[Step], now: Timestamp) {
    for event in steps.iter().flat_map(|step| &step.events) {
        let trialogue_domain::Event::OfferLapsed { provider, .. } = event else { continue };
        let rung = conference.main.offers().iter().find(|offer| offer.provider == *provider);
        let of = usize::try_from(provider.0).ok().and_then(|number| interpreters.get_mut(number));
        if let (Some(offer), Some(of)) = (rung.filter(|o| o.state != OfferState::Declined), of) {
            of.missed = of.missed.and(offer.at, now);
            if of.missed.make_away() && !of.presence.busy {
                of.presence.availability = Availability::Away;
            }
        }
    }
}

fn search_of<'a>(request: &'a Request, plan: &'a Plan) -> Search<'a> {
    let offers = match &request.stage {
        Stage::Searching { offers, .. } => offers.as_slice(),
        Stage::Accepted { .. } | Stage::Ended { .. } => &[],
    };
    Search {
        language: request.language,
        through: None,
        wants: Wants::default(),
        plan,
        offers,
        asked_before: &[],
    }
}

const fn facts(id: i32) -> Facts {
    let participants = [ParticipantId(id), ParticipantId(id + 1)];
    Facts { hindrance: None, ids: NewIds { participants, request: RequestId(id) } }
}
