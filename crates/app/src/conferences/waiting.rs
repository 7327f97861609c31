//! Requests that wait are offered to whoever fits and is free, whatever made it so.

use std::sync::Arc;

use tokio::task::JoinSet;
use trialogue_domain::{
    Choice, CommandKind, Conference, ConferenceId, Moment, Offer, OfferState, Request, Search, Timestamp,
    UserId, choose, search_steps,
};
use trialogue_storage::{ConferenceLookup, Needs, StoreError, Verdict, WaitingRequest, WaitingRequests};

use super::{Conferences, at};

/// Maximum number of requests that are offered at the same time.
const AT_ONCE: usize = 64;

impl Conferences {
    /// Takes every search on by its ring plan: whom to ring next, and who can't take an offer any more. Returns the
    /// conferences for which this failed.
    ///
    /// It is called whenever a provider may have become available, and each second, when a step of a plan may have begun.
    /// Several nodes may do it at the same time.
    ///
    /// # Errors
    /// [`StoreError`] if the waiting requests could not be read.
    pub async fn offer_waiting(&self, now: Timestamp) -> Result<Vec<(ConferenceId, StoreError)>, StoreError> {
        let mut waiting = self.store.waiting(self.seen_from(now), now).await?;
        let mut failed = std::mem::take(&mut waiting.failed);
        let waiting = Arc::new(waiting);
        let moment = at(now, &self.timings);
        let is_due = |request: &&WaitingRequest| {
            let choice = choose(&search(request, &request.offers, &waiting), &waiting.candidates, moment);
            choice.is_hopeless || !choice.ring.is_empty() || !choice.unavailable.is_empty()
        };
        let mut due: Vec<WaitingRequest> = waiting.requests.iter().filter(is_due).cloned().collect();
        while !due.is_empty() {
            let mut batch = JoinSet::new();
            for request in due.drain(..due.len().min(AT_ONCE)) {
                let (conferences, waiting) = (self.clone(), Arc::clone(&waiting));
                batch.spawn(
                    async move { (request.conference, conferences.offer(request, waiting, now).await) },
                );
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

    /// What waits is offered if a search may go on by this command: an interpreter accepted, and may not be rung any more,
    /// or said no; a request is searched for again; or an interpreter is free.
    pub(super) async fn offer_after(&self, command: CommandKind, changed: &Conference, now: Timestamp) {
        let may_go_on = match command {
            CommandKind::AcceptOffer | CommandKind::DeclineOffer | CommandKind::FindAnother => true,
            CommandKind::Finish
            | CommandKind::Leave
            | CommandKind::Kick
            | CommandKind::RefuseVideo
            | CommandKind::DeclineInvitation => changed.requests().any(|request| {
                (!request.is_live() && request.provider().is_some()) || request.released().is_some()
            }),
            CommandKind::Offer
            | CommandKind::StartVideo
            | CommandKind::VideoAgain
            | CommandKind::Rejoin
            | CommandKind::ConfirmVideo
            | CommandKind::IssueAccounts
            | CommandKind::InviteGuest
            | CommandKind::RequestSecondInterpreter
            | CommandKind::TakeTurn
            | CommandKind::ConfirmInvitation
            | CommandKind::IssueOwnAccount => false,
        };
        if may_go_on {
            self.offer_waiting_after_change(now).await;
        }
    }

    /// The earliest sign of life of a provider who is present.
    pub(super) fn seen_from(&self, now: Timestamp) -> Timestamp {
        now.before(self.timings.presence)
    }

    /// Chooses once more, by the state of the moment: another node may have been faster.
    async fn offer(
        &self,
        waiting: WaitingRequest,
        all: Arc<WaitingRequests>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (timings, lookup) = (self.timings, ConferenceLookup::Id(waiting.conference));
        let changed =
            self.store.change(lookup, Needs::Nothing, "offer a request", move |conference, input| {
                let moment: Moment<'_> = at(now, &timings);
                let id = waiting.request;
                let next = |request: &Request| {
                    // Another search began since `waiting` was read, so its `asked_before` is not complete.
                    if released(request.offers()).ne(released(&waiting.offers)) {
                        return Choice::default();
                    }
                    choose(&search(&waiting, request.offers(), &all), &all.candidates, moment)
                };
                let (steps, choice) = search_steps(conference, id, next, input.facts, moment)?;
                let not_rung = choice.filter(|choice| choice.is_hopeless || !choice.ring.is_empty());
                let not_rung = not_rung.map(|choice| (id, choice.not_rung));
                Ok(Verdict::from(steps).with_reasons(not_rung))
            });
        changed.await.map(drop)
    }
}

/// The interpreters that had accepted the request and are out of it.
fn released(offers: &[Offer]) -> impl Iterator<Item = UserId> {
    offers.iter().filter(|o| matches!(o.state, OfferState::Released(_))).map(|o| o.provider)
}

/// The search of a waiting request, with these offers.
fn search<'a>(waiting: &'a WaitingRequest, offers: &'a [Offer], all: &'a WaitingRequests) -> Search<'a> {
    Search {
        language: waiting.language,
        through: waiting.through,
        wants: waiting.wants,
        plan: all.plans.of(waiting.company),
        offers,
        asked_before: &waiting.asked_before,
    }
}
