//! `Client/Login/{SystemLanguageId}`, `Provider/Login/{SystemLanguageId}`: log in by e-mail and password.
//!
//! `{SystemLanguageId}` picks the language of texts; the texts of this version are English.

use actix_web::{HttpResponse, web};
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::person::EmailAddress;
use crate::problem::Problem;
use crate::reply::Failure;
use crate::secret::Secret;
use crate::wire::{ParaLoginInfo, ParaSecurityToken};

pub(super) async fn login(
    call: Call,
    payload: web::Payload,
    role: UserRole,
) -> Result<HttpResponse, Failure> {
    require_language_number(&call)?;
    let info: ParaLoginInfo = call.checked_body(payload).await?;
    let email = EmailAddress::parse(&info.email.unwrap_or_default());
    let email = email.map_err(|_| call.fail(Problem::WrongCredentials))?;
    let app = call.app();
    // A client and a provider with one address are two names.
    let name = format!("{role:?} {}", email.as_str());
    app.throttle.admit(&name, call.now()).map_err(|wait| call.fail(Problem::Throttled(wait)))?;

    let mut known = None;
    for form in email.stored_forms() {
        if known.is_none() {
            known = app.store.credentials(role, form).await.map_err(|e| call.fail(e))?;
        }
    }
    let hash = known.as_ref().map(|c| c.password_hash.clone());
    let fits = app.passwords.fits(info.password.unwrap_or_default(), hash).await;
    let fits = fits.map_err(|_| call.fail(Problem::PasswordLane))?;
    let user = known.filter(|_| fits).ok_or_else(|| call.fail(Problem::WrongCredentials))?.user;
    app.throttle.forget(&name);

    let token = Secret::random(&*app.entropy);
    let now = call.now();
    let expires = now.after(app.settings.token_life);
    app.store.add_token(user, token.hash(), now, expires).await.map_err(|e| call.fail(e))?;
    Ok(call.ok(&ParaSecurityToken {
        id: Some(user.0),
        token: Some(token.reveal().to_owned()),
        support_schedule_task: Some(false),
        support_client_preselection_schedule: Some(false),
        ..Default::default()
    }))
}

/// The number is required, as by the framework; which of our texts it picks is no question yet.
fn require_language_number(call: &Call) -> Result<(), Failure> {
    let is_number = call.path_parameter("SystemLanguageId").parse::<i32>().is_ok();
    let problem =
        Problem::BadValue { member: "SystemLanguageId", message: "a number of 32 bits is expected" };
    if is_number { Ok(()) } else { Err(call.fail(problem)) }
}
