//! `POST Engine/Janus/Events`: Janus tells who came and who went.
//!
//! It is answered when what it tells is stored: Janus tells only once what was answered, whatever the answer. What it tells
//! while nobody listens is lost after some tries; the gateway's own observations and the engine's lists make up for that.

use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use trialogue_media::{Janus, JanusEvent};

use crate::adapter::Adapter;
use crate::body;
use crate::reply::Failure;

/// Longest report. Janus puts all events that wait into one.
const MAX_REPORT_BYTES: usize = 256 * 1024;

/// Who may tell what happens at a Janus, and the engine that understands it.
pub struct JanusReports {
    engine: Janus,
    /// Of the header that proves it.
    proof: [u8; 32],
}

impl JanusReports {
    /// For the user and password in the settings of Janus' event handler.
    pub fn new(engine: Janus, user: &str, password: &str) -> Self {
        let header = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        Self { engine, proof: hash(&header) }
    }

    /// Hashes are compared, so that the time it takes tells nothing of the secret.
    fn come_from_janus(&self, req: &HttpRequest) -> bool {
        let header = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        header.is_some_and(|header| hash(header) == self.proof)
    }
}

fn hash(header: &str) -> [u8; 32] {
    Sha256::digest(header.as_bytes()).into()
}

pub(super) async fn janus_events(
    req: HttpRequest,
    adapter: web::Data<Adapter>,
    reports: web::Data<JanusReports>,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    if !reports.come_from_janus(&req) {
        return Ok(HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, "Basic")).finish());
    }
    // What it holds is secret, so nothing of it is answered or logged.
    let body = body::collect(&req, payload, MAX_REPORT_BYTES).await?;
    let Ok(events) = JanusEvent::read(&body) else { return Ok(HttpResponse::BadRequest().finish()) };
    for seen in reports.engine.heed(events).await {
        if let Err(error) = adapter.app.observe(seen.room, seen.observation).await {
            tracing::error!(%error, conference = seen.room.0, "what Janus told was not stored");
            return Ok(HttpResponse::ServiceUnavailable().finish());
        }
    }
    Ok(HttpResponse::Ok().finish())
}
