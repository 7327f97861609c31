//! `Provider/Task/ConfirmVideo`, `RefuseVideo`: **the listener's confirmation**, or its refusal.

use actix_web::HttpResponse;
use trialogue_storage::{Ask, UserRole};

use crate::call::Call;
use crate::reply::{self, Failure};

pub(super) async fn confirm_video(call: Call) -> Result<HttpResponse, Failure> {
    let caller = call.user(UserRole::Provider).await?;
    call.command(caller.own(), caller.actor(), Ask::ConfirmVideo).await?;
    Ok(reply::empty())
}

pub(super) async fn refuse_video(call: Call) -> Result<HttpResponse, Failure> {
    let caller = call.user(UserRole::Provider).await?;
    call.command(caller.own(), caller.actor(), Ask::RefuseVideo).await?;
    Ok(reply::empty())
}
