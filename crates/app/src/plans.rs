//! Ring plans, as an operator writes them: a TOML file (docs/ring-plans.md).

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use trialogue_domain::{
    ConferenceId, Employment, Event, Group, MAX_LISTED, MAX_STEPS, MAX_WIDTH, NotRung, Plan, PlanStep,
    Refusal, RequestId, RingMode, Timestamp, UserId, Wish,
};
use trialogue_storage::{CompanyId, ConferenceLookup, Person, StoreError};

use crate::directory::LineError;
use crate::users::Users;

/// Longest time that a step may ring or last, in seconds.
const MAX_SECONDS: u64 = 3600;

/// Why a plan was not kept, or not shown.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file is no plan.
    #[error("the plan has {} errors", .0.len())]
    Lines(Vec<LineError>),
    /// There is no such company.
    #[error("there is no company {0:?}")]
    UnknownCompany(String),
    /// There is no such request.
    #[error("there is no request {0}")]
    UnknownRequest(RequestId),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was decided for a request.
#[derive(Clone)]
pub struct Explained {
    /// Its conference.
    pub conference: ConferenceId,
    /// What happened in its search, oldest first.
    pub decisions: Vec<Decision>,
    /// The interpreters.
    pub people: HashMap<UserId, Person>,
}

/// What was decided at a moment of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// The interpreters that were not rung at that moment, each with the reason.
    pub not_rung: Vec<(UserId, NotRung)>,
    /// Number of interpreters that were not rung and are not listed.
    pub more: usize,
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    #[serde(default)]
    certification: i32,
    #[serde(default)]
    required: Vec<WishName>,
    #[serde(default)]
    prefer: Vec<Spanned<String>>,
    #[serde(default)]
    only: Vec<Spanned<String>>,
    #[serde(default)]
    never: Vec<Spanned<String>>,
    #[serde(default)]
    step: Vec<Spanned<StepTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepTable {
    who: GroupName,
    ring: RingName,
    width: Option<usize>,
    ring_seconds: u64,
    seconds: u64,
    #[serde(default)]
    relaxes: Vec<WishName>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GroupName {
    Everyone,
    Named,
    Preferred,
    Staff,
    Freelance,
    Vendor,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RingName {
    Star,
    Rotating,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WishName {
    Gender,
    Specialty,
    Certification,
    Video,
}

impl Users {
    /// The plan of a file, with its interpreters looked up.
    ///
    /// # Errors
    /// [`PlanError::Lines`] with every error and its line.
    pub async fn check_plan(&self, text: &str) -> Result<Plan, PlanError> {
        let file: PlanFile = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, &span));
            PlanError::Lines(vec![LineError { line, message: error.message().to_owned() }])
        })?;
        let named: BTreeSet<String> = [&file.prefer, &file.only, &file.never]
            .into_iter()
            .flatten()
            .map(|name| name.get_ref().clone())
            .collect();
        let known = self.store().interpreters_named(named.into_iter().collect()).await?;
        read(text, &file, &known).map_err(PlanError::Lines)
    }

    /// Keeps the plan of a company, or the system's own.
    ///
    /// # Errors
    /// [`PlanError`]; then nothing has changed.
    pub async fn set_plan(&self, company: Option<&str>, text: &str) -> Result<(), PlanError> {
        let company = self.company_named(company).await?;
        let plan = self.check_plan(text).await?;
        Ok(self.store().set_plan(company, Some(plan), self.now()).await?)
    }

    /// Forgets the plan of a company, which has the system's from then on; or the system's own, which is the built-in one
    /// from then on.
    ///
    /// # Errors
    /// [`PlanError`].
    pub async fn reset_plan(&self, company: Option<&str>) -> Result<(), PlanError> {
        let company = self.company_named(company).await?;
        Ok(self.store().set_plan(company, None, self.now()).await?)
    }

    /// The plan that holds for a company, or for clients of none, as a file.
    ///
    /// # Errors
    /// [`PlanError`].
    pub async fn shown_plan(&self, company: Option<&str>) -> Result<String, PlanError> {
        let company = self.company_named(company).await?;
        let plan = self.store().plan(company).await?;
        let ids = [&plan.prefer, &plan.only, &plan.never].into_iter().flatten().copied().collect();
        Ok(written(&plan, &self.store().people(ids).await?))
    }

    /// What was decided in the search of a request, and why.
    ///
    /// # Errors
    /// [`PlanError`].
    pub async fn explain(&self, request: RequestId) -> Result<Explained, PlanError> {
        let view = match self.store().view(ConferenceLookup::Request(request)).await {
            Ok(view) => view,
            Err(StoreError::Refused(Refusal::NotFound)) => None,
            Err(error) => return Err(error.into()),
        };
        let conference = view.ok_or(PlanError::UnknownRequest(request))?.conference.id;
        let looks = self.store().search_looks(conference).await?;
        let mut decisions = Vec::new();
        for recorded in self.store().timeline(conference).await? {
            if !is_of_search(&recorded.event, request, conference) {
                continue;
            }
            let look = looks.iter().find(|look| look.request == request && look.seq == recorded.seq);
            let (not_rung, more) = look.map_or((Vec::new(), 0), |look| (look.not_rung.clone(), look.more));
            decisions.push(Decision { at: recorded.at, event: recorded.event, not_rung, more });
        }
        let interpreters = decisions.iter().flat_map(|decision| {
            decision.not_rung.iter().map(|(user, _)| *user).chain(interpreter_of(&decision.event))
        });
        let people = self.store().people(interpreters.collect()).await?;
        Ok(Explained { conference, decisions, people })
    }

    async fn company_named(&self, code: Option<&str>) -> Result<Option<CompanyId>, PlanError> {
        let Some(code) = code else { return Ok(None) };
        let found = self.store().company(code.to_lowercase()).await?;
        Ok(Some(found.ok_or_else(|| PlanError::UnknownCompany(code.to_owned()))?.id))
    }
}

/// The interpreter whom an event of a search is about.
pub const fn interpreter_of(event: &Event) -> Option<UserId> {
    match event {
        Event::Offered { provider, .. }
        | Event::OfferLapsed { provider, .. }
        | Event::OfferDeclined { provider, .. }
        | Event::Accepted { provider, .. }
        | Event::Released { provider, .. } => Some(*provider),
        _ => None,
    }
}

fn is_of_search(event: &Event, wanted: RequestId, conference: ConferenceId) -> bool {
    let is_main = wanted == RequestId::main(conference);
    match event {
        Event::Offered { request, .. }
        | Event::OfferLapsed { request, .. }
        | Event::OfferDeclined { request, .. }
        | Event::Accepted { request, .. }
        | Event::Released { request, .. } => *request == wanted,
        Event::Requested { .. } | Event::Ended { .. } => is_main,
        _ => false,
    }
}

/// The line of a place in a text, from 1 on.
fn line_of(text: &str, span: &Range<usize>) -> u64 {
    let before = text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count();
    u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1)
}

/// The plan of a file, or all that is wrong with it.
fn read(text: &str, file: &PlanFile, known: &HashMap<String, UserId>) -> Result<Plan, Vec<LineError>> {
    let mut errors = Vec::new();
    let mut list = |names: &[Spanned<String>], what: &str| -> Vec<UserId> {
        if names.len() > MAX_LISTED {
            let message = format!("{what}: {MAX_LISTED} interpreters at most");
            errors.push(LineError { line: line_of(text, &names[0].span()), message });
        }
        let mut users = Vec::new();
        for name in names {
            match known.get(name.get_ref()).or_else(|| known.get(&name.get_ref().to_lowercase())) {
                Some(user) => users.push(*user),
                None => errors.push(LineError {
                    line: line_of(text, &name.span()),
                    message: format!("{what}: there is no interpreter {:?}", name.get_ref()),
                }),
            }
        }
        users
    };
    let (prefer, only) = (list(&file.prefer, "prefer"), list(&file.only, "only"));
    let never = list(&file.never, "never");
    if let Some(first) = file.only.first()
        && !only.is_empty()
        && only.iter().all(|user| never.contains(user))
    {
        let message = "only: all of them are in `never`, so nobody is ever rung".to_owned();
        errors.push(LineError { line: line_of(text, &first.span()), message });
    }
    if file.step.is_empty() || file.step.len() > MAX_STEPS {
        errors.push(LineError { line: 1, message: format!("a plan has 1 to {MAX_STEPS} of [[step]]") });
    }
    let mut added: Vec<GroupName> = Vec::new();
    let mut steps = Vec::new();
    for step in &file.step {
        let line = line_of(text, &step.span());
        let table = step.get_ref();
        let mut wrong = |message: String| errors.push(LineError { line, message });
        let is_known = added.contains(&table.who) || added.contains(&GroupName::Everyone);
        if is_known && table.relaxes.is_empty() {
            wrong("an earlier step has these interpreters already, and this one relaxes nothing".to_owned());
        }
        if table.who == GroupName::Named && !added.is_empty() {
            wrong(
                "whom the client named is rung from the first step on, so this step rings nobody".to_owned(),
            );
        }
        if table.relaxes.iter().any(|wish| file.required.contains(wish)) {
            wrong("what is `required` is not relaxed by a step".to_owned());
        }
        added.push(table.who);
        if table.who == GroupName::Preferred && file.prefer.is_empty() {
            wrong("`prefer` is empty, so this step rings nobody".to_owned());
        }
        let mode = match (table.ring, table.width) {
            (RingName::Star, Some(width)) if (1..=MAX_WIDTH).contains(&width) => RingMode::Star(width),
            (RingName::Star, _) => {
                wrong(format!("a star has a `width` of 1 to {MAX_WIDTH}"));
                continue;
            }
            (RingName::Rotating, None | Some(1)) => RingMode::Rotating,
            (RingName::Rotating, Some(_)) => {
                wrong("one after the other has no `width`".to_owned());
                continue;
            }
        };
        for (name, seconds) in [("ring_seconds", table.ring_seconds), ("seconds", table.seconds)] {
            if !(1..=MAX_SECONDS).contains(&seconds) {
                wrong(format!("`{name}` is 1 to {MAX_SECONDS}"));
            }
        }
        steps.push(PlanStep {
            who: table.who.into(),
            mode,
            ring: Duration::from_secs(table.ring_seconds),
            lasts: Duration::from_secs(table.seconds),
            relaxes: table.relaxes.iter().map(|wish| (*wish).into()).collect(),
        });
    }
    if let [step] = file.step.as_slice()
        && step.get_ref().who == GroupName::Named
    {
        let message = "a request that names nobody rings nobody: add another step".to_owned();
        errors.push(LineError { line: line_of(text, &step.span()), message });
    }
    errors.sort_by_key(|error| error.line);
    let required = file.required.iter().map(|wish| (*wish).into()).collect();
    let plan = Plan { steps, certification: file.certification, required, prefer, only, never };
    if errors.is_empty() { Ok(plan) } else { Err(errors) }
}

/// A plan as a file.
fn written(plan: &Plan, people: &HashMap<UserId, Person>) -> String {
    let list = |users: &[UserId]| {
        let named = users.iter().filter_map(|user| people.get(user)).map(|one| format!("{:?}", one.email));
        named.collect::<Vec<_>>().join(", ")
    };
    let wishes = |wishes: &[Wish]| {
        let named = wishes.iter().map(|wish| match wish {
            Wish::Gender => "\"gender\"",
            Wish::Specialty => "\"specialty\"",
            Wish::Certification => "\"certification\"",
            Wish::Video => "\"video\"",
        });
        named.collect::<Vec<_>>().join(", ")
    };
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = writeln!(out, "certification = {}", plan.certification);
    let _ = writeln!(out, "required = [{}]", wishes(&plan.required));
    for (name, users) in [("prefer", &plan.prefer), ("only", &plan.only), ("never", &plan.never)] {
        let _ = writeln!(out, "{name} = [{}]", list(users));
    }
    for step in &plan.steps {
        let who = match step.who {
            Group::Everyone => "everyone",
            Group::Named => "named",
            Group::Preferred => "preferred",
            Group::Employed(Employment::Staff) => "staff",
            Group::Employed(Employment::Freelance) => "freelance",
            Group::Employed(Employment::Vendor) => "vendor",
        };
        let ring = match step.mode {
            RingMode::Star(width) => format!("\"star\"\nwidth = {width}"),
            RingMode::Rotating => "\"rotating\"".to_owned(),
        };
        let relaxes = wishes(&step.relaxes);
        let (each, lasts) = (step.ring.as_secs(), step.lasts.as_secs());
        let _ = writeln!(
            out,
            "\n[[step]]\nwho = \"{who}\"\nring = {ring}\nring_seconds = {each}\nseconds = {lasts}\nrelaxes = [{relaxes}]"
        );
    }
    out
}

impl From<GroupName> for Group {
    fn from(name: GroupName) -> Self {
        match name {
            GroupName::Everyone => Self::Everyone,
            GroupName::Named => Self::Named,
            GroupName::Preferred => Self::Preferred,
            GroupName::Staff => Self::Employed(Employment::Staff),
            GroupName::Freelance => Self::Employed(Employment::Freelance),
            GroupName::Vendor => Self::Employed(Employment::Vendor),
        }
    }
}

impl From<WishName> for Wish {
    fn from(name: WishName) -> Self {
        match name {
            WishName::Gender => Self::Gender,
            WishName::Specialty => Self::Specialty,
            WishName::Certification => Self::Certification,
            WishName::Video => Self::Video,
        }
    }
}
