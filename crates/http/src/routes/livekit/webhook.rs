//! `POST Engine/LiveKit/Webhook`: `LiveKit` tells of parties that come and go.
//!
//! It is answered when what it tells is stored: `LiveKit` tells again what was not answered well, and we bear what is told
//! twice.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpResponse, web};
use trialogue_media::LiveKitKey;

use crate::call::Call;
use crate::problem::Problem;
use crate::reply::{self, Failure};

/// Longest webhook. One holds a room, a participant and its tracks.
const MAX_WEBHOOK_BYTES: usize = 64 * 1024;

pub(super) async fn webhook(
    call: Call,
    payload: web::Payload,
    key: LiveKitKey,
) -> Result<HttpResponse, Failure> {
    let authorization = call.request().headers().get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let is_signed = key.has_signed_webhook(&authorization, call.now());
    is_signed.map_err(|error| call.fail(Problem::BadWebhook(error)))?;
    let body = call.raw_body(payload, MAX_WEBHOOK_BYTES).await?;
    let told = key.webhook(&authorization, &body, call.now());
    if let Some(seen) = told.map_err(|error| call.fail(Problem::BadWebhook(error)))? {
        let stored = call.app().observe(seen.room, seen.observation).await;
        stored.map_err(|error| call.fail(error))?;
    }
    Ok(reply::empty())
}
