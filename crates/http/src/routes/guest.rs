//! `Guest/Invitation`, `Guest/Confirm`, `Guest/Decline`, `Guest/Leave`: the invited third party, with the invitation's secret
//! as its token.

use actix_web::HttpResponse;

use crate::call::Call;
use crate::present;
use crate::reply::{self, Failure};

/// What the guest is invited to, and by whom: what it must know before it says yes.
pub(super) async fn invitation(call: Call) -> Result<HttpResponse, Failure> {
    let (own, view) = call.app().invitation(&call.token()?).await.map_err(|e| call.fail(e))?;
    Ok(call.ok(&present::invitation(&view, own.participant)))
}

pub(super) async fn confirm(call: Call) -> Result<HttpResponse, Failure> {
    call.app().confirm_invitation(&call.token()?).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn decline(call: Call) -> Result<HttpResponse, Failure> {
    call.app().decline_invitation(&call.token()?).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn leave(call: Call) -> Result<HttpResponse, Failure> {
    call.app().leave(&call.token()?).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}
