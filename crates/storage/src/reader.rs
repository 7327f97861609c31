//! A thread that answers operations which only read.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::StoreError;
use crate::connection::{Age, AnyConnection, Connector, Purpose};
use crate::executor::{Outcome, Waiting, Work};
use crate::sqlite_files::OpenFiles;

pub(crate) struct Reader {
    connector: Connector,
    files: Arc<OpenFiles>,
    waiting: Waiting,
    connection: Option<(AnyConnection, Age)>,
}

impl Reader {
    pub(crate) const fn new(connector: Connector, files: Arc<OpenFiles>, waiting: Waiting) -> Self {
        Self { connector, files, waiting, connection: None }
    }

    /// Serves until the queue is closed.
    pub(crate) fn serve(&mut self, queue: &Mutex<Receiver<Work<AnyConnection>>>) {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(work) = next else { return };
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let Some(mut work) = work.in_time(Instant::now()) else { continue };
            let outcome =
                self.files.check().map_err(StoreError::Unavailable).and_then(|()| self.answer(&mut work));
            let lost = matches!(outcome, Err(StoreError::Unavailable(_)));
            work.job.finish(outcome);
            // Those that wait would each wait for a connection, one after the other. (A reader that holds the queue
            // waits for a job: then there is none.)
            if lost && let Ok(others) = queue.try_lock() {
                for work in others.try_iter() {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    work.job.finish(Err(StoreError::Unavailable("the database was just lost".to_owned())));
                }
            }
        }
    }

    /// A connection may have died since its last use; then the answer comes from a new one.
    fn answer(&mut self, work: &mut Work<AnyConnection>) -> Outcome {
        let used_before = self.connection.as_ref().is_some_and(|(_, age)| self.connector.is_current(*age));
        match self.try_once(work) {
            Err(StoreError::Unavailable(_)) if used_before => self.try_once(work),
            outcome => outcome,
        }
    }

    fn try_once(&mut self, work: &mut Work<AnyConnection>) -> Outcome {
        let (mut connection, age) = match self.connection.take() {
            Some(made) if self.connector.is_current(made.1) => made,
            _ => self.connector.connect(Purpose::Read).map_err(|e| StoreError::Unavailable(e.to_string()))?,
        };
        let outcome = work.job.run(&mut connection).map_err(|error| error.after_tries(1));
        match outcome {
            Err(StoreError::Unavailable(_)) => self.connector.lost(age),
            // It may be in a transaction, or otherwise not fit for the next operation.
            Err(StoreError::Panicked { .. } | StoreError::NotDone { .. }) => {}
            _ => self.connection = Some((connection, age)),
        }
        outcome
    }
}
