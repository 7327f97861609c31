//! Jobs that wait in the database for a system outside. Each kind has a worker with slots of its own, so that a system
//! that hangs delays no other kind.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use trialogue_domain::{Observation, Timestamp};
use trialogue_storage::{JobKind, LeasedJob, NodeId, Work};

use crate::back_off::{concerns_all, pause};
use crate::conferences::Conferences;
use crate::ports::Clock;

pub(crate) mod delivery;
pub(crate) mod engine;

/// How long a node has a job for itself.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// How long to wait for a system's answer. The outcome is noted before the lease ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// How often a worker claims jobs that were not handed to it.
const TICK: Duration = Duration::from_millis(200);

/// How many changes may wait in the inbox of a worker, for each of its slots.
const WAITING_PER_SLOT: usize = 4;

/// Longest back-off of a job whose outcome cannot be noted.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// The queue, as a worker of this node uses it.
#[derive(Clone)]
pub(crate) struct Queue {
    pub(crate) conferences: Conferences,
    pub(crate) node: NodeId,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Does the jobs of one kind.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// What is to be done.
    type Work: Work;

    /// Maximum number of jobs that are done at the same time.
    const SLOTS: usize;

    /// Shortest back-off of a job that failed.
    const FIRST_PAUSE: Duration;

    fn kind(&self) -> JobKind;

    fn queue(&self) -> Queue;

    /// Does a job. It ends within [`PATIENCE`], whatever the system does.
    fn attempt(&self, job: &LeasedJob<Self::Work>) -> impl Future<Output = JobOutcome> + Send;
}

/// What came of a job.
pub(crate) enum JobOutcome {
    /// It is done, or can never succeed; and what was observed.
    Done(Vec<Observation>),
    /// It failed; the next try comes after this pause.
    Failed(Duration),
}

/// Works until told to stop; what is under way then is finished.
pub(crate) async fn run<H: Handler>(handler: H, mut stop: watch::Receiver<bool>) {
    let Queue { conferences, node, clock } = handler.queue();
    let capacity = WAITING_PER_SLOT * H::SLOTS;
    let mut inbox = conferences.store().receive_jobs::<H::Work>(handler.kind(), node, LEASE, capacity);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut busy = JoinSet::new();
    let mut more = false;
    loop {
        let ticked = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(jobs) = inbox.next(), if busy.len() < H::SLOTS => {
                let handler = handler.clone();
                busy.spawn(async move { work_off(&handler, jobs).await });
                continue;
            }
            Some(_) = busy.join_next() => false,
            _ = ticks.tick() => true,
        };
        // Between ticks it waits until half of the slots are free: a claim is a query, and one for each slot costs too much.
        if busy.len() < H::SLOTS && (ticked || (more && busy.len() <= H::SLOTS / 2)) {
            let claimed = claim(&handler, H::SLOTS - busy.len()).await;
            more = !claimed.is_empty();
            for jobs in claimed {
                let handler = handler.clone();
                busy.spawn(async move { work_off(&handler, jobs).await });
            }
        }
    }
    put_back(&handler, &inbox.close(), clock.now()).await;
    while busy.join_next().await.is_some() {}
}

/// Claims up to so many jobs. Those that follow each other are one list. What cannot be claimed now is claimed later.
pub(crate) async fn claim<H: Handler>(handler: &H, limit: usize) -> Vec<Vec<LeasedJob<H::Work>>> {
    let Queue { conferences, node, clock } = handler.queue();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let claimed = conferences.store().claim_jobs(handler.kind(), node, LEASE, limit, clock.now()).await;
    let claimed: Vec<LeasedJob<H::Work>> = claimed.unwrap_or_else(|error| {
        tracing::warn!(%error, kind = handler.kind().name(), "jobs could not be claimed");
        Vec::new()
    });
    let mut lists: Vec<Vec<LeasedJob<H::Work>>> = Vec::new();
    let mut of_key = HashMap::new();
    for job in claimed {
        let list = match job.ordering_key {
            Some(key) => *of_key.entry(key).or_insert(lists.len()),
            None => lists.len(),
        };
        if list == lists.len() {
            lists.push(Vec::new());
        }
        lists[list].push(job);
    }
    lists
}

/// Does jobs that follow each other. What comes after a failed one must not overtake it.
pub(crate) async fn work_off<H: Handler>(handler: &H, jobs: Vec<LeasedJob<H::Work>>) {
    let clock = handler.queue().clock;
    for (position, job) in jobs.iter().enumerate() {
        let in_time = job.lease.until.since(clock.now()) >= PATIENCE;
        if in_time && execute(handler, job).await {
            continue;
        }
        let untried = if in_time { position + 1 } else { position };
        put_back(handler, &jobs[untried..], clock.now()).await;
        return;
    }
}

/// Does a job and notes what came of it; whether the next one may follow.
async fn execute<H: Handler>(handler: &H, job: &LeasedJob<H::Work>) -> bool {
    let Queue { conferences, clock, .. } = handler.queue();
    let store = conferences.store();
    let number = job.conference.map_or(0, |conference| conference.0);
    let attempt = handler.attempt(job).await;
    let now = clock.now();
    let (noted, goes_on) = match attempt {
        JobOutcome::Failed(pause) => (store.job_failed(job, now.after(pause)).await, false),
        JobOutcome::Done(seen) => {
            let noted = match job.conference.filter(|_| !seen.is_empty()) {
                Some(conference) => conferences.job_done_seeing(job, conference, seen, now).await,
                None => store.job_done(job).await,
            };
            match noted {
                Err(error) if !concerns_all(&error) => {
                    // This conference cannot be saved. The other jobs go on; this one is tried again with back-off.
                    let pause = pause(job.attempts, H::FIRST_PAUSE, LONGEST_PAUSE, number);
                    (store.job_failed(job, now.after(pause)).await.and(Err(error)), true)
                }
                noted => (noted, true),
            }
        }
    };
    if let Err(error) = noted {
        let kind = handler.kind().name();
        tracing::warn!(%error, kind, conference = number, "a job's outcome was not noted; it is done again");
    }
    goes_on
}

async fn put_back<H: Handler>(handler: &H, jobs: &[LeasedJob<H::Work>], now: Timestamp) {
    if let Err(error) = handler.queue().conferences.store().jobs_untried(jobs, now).await {
        let kind = handler.kind().name();
        tracing::warn!(%error, kind, "jobs were not put back; they wait until their leases end");
    }
}
