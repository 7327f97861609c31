//! A thread that answers operations which only read.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use r2d2::{NopErrorHandler, Pool, PooledConnection};
use tokio::time::Instant;

use crate::database::connect::Connector;
use crate::database::sqlite_files::OpenFiles;
use crate::error::StoreError;
use crate::executor::operation::{Entry, OperationResult, QueueLength, Read};

/// How long a reader waits for a connection. The pool tries again and again within this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

pub(crate) struct Reader {
    pool: Pool<Connector>,
    connector: Connector,
    files: Arc<OpenFiles>,
    length: QueueLength,
}

/// The connections of this number of readers. None is made before it is needed.
pub(crate) fn pool(connector: &Connector, readers: usize) -> Pool<Connector> {
    Pool::builder()
        .max_size(u32::try_from(readers).unwrap_or(u32::MAX))
        .min_idle(Some(0))
        .connection_timeout(CONNECT_WITHIN)
        .error_handler(Box::new(NopErrorHandler))
        .build_unchecked(connector.clone())
}

impl Reader {
    pub(crate) const fn new(
        pool: Pool<Connector>,
        connector: Connector,
        files: Arc<OpenFiles>,
        length: QueueLength,
    ) -> Self {
        Self { pool, connector, files, length }
    }

    /// Serves until the queue is closed.
    pub(crate) fn serve(&self, queue: &Mutex<Receiver<Entry<Read>>>) {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(entry) = next else { return };
            self.length.fetch_sub(1, Ordering::Relaxed);
            let Some(mut entry) = entry.in_time(Instant::now()) else { continue };
            let outcome =
                self.files.check().map_err(StoreError::Unavailable).and_then(|()| self.answer(&mut entry));
            let lost = matches!(outcome, Err(StoreError::Unavailable(_)));
            entry.operation.finish(outcome);
            // Those that wait would each wait for a connection, one after the other. (A reader that holds the queue
            // waits for an operation: then there is none.)
            if lost && let Ok(others) = queue.try_lock() {
                for entry in others.try_iter() {
                    self.length.fetch_sub(1, Ordering::Relaxed);
                    entry.operation.finish(Err(StoreError::Unavailable(
                        "the connection to the database was just lost".to_owned(),
                    )));
                }
            }
        }
    }

    /// A connection may have died since it was made or last used; then the answer comes from another one.
    fn answer(&self, entry: &mut Entry<Read>) -> OperationResult {
        match self.try_with(self.connection()?, entry) {
            Err(StoreError::Unavailable(_)) => self.try_with(self.connection()?, entry),
            outcome => outcome,
        }
    }

    fn connection(&self) -> Result<PooledConnection<Connector>, StoreError> {
        self.pool.get().map_err(|e| StoreError::Unavailable(e.to_string()))
    }

    fn try_with(&self, mut pooled: PooledConnection<Connector>, entry: &mut Entry<Read>) -> OperationResult {
        let outcome = entry.operation.run(&mut pooled.connection).map_err(|error| error.after_tries(1));
        match outcome {
            Err(StoreError::Unavailable(_)) => self.connector.lost(pooled.age),
            Err(StoreError::Panicked { .. } | StoreError::NotDone { .. }) => pooled.spoilt = true,
            _ => {}
        }
        outcome
    }
}
