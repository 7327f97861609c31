//! `Client/RequestPreCheck`: at which server the client goes on with its request.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::{ParaRequest, ResultRequestPrecheck};
use trialogue_domain::LanguageId;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::reply::Failure;

pub(super) async fn precheck(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Client).await?;
    let wanted: ParaRequest = call.checked_body(payload).await?;
    let language = LanguageId(wanted.need_help_language_id);
    let region = call.app().region(&user, language).await.map_err(|e| call.fail(e))?;
    Ok(call.ok(&ResultRequestPrecheck { transaction_server_url: region.map(str::to_owned) }))
}
