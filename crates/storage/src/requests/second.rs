//! Requests for second interpreters, within a conference.

use trialogue_domain::{
    Candidate, Conference, Facts, LanguageId, NotRung, ParticipantId, Plan, Purpose, Refusal, Step,
    Timestamp, UserId, Wants,
};

use crate::aggregate::batch::change;
use crate::aggregate::company::company_of_client;
use crate::aggregate::find::{ConferenceLookup, find};
use crate::aggregate::language::language;
use crate::aggregate::load::main_request;
use crate::aggregate::verdict::Verdict;
use crate::aggregate::view::{ConferenceView, view};
use crate::error::StoreError;
use crate::idempotency::{IdempotencyKey, Render, once};
use crate::requests::plans::plans;
use crate::requests::waiting::candidates;
use crate::rows::Invitee;
use crate::store::Store;
use crate::text::storable;

/// A second interpreter who is asked for.
#[derive(Clone)]
pub struct NewSecondInterpreter {
    /// The user who asks.
    pub inviter: UserId,
    /// The language asked for.
    pub language: LanguageId,
    /// What it is wanted for.
    pub purpose: Purpose,
    /// What else is wanted. Who shares the first interpreter's work is wanted as that one was in what is not said.
    pub wants: Wants,
    /// What the interpreters are told.
    pub note: Option<String>,
}

/// The steps, and who was not rung by them.
pub type SecondSteps = (Vec<Step>, Vec<(UserId, NotRung)>);

impl Store {
    /// Asks for a second interpreter by the steps that `judge` makes, and keeps the answer, all in one transaction.
    /// Providers without a sign of life from `seen_from` on are no candidates.
    ///
    /// # Errors
    /// As [`Store::change`], and [`StoreError::UnknownLanguage`], [`StoreError::IdempotencyMismatch`].
    pub async fn request_second_interpreter(
        &self,
        lookup: ConferenceLookup,
        wanted: NewSecondInterpreter,
        (seen_from, now): (Timestamp, Timestamp),
        key: Option<IdempotencyKey>,
        judge: impl Fn(&Conference, Facts, Wants, &[Candidate], &Plan) -> Result<SecondSteps, Refusal>
        + Send
        + 'static,
        render: Render<(ConferenceView, ParticipantId)>,
    ) -> Result<Vec<u8>, StoreError> {
        storable(&[("note", wanted.note.as_deref())])?;
        key.as_ref().map_or(Ok(()), IdempotencyKey::check)?;
        self.executor()
            .write(lookup.key(), "request a second interpreter", move |tx| {
                once(tx, key.as_ref(), now, |tx| {
                    let NewSecondInterpreter { inviter, language: wanted, purpose, wants, note } =
                        wanted.clone();
                    let id = find(&mut tx.connection, lookup)?.ok_or(Refusal::NoRequest)?;
                    let (main_language, main_wants) = main_request(&mut tx.connection, id)?;
                    let wants = if purpose.is_of_same_language() { wants.or_as(main_wants) } else { wants };
                    let through = (purpose == Purpose::Relay).then_some(main_language);
                    let languages = std::iter::once(wanted).chain(through);
                    language(&mut tx.connection, wanted)?.ok_or(StoreError::UnknownLanguage(wanted.0))?;
                    let with_specialties = wants.specialty.is_some();
                    let candidates = candidates(&mut tx.connection, languages, seen_from, with_specialties)?;
                    let company = company_of_client(&mut tx.connection, id)?;
                    let plans = plans(&mut tx.connection, [company])?;
                    // A decision takes the free ids from the first on.
                    let [participant, _] = tx.ids.free().participants;
                    let invitee = Invitee { note, inviter: Some(inviter.0), ..Invitee::default() };
                    change(tx, id, |conference, facts| {
                        let (steps, not_rung) =
                            judge(conference, facts, wants, &candidates, plans.of(company))?;
                        let verdict = Verdict { invitee: Some(invitee), ..steps.into() };
                        Ok(verdict.with_wants(wants).with_reasons(Some((facts.ids.request, not_rung))))
                    })?;
                    let shown = view(&mut tx.connection, id)?.ok_or(Refusal::NotFound)?;
                    Ok((render(&(shown, participant)), None))
                })
            })
            .await
            .map(|answer| answer.body)
    }
}
