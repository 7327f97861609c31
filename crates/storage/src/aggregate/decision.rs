//! Changes of conferences as operations of a writer, which does those that wait as one batch (`batch.rs`).

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;
use trialogue_domain::{Conference, Facts, Refusal};

use crate::aggregate::batch::Batch;
use crate::aggregate::find::ConferenceLookup;
use crate::aggregate::needs::{LoadedNeeds, Needed, Needs, find_all};
use crate::aggregate::verdict::Verdict;
use crate::error::StoreError;
use crate::executor::operation::{Batched, OperationResult};
use crate::executor::queue::Executor;
use crate::executor::transaction::Tx;
use crate::jobs::lease::LeasedRow;

/// A change of one conference that depends on its state and on what it needs from other tables.
pub(crate) struct Decision {
    name: &'static str,
    lookup: ConferenceLookup,
    needs: Needs,
    judge: Box<Judge>,
    /// The job that is done with it.
    done: Option<LeasedRow>,
    after: Option<Conference>,
    reply: oneshot::Sender<Result<Conference, StoreError>>,
}

/// Decides what changes. It is called again if the batch failed.
pub(crate) type Judge = dyn FnMut(&Conference, &JudgeInput) -> Result<Verdict, Refusal> + Send;

/// What a decision is made with, beside the state.
#[derive(Debug, Clone)]
pub struct JudgeInput {
    /// What the rules must know; what may hinder an interpreter is in `needed`.
    pub facts: Facts,
    /// What was asked for by [`Needs`].
    pub needed: Needed,
}

impl Batched for Decision {
    fn run(decisions: &mut [&mut Self], tx: &mut Tx) -> Result<Vec<OperationResult>, StoreError> {
        let wanted: Vec<ConferenceLookup> = decisions.iter().map(|decision| decision.lookup).collect();
        let found = find_all(&mut tx.connection, &wanted)?;
        let ids =
            || found.iter().zip(decisions.iter()).filter_map(|(id, d)| Some((*id.as_ref().ok()?, d.needs)));
        let loaded = LoadedNeeds::load(&mut tx.connection, ids())?;
        let mut batch = Batch::load(&mut tx.connection, ids().map(|(id, _)| id))?;
        let mut outcomes = Vec::with_capacity(decisions.len());
        for (decision, id) in decisions.iter_mut().zip(found) {
            outcomes.push(id.map_err(StoreError::from).and_then(|id| {
                let needed = loaded.of(id, decision.needs);
                let facts = Facts { hindrance: None, ids: tx.ids.free() };
                let input = JudgeInput { facts, needed };
                let after = batch.judge(id, |state| decision.verdict(state, &input))?;
                tx.ids.take_used(&after);
                decision.after = Some(after);
                decision.done.into_iter().for_each(|done| batch.settle(done));
                Ok(())
            }));
        }
        batch.save(tx)?;
        Ok(outcomes)
    }

    fn finish(self, outcome: OperationResult) {
        let Self { name: operation, judge, after, reply, .. } = self;
        // It may hold a handle of the store: it is dropped before the caller is answered, who may close the store next.
        drop(judge);
        // The caller may be gone; the change stays committed.
        let _ = reply.send(outcome.and_then(|()| after.ok_or(StoreError::Panicked { operation })));
    }
}

impl Decision {
    /// A bug in one decision must not take the batch down with it.
    fn verdict(&mut self, state: &Conference, input: &JudgeInput) -> Result<Verdict, StoreError> {
        let operation = self.name;
        catch_unwind(AssertUnwindSafe(|| (self.judge)(state, input)))
            .map_or(Err(StoreError::Panicked { operation }), |verdict| Ok(verdict?))
    }
}

impl Executor<Decision> {
    /// Changes a conference by what its state leads to, and returns the state after.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown conference,
    /// [`Refusal::NoRequest`] for a user who has none.
    pub(crate) async fn decide(
        &self,
        lookup: ConferenceLookup,
        needs: Needs,
        name: &'static str,
        judge: impl FnMut(&Conference, &JudgeInput) -> Result<Verdict, Refusal> + Send + 'static,
    ) -> Result<Conference, StoreError> {
        self.decide_and_settle(lookup, needs, name, judge, None).await
    }

    /// The same, and with it a job is done.
    pub(crate) async fn decide_and_settle(
        &self,
        lookup: ConferenceLookup,
        needs: Needs,
        name: &'static str,
        judge: impl FnMut(&Conference, &JudgeInput) -> Result<Verdict, Refusal> + Send + 'static,
        done: Option<LeasedRow>,
    ) -> Result<Conference, StoreError> {
        let (reply, answer) = oneshot::channel();
        let decision = Decision { name, lookup, needs, judge: Box::new(judge), done, after: None, reply };
        self.write_batched(lookup.key(), name, decision, answer).await
    }
}
