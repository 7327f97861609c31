//! Changes of a conference by what its caller makes of its state.

use trialogue_domain::{Conference, ConferenceId, Refusal, Step};

use crate::aggregate::decision::JudgeInput;
use crate::aggregate::find::ConferenceLookup;
use crate::aggregate::needs::Needs;
use crate::aggregate::verdict::Verdict;
use crate::error::StoreError;
use crate::jobs::lease::LeasedJob;
use crate::store::Store;

impl Store {
    /// Changes a conference by what `judge` makes of its state, and returns the state after. `judge` may be called again
    /// after a conflict with another node; nothing is saved of the calls before. `operation` names it in errors.
    ///
    /// # Errors
    /// What `judge` refuses; [`Refusal::NotFound`] for an unknown conference, [`Refusal::NoRequest`] for a user who has
    /// none.
    pub async fn change(
        &self,
        lookup: ConferenceLookup,
        needs: Needs,
        operation: &'static str,
        judge: impl FnMut(&Conference, &JudgeInput) -> Result<Verdict, Refusal> + Send + 'static,
    ) -> Result<Conference, StoreError> {
        self.executor().decide(lookup, needs, operation, judge).await
    }

    /// A job about a conference is done, and what was seen of it changes the conference by `judge`: both are noted in one
    /// transaction. If the lease was lost meanwhile, the job is another's, but what was seen is true.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn job_done_seeing<W>(
        &self,
        job: &LeasedJob<W>,
        conference: ConferenceId,
        mut judge: impl FnMut(&Conference) -> Vec<Step> + Send + 'static,
    ) -> Result<(), StoreError> {
        let judge = move |conference: &Conference, _: &JudgeInput| Ok(judge(conference).into());
        let lookup = ConferenceLookup::Id(conference);
        self.executor()
            .decide_and_settle(lookup, Needs::Nothing, "finish a job", judge, Some(job.row()))
            .await?;
        Ok(())
    }
}
