//! Ring plans of companies, and the system's own.

use std::collections::HashMap;

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, NotRung, Plan, RequestId, Timestamp, UserId};

use crate::aggregate::company::CompanyId;
use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::rows::plan::{decode_plan, decode_reasons, encode_plan};
use crate::schema::{ring_plans, search_looks};
use crate::store::Store;

/// The number that stands for no company.
const SYSTEM: i32 = 0;

/// Ring plans, by company.
#[derive(Debug, Clone, Default)]
pub struct Plans {
    of_companies: HashMap<i32, Plan>,
    system: Plan,
}

/// Why interpreters were not rung, in one look of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchLook {
    /// The last event of the look.
    pub seq: i32,
    /// The request.
    pub request: RequestId,
    /// Who was not rung, and why. Interpreters of the language who are not here gave no sign of life.
    pub not_rung: Vec<(UserId, NotRung)>,
    /// How many more there were.
    pub more: usize,
}

impl Plans {
    /// The plan for the clients of a company, or for those of none. A company without a plan has the system's.
    pub fn of(&self, company: Option<CompanyId>) -> &Plan {
        company.and_then(|company| self.of_companies.get(&company.0)).unwrap_or(&self.system)
    }
}

impl Store {
    /// Keeps the plan of a company, or the system's own. Without a plan, the company has the system's, and the system its
    /// built-in one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_plan(
        &self,
        company: Option<CompanyId>,
        plan: Option<Plan>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let payload = plan.as_ref().map(encode_plan).transpose()?;
        let id = company.map_or(SYSTEM, |company| company.0);
        self.executor()
            .write(id, "keep a ring plan", move |tx| {
                diesel::delete(ring_plans::table.find(id))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("delete a ring plan"))?;
                if let Some(payload) = &payload {
                    diesel::insert_into(ring_plans::table)
                        .values((
                            ring_plans::company_id.eq(id),
                            ring_plans::plan.eq(payload),
                            ring_plans::changed_at.eq(now.0),
                        ))
                        .execute(&mut tx.connection)
                        .map_err(StoreError::query("insert a ring plan"))?;
                }
                Ok(())
            })
            .await
    }

    /// The plan that holds for the clients of a company, or for those of none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn plan(&self, company: Option<CompanyId>) -> Result<Plan, StoreError> {
        self.executor()
            .read("find a ring plan", move |connection| Ok(plans(connection, [company])?.of(company).clone()))
            .await
    }

    /// Why interpreters were not rung, look by look.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search_looks(&self, conference: ConferenceId) -> Result<Vec<SearchLook>, StoreError> {
        self.executor()
            .read("read the looks of a search", move |connection| {
                let rows: Vec<(i32, i32, String)> = search_looks::table
                    .filter(search_looks::conference_id.eq(conference.0))
                    .order(search_looks::seq)
                    .select((search_looks::seq, search_looks::request_id, search_looks::not_rung))
                    .load(connection)
                    .map_err(StoreError::query("read the looks of a search"))?;
                let look = |(seq, request, payload): (i32, i32, String)| {
                    let (not_rung, more) = decode_reasons(&payload, &format!("{conference}/{seq}"))?;
                    Ok(SearchLook { seq, request: RequestId(request), not_rung, more })
                };
                rows.into_iter().map(look).collect()
            })
            .await
    }
}

/// The plans of these companies.
pub(crate) fn plans(
    connection: &mut AnyConnection,
    companies: impl IntoIterator<Item = Option<CompanyId>>,
) -> Result<Plans, StoreError> {
    let mut ids: Vec<i32> = companies.into_iter().flatten().map(|company| company.0).collect();
    ids.push(SYSTEM);
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<(i32, String)> = ring_plans::table
        .filter(ring_plans::company_id.eq_any(ids))
        .select((ring_plans::company_id, ring_plans::plan))
        .load(connection)
        .map_err(StoreError::query("find ring plans"))?;
    let mut plans = Plans::default();
    for (id, payload) in rows {
        // A plan that can't be read, of a newer version say, must stop nobody's search.
        let plan = match decode_plan(&payload, id) {
            Ok(plan) => plan,
            Err(error) => {
                tracing::error!(%error, company = id, "a ring plan can't be read; the default holds");
                continue;
            }
        };
        if id == SYSTEM {
            plans.system = plan;
        } else {
            plans.of_companies.insert(id, plan);
        }
    }
    Ok(plans)
}
