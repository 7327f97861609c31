//! Log in by e-mail and password, and log out.

use trialogue_domain::{LanguageId, ParticipantId, UserId};
use trialogue_media::Identity;
use trialogue_person::EmailAddress;
use trialogue_storage::{CompanyId, Credentials, UserRole};

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;
use crate::network::Network;
use crate::password_queue::QueueFull;
use crate::secret::Secret;

/// A login that was just made.
pub struct LoggedIn {
    /// Whose.
    pub user: UserId,
    /// A client's company, with its code.
    pub company: Option<(CompanyId, String)>,
    /// The token, which is kept nowhere.
    pub token: Secret,
}

impl App {
    /// Logs a user in, who asks for texts in this language.
    ///
    /// # Errors
    /// [`AppError`]: wrong, too often, or too many at a time.
    pub async fn log_in(
        &self,
        role: UserRole,
        email: &str,
        password: String,
        language: LanguageId,
        network: Network,
    ) -> Result<LoggedIn, AppError> {
        let email = EmailAddress::parse(email).map_err(|_| AppError::WrongCredentials)?;
        let attempt = self.login_limits.attempt(role, email.as_str(), network);
        // A log-in that finds the queue full is not counted as a try.
        let place = self.passwords.enter(attempt.is_known()).map_err(|QueueFull| AppError::TooManyWait)?;
        self.login_limits.admit(&attempt)?;

        let mut known = None;
        for form in email.stored_forms() {
            if known.is_none() {
                known = self.store.credentials(role, form).await?;
            }
        }
        let hash = known.as_ref().map(|c| c.password_hash.clone());
        let fits = place.check(password, hash).await.map_err(|QueueFull| AppError::TooManyWait)?;
        let judged = known.filter(|_| fits).ok_or(AppError::WrongCredentials)?;
        let judged = Credentials { language: Some(language), ..judged };
        let (user, company) = (judged.user, judged.company.clone());
        self.login_limits.succeeded(&attempt);

        let token = Secret::random(&*self.entropy);
        let now = self.now();
        let expires = self.settings.logins.begins(now);
        let kept = self.conferences.log_in(judged, token.hash(), now, expires).await?;
        // Disabled, or another password, since it was judged.
        if kept { Ok(LoggedIn { user, company, token }) } else { Err(AppError::WrongCredentials) }
    }

    /// Ends the user's login, and with it what waits for its user and the call that was joined with it.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn log_out(&self, user: &LoggedInUser) -> Result<(), AppError> {
        let (token, deriving) = (user.token.hash(), user.token.clone());
        let account = move |own: ParticipantId| deriving.of_account(Identity::from(own)).hash();
        Ok(self.conferences.log_out(user.id, token, account, self.now()).await?)
    }
}
