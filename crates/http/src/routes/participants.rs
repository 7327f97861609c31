//! `VideoConferenceParticipants` of client and provider: who is in the conference.

use actix_web::HttpResponse;
use trialogue_domain::Refusal;
use trialogue_storage::{StoreError, UserRole};

use crate::call::Call;
use crate::present;
use crate::reply::Failure;

pub(super) async fn participants(call: Call, role: UserRole) -> Result<HttpResponse, Failure> {
    let caller = call.user(role).await?;
    let view = call.app().store.view(caller.own()).await.map_err(|e| call.fail(e))?;
    let view = view.ok_or_else(|| call.fail(StoreError::Refused(Refusal::NoRequest)))?;
    Ok(call.ok(&present::participants(&view)))
}
