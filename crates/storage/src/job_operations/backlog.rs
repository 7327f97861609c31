//! How many jobs wait, for readiness and metrics.

use std::collections::BTreeMap;

use diesel::dsl::{count, count_star, min};
use diesel::prelude::*;
use trialogue_domain::Timestamp;

use crate::error::StoreError;
use crate::executor::queue::Queued;
use crate::jobs::kind::JobKind;
use crate::schema::jobs;
use crate::store::Store;

/// The jobs of a kind that are not done yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub jobs: i64,
    /// How many of them are not tried, because their payload cannot be read.
    pub unreadable: i64,
    /// When the oldest was queued.
    pub oldest: Option<Timestamp>,
}

impl Store {
    /// The jobs that are not done yet, by kind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn backlog(&self) -> Result<BTreeMap<JobKind, Backlog>, StoreError> {
        self.executor()
            .read("look at the backlog", |connection| {
                let rows: Vec<(i16, i64, i64, Option<i64>)> = jobs::table
                    .group_by(jobs::kind)
                    .select((jobs::kind, count_star(), count(jobs::due_at), min(jobs::created_at)))
                    .load(connection)
                    .map_err(StoreError::query("look at the backlog"))?;
                let of = |kind: JobKind| {
                    let row = rows.iter().find(|(code, ..)| *code == kind.code());
                    row.map_or_else(Backlog::default, |(_, jobs, readable, oldest)| Backlog {
                        jobs: *jobs,
                        unreadable: jobs - readable,
                        oldest: oldest.map(Timestamp),
                    })
                };
                Ok(JobKind::ALL.into_iter().map(|kind| (kind, of(kind))).collect())
            })
            .await
    }

    /// How many jobs of a kind are not done yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn jobs_waiting(&self, kind: JobKind) -> Result<i64, StoreError> {
        Ok(self.backlog().await?.get(&kind).map_or(0, |backlog| backlog.jobs))
    }

    /// What waits at the moment.
    pub fn queued(&self) -> Queued {
        self.executor().queued()
    }
}
