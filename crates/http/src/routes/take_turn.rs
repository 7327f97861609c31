//! `TakeTurn`: of two interpreters who take turns, the one who is named works from now on.
//!
//! Only the participant's id of the body is used.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::ResultVideoConferenceParticipant;
use trialogue_domain::ParticipantId;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::reply::{self, Failure};

pub(super) async fn take_turn(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let target: ResultVideoConferenceParticipant = call.body(payload).await?;
    let participant = ParticipantId(target.request_conference_session_video_participant_id);
    call.app().take_turn(&user, participant).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}
