//! What goes through a queue: operations with an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::executor::transaction::Tx;

/// How an operation ended.
pub(crate) type OperationResult = Result<(), StoreError>;

/// One operation on its way through a queue; `C` is what it works on.
pub(crate) trait Operation<C>: Send {
    /// Does the work; may be called again after a conflict.
    fn run(&mut self, context: &mut C) -> OperationResult;
    /// Gives the answer.
    fn finish(self: Box<Self>, outcome: OperationResult);
}

/// An operation that a writer does together with others of its kind. It may be run again after a conflict.
pub(crate) trait Batched: Send + Sized + 'static {
    /// Does all of them. The outcome of each is its own; an error means that none was done, and that they may be tried one
    /// by one.
    fn run(operations: &mut [&mut Self], tx: &mut Tx) -> Result<Vec<OperationResult>, StoreError>;
    /// Gives the answer.
    fn finish(self, outcome: OperationResult);
}

/// What waits for a writer.
pub(crate) enum Write<B> {
    /// It is done alone, in a savepoint of its own.
    Alone(Box<dyn Operation<Tx>>),
    /// It is done with the batch.
    Batched(B),
}

/// What waits for a reader.
pub(crate) type Read = Box<dyn Operation<AnyConnection>>;

/// An operation that is not done after all.
pub(crate) trait Refuse {
    /// Answers with the error.
    fn refuse(self, error: StoreError);
}

impl Refuse for Read {
    fn refuse(self, error: StoreError) {
        self.finish(Err(error));
    }
}

impl<B: Batched> Refuse for Write<B> {
    fn refuse(self, error: StoreError) {
        self.finish(Err(error));
    }
}

impl<B: Batched> Write<B> {
    pub(crate) fn finish(self, outcome: OperationResult) {
        match self {
            Self::Alone(operation) => operation.finish(outcome),
            Self::Batched(operation) => operation.finish(outcome),
        }
    }
}

/// An operation in a queue.
pub(crate) struct Entry<O> {
    pub(crate) operation: O,
    /// Operations of one key follow each other; those of key 0 need not.
    pub(crate) key: i32,
    /// When its caller stops waiting.
    pub(crate) deadline: Instant,
}

impl<O: Refuse> Entry<O> {
    /// Returns the entry if its operation may still be begun. One whose caller has stopped waiting is refused.
    pub(crate) fn in_time(self, now: Instant) -> Option<Self> {
        if now < self.deadline {
            return Some(self);
        }
        self.operation.refuse(StoreError::Unavailable("it waited too long in the queue".to_owned()));
        None
    }
}

/// A closure as an operation.
pub(crate) struct Closure<T, F> {
    pub(crate) name: &'static str,
    pub(crate) work: F,
    pub(crate) value: Option<T>,
    pub(crate) reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<C, T: Send, F: FnMut(&mut C) -> Result<T, StoreError> + Send> Operation<C> for Closure<T, F> {
    fn run(&mut self, context: &mut C) -> OperationResult {
        let operation = self.name;
        // A bug in one operation must not take the thread down with it.
        let value = catch_unwind(AssertUnwindSafe(|| (self.work)(context)))
            .unwrap_or(Err(StoreError::Panicked { operation }))?;
        self.value = Some(value);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: OperationResult) {
        let Self { name: operation, work, value, reply } = *self;
        // It may hold a handle of the store: it is dropped before the caller is answered, who may close the store next.
        drop(work);
        // The caller may be gone; what was done stays done.
        let _ = reply.send(outcome.and_then(|()| value.ok_or(StoreError::Panicked { operation })));
    }
}

/// How many operations wait for the threads of a kind. An operation counts until it is taken, so the number may be one too high for a moment.
pub(crate) type QueueLength = Arc<AtomicUsize>;
