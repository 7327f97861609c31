//! Requests that wait are offered to whoever fits and is free, whatever made it so.

use tokio::task::JoinSet;
use trialogue_domain::{
    Conference, ConferenceId, RequestId, Timestamp, UserId, match_providers, offer_steps,
};
use trialogue_storage::{ConferenceLookup, Needs, StoreError};

use super::{Conferences, at};

/// Maximum number of requests that are offered at the same time.
const AT_ONCE: usize = 64;

impl Conferences {
    /// Offers every request that waits to every provider who speaks its language, can take a call and was not asked
    /// before. Returns the conferences for which this failed.
    ///
    /// It is called whenever a provider may have become available, and each second in case that was overlooked. Several
    /// nodes may do it at the same time.
    ///
    /// # Errors
    /// [`StoreError`] if the waiting requests could not be read.
    pub async fn offer_waiting(&self, now: Timestamp) -> Result<Vec<(ConferenceId, StoreError)>, StoreError> {
        let waiting = self.store.waiting(self.seen_from(now), now).await?;
        let mut due = Vec::new();
        for (conference, request, language) in waiting.requests {
            let was_asked = |provider| waiting.asked.contains(&(request, provider));
            let moment = at(now, &self.timings);
            let providers = match_providers(language, &waiting.candidates, was_asked, moment);
            if !providers.is_empty() {
                due.push((conference, request, providers));
            }
        }
        let mut failed = Vec::new();
        while !due.is_empty() {
            let mut batch = JoinSet::new();
            for (conference, request, providers) in due.drain(..due.len().min(AT_ONCE)) {
                let conferences = self.clone();
                batch.spawn(async move {
                    (conference, conferences.offer(conference, request, providers, now).await)
                });
            }
            let outcomes = batch.join_all().await;
            failed.extend(
                outcomes.into_iter().filter_map(|(conference, done)| Some((conference, done.err()?))),
            );
        }
        Ok(failed)
    }

    /// Offers what waits after a change that may have made a provider available. The change itself is done, so a failure
    /// is left to the next look.
    pub(crate) async fn offer_waiting_after_change(&self, now: Timestamp) {
        match self.offer_waiting(now).await {
            Ok(failed) => {
                for (conference, error) in failed {
                    tracing::debug!(%error, conference = conference.0, "a request could not be offered yet");
                }
            }
            Err(error) => tracing::debug!(%error, "waiting requests could not be offered yet"),
        }
    }

    /// A request that is searched for again is offered, and a provider whose request has ended is available for others.
    pub(super) async fn offer_after(&self, changed: &Conference, now: Timestamp) {
        let has_ended = changed.requests().any(|request| !request.is_live() && request.provider().is_some());
        if has_ended || changed.main.released().is_some() {
            self.offer_waiting_after_change(now).await;
        }
    }

    /// The earliest sign of life of a provider who is present.
    pub(super) fn seen_from(&self, now: Timestamp) -> Timestamp {
        now.before(self.timings.presence)
    }

    async fn offer(
        &self,
        conference: ConferenceId,
        request: RequestId,
        providers: Vec<UserId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (timings, lookup) = (self.timings, ConferenceLookup::Id(conference));
        let changed =
            self.store.change(lookup, Needs::Nothing, "offer a request", move |conference, input| {
                Ok(offer_steps(conference, request, &providers, input.facts, at(now, &timings))?.into())
            });
        changed.await.map(drop)
    }
}
