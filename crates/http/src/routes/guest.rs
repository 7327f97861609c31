//! `Guest/Invitation`, `Guest/Confirm`, `Guest/Decline`, `Guest/Leave`: the invited third party, with the invitation's secret
//! as its token.

use actix_web::HttpResponse;
use trialogue_storage::{Ask, Whose};

use crate::call::Call;
use crate::present;
use crate::reply::{self, Failure};

/// What the guest is invited to, and by whom: what it must know before it says yes.
pub(super) async fn invitation(call: Call) -> Result<HttpResponse, Failure> {
    let (own, _) = call.guest().await?;
    let view = call.view(Whose::Id(own.conference)).await?;
    Ok(call.ok(&present::invitation(&view, own.participant)))
}

pub(super) async fn confirm(call: Call) -> Result<HttpResponse, Failure> {
    answer(call, Ask::ConfirmInvitation).await
}

pub(super) async fn decline(call: Call) -> Result<HttpResponse, Failure> {
    answer(call, Ask::DeclineInvitation).await
}

pub(super) async fn leave(call: Call) -> Result<HttpResponse, Failure> {
    answer(call, Ask::Leave).await
}

async fn answer(call: Call, ask: Ask) -> Result<HttpResponse, Failure> {
    let (invitation, _) = call.guest().await?;
    call.command(Whose::Id(invitation.conference), invitation.actor(), ask).await?;
    Ok(reply::empty())
}
