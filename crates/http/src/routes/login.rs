//! `Client/Login/{SystemLanguageId}`, `Provider/Login/{SystemLanguageId}`: log in by e-mail and password; `Client/Logout`,
//! `Provider/Logout`: end that login.
//!
//! `{SystemLanguageId}` picks the language of texts: Spanish if it is that of Spanish, else English.

use actix_web::{HttpResponse, web};
use trialogue_app::LoggedIn;
use trialogue_contract::models::{ParaLoginInfo, ParaSecurityToken};
use trialogue_domain::LanguageId;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::problem::Problem;
use crate::reply::{self, Failure};

pub(super) async fn login(
    call: Call,
    payload: web::Payload,
    role: UserRole,
) -> Result<HttpResponse, Failure> {
    let language = language(&call)?;
    let info: ParaLoginInfo = call.checked_body_of_stranger(payload).await?;
    let (email, password) = (info.email.unwrap_or_default(), info.password.unwrap_or_default());
    let made = call.app().log_in(role, &email, password, language, call.network()).await;
    let LoggedIn { user, company, token } = made.map_err(|e| call.fail(e))?;
    let (company, code) = company.unzip();
    Ok(call.ok(&ParaSecurityToken {
        id: Some(user.0),
        token: Some(token.reveal().to_owned()),
        support_schedule_task: Some(false),
        support_client_preselection_schedule: Some(false),
        company_id: company.map(|company| company.0),
        company_code: code,
        ..Default::default()
    }))
}

/// The login of the token ends, and with it what waits for its user and the call that was joined with it.
pub(super) async fn logout(call: Call, role: UserRole) -> Result<HttpResponse, Failure> {
    let user = call.user(role).await?;
    call.app().log_out(&user).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

/// A number is required, as by the framework; which one is not checked.
fn language(call: &Call) -> Result<LanguageId, Failure> {
    let problem =
        Problem::BadValue { member: "SystemLanguageId", message: "a number of 32 bits is expected" };
    let number = call.path_parameter("SystemLanguageId").parse::<i32>();
    number.map(LanguageId).map_err(|_| call.fail(problem))
}
