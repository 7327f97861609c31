//! `Provider/Task/ConfirmVideo`, `RefuseVideo`: **the listener's confirmation**, or its refusal.

use actix_web::HttpResponse;
use trialogue_domain::Refusal;
use trialogue_storage::{Ask, StoreError, UserRole};

use crate::call::Call;
use crate::reply::{self, Failure};

pub(super) async fn confirm_video(call: Call) -> Result<HttpResponse, Failure> {
    let caller = call.user(UserRole::Provider).await?;
    call.command(caller.own(), caller.actor(), Ask::ConfirmVideo).await?;
    Ok(reply::empty())
}

pub(super) async fn refuse_video(call: Call) -> Result<HttpResponse, Failure> {
    let caller = call.user(UserRole::Provider).await?;
    let store = &call.app().store;
    match store.command(caller.own(), caller.actor(), Ask::RefuseVideo, call.now()).await {
        // Out of the request already: that is what it wants.
        Ok(_) | Err(StoreError::Refused(Refusal::Released)) => Ok(reply::empty()),
        Err(error) => Err(call.fail(error)),
    }
}
