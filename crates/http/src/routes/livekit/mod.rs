//! What `LiveKit`, and the proxy in front of it, ask and tell. Served only where `LiveKit` carries the picture.

mod admission;
mod webhook;

use actix_web::web::{Payload, ServiceConfig};
use trialogue_media::LiveKitKey;

use crate::call::Call;
use crate::paths::{get, post};

/// Adds the routes below `base`.
pub(crate) fn configure(base: &str, key: &LiveKitKey, config: &mut ServiceConfig) {
    let gate = || {
        let key = key.clone();
        move |call: Call| admission::admission(call, key.clone())
    };
    let told = key.clone();
    let webhook = move |call: Call, body: Payload| webhook::webhook(call, body, told.clone());
    config
        .service(get(base, "Engine/LiveKit/Admission", gate()))
        // Envoy puts the path of the request that it asks about behind this one.
        .service(get(base, "Engine/LiveKit/Admission/{forwarded:.*}", gate()))
        .service(post(base, "Engine/LiveKit/Webhook", webhook));
}
