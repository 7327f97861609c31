//! Ask for one more interpreter, in another language.

use trialogue_domain::{LanguageId, ParticipantId};
use trialogue_storage::{Answer, ConferenceView, IdempotencyKey, NewSecondInterpreter};

use crate::app::App;
use crate::authentication::Caller;
use crate::error::AppError;

impl App {
    /// Asks for a second interpreter in the caller's call, offered at once to whoever fits and is free. Answers with what
    /// `render` makes of the conference and the new participant.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal: no call, not confirmed, too many parties; an unknown language.
    pub async fn request_second_interpreter(
        &self,
        caller: &Caller,
        language: LanguageId,
        note: Option<String>,
        key: Option<IdempotencyKey>,
        render: Answer<(ConferenceView, ParticipantId)>,
    ) -> Result<Vec<u8>, AppError> {
        let wanted = NewSecondInterpreter { inviter: caller.user, language, note };
        let (whose, actor, now) = (caller.own(), caller.actor(), self.now());
        Ok(self.conferences.request_second_interpreter(whose, actor, wanted, now, key, render).await?)
    }
}
