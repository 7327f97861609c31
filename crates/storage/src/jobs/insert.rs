//! How jobs are queued with a change.

use trialogue_domain::{ConferenceId, Timestamp};

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::jobs::handover::{Handover, LeasedRow, Reserved};
use crate::jobs::kind::JobKind;
use crate::jobs::work::Work;
use crate::rows::{row, write, write_returning_ids};

row! {
    /// A new job.
    #[derive(Debug)]
    struct JobRow inserted into jobs {
        kind: i16,
        ordering_key: Option<i32>,
        conference_id: Option<i32>,
        version: i16,
        payload: String,
        attempts: i32,
        created_at: i64,
        due_at: Option<i64>,
        lease_node: Option<i64>,
        lease_until: Option<i64>,
    }
}

/// Jobs that are inserted together.
#[derive(Default)]
pub(crate) struct NewJobs {
    /// To be claimed.
    free: Vec<JobRow>,
    /// Leased to this node.
    leased: Vec<JobRow>,
    /// The places of the leased ones, each with the number of its jobs.
    places: Vec<(Reserved, usize)>,
}

impl NewJobs {
    /// Adds jobs about a conference, which follow each other if they have a key. `place` is where they are handed over.
    pub(crate) fn add<W: Work>(
        &mut self,
        kind: JobKind,
        ordering_key: Option<i32>,
        conference: ConferenceId,
        works: &[(W, Timestamp)],
        place: Option<Reserved>,
    ) -> Result<(), StoreError> {
        let lease = place.as_ref().map(|place| place.lease);
        let rows = if lease.is_some() { &mut self.leased } else { &mut self.free };
        for (work, at) in works {
            let payload = serde_json::to_string(&work.payload()).map_err(|_| StoreError::Inconsistent {
                table: "jobs",
                column: "payload",
                row: conference.to_string(),
            })?;
            rows.push(JobRow {
                kind: kind.code(),
                ordering_key,
                conference_id: Some(conference.0),
                version: W::VERSION,
                payload,
                attempts: i32::from(lease.is_some()),
                created_at: at.0,
                due_at: Some(at.0),
                lease_node: lease.map(|lease| lease.node.0),
                lease_until: lease.map(|lease| lease.until.0),
            });
        }
        self.places.extend(place.map(|place| (place, works.len())));
        Ok(())
    }

    /// Writes them, and adds those that are leased to this node to what is handed over after the COMMIT.
    pub(crate) fn insert(
        self,
        connection: &mut AnyConnection,
        after_commit: &mut Vec<Handover>,
    ) -> Result<(), StoreError> {
        let Self { free, leased, places } = self;
        write(connection, &free).map_err(StoreError::query("queue jobs"))?;
        let ids = write_returning_ids(connection, &leased).map_err(StoreError::query("queue jobs"))?;
        let mut written = ids.into_iter().zip(leased);
        for (place, count) in places {
            let lease = place.lease;
            let rows = written.by_ref().take(count).map(|(id, row)| LeasedRow {
                id,
                ordering_key: row.ordering_key,
                conference: row.conference_id,
                version: row.version,
                payload: row.payload,
                attempts: row.attempts,
                lease,
            });
            let jobs = rows.collect();
            after_commit.push(Handover::new(place, jobs));
        }
        Ok(())
    }
}
