//! `VideoConferenceParticipants` of client and provider: who is in the conference.

use actix_web::HttpResponse;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::present;
use crate::reply::Failure;

pub(super) async fn participants(call: Call, role: UserRole) -> Result<HttpResponse, Failure> {
    let user = call.user(role).await?;
    let view = call.app().polled(user.own()).await.map_err(|e| call.fail(e))?;
    Ok(call.ok(&present::participants(&view, user.id)))
}
