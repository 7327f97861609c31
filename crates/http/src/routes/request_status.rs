//! `Client/Request/Status`: the client's latest request, for polling.

use actix_web::HttpResponse;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::present;
use crate::reply::Failure;

pub(super) async fn request_status(call: Call) -> Result<HttpResponse, Failure> {
    let caller = call.user(UserRole::Client).await?;
    let view = call.view(caller.own()).await?;
    Ok(call.ok(&present::request(&view, call.now())))
}
