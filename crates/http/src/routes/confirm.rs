//! `Provider/Task/ConfirmVideo`, `RefuseVideo`: **the listener's confirmation**, or its refusal; `VideoAgain`: the interpreter
//! whose connection was lost comes back.

use actix_web::HttpResponse;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::reply::{self, Failure};

pub(super) async fn confirm_video(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    call.app().confirm_video(&user).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn refuse_video(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    call.app().refuse_video(&user).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn rejoin(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    call.app().rejoin(&user).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}
