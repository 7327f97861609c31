//! `Client/Login/{SystemLanguageId}`, `Provider/Login/{SystemLanguageId}`: log in by e-mail and password; `Client/Logout`,
//! `Provider/Logout`: end that login.
//!
//! `{SystemLanguageId}` picks the language of texts; the texts of this version are English.

use actix_web::{HttpResponse, web};
use trialogue_domain::ParticipantId;
use trialogue_media::Identity;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::password_queue::QueueFull;
use crate::problem::Problem;
use crate::reply::{self, Failure};
use crate::secret::Secret;
use trialogue_contract::models::{ParaLoginInfo, ParaSecurityToken};
use trialogue_person::EmailAddress;

pub(super) async fn login(
    call: Call,
    payload: web::Payload,
    role: UserRole,
) -> Result<HttpResponse, Failure> {
    require_language_number(&call)?;
    let info: ParaLoginInfo = call.checked_body_of_stranger(payload).await?;
    let email = EmailAddress::parse(&info.email.unwrap_or_default());
    let email = email.map_err(|_| call.fail(Problem::WrongCredentials))?;
    let app = call.app();
    let attempt = app.login_limits.attempt(role, email.as_str(), call.network());
    // A log-in that finds the queue full is not counted as a try.
    let place =
        app.passwords.enter(attempt.is_known()).map_err(|QueueFull| call.fail(Problem::TooManyWait))?;
    app.login_limits.admit(&attempt).map_err(|e| call.fail(e))?;

    let mut known = None;
    for form in email.stored_forms() {
        if known.is_none() {
            known = app.store.credentials(role, form).await.map_err(|e| call.fail(e))?;
        }
    }
    let hash = known.as_ref().map(|c| c.password_hash.clone());
    let fits = place.check(info.password.unwrap_or_default(), hash).await;
    let fits = fits.map_err(|QueueFull| call.fail(Problem::TooManyWait))?;
    let judged = known.filter(|_| fits).ok_or_else(|| call.fail(Problem::WrongCredentials))?;
    let user = judged.user;
    app.login_limits.succeeded(&attempt);

    let token = Secret::random(&*app.entropy);
    let now = call.now();
    let expires = app.settings.logins.begins(now);
    let kept = app.store.log_in(judged, token.hash(), now, expires).await.map_err(|e| call.fail(e))?;
    if !kept {
        // Disabled, or another password, since it was judged.
        return Err(call.fail(Problem::WrongCredentials));
    }
    Ok(call.ok(&ParaSecurityToken {
        id: Some(user.0),
        token: Some(token.reveal().to_owned()),
        support_schedule_task: Some(false),
        support_client_preselection_schedule: Some(false),
        ..Default::default()
    }))
}

/// The login of the token ends, and with it what waits for its user and the call that was joined with it.
pub(super) async fn logout(call: Call, role: UserRole) -> Result<HttpResponse, Failure> {
    let caller = call.user(role).await?;
    let (token, deriving) = (caller.token.hash(), caller.token.clone());
    let account = move |own: ParticipantId| deriving.of_account(Identity::from(own)).hash();
    let store = &call.app().store;
    store.log_out(caller.user, token, account, call.now()).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

/// The number is required, as by the framework; which of our texts it picks is no question yet.
fn require_language_number(call: &Call) -> Result<(), Failure> {
    let is_number = call.path_parameter("SystemLanguageId").parse::<i32>().is_ok();
    let problem =
        Problem::BadValue { member: "SystemLanguageId", message: "a number of 32 bits is expected" };
    if is_number { Ok(()) } else { Err(call.fail(problem)) }
}
