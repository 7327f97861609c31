//! `Provider/Task/Offers`, `Accept`, `Decline`: the requests offered to an interpreter.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::{ArrayOfResultTaskOffer, ParaTaskReference};
use trialogue_domain::RequestId;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::present;
use crate::reply::{self, Failure};

pub(super) async fn offers(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let open = call.app().offers(&user).await.map_err(|e| call.fail(e))?;
    let now = call.now();
    Ok(call.ok(&open.iter().map(|o| present::offer(o, now)).collect::<ArrayOfResultTaskOffer>()))
}

/// The first to accept wins.
pub(super) async fn accept(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let task: ParaTaskReference = call.checked_body(payload).await?;
    call.app().accept(&user, RequestId(task.request_id)).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn decline(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let task: ParaTaskReference = call.checked_body(payload).await?;
    call.app().decline(&user, RequestId(task.request_id)).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}
