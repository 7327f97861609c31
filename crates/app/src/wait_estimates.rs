//! How long clients wait for an interpreter, by the real waits of the last hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use trialogue_domain::{LanguageId, Timestamp, WaitEstimate};

use crate::app::App;
use crate::error::AppError;

/// The waits that count.
const LOOKED_BACK: Duration = Duration::from_hours(1);

/// How long an estimate is used.
const FRESH: Duration = Duration::from_secs(10);

/// An estimate, and when it was made.
#[derive(Debug, Clone, Copy)]
struct Made {
    at: Timestamp,
    estimate: Option<WaitEstimate>,
}

/// The estimates that were made last. There is one for each language at most.
#[derive(Debug, Clone, Default)]
pub(crate) struct WaitEstimates(Arc<Mutex<HashMap<LanguageId, Made>>>);

impl WaitEstimates {
    fn fresh(&self, language: LanguageId, now: Timestamp) -> Option<Made> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&language).filter(|made| now.since(made.at) < FRESH).copied()
    }

    fn keep(&self, language: LanguageId, made: Made) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(language, made);
    }
}

impl App {
    /// How long clients waited for an interpreter of this language within the last hour; none if there were too few.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn wait_estimate(&self, language: LanguageId) -> Result<Option<WaitEstimate>, AppError> {
        let now = self.now();
        if let Some(made) = self.wait_estimates.fresh(language, now) {
            return Ok(made.estimate);
        }
        let estimate = WaitEstimate::of(self.store.recent_waits(language, now.before(LOOKED_BACK)).await?);
        self.wait_estimates.keep(language, Made { at: now, estimate });
        Ok(estimate)
    }
}
