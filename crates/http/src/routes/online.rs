//! `Provider/Task/SetOnline`, `SetOffline`: whether the interpreter takes calls.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::ParaProviderOnlineStatus;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::reply::{self, Failure};

/// Who comes online is offered the requests that wait for its languages.
pub(super) async fn set_online(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let _: Option<ParaProviderOnlineStatus> = call.optional_body(payload).await?;
    call.app().set_online(&user, true).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn set_offline(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let _: Option<ParaProviderOnlineStatus> = call.optional_body(payload).await?;
    call.app().set_online(&user, false).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}
