//! Ask for one more interpreter: for another language, to take turns, or as the successor of the first.

use trialogue_domain::{LanguageId, ParticipantId, Purpose, Wants};
use trialogue_storage::{ConferenceView, IdempotencyKey, NewSecondInterpreter, Render};

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;

impl App {
    /// Asks for a second interpreter in the user's call, offered at once to whoever fits and is free. Answers with what
    /// `render` makes of the conference and the new participant.
    ///
    /// # Errors
    /// [`AppError::Store`] with the rules' refusal: no call, not confirmed, too many parties; an unknown language.
    pub async fn request_second_interpreter(
        &self,
        user: &LoggedInUser,
        (language, purpose): (LanguageId, Purpose),
        wants: Wants,
        note: Option<String>,
        key: Option<IdempotencyKey>,
        render: Render<(ConferenceView, ParticipantId)>,
    ) -> Result<Vec<u8>, AppError> {
        let wanted = NewSecondInterpreter { inviter: user.id, language, purpose, wants, note };
        let (lookup, actor, now) = (user.own(), user.actor(), self.now());
        Ok(self.conferences.request_second_interpreter(lookup, actor, wanted, now, key, render).await?)
    }
}
