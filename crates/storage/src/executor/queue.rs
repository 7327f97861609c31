//! The only way from async code to diesel: queues, and the threads that serve them.
//!
//! The executor knows operations and batches, not what they are about. Writers (`writer.rs`) take the operations that wait
//! into one transaction. Readers (`reader.rs`) do one operation after the other. SQLite has one writer. PostgreSQL has a
//! few, chosen by a hash of a key (`ConferenceLookup::key`): operations of one key follow each other, and do not wait for each
//! other's locks. A full queue is
//! [`StoreError::Busy`]. Each operation has a deadline: if it is not answered by then, its caller gets
//! [`StoreError::Unavailable`], while its thread may still work on it.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::changes::announcer::Announcer;
use crate::database::connect::Connector;
use crate::database::connection::{AnyConnection, command};
use crate::database::sqlite_files::OpenFiles;
use crate::database::url::DatabaseUrl;
use crate::error::OpenError;
use crate::error::StoreError;
use crate::executor::operation::{Batched, Closure, Entry, OperationResult, QueueLength, Read, Write};
use crate::executor::options::StoreOptions;
use crate::executor::reader::{self, Reader};
use crate::executor::{transaction::Tx, writer::Writer};
use crate::jobs::handover::Workers;
use crate::threads::join_within;

/// The sending end of a queue.
struct Queue<O> {
    /// Its name in errors.
    name: &'static str,
    sender: SyncSender<Entry<O>>,
    length: QueueLength,
}

impl<O> Queue<O> {
    fn put(&self, entry: Entry<O>) -> OperationResult {
        self.length.fetch_add(1, Ordering::Relaxed);
        self.sender.try_send(entry).map_err(|e| {
            self.length.fetch_sub(1, Ordering::Relaxed);
            match e {
                TrySendError::Full(_) => StoreError::Busy { queue: self.name },
                TrySendError::Disconnected(_) => closed(),
            }
        })
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

/// The operations that wait for a thread of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// For the writers.
    pub write: usize,
    /// For the readers.
    pub read: usize,
}

/// The writers and readers of one database; `B` is what writers do in batches.
pub(crate) struct Executor<B> {
    writers: Vec<Queue<Write<B>>>,
    readers: Queue<Read>,
    threads: Vec<JoinHandle<()>>,
    answer_within: Duration,
}

impl<B: Batched> Executor<B> {
    pub(crate) fn start(
        url: &DatabaseUrl,
        options: StoreOptions,
        announcer: &Arc<Announcer>,
        workers: &Arc<Workers>,
        files: OpenFiles,
    ) -> Result<Self, OpenError> {
        let (files, connector) = (Arc::new(files), Connector::new(url));
        let (writers_count, readers_count) = (options.writers_of(url), options.readers.max(1));
        let mut threads = Vec::new();
        let mut spawn = |name: String, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name).spawn(run);
            thread.map(|t| threads.push(t)).map_err(|e| OpenError::Connect(e.to_string()))
        };
        let (to_write, to_read) = (QueueLength::default(), QueueLength::default());
        let mut writers = Vec::new();
        for n in 0..writers_count {
            let (sender, receiver) = sync_channel(options.queue.max(1));
            let (files, announcer) = (Arc::clone(&files), Arc::clone(announcer));
            let (connector, workers) = (connector.clone(), Arc::clone(workers));
            let mut writer = Writer::new(connector, files, announcer, workers, Arc::clone(&to_write));
            spawn(format!("store-writer-{n}"), Box::new(move || writer.serve(&receiver)))?;
            writers.push(Queue { name: "write", sender, length: Arc::clone(&to_write) });
        }
        let (readers, receiver) = sync_channel(options.queue.max(1));
        let (receiver, pool) = (Arc::new(Mutex::new(receiver)), reader::pool(&connector, readers_count));
        for n in 0..readers_count {
            let (pool, files, to_read) = (pool.clone(), Arc::clone(&files), Arc::clone(&to_read));
            let reader = Reader::new(pool, connector.clone(), files, to_read);
            let receiver = Arc::clone(&receiver);
            spawn(format!("store-reader-{n}"), Box::new(move || reader.serve(&receiver)))?;
        }
        let readers = Queue { name: "read", sender: readers, length: to_read };
        Ok(Self { writers, readers, threads, answer_within: options.answer_within })
    }

    /// Does an operation in a writing transaction. Operations of one key follow each other; those of key 0 need not.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        key: i32,
        name: &'static str,
        work: impl FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let operation = Write::Alone(Box::new(Closure { name, work, value: None, reply }));
        self.answered(self.writer(key), (key, name), operation, answer).await
    }

    /// Does an operation in a batch. `answer` receives its result.
    pub(crate) async fn write_batched<T>(
        &self,
        key: i32,
        name: &'static str,
        operation: B,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.answered(self.writer(key), (key, name), Write::Batched(operation), answer).await
    }

    /// Does an operation that only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let operation: Read = Box::new(Closure { name, work, value: None, reply });
        self.answered(&self.readers, (0, name), operation, answer).await
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
            command(connection, begin).map_err(StoreError::query(name))?;
            let outcome = work(connection);
            command(connection, "COMMIT").map_err(StoreError::query(name))?;
            outcome
        })
        .await
    }

    /// Puts an operation into a queue and waits for its answer.
    async fn answered<O, T>(
        &self,
        queue: &Queue<O>,
        (key, name): (i32, &'static str),
        operation: O,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.answer_within;
        queue.put(Entry { operation, key, deadline })?;
        match timeout_at(deadline, answer).await {
            Ok(answered) => answered.unwrap_or_else(|_| Err(closed())),
            Err(_) => Err(StoreError::Unavailable(format!(
                "no answer to \"{name}\" within {:?}; whether it was done is not known",
                self.answer_within
            ))),
        }
    }

    fn writer(&self, key: i32) -> &Queue<Write<B>> {
        &self.writers[writer_of(key, self.writers.len())]
    }

    /// How many operations wait.
    pub(crate) fn queued(&self) -> Queued {
        let of = |length: &QueueLength| length.load(Ordering::Relaxed);
        // The writers share their count.
        let write = self.writers.first().map_or(0, |queue| of(&queue.length));
        Queued { write, read: of(&self.readers.length) }
    }

    /// Finishes what waits, then ends the threads.
    pub(crate) fn close(self) {
        let Self { writers, readers, threads, answer_within } = self;
        drop(writers);
        drop(readers);
        join_within(threads, answer_within);
    }
}

/// Which of the writers serves a key: by a hash, as ids come in blocks and so often have the same remainder.
fn writer_of(key: i32, writers: usize) -> usize {
    let hash = key.cast_unsigned().wrapping_mul(0x9E37_79B9) >> 16;
    usize::try_from(hash).unwrap_or(0) % writers
}

#[cfg(test)]
mod tests {
    use super::writer_of;

    #[test]
    fn ids_of_every_stride_are_spread_over_the_writers() {
        for stride in [1, 2, 8, 32, 64, 128] {
            for writers in 2..=4 {
                let mut served = vec![0_usize; writers];
                for n in 0..120 {
                    served[writer_of(1 + n * stride, writers)] += 1;
                }
                assert!(served.iter().all(|n| *n >= 60 / writers), "{stride}: {served:?}");
            }
        }
    }
}
