//! A change of a conference that can wait in a writer's queue.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;
use trialogue_domain::{Conference, ConferenceId};

use crate::StoreError;
use crate::aggregate::{Changes, Step};
use crate::outbox::Held;

/// A change of one conference that depends on its state and on nothing else. It is a job of its own kind because
/// PostgreSQL does many of them in few statements (`together.rs`).
pub(crate) struct Decision {
    id: ConferenceId,
    name: &'static str,
    plan: Box<Plan>,
    done: Option<Held>,
    after: Option<Conference>,
    reply: oneshot::Sender<Result<Conference, StoreError>>,
}

/// What a state leads to.
pub(crate) type Plan = dyn FnMut(&Conference) -> Result<Vec<Step>, StoreError> + Send;

impl Decision {
    pub(crate) const fn new(
        id: ConferenceId,
        name: &'static str,
        plan: Box<Plan>,
        done: Option<Held>,
        reply: oneshot::Sender<Result<Conference, StoreError>>,
    ) -> Self {
        Self { id, name, plan, done, after: None, reply }
    }

    /// Of which conference.
    pub(crate) const fn id(&self) -> ConferenceId {
        self.id
    }

    /// The work from the outbox that is done with it.
    pub(crate) const fn done(&self) -> Option<&Held> {
        self.done.as_ref()
    }

    /// Judges a state. No changes means: allowed, and already so.
    pub(crate) fn judge(&mut self, before: Conference) -> Result<Option<Changes>, StoreError> {
        let operation = self.name;
        let steps = catch_unwind(AssertUnwindSafe(|| (self.plan)(&before)))
            .unwrap_or(Err(StoreError::Panicked { operation }))?;
        if steps.is_empty() {
            self.after = Some(before);
            return Ok(None);
        }
        let changes = Changes::of(before, &steps, None);
        self.after = Some(changes.after.clone());
        Ok(Some(changes))
    }

    /// Gives the answer.
    pub(crate) fn answer(self, outcome: Result<(), StoreError>) {
        let Self { name: operation, plan, after, reply, .. } = self;
        // It may hold a handle of the store: let go before the asker hears of it, who may want to close the store next.
        drop(plan);
        // The asker may be gone; what was done stays done.
        let _ = reply.send(outcome.and_then(|()| after.ok_or(StoreError::Panicked { operation })));
    }
}
