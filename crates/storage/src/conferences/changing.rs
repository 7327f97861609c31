//! Changes of a conference by what its caller makes of its state.

use trialogue_domain::{Conference, Refusal};

use crate::aggregate::decision::Given;
use crate::aggregate::facts::Needs;
use crate::aggregate::find::Whose;
use crate::aggregate::verdict::Verdict;
use crate::{Store, StoreError};

impl Store {
    /// Changes a conference by what `judge` makes of its state, and returns the state after. `judge` may be called again
    /// after a conflict with another node; nothing is saved of the calls before. `operation` names it in errors.
    ///
    /// # Errors
    /// What `judge` refuses; [`Refusal::NotFound`] for an unknown conference, [`Refusal::NoRequest`] for a user who has
    /// none.
    pub async fn change(
        &self,
        whose: Whose,
        needs: Needs,
        operation: &'static str,
        judge: impl FnMut(&Conference, &Given) -> Result<Verdict, Refusal> + Send + 'static,
    ) -> Result<Conference, StoreError> {
        self.executor().decide(whose, needs, operation, judge).await
    }
}
