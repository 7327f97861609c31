//! New requests, and new parties in a conference.

use trialogue_domain::{
    Actor, Candidate, Command, Conference, Facts, LanguageId, ParticipantId, Plan, Request, Search, Step,
    Timestamp, UserId, Wants, choose, command_steps, open, search_steps,
};
use trialogue_storage::{
    ConferenceLookup, ConferenceView, IdempotencyKey, KeptAnswer, NewGuest, NewSecondInterpreter, Opening,
    Render, RequestDetails, StoreError,
};

use super::{Conferences, at};

impl Conferences {
    /// Opens a request, offers it to the fitting providers, and keeps the answer in the same transaction.
    ///
    /// # Errors
    /// [`Refusal::LiveRequest`](trialogue_domain::Refusal::LiveRequest), [`StoreError::UnknownLanguage`],
    /// [`StoreError::IdempotencyMismatch`].
    pub async fn open_request(
        &self,
        client: UserId,
        (language, wants): (LanguageId, Wants),
        details: RequestDetails,
        now: Timestamp,
        key: Option<IdempotencyKey>,
        render: Render<ConferenceView>,
    ) -> Result<Vec<u8>, StoreError> {
        let timings = self.timings;
        let opening = move |Opening { id, has_live_request, candidates, plan }: Opening<'_>| {
            let moment = at(now, &timings);
            let choice = choose(&first_search((language, None), wants, plan), candidates, moment);
            let events = open(id, client, has_live_request, language, &choice.ring, moment)?;
            Ok((Step { actor: Some(Actor::Client(client)), at: now, events }, choice.not_rung))
        };
        let times = (self.seen_from(now), now);
        self.store.open_request(client, (language, wants), details, times, key, opening, render).await
    }

    /// Invites a third party, queues the delivery, and keeps the answer in the same transaction.
    ///
    /// # Errors
    /// As [`Conferences::command`], and [`StoreError::IdempotencyMismatch`].
    pub async fn invite(
        &self,
        lookup: ConferenceLookup,
        actor: Actor,
        guest: NewGuest,
        now: Timestamp,
        key: Option<IdempotencyKey>,
        render: Render<(ConferenceView, ParticipantId)>,
    ) -> Result<KeptAnswer, StoreError> {
        let timings = self.timings;
        let judge = move |conference: &Conference, facts| {
            command_steps(conference, actor, Command::InviteGuest, facts, at(now, &timings))
        };
        self.store.invite(lookup, guest, now, key, judge, render).await
    }

    /// Asks for a second interpreter, offers the request to the fitting providers, and keeps the answer in the same
    /// transaction.
    ///
    /// # Errors
    /// As [`Conferences::command`], and [`StoreError::UnknownLanguage`], [`StoreError::IdempotencyMismatch`].
    pub async fn request_second_interpreter(
        &self,
        lookup: ConferenceLookup,
        actor: Actor,
        wanted: NewSecondInterpreter,
        now: Timestamp,
        key: Option<IdempotencyKey>,
        render: Render<(ConferenceView, ParticipantId)>,
    ) -> Result<Vec<u8>, StoreError> {
        let (timings, language, purpose) = (self.timings, wanted.language, wanted.purpose);
        let judge = move |conference: &Conference,
                          facts: Facts,
                          wants: Wants,
                          candidates: &[Candidate],
                          plan: &Plan| {
            let moment = at(now, &timings);
            let command = Command::RequestSecondInterpreter(language, purpose);
            let mut steps = command_steps(conference, actor, command, facts, moment)?;
            let asked = conference.after_steps(&steps);
            let first = |request: &Request| {
                let languages = (request.language, asked.through(request));
                choose(&first_search(languages, wants, plan), candidates, moment)
            };
            let (offers, choice) = search_steps(&asked, facts.ids.request, first, facts, moment)?;
            steps.extend(offers);
            Ok((steps, choice.map(|choice| choice.not_rung).unwrap_or_default()))
        };
        let times = (self.seen_from(now), now);
        self.store.request_second_interpreter(lookup, wanted, times, key, judge, render).await
    }
}

/// A search that begins.
const fn first_search(
    (language, through): (LanguageId, Option<LanguageId>),
    wants: Wants,
    plan: &Plan,
) -> Search<'_> {
    Search { language, through, wants, plan, offers: &[], asked_before: &[] }
}
