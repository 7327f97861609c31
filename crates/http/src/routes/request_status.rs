//! `Client/Request/Status`: the client's latest request, for polling.

use actix_web::HttpResponse;
use trialogue_domain::Refusal;
use trialogue_storage::{StoreError, UserRole};

use crate::call::Call;
use crate::present;
use crate::reply::Failure;

pub(super) async fn request_status(call: Call) -> Result<HttpResponse, Failure> {
    let caller = call.user(UserRole::Client).await?;
    let view = call.app().store.view(caller.own()).await.map_err(|e| call.fail(e))?;
    let view = view.ok_or_else(|| call.fail(StoreError::Refused(Refusal::NoRequest)))?;
    Ok(call.ok(&present::request(&view, call.now())))
}
