//! The echo route: how did the server read my body?
//!
//! It binds a body exactly as the kick does and writes it back. Off unless the configuration turns it on; of use to
//! integrators, and what the recorded cases of the reference framework are replayed against.

use actix_web::{HttpRequest, HttpResponse, Resource, web};
use trialogue_contract::models::ResultVideoConferenceParticipant;

use crate::body;
use crate::paths;
use crate::reply::{self, Failure};

/// `POST {base}/Conformance/Echo/ResultVideoConferenceParticipant`
pub fn echo(base: &str) -> Resource {
    paths::post(base, "Conformance/Echo/ResultVideoConferenceParticipant", participant)
}

async fn participant(req: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let participant: ResultVideoConferenceParticipant = body::bind(&req, payload).await?;
    Ok(reply::ok(&req, &participant))
}
