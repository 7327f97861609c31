//! A thread that changes the database.
//!
//! It takes what is waiting (up to [`GROUP`] operations) and does it in one transaction; then one commit, then the answers.
//! First come those that are done as a batch, together; then the others, each in its own savepoint, so that a refusal or
//! a fault of one leaves the others whole. If the batch fails, its operations are done like the others. An operation is answered
//! only after the transaction that holds it has committed. An operation that clashes with another session is tried again
//! after a back-off, while the writer goes on with the others.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::time::Instant;

use crate::changes::announcer::Announcer;
use crate::database::connect::{Age, Connector};
use crate::database::connection::Purpose;
use crate::database::sqlite_files::OpenFiles;
use crate::error::StoreError;
use crate::error::explained;
use crate::executor::ids::Ids;
use crate::executor::operation::{Batched, Entry, OperationResult, QueueLength, Write};
use crate::executor::transaction::{AfterCommit, Tx};
use crate::jobs::handover::{Handover, Workers};

/// Maximum number of operations in a transaction, and of operations of one key that wait behind each other.
const GROUP: usize = 64;

/// How often an operation that clashes is tried. What finds its conference locked is tried until its caller gives up.
const TRIES: u32 = 5;

/// Shortest and longest back-off before an operation is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(250));

/// An operation that the writer has taken from its queue.
struct Pending<B> {
    entry: Entry<Write<B>>,
    tries: u32,
    /// Not before.
    due: Instant,
}

pub(crate) struct Writer<B> {
    connector: Connector,
    files: Arc<OpenFiles>,
    tx: Option<Tx>,
    /// The ids that are left of a connection that was closed.
    ids: Ids,
    announcer: Arc<Announcer>,
    workers: Arc<Workers>,
    length: QueueLength,
    /// In the order in which they came.
    pending: VecDeque<Pending<B>>,
    /// Nothing more will come, and nobody waits for another try.
    closing: bool,
}

impl<B: Batched> Writer<B> {
    pub(crate) fn new(
        connector: Connector,
        files: Arc<OpenFiles>,
        announcer: Arc<Announcer>,
        workers: Arc<Workers>,
        length: QueueLength,
    ) -> Self {
        Self {
            connector,
            files,
            tx: None,
            ids: Ids::default(),
            announcer,
            workers,
            length,
            pending: VecDeque::new(),
            closing: false,
        }
    }

    /// Serves until the queue is closed and nothing is left.
    pub(crate) fn serve(&mut self, queue: &Receiver<Entry<Write<B>>>) {
        while !self.closing || !self.pending.is_empty() {
            self.receive(queue);
            let group = self.next_group(Instant::now());
            if !group.is_empty() {
                self.serve_group(group);
            }
        }
    }

    /// Waits for an operation, or until a pending one is due, and takes what else there is.
    fn receive(&mut self, queue: &Receiver<Entry<Write<B>>>) {
        let first = match self.pending.iter().map(|pending| pending.due).min() {
            _ if self.closing => return,
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => queue.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        self.closing = matches!(first, Err(RecvTimeoutError::Disconnected));
        for entry in first.into_iter().chain(queue.try_iter().take(GROUP - 1)) {
            let ahead = self.pending.iter().filter(|p| p.entry.key == entry.key).count();
            if entry.key != 0 && ahead >= GROUP {
                self.length.fetch_sub(1, Ordering::Relaxed);
                let cause = "too many operations wait for the same conference or user".to_owned();
                entry.operation.finish(Err(StoreError::NotDone { operation: "begin an operation", cause }));
            } else {
                self.pending.push_back(Pending { entry, tries: 0, due: Instant::now() });
            }
        }
    }

    /// What may be done now. What has the key of an operation that waits for another try waits behind it, and so does one
    /// of the batch behind an operation that is done after the batch.
    fn next_group(&mut self, now: Instant) -> Vec<Pending<B>> {
        let mut group = Vec::new();
        let (mut held, mut after_batch) = (HashSet::new(), HashSet::new());
        for Pending { entry, tries, due } in std::mem::take(&mut self.pending) {
            self.length.fetch_sub(1, Ordering::Relaxed);
            let Some(entry) = entry.in_time(now) else { continue };
            let key = entry.key;
            let is_alone = matches!(entry.operation, Write::Alone(_));
            let is_blocked = held.contains(&key) || (!is_alone && after_batch.contains(&key));
            let takes_part = (due <= now || self.closing) && group.len() < GROUP && !is_blocked;
            if key != 0 && (!takes_part || tries > 0) {
                held.insert(key);
            }
            if key != 0 && is_alone {
                after_batch.insert(key);
            }
            if takes_part {
                group.push(Pending { entry, tries, due });
            } else {
                self.length.fetch_add(1, Ordering::Relaxed);
                self.pending.push_back(Pending { entry, tries, due });
            }
        }
        group
    }

    fn serve_group(&mut self, mut group: Vec<Pending<B>>) {
        match self.commit_together(&mut group) {
            Err(lost) => {
                if let Some(age) = self.disconnect() {
                    self.connector.lost(age);
                }
                let lost = explained(lost);
                for pending in group {
                    pending.entry.operation.finish(Err(StoreError::Unavailable(lost.clone())));
                }
            }
            Ok(outcomes) => {
                let now = Instant::now();
                // Whatever was wrong may be wrong with the session: the next transaction gets another one.
                let mut spoilt = false;
                // From the last to the first, so that those that wait again keep their order.
                for (pending, outcome) in group.into_iter().zip(outcomes).rev() {
                    match outcome {
                        Err(conflict) => {
                            spoilt |= conflict.is_trouble();
                            self.try_again(pending, conflict, now);
                        }
                        outcome => pending.entry.operation.finish(outcome),
                    }
                }
                if spoilt {
                    self.disconnect();
                }
            }
        }
    }

    /// An operation that clashed waits for another try, unless it has had its tries or its time.
    fn try_again(&mut self, mut pending: Pending<B>, error: StoreError, now: Instant) {
        pending.tries += 1;
        let pause = (PAUSES.0 * 2_u32.saturating_pow(pending.tries - 1)).min(PAUSES.1);
        pending.due = now + pause;
        let is_locked = matches!(error, StoreError::Locked(_));
        // The answer must come before its caller has given up.
        let in_time = pending.due + PAUSES.1 < pending.entry.deadline;
        if error.is_conflict() && !self.closing && in_time && (is_locked || pending.tries < TRIES) {
            self.length.fetch_add(1, Ordering::Relaxed);
            self.pending.push_front(pending);
        } else {
            pending.entry.operation.finish(Err(error.after_tries(pending.tries)));
        }
    }

    /// Runs a group in one transaction. The outcomes hold once this returns; `Err` means the connection is lost.
    fn commit_together(&mut self, group: &mut [Pending<B>]) -> Result<Vec<OperationResult>, String> {
        let tx = self.begin(group.len())?;
        let mut outcomes = match run_batch(group, tx) {
            Ok(outcomes) => outcomes,
            Err(StoreError::Unavailable(lost)) => return Err(lost),
            Err(error) => {
                // Another node changed one of the conferences, or one operation makes the statements of all fail.
                tracing::debug!(%error, "a batch failed; its operations are done one by one");
                tx.roll_back()?;
                tx.begin(group.len()).map_err(|e| e.to_string())?;
                group.iter().map(|_| None).collect()
            }
        };
        let can_be_undone = group.len() > 1;
        let left = group.iter_mut().zip(&mut outcomes).filter(|(_, outcome)| outcome.is_none());
        for (pending, outcome) in left {
            if can_be_undone {
                tx.savepoint()?;
            }
            let before = tx.after_commit.len();
            let result = pending.run(tx);
            if let Err(StoreError::Unavailable(lost)) = result {
                return Err(lost);
            }
            if result.is_err() {
                tx.after_commit.truncate(before);
                if can_be_undone {
                    tx.undo()?;
                } else {
                    tx.roll_back()?;
                    return Ok(vec![result]);
                }
            }
            *outcome = Some(result);
        }
        // What is written into a file without a name is lost: nothing of it may be acknowledged.
        self.files.check()?;
        let Some(tx) = &mut self.tx else { return Err(String::new()) };
        let AfterCommit { changes, jobs } = tx.commit()?;
        jobs.into_iter().for_each(Handover::committed);
        self.announcer.committed(changes);
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or(Ok(()))).collect())
    }

    /// Begins a group's transaction. The connection may have died since its last use: nothing was done on it yet, so a
    /// new one takes its place.
    fn begin(&mut self, operations: usize) -> Result<&mut Tx, String> {
        self.files.check()?;
        let connector = self.connector.clone();
        let begun =
            self.tx.as_mut().filter(|tx| connector.is_current(tx.age)).map(|tx| tx.begin(operations).is_ok());
        if begun != Some(true) {
            let age = self.disconnect();
            if let (Some(false), Some(age)) = (begun, age) {
                connector.lost(age);
            }
            let (connection, age) = connector.connect(Purpose::Write).map_err(|e| e.to_string())?;
            let ids = std::mem::take(&mut self.ids);
            let tx = self.tx.insert(Tx::new(connection, age, ids, Arc::clone(&self.workers)));
            tx.begin(operations).map_err(|e| e.to_string())?;
        }
        self.tx.as_mut().ok_or_else(String::new)
    }

    /// Closes the connection and keeps what is left of its ids.
    fn disconnect(&mut self) -> Option<Age> {
        let tx = self.tx.take()?;
        self.ids = tx.ids;
        Some(tx.age)
    }
}

/// Does those of a group that are done together. The others have no outcome yet.
fn run_batch<B: Batched>(
    group: &mut [Pending<B>],
    tx: &mut Tx,
) -> Result<Vec<Option<OperationResult>>, StoreError> {
    let mut batch: Vec<&mut B> = Vec::new();
    let mut is_batched = Vec::with_capacity(group.len());
    for pending in group {
        is_batched.push(matches!(pending.entry.operation, Write::Batched(_)));
        if let Write::Batched(operation) = &mut pending.entry.operation {
            batch.push(operation);
        }
    }
    let mut outcomes = match batch.as_mut_slice() {
        [] => Vec::new(),
        batch => B::run(batch, tx)?,
    }
    .into_iter();
    Ok(is_batched.into_iter().map(|is_batched| if is_batched { outcomes.next() } else { None }).collect())
}

impl<B: Batched> Pending<B> {
    /// Does it without the others.
    fn run(&mut self, tx: &mut Tx) -> OperationResult {
        match &mut self.entry.operation {
            Write::Alone(operation) => operation.run(tx),
            Write::Batched(operation) => B::run(&mut [operation], tx)?.pop().unwrap_or(Ok(())),
        }
    }
}
