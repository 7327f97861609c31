//! New requests, and new parties in a conference.

use trialogue_domain::{
    Actor, Candidate, Command, Conference, Facts, LanguageId, ParticipantId, Step, Timestamp, UserId,
    command_steps, match_providers, offer_steps, open,
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
        language: LanguageId,
        details: RequestDetails,
        now: Timestamp,
        key: Option<IdempotencyKey>,
        render: Render<ConferenceView>,
    ) -> Result<Vec<u8>, StoreError> {
        let timings = self.timings;
        let opening = move |Opening { id, has_live_request, candidates }: Opening<'_>| {
            let moment = at(now, &timings);
            let offered_to = match_providers(language, candidates, |_| false, moment);
            let events = open(id, client, has_live_request, language, &offered_to, moment)?;
            Ok(Step { actor: Some(Actor::Client(client)), at: now, events })
        };
        let times = (self.seen_from(now), now);
        self.store.open_request(client, language, details, times, key, opening, render).await
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
        let (timings, language) = (self.timings, wanted.language);
        let judge = move |conference: &Conference, facts: Facts, candidates: &[Candidate]| {
            let moment = at(now, &timings);
            let command = Command::RequestSecondInterpreter(language);
            let mut steps = command_steps(conference, actor, command, facts, moment)?;
            let asked = conference.after_steps(&steps);
            let offered_to = match_providers(language, candidates, |_| false, moment);
            steps.extend(offer_steps(&asked, facts.ids.request, &offered_to, facts, moment)?);
            Ok(steps)
        };
        let times = (self.seen_from(now), now);
        self.store.request_second_interpreter(lookup, wanted, times, key, judge, render).await
    }
}
