//! The one doorway from async to diesel.
//!
//! A writer takes what is waiting (up to [`GROUP`] operations) and does it in one transaction, each operation in its own
//! savepoint, so that a refusal or a fault of one leaves the others whole; then one commit, then the answers. Nobody is
//! answered before the commit that holds his operation. SQLite has one writer, PostgreSQL a few, chosen by a key, so that
//! operations of one conference follow each other. A full queue is [`StoreError::Busy`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::r2d2::Pool;
use diesel::result::{DatabaseErrorKind, Error::DatabaseError};
use tokio::sync::oneshot;
use trialogue_domain::{Conference, ConferenceId, Refusal};

use crate::StoreError;
use crate::aggregate::{Changes, Step, load};
use crate::backlog::Queued;
use crate::changes::{Announcer, Change};
use crate::connection::{AnyConnection, DatabaseUrl, Purpose, ReadManager, connect};
use crate::decision::Decision;
use crate::error::{OpenError, is_connection_lost};
use crate::ids::Ids;
use crate::outbox::Held;
use crate::sqlite_files::{OpenFiles, explained};
use crate::together::decide_together;

/// At most this many operations share a transaction.
const GROUP: usize = 64;

/// An operation that clashes with another node's is tried this often.
const TRIES: u32 = 5;

/// A writer's connection. An operation sees it inside a transaction and a savepoint of its own.
pub(crate) struct Tx {
    pub(crate) connection: AnyConnection,
    pub(crate) ids: Ids,
    /// What the open transaction changed so far.
    pub(crate) changes: Vec<Change>,
}

/// One operation on its way through a lane; `C` is what it works on.
trait Job<C>: Send {
    /// Does the work; may be called again after a conflict.
    fn run(&mut self, context: &mut C) -> Result<(), StoreError>;
    /// Gives the answer.
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>);
    /// Itself, if it can be done together with others.
    fn as_decision(&mut self) -> Option<&mut Decision> {
        None
    }
}

struct Operation<T, F> {
    name: &'static str,
    work: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<C, T: Send, F: FnMut(&mut C) -> Result<T, StoreError> + Send> Job<C> for Operation<T, F> {
    fn run(&mut self, context: &mut C) -> Result<(), StoreError> {
        let operation = self.name;
        // A bug in one operation must not take the lane down with it.
        let value = catch_unwind(AssertUnwindSafe(|| (self.work)(context)))
            .unwrap_or(Err(StoreError::Panicked { operation }))?;
        self.value = Some(value);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { name: operation, work, value, reply } = *self;
        // It may hold a handle of the store: let go before the asker hears of it, who may want to close the store next.
        drop(work);
        // The asker may be gone; what was done stays done.
        let _ = reply.send(outcome.and_then(|()| value.ok_or(StoreError::Panicked { operation })));
    }
}

impl Job<Tx> for Decision {
    fn run(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let loaded = load(&mut tx.connection, self.id())?.ok_or(Refusal::NotFound)?;
        if let Some(changes) = self.judge(loaded.conference)? {
            tx.save(&changes)?;
        }
        self.done().map_or(Ok(()), |done| done.delete(&mut tx.connection))
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        self.answer(outcome);
    }

    fn as_decision(&mut self) -> Option<&mut Decision> {
        Some(self)
    }
}

/// The way into a lane.
struct Queue<C> {
    jobs: SyncSender<Box<dyn Job<C>>>,
    waiting: Waiting,
}

/// How many jobs wait for the lanes of a kind. A job counts until it is taken; so it may be one too many for a moment.
type Waiting = Arc<AtomicUsize>;

/// Puts an operation into a queue and waits for its answer.
async fn submit<C: 'static, T: Send + 'static>(
    queue: &Queue<C>,
    lane: &'static str,
    name: &'static str,
    work: impl FnMut(&mut C) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (reply, answer) = oneshot::channel();
    enqueue(queue, lane, Box::new(Operation { name, work, value: None, reply }))?;
    answer.await.unwrap_or_else(|_| Err(closed()))
}

fn enqueue<C>(queue: &Queue<C>, lane: &'static str, job: Box<dyn Job<C>>) -> Result<(), StoreError> {
    queue.waiting.fetch_add(1, Ordering::Relaxed);
    queue.jobs.try_send(job).map_err(|e| {
        queue.waiting.fetch_sub(1, Ordering::Relaxed);
        match e {
            TrySendError::Full(_) => StoreError::Busy { lane },
            TrySendError::Disconnected(_) => closed(),
        }
    })
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

/// How many threads serve, and how much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    pub(crate) writers: usize,
    pub(crate) readers: usize,
    pub(crate) queue: usize,
}

/// The writers and readers of one database.
pub(crate) struct Executor {
    writers: Vec<Queue<Tx>>,
    readers: Queue<AnyConnection>,
    threads: Vec<JoinHandle<()>>,
}

impl Executor {
    pub(crate) fn start(
        url: &DatabaseUrl,
        lanes: Lanes,
        announcer: &Arc<Announcer>,
        files: OpenFiles,
    ) -> Result<Self, OpenError> {
        let files = Arc::new(files);
        let mut threads = Vec::new();
        let mut spawn = |name: String, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name).spawn(run);
            thread.map(|t| threads.push(t)).map_err(|e| OpenError::Connect(e.to_string()))
        };
        let (to_write, to_read) = (Waiting::default(), Waiting::default());
        let mut writers = Vec::new();
        for n in 0..lanes.writers {
            let (sender, receiver) = sync_channel(lanes.queue);
            let mut writer = Writer {
                url: url.clone(),
                tx: None,
                files: Arc::clone(&files),
                announcer: Arc::clone(announcer),
                waiting: Arc::clone(&to_write),
            };
            spawn(format!("store-writer-{n}"), Box::new(move || writer.serve(&receiver)))?;
            writers.push(Queue { jobs: sender, waiting: Arc::clone(&to_write) });
        }
        let pool = Pool::builder()
            .max_size(u32::try_from(lanes.readers).unwrap_or(u32::MAX))
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(std::time::Duration::from_secs(2))
            .build_unchecked(ReadManager(url.clone()));
        let (readers, receiver) = sync_channel(lanes.queue);
        let receiver = Arc::new(Mutex::new(receiver));
        for n in 0..lanes.readers {
            let (pool, receiver, waiting) = (pool.clone(), Arc::clone(&receiver), Arc::clone(&to_read));
            let files = Arc::clone(&files);
            spawn(
                format!("store-reader-{n}"),
                Box::new(move || serve_reads(&pool, &files, &receiver, &waiting)),
            )?;
        }
        Ok(Self { writers, readers: Queue { jobs: readers, waiting: to_read }, threads })
    }

    /// Does an operation in a writing transaction. Operations of one key follow each other.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        key: i32,
        name: &'static str,
        work: impl FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        submit(self.writer(key), "write", name, work).await
    }

    /// Changes a conference by what its state leads to, and returns the state after. Unknown is [`Refusal::NotFound`].
    pub(crate) async fn decide(
        &self,
        id: ConferenceId,
        name: &'static str,
        plan: impl FnMut(&Conference) -> Result<Vec<Step>, StoreError> + Send + 'static,
    ) -> Result<Conference, StoreError> {
        self.decide_and_settle(id, name, plan, None).await
    }

    /// The same, and with it a piece of work from the outbox is done.
    pub(crate) async fn decide_and_settle(
        &self,
        id: ConferenceId,
        name: &'static str,
        plan: impl FnMut(&Conference) -> Result<Vec<Step>, StoreError> + Send + 'static,
        done: Option<Held>,
    ) -> Result<Conference, StoreError> {
        let (reply, answer) = oneshot::channel();
        let decision = Decision::new(id, name, Box::new(plan), done, reply);
        enqueue(self.writer(id.0), "write", Box::new(decision))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    fn writer(&self, key: i32) -> &Queue<Tx> {
        &self.writers[usize::try_from(key.unsigned_abs()).unwrap_or(0) % self.writers.len()]
    }

    /// How many operations wait.
    pub(crate) fn queued(&self) -> Queued {
        let of = |queue: &Waiting| queue.load(Ordering::Relaxed);
        // The writers share their count.
        let write = self.writers.first().map_or(0, |queue| of(&queue.waiting));
        Queued { write, read: of(&self.readers.waiting) }
    }

    /// Does an operation that only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        submit(&self.readers, "read", name, work).await
    }

    /// Does an operation of several queries, which all see the same state of the database.
    pub(crate) async fn read_together<T: Send + 'static>(
        &self,
        name: &'static str,
        mut work: impl FnMut(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read(name, move |connection| {
            let begin = match connection {
                AnyConnection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                AnyConnection::Sqlite(_) => "BEGIN",
            };
            connection.batch_execute(begin).map_err(StoreError::query(name))?;
            let outcome = work(connection);
            connection.batch_execute("COMMIT").map_err(StoreError::query(name))?;
            outcome
        })
        .await
    }

    /// Finishes what waits, then ends the threads.
    pub(crate) fn close(self) {
        let Self { writers, readers, threads } = self;
        drop(writers);
        drop(readers);
        for thread in threads {
            // A panic of a lane was logged by the panic hook.
            let _ = thread.join();
        }
    }
}

struct Writer {
    url: DatabaseUrl,
    files: Arc<OpenFiles>,
    tx: Option<Tx>,
    announcer: Arc<Announcer>,
    waiting: Waiting,
}

impl Writer {
    fn serve(&mut self, queue: &Receiver<Box<dyn Job<Tx>>>) {
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            group.extend(queue.try_iter().take(GROUP - 1));
            self.waiting.fetch_sub(group.len(), Ordering::Relaxed);
            self.serve_group(group);
        }
    }

    fn serve_group(&mut self, mut group: Vec<Box<dyn Job<Tx>>>) {
        match self.commit_together(&mut group) {
            Err(lost) => {
                self.tx = None;
                let lost = explained(lost);
                for job in group {
                    job.finish(Err(StoreError::Unavailable(lost.clone())));
                }
            }
            Ok(outcomes) => {
                for (job, outcome) in group.into_iter().zip(outcomes) {
                    match outcome {
                        Err(conflict) if conflict.is_conflict() => self.try_alone(job, conflict),
                        outcome => job.finish(outcome),
                    }
                }
            }
        }
    }

    /// Runs a group in one transaction. The outcomes hold once this returns; `Err` means the connection is lost.
    fn commit_together(
        &mut self,
        group: &mut [Box<dyn Job<Tx>>],
    ) -> Result<Vec<Result<(), StoreError>>, String> {
        self.begin(group.len())?;
        let Some(tx) = &mut self.tx else { return Err(String::new()) };
        let mut outcomes = tx.decide_together(group)?;
        let mut left = outcomes.iter().filter(|outcome| outcome.is_none()).count();
        if (1..group.len()).contains(&left) {
            tx.sql("RELEASE operation; SAVEPOINT operation")?;
        }
        for (job, outcome) in group.iter_mut().zip(&mut outcomes).filter(|(_, outcome)| outcome.is_none()) {
            left -= 1;
            let before = tx.changes.len();
            let result = job.run(tx);
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

    /// An operation that clashed is tried again in transactions of its own.
    fn try_alone(&mut self, mut job: Box<dyn Job<Tx>>, mut conflict: StoreError) {
        for _ in 1..TRIES {
            match self.commit_together(std::slice::from_mut(&mut job)) {
                Err(lost) => {
                    self.tx = None;
                    return job.finish(Err(StoreError::Unavailable(explained(lost))));
                }
                Ok(mut outcomes) => match outcomes.pop().unwrap_or(Ok(())) {
                    Err(again) if again.is_conflict() => conflict = again,
                    outcome => return job.finish(outcome),
                },
            }
        }
        job.finish(Err(match conflict {
            StoreError::Conflict(conference) => StoreError::Contended { conference, tries: TRIES },
            // The same row was unique every time: no other writer's doing.
            StoreError::Query {
                operation,
                source: source @ DatabaseError(DatabaseErrorKind::UniqueViolation, _),
            } => StoreError::Query { operation, source },
            _ => StoreError::Busy { lane: "write" },
        }));
    }

    /// Begins a group's transaction. The connection may have died since its last use: nothing was done on it yet, so a
    /// new one takes its place.
    fn begin(&mut self, operations: usize) -> Result<&mut Tx, String> {
        self.files.check()?;
        let begun = self.tx.as_mut().is_some_and(|tx| tx.begin(operations).is_ok());
        if !begun {
            let ids = self.tx.take().map(|tx| tx.ids).unwrap_or_default();
            let connection = connect(&self.url, Purpose::Write).map_err(|e| e.to_string())?;
            let mut tx = Tx { connection, ids, changes: Vec::new() };
            tx.begin(operations).map_err(|e| e.to_string())?;
            self.tx = Some(tx);
        }
        self.tx.as_mut().ok_or_else(String::new)
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
    fn decide_together(&mut self, group: &mut [Box<dyn Job<Tx>>]) -> Result<Vec<Option<Outcome>>, String> {
        let nothing_yet = |group: &[Box<dyn Job<Tx>>]| group.iter().map(|_| None).collect();
        let AnyConnection::Postgres(connection) = &mut self.connection else { return Ok(nothing_yet(group)) };
        let decisions = group.iter_mut().map(|job| job.as_decision()).collect();
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

/// How an operation ended.
pub(crate) type Outcome = Result<(), StoreError>;

fn serve_reads(
    pool: &Pool<ReadManager>,
    files: &OpenFiles,
    queue: &Mutex<Receiver<Box<dyn Job<AnyConnection>>>>,
    waiting: &AtomicUsize,
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut job) = next else { return };
        waiting.fetch_sub(1, Ordering::Relaxed);
        let outcome =
            files.check().map_err(StoreError::Unavailable).and_then(|()| read_with(pool, &mut *job));
        let lost = matches!(outcome, Err(StoreError::Unavailable(_)));
        job.finish(outcome);
        // Those that wait would each wait for a connection, one after the other. (A reader that holds the queue waits
        // for a job: then there is none.)
        if lost && let Ok(others) = queue.try_lock() {
            for job in others.try_iter() {
                waiting.fetch_sub(1, Ordering::Relaxed);
                job.finish(Err(StoreError::Unavailable("the database was just lost".to_owned())));
            }
        }
    }
}

/// A pooled connection may have died since its last use; each broken one leaves the pool, so a few tries reach a new one.
fn read_with(pool: &Pool<ReadManager>, job: &mut dyn Job<AnyConnection>) -> Result<(), StoreError> {
    for _ in 0..pool.max_size() {
        let mut connection = pool.get().map_err(|e| StoreError::Unavailable(e.to_string()))?;
        match job.run(&mut connection) {
            Err(StoreError::Unavailable(_)) => {}
            Err(panicked @ StoreError::Panicked { .. }) => {
                // The next job must not find this one's transaction; often there is none.
                let _ = connection.batch_execute("ROLLBACK");
                return Err(panicked);
            }
            outcome => return outcome,
        }
    }
    let mut connection = pool.get().map_err(|e| StoreError::Unavailable(e.to_string()))?;
    job.run(&mut connection)
}
