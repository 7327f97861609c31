//! `KickThirdPartyVideoParticipant` of client and provider: remove an invited third party.
//!
//! Only the two ids of the body count; all else in it is an echo of what the client was told, and can write nothing.

use actix_web::{HttpResponse, web};
use trialogue_domain::{ConferenceId, ParticipantId};
use trialogue_storage::{Ask, UserRole, Whose};

use crate::call::Call;
use crate::reply::{self, Failure};
use trialogue_contract::models::ResultVideoConferenceParticipant;

pub(super) async fn kick(call: Call, payload: web::Payload, role: UserRole) -> Result<HttpResponse, Failure> {
    let caller = call.user(role).await?;
    let target: ResultVideoConferenceParticipant = call.body(payload).await?;
    let conference = ConferenceId(target.request_conference_session_id);
    let participant = ParticipantId(target.request_conference_session_video_participant_id);
    call.command(Whose::Id(conference), caller.actor(), Ask::Kick(participant)).await?;
    Ok(reply::empty())
}
