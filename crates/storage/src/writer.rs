//! A thread that changes the database.
//!
//! It takes what is waiting (up to [`GROUP`] operations) and does it in one transaction, each operation in its own
//! savepoint, so that a refusal or a fault of one leaves the others whole; then one commit, then the answers. An
//! operation is answered only after the transaction that holds it has committed. An operation that clashes with another
//! session is tried again after a back-off, while the writer goes on with the others.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use tokio::time::Instant;
use trialogue_domain::Refusal;

use crate::StoreError;
use crate::aggregate::{Changes, load_to_change};
use crate::changes::{Announcer, Change};
use crate::connection::{Age, AnyConnection, Connector, Purpose};
use crate::decision::Decision;
use crate::error::is_connection_lost;
use crate::executor::{Job, Outcome, Waiting, Work};
use crate::ids::Ids;
use crate::sqlite_files::{OpenFiles, explained};
use crate::together::decide_together;

/// Maximum number of operations in a transaction, and of operations of one key that wait behind each other.
const GROUP: usize = 64;

/// How often an operation that clashes is tried. What finds its conference locked is tried until its caller gives up.
const TRIES: u32 = 5;

/// Shortest and longest back-off before an operation is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(250));

/// A writer's connection. An operation sees it inside a transaction and a savepoint of its own.
pub(crate) struct Tx {
    pub(crate) connection: AnyConnection,
    pub(crate) ids: Ids,
    /// What the open transaction changed so far.
    pub(crate) changes: Vec<Change>,
    age: Age,
}

impl Job<Tx> for Decision {
    fn run(&mut self, tx: &mut Tx) -> Outcome {
        let loaded = load_to_change(&mut tx.connection, self.id())?.ok_or(Refusal::NotFound)?;
        if let Some(changes) = self.judge(loaded.conference)? {
            tx.save(&changes)?;
        }
        self.done().map_or(Ok(()), |done| done.delete(&mut tx.connection))
    }

    fn finish(self: Box<Self>, outcome: Outcome) {
        self.answer(outcome);
    }

    fn as_decision(&mut self) -> Option<&mut Decision> {
        Some(self)
    }
}

/// An operation that the writer has taken from its queue.
struct Pending {
    work: Work<Tx>,
    tries: u32,
    /// Not before.
    due: Instant,
}

pub(crate) struct Writer {
    connector: Connector,
    files: Arc<OpenFiles>,
    tx: Option<Tx>,
    /// The ids that are left of a connection that was closed.
    ids: Ids,
    announcer: Arc<Announcer>,
    waiting: Waiting,
    /// In the order in which they came.
    pending: VecDeque<Pending>,
    /// Nothing more will come, and nobody waits for another try.
    closing: bool,
}

impl Writer {
    pub(crate) fn new(
        connector: Connector,
        files: Arc<OpenFiles>,
        announcer: Arc<Announcer>,
        waiting: Waiting,
    ) -> Self {
        Self {
            connector,
            files,
            tx: None,
            ids: Ids::default(),
            announcer,
            waiting,
            pending: VecDeque::new(),
            closing: false,
        }
    }

    /// Serves until the queue is closed and nothing is left.
    pub(crate) fn serve(&mut self, queue: &Receiver<Work<Tx>>) {
        while !self.closing || !self.pending.is_empty() {
            self.receive(queue);
            let group = self.next_group(Instant::now());
            if !group.is_empty() {
                self.serve_group(group);
            }
        }
    }

    /// Waits for an operation, or until a pending one is due, and takes what else there is.
    fn receive(&mut self, queue: &Receiver<Work<Tx>>) {
        let first = match self.pending.iter().map(|pending| pending.due).min() {
            _ if self.closing => return,
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => queue.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        self.closing = matches!(first, Err(RecvTimeoutError::Disconnected));
        for work in first.into_iter().chain(queue.try_iter().take(GROUP - 1)) {
            let ahead = self.pending.iter().filter(|p| p.work.key == work.key).count();
            if work.key != 0 && ahead >= GROUP {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                let cause = "too many operations wait for the same conference or user".to_owned();
                work.job.finish(Err(StoreError::NotDone { operation: "begin an operation", cause }));
            } else {
                self.pending.push_back(Pending { work, tries: 0, due: Instant::now() });
            }
        }
    }

    /// What may be done now. What has the key of an operation that waits for another try waits behind it.
    fn next_group(&mut self, now: Instant) -> Vec<Pending> {
        let mut group = Vec::new();
        let mut held = HashSet::new();
        for Pending { work, tries, due } in std::mem::take(&mut self.pending) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let Some(work) = work.in_time(now) else { continue };
            let key = work.key;
            let takes_part = (due <= now || self.closing) && group.len() < GROUP && !held.contains(&key);
            if key != 0 && (!takes_part || tries > 0) {
                held.insert(key);
            }
            if takes_part {
                group.push(Pending { work, tries, due });
            } else {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                self.pending.push_back(Pending { work, tries, due });
            }
        }
        group
    }

    fn serve_group(&mut self, mut group: Vec<Pending>) {
        match self.commit_together(&mut group) {
            Err(lost) => {
                if let Some(age) = self.disconnect() {
                    self.connector.lost(age);
                }
                let lost = explained(lost);
                for pending in group {
                    pending.work.job.finish(Err(StoreError::Unavailable(lost.clone())));
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
                        outcome => pending.work.job.finish(outcome),
                    }
                }
                if spoilt {
                    self.disconnect();
                }
            }
        }
    }

    /// An operation that clashed waits for another try, unless it has had its tries or its time.
    fn try_again(&mut self, mut pending: Pending, error: StoreError, now: Instant) {
        pending.tries += 1;
        let pause = (PAUSES.0 * 2_u32.saturating_pow(pending.tries - 1)).min(PAUSES.1);
        pending.due = now + pause;
        let is_locked = matches!(error, StoreError::Locked(_));
        // The answer must come before its caller has given up.
        let in_time = pending.due + PAUSES.1 < pending.work.deadline;
        if error.is_conflict() && !self.closing && in_time && (is_locked || pending.tries < TRIES) {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            self.pending.push_front(pending);
        } else {
            pending.work.job.finish(Err(error.after_tries(pending.tries)));
        }
    }

    /// Runs a group in one transaction. The outcomes hold once this returns; `Err` means the connection is lost.
    fn commit_together(&mut self, group: &mut [Pending]) -> Result<Vec<Outcome>, String> {
        self.begin(group.len())?;
        let Some(tx) = &mut self.tx else { return Err(String::new()) };
        let mut outcomes = tx.decide_together(group)?;
        let mut left = outcomes.iter().filter(|outcome| outcome.is_none()).count();
        if (1..group.len()).contains(&left) {
            tx.sql("RELEASE operation; SAVEPOINT operation")?;
        }
        for (pending, outcome) in group.iter_mut().zip(&mut outcomes).filter(|(_, outcome)| outcome.is_none())
        {
            left -= 1;
            let before = tx.changes.len();
            let result = pending.work.job.run(tx);
            if let Err(StoreError::Unavailable(lost)) = result {
                return Err(lost);
            }
            if result.is_err() {
                tx.changes.truncate(before);
                tx.sql("ROLLBACK TO operation")?;
            } else if left > 0 {
                tx.sql("RELEASE operation; SAVEPOINT operation")?;
            }
            *outcome = Some(result);
        }
        // What is written into a file without a name is lost: nothing of it may be acknowledged.
        self.files.check()?;
        tx.sql("COMMIT")?;
        self.announcer.committed(std::mem::take(&mut tx.changes));
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
            let tx = self.tx.insert(Tx { connection, ids, changes: Vec::new(), age });
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

impl Tx {
    /// Writes what a decision changes.
    pub(crate) fn save(&mut self, changes: &Changes) -> Result<(), StoreError> {
        changes.write(&mut self.connection)?;
        self.changes.push(changes.told());
        Ok(())
    }

    fn begin(&mut self, operations: usize) -> QueryResult<()> {
        self.ids.refill(&mut self.connection, operations)?;
        self.connection.batch_execute(match self.connection {
            // A conference is loaded by several queries: they must see one state, whatever other writers commit between.
            AnyConnection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT operation",
            // A deferred transaction that reads and then writes fails under contention in spite of busy_timeout.
            AnyConnection::Sqlite(_) => "BEGIN IMMEDIATE; SAVEPOINT operation",
        })
    }

    fn sql(&mut self, text: &str) -> Result<(), String> {
        self.connection.batch_execute(text).map_err(|e| e.to_string())
    }

    /// On PostgreSQL, where a statement is a round trip, does those decisions of the group that can be done together.
    /// What is left has no outcome yet.
    fn decide_together(&mut self, group: &mut [Pending]) -> Result<Vec<Option<Outcome>>, String> {
        let nothing_yet = |group: &[Pending]| group.iter().map(|_| None).collect();
        let AnyConnection::Postgres(connection) = &mut self.connection else { return Ok(nothing_yet(group)) };
        let decisions = group.iter_mut().map(|pending| pending.work.job.as_decision()).collect();
        match decide_together(connection, decisions) {
            Ok((outcomes, changes)) => {
                self.changes.extend(changes);
                Ok(outcomes)
            }
            Err(error) if is_connection_lost(&error) => Err(error.to_string()),
            Err(error) => {
                // Another node was in the way, or one of them spoils the statements of all: they are done one by one.
                tracing::debug!(%error, "decisions are done one by one");
                self.sql("ROLLBACK TO operation")?;
                Ok(nothing_yet(group))
            }
        }
    }
}
