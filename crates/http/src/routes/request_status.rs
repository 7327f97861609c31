//! `Client/Request/Status`, `Provider/Task/Status`: the client's latest request, or the latest that the interpreter accepted;
//! for polling.

use actix_web::HttpResponse;
use trialogue_domain::Refusal;
use trialogue_storage::{StoreError, UserRole};

use crate::call::Call;
use crate::present;
use crate::reply::Failure;

pub(super) async fn request_status(call: Call, role: UserRole) -> Result<HttpResponse, Failure> {
    let caller = call.user(role).await?;
    let error = match call.app().polled(caller.own()).await {
        Ok(Some(view)) => return Ok(call.ok(&present::request(&view, caller.user, call.now()))),
        Ok(None) => Refusal::NoRequest.into(),
        Err(error) => error,
    };
    if !matches!(error, StoreError::Refused(Refusal::Released)) {
        return Err(call.fail(error));
    }
    match call.app().store.released(caller.user).await {
        Ok(Some(released)) => Ok(call.ok(&present::released(&released, call.now()))),
        Ok(None) => Err(call.fail(error)),
        Err(error) => Err(call.fail(error)),
    }
}
