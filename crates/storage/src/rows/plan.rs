//! Ring plans as they are kept: a versioned payload, written and read by serde.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trialogue_domain::{
    ConferenceId, Employment, Group, NotRung, Plan, PlanStep, RequestId, RingMode, UserId, Wish,
};

use super::row;
use crate::error::StoreError;

/// A kept plan.
#[derive(Serialize, Deserialize)]
#[serde(tag = "version")]
enum KeptPlan {
    #[serde(rename = "1")]
    First {
        steps: Vec<KeptStep>,
        certification: i32,
        #[serde(default)]
        required: Vec<KeptWish>,
        prefer: Vec<i32>,
        only: Vec<i32>,
        never: Vec<i32>,
    },
}

#[derive(Serialize, Deserialize)]
struct KeptStep {
    who: KeptGroup,
    /// None rotates.
    star: Option<usize>,
    ring_seconds: u64,
    seconds: u64,
    relaxes: Vec<KeptWish>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptGroup {
    Everyone,
    Named,
    Preferred,
    Staff,
    Freelance,
    Vendor,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptWish {
    Gender,
    Specialty,
    Certification,
    Video,
}

impl From<Group> for KeptGroup {
    fn from(group: Group) -> Self {
        match group {
            Group::Everyone => Self::Everyone,
            Group::Named => Self::Named,
            Group::Preferred => Self::Preferred,
            Group::Employed(Employment::Staff) => Self::Staff,
            Group::Employed(Employment::Freelance) => Self::Freelance,
            Group::Employed(Employment::Vendor) => Self::Vendor,
        }
    }
}

impl From<KeptGroup> for Group {
    fn from(group: KeptGroup) -> Self {
        match group {
            KeptGroup::Everyone => Self::Everyone,
            KeptGroup::Named => Self::Named,
            KeptGroup::Preferred => Self::Preferred,
            KeptGroup::Staff => Self::Employed(Employment::Staff),
            KeptGroup::Freelance => Self::Employed(Employment::Freelance),
            KeptGroup::Vendor => Self::Employed(Employment::Vendor),
        }
    }
}

impl From<Wish> for KeptWish {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Gender => Self::Gender,
            Wish::Specialty => Self::Specialty,
            Wish::Certification => Self::Certification,
            Wish::Video => Self::Video,
        }
    }
}

impl From<KeptWish> for Wish {
    fn from(wish: KeptWish) -> Self {
        match wish {
            KeptWish::Gender => Self::Gender,
            KeptWish::Specialty => Self::Specialty,
            KeptWish::Certification => Self::Certification,
            KeptWish::Video => Self::Video,
        }
    }
}

/// The payload of a plan.
pub(crate) fn encode_plan(plan: &Plan) -> Result<String, StoreError> {
    let ids = |users: &[UserId]| users.iter().map(|user| user.0).collect();
    let wishes = |wishes: &[Wish]| wishes.iter().map(|wish| KeptWish::from(*wish)).collect();
    let step = |step: &PlanStep| KeptStep {
        who: step.who.into(),
        star: match step.mode {
            RingMode::Star(width) => Some(width),
            RingMode::Rotating => None,
        },
        ring_seconds: step.ring.as_secs(),
        seconds: step.lasts.as_secs(),
        relaxes: wishes(&step.relaxes),
    };
    let kept = KeptPlan::First {
        steps: plan.steps.iter().map(step).collect(),
        certification: plan.certification,
        required: wishes(&plan.required),
        prefer: ids(&plan.prefer),
        only: ids(&plan.only),
        never: ids(&plan.never),
    };
    serde_json::to_string(&kept).map_err(|_| inconsistent("ring_plans", "plan", "new"))
}

/// The plan of a payload. `row` names it.
pub(crate) fn decode_plan(payload: &str, row: i32) -> Result<Plan, StoreError> {
    let users = |ids: Vec<i32>| ids.into_iter().map(UserId).collect();
    let KeptPlan::First { steps, certification, required, prefer, only, never } =
        serde_json::from_str(payload).map_err(|_| inconsistent("ring_plans", "plan", &row.to_string()))?;
    let wishes = |wishes: Vec<KeptWish>| wishes.into_iter().map(Wish::from).collect();
    let step = |kept: KeptStep| PlanStep {
        who: kept.who.into(),
        mode: kept.star.map_or(RingMode::Rotating, RingMode::Star),
        ring: Duration::from_secs(kept.ring_seconds),
        lasts: Duration::from_secs(kept.seconds),
        relaxes: wishes(kept.relaxes),
    };
    Ok(Plan {
        steps: steps.into_iter().map(step).collect(),
        certification,
        required: wishes(required),
        prefer: users(prefer),
        only: users(only),
        never: users(never),
    })
}

/// Maximum number of interpreters of one look who are kept with a reason of their own. The others are counted.
const KEPT_REASONS: usize = 500;

/// Why interpreters were not rung in one look of a search.
#[derive(Serialize, Deserialize)]
#[serde(tag = "version")]
enum KeptReasons {
    #[serde(rename = "1")]
    First {
        reasons: Vec<(i32, String)>,
        /// How many more there were.
        more: usize,
    },
}

row! {
    /// Why interpreters were not rung in one look of a search.
    #[derive(Debug)]
    pub(crate) struct SearchLookRow inserted into search_looks {
        conference_id: i32,
        seq: i32,
        request_id: i32,
        not_rung: String,
    }
}

impl SearchLookRow {
    /// Of a look that ended with the event `seq`.
    pub(crate) fn new(
        conference: ConferenceId,
        seq: i32,
        request: RequestId,
        reasons: &[(UserId, NotRung)],
    ) -> Result<Self, StoreError> {
        let not_rung = encode_reasons(reasons)?;
        Ok(Self { conference_id: conference.0, seq, request_id: request.0, not_rung })
    }
}

/// The payload of a look's reasons.
fn encode_reasons(reasons: &[(UserId, NotRung)]) -> Result<String, StoreError> {
    let kept = reasons.iter().take(KEPT_REASONS);
    let kept = KeptReasons::First {
        reasons: kept.map(|(user, reason)| (user.0, reason.code().to_owned())).collect(),
        more: reasons.len().saturating_sub(KEPT_REASONS),
    };
    serde_json::to_string(&kept).map_err(|_| inconsistent("search_looks", "not_rung", "new"))
}

/// The reasons of a look, and how many more there were.
pub(crate) fn decode_reasons(
    payload: &str,
    row: &str,
) -> Result<(Vec<(UserId, NotRung)>, usize), StoreError> {
    let wrong = || inconsistent("search_looks", "not_rung", row);
    let KeptReasons::First { reasons, more } = serde_json::from_str(payload).map_err(|_| wrong())?;
    let decoded = reasons.into_iter().map(|(user, code)| {
        let reason = NotRung::ALL.into_iter().find(|reason| reason.code() == code);
        Ok((UserId(user), reason.ok_or_else(wrong)?))
    });
    Ok((decoded.collect::<Result<_, StoreError>>()?, more))
}

fn inconsistent(table: &'static str, column: &'static str, row: &str) -> StoreError {
    StoreError::Inconsistent { table, column, row: row.to_owned() }
}
