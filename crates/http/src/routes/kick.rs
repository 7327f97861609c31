//! `KickThirdPartyVideoParticipant` of client and provider: remove an invited third party, or a second
//! interpreter.
//!
//! Only the two ids of the body are used. The other members repeat what the server answered before, and are ignored.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::ResultVideoConferenceParticipant;
use trialogue_domain::{ConferenceId, ParticipantId};
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::reply::{self, Failure};

pub(super) async fn kick(call: Call, payload: web::Payload, role: UserRole) -> Result<HttpResponse, Failure> {
    let user = call.user(role).await?;
    let target: ResultVideoConferenceParticipant = call.body(payload).await?;
    let conference = ConferenceId(target.request_conference_session_id);
    let participant = ParticipantId(target.request_conference_session_video_participant_id);
    call.app().kick(&user, conference, participant).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}
