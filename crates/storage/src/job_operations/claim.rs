//! Claiming jobs, and what becomes of them.

use std::time::Duration;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use trialogue_domain::Timestamp;

use crate::database::connection::{AnyConnection, lock_free_rows};
use crate::database::lock::ServeLock;
use crate::error::StoreError;
use crate::jobs::handover::LeasedRow;
use crate::jobs::kind::JobKind;
use crate::jobs::lease::{Lease, LeasedJob, PutBack};
use crate::jobs::work::Work;
use crate::node::NodeId;
use crate::node::alive_since;
use crate::rows::write;
use crate::schema::{conferences, jobs, nodes};
use crate::store::Store;

impl Store {
    /// Leases up to `limit` jobs of a kind that are due and free to a node, oldest first. A job is not free while a job
    /// before it with the same key waits for its time or is leased. An effect on a room that another living node holds is
    /// not free either.
    ///
    /// A job whose payload cannot be read is logged, and not tried again: it stays in the table without a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_jobs<W: Work>(
        &self,
        kind: JobKind,
        node: NodeId,
        lease: Duration,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<LeasedJob<W>>, StoreError> {
        let lease = Lease { node, until: now.after(lease) };
        self.executor()
            .write(0, "claim jobs", move |tx| {
                let ids = free(&mut tx.connection, kind, (node, W::VERSION), limit, now)?;
                if ids.is_empty() {
                    return Ok(Vec::new());
                }
                let rows = take(&mut tx.connection, &ids, lease)?;
                let (mut claimed, mut unreadable) = (Vec::new(), Vec::new());
                for row in rows {
                    match row.job() {
                        Some(job) => claimed.push(job),
                        None => unreadable.push(row.id),
                    }
                }
                if !unreadable.is_empty() {
                    set_aside(&mut tx.connection, kind, &unreadable)?;
                }
                Ok(claimed)
            })
            .await
    }

    /// The job failed; it is due again at `due`. Nothing is changed if the lease was lost meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn job_failed<W>(&self, job: &LeasedJob<W>, due: Timestamp) -> Result<(), StoreError> {
        self.put_back(vec![job.put_back(job.attempts, due)]).await
    }

    /// These jobs were not tried after all: they are due, as before they were leased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn jobs_untried<W>(&self, jobs: &[LeasedJob<W>], now: Timestamp) -> Result<(), StoreError> {
        let untried = |job: &LeasedJob<W>| job.put_back(job.attempts - 1, now);
        self.put_back(jobs.iter().map(untried).collect()).await
    }

    async fn put_back(&self, jobs: Vec<PutBack>) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        self.executor()
            .write(0, "put jobs back", move |tx| {
                write(&mut tx.connection, &jobs).map_err(StoreError::query("put jobs back"))
            })
            .await?;
        Ok(())
    }

    /// The job is done, or will never be. Nothing is changed if the lease was lost meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn job_done<W>(&self, job: &LeasedJob<W>) -> Result<(), StoreError> {
        let row = job.row();
        self.executor()
            .write(0, "finish a job", move |tx| {
                write(&mut tx.connection, [&row]).map_err(StoreError::query("finish a job"))
            })
            .await?;
        Ok(())
    }

    /// Ends every lease, so that what a server had leased when it died is not waited for. Only where `lock` says that no
    /// other server can be at work; elsewhere the leases end by themselves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_leases(&self, lock: &ServeLock) -> Result<(), StoreError> {
        if !lock.is_sole() {
            return Ok(());
        }
        self.executor()
            .write(0, "end the leases", |tx| {
                // A node that died on this file holds no room any more.
                diesel::delete(nodes::table)
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("forget the nodes before"))?;
                diesel::update(jobs::table)
                    .set((jobs::lease_node.eq(None::<i64>), jobs::lease_until.eq(None::<i64>)))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("end the leases"))
            })
            .await?;
        Ok(())
    }
}

/// The jobs that may be leased, locked on PostgreSQL. Those that another session has locked are left out.
fn free(
    connection: &mut AnyConnection,
    kind: JobKind,
    (node, version): (NodeId, i16),
    limit: i64,
    now: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let (due, earlier) = diesel::alias!(jobs as due, jobs as earlier);
    // A later version is for nodes of a later release.
    let waits = earlier
        .field(jobs::due_at)
        .gt(Some(now.0))
        .or(earlier.field(jobs::lease_until).gt(Some(now.0)))
        .or(earlier.field(jobs::version).gt(version));
    let in_the_way = earlier
        .filter(earlier.field(jobs::kind).eq(kind.code()))
        .filter(earlier.field(jobs::ordering_key).eq(due.field(jobs::ordering_key)))
        .filter(earlier.field(jobs::id).lt(due.field(jobs::id)))
        .filter(waits);
    let held_elsewhere = conferences::table
        .inner_join(nodes::table.on(conferences::node.eq(nodes::id.nullable())))
        .filter(conferences::id.nullable().eq(due.field(jobs::conference_id)))
        .filter(nodes::id.ne(node.0).and(nodes::seen_at.ge(alive_since(now))));
    let is_free = due.field(jobs::lease_until).is_null().or(due.field(jobs::lease_until).le(Some(now.0)));
    let query = due
        .filter(due.field(jobs::kind).eq(kind.code()).and(due.field(jobs::version).le(version)))
        .filter(due.field(jobs::due_at).le(Some(now.0)).and(is_free))
        .filter(not(exists(in_the_way)))
        .filter(due.field(jobs::kind).ne(JobKind::Engine.code()).or(not(exists(held_elsewhere))))
        .order(due.field(jobs::id))
        .limit(limit)
        .select(due.field(jobs::id));
    lock_free_rows!(connection, query).map_err(StoreError::query("look for jobs"))
}

fn take(connection: &mut AnyConnection, ids: &[i64], lease: Lease) -> Result<Vec<LeasedRow>, StoreError> {
    type Columns = (i64, Option<i32>, Option<i32>, i16, String, i32);
    let mut rows: Vec<Columns> = diesel::update(jobs::table)
        .filter(jobs::id.eq_any(ids))
        .set((
            jobs::lease_node.eq(Some(lease.node.0)),
            jobs::lease_until.eq(Some(lease.until.0)),
            jobs::attempts.eq(jobs::attempts + 1),
        ))
        .returning((
            jobs::id,
            jobs::ordering_key,
            jobs::conference_id,
            jobs::version,
            jobs::payload,
            jobs::attempts,
        ))
        .get_results(connection)
        .map_err(StoreError::query("claim jobs"))?;
    rows.sort_unstable_by_key(|(id, ..)| *id);
    let leased = |(id, ordering_key, conference, version, payload, attempts)| LeasedRow {
        id,
        ordering_key,
        conference,
        version,
        payload,
        attempts,
        lease,
    };
    Ok(rows.into_iter().map(leased).collect())
}

/// These are not tried again, and keep no other waiting.
fn set_aside(connection: &mut AnyConnection, kind: JobKind, ids: &[i64]) -> Result<(), StoreError> {
    tracing::error!(?ids, kind = kind.name(), "the payload of jobs cannot be read; they are not tried");
    diesel::update(jobs::table.filter(jobs::id.eq_any(ids)))
        .set((
            jobs::due_at.eq(None::<i64>),
            jobs::lease_node.eq(None::<i64>),
            jobs::lease_until.eq(None::<i64>),
        ))
        .execute(connection)
        .map_err(StoreError::query("set jobs aside"))?;
    Ok(())
}
