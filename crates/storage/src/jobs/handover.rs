//! The hand-over of new jobs to the workers of this node, in memory.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use trialogue_domain::{ConferenceId, Timestamp};

use crate::jobs::kind::JobKind;
use crate::jobs::lease::{Lease, LeasedJob};
use crate::jobs::work::{Work, read};
use crate::node::NodeId;

/// A leased job as its row has it.
#[derive(Debug)]
pub(crate) struct LeasedRow {
    pub(crate) id: i64,
    pub(crate) ordering_key: Option<i32>,
    pub(crate) conference: Option<i32>,
    pub(crate) version: i16,
    pub(crate) payload: String,
    pub(crate) attempts: i32,
    pub(crate) lease: Lease,
}

impl LeasedRow {
    /// The job; none if its payload cannot be read.
    pub(crate) fn job<W: Work>(&self) -> Option<LeasedJob<W>> {
        Some(LeasedJob {
            id: self.id,
            ordering_key: self.ordering_key,
            conference: self.conference.map(ConferenceId),
            work: read(self.version, &self.payload)?,
            attempts: self.attempts,
            lease: self.lease,
        })
    }
}

/// The workers of this node, by the kind of their jobs.
#[derive(Default)]
pub(crate) struct Workers(Mutex<BTreeMap<JobKind, Worker>>);

struct Worker {
    node: NodeId,
    lease: Duration,
    inbox: mpsc::Sender<Vec<LeasedRow>>,
}

/// A place in a worker's inbox, kept free until the COMMIT.
pub(crate) struct Reserved {
    pub(crate) lease: Lease,
    place: mpsc::OwnedPermit<Vec<LeasedRow>>,
}

impl Workers {
    /// A place for new jobs that may be done by this node; none if no worker runs here, or it has enough to do.
    pub(crate) fn reserve(&self, kind: JobKind, now: Timestamp) -> Option<Reserved> {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = workers.get(&kind)?;
        let place = worker.inbox.clone().try_reserve_owned().ok()?;
        Some(Reserved { lease: Lease { node: worker.node, until: now.after(worker.lease) }, place })
    }

    /// From now on, new jobs of a kind have a place in this inbox, at most `capacity` changes at a time. The worker before,
    /// if there was one, gets no more.
    pub(crate) fn receive<W: Work>(
        &self,
        kind: JobKind,
        node: NodeId,
        lease: Duration,
        capacity: usize,
    ) -> Inbox<W> {
        let (inbox, rows) = mpsc::channel(capacity.max(1));
        let worker = Worker { node, lease, inbox };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, worker);
        Inbox { rows, work: PhantomData }
    }
}

/// Jobs that are handed to a worker once they are committed. When this is dropped instead, the place is free again.
pub(crate) struct Handover {
    place: Reserved,
    jobs: Vec<LeasedRow>,
}

impl Handover {
    pub(crate) const fn new(place: Reserved, jobs: Vec<LeasedRow>) -> Self {
        Self { place, jobs }
    }

    /// They are committed.
    pub(crate) fn committed(self) {
        self.place.place.send(self.jobs);
    }
}

/// The new jobs of a kind that are this node's to do.
pub struct Inbox<W> {
    rows: mpsc::Receiver<Vec<LeasedRow>>,
    work: PhantomData<fn() -> W>,
}

impl<W: Work> Inbox<W> {
    /// Waits for the next list of jobs that follow each other. None once another worker has taken the place of this one.
    pub async fn next(&mut self) -> Option<Vec<LeasedJob<W>>> {
        self.rows.recv().await.map(|rows| jobs(&rows))
    }

    /// Takes no more jobs, and returns what was not taken out.
    pub fn close(mut self) -> Vec<LeasedJob<W>> {
        self.rows.close();
        std::iter::from_fn(|| self.rows.try_recv().ok()).flat_map(|rows| jobs(&rows)).collect()
    }
}

/// They were written a moment ago by this program, which reads what it writes.
fn jobs<W: Work>(rows: &[LeasedRow]) -> Vec<LeasedJob<W>> {
    rows.iter().filter_map(LeasedRow::job).collect()
}
