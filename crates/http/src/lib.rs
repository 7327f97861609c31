//! The actix-web adapter: authentication, routes, sockets.
//!
//! Data flows one way: bytes, model, command, outcome, model, bytes. [`body::bind`] turns a request's body into a model of
//! [`trialogue_contract`], [`reply`] turns a model or an error into an answer, in JSON or XML as the client wants it.

mod adapter;
pub mod body;
mod call;
mod catalogue;
mod client_address;
mod connections;
pub mod echo;
mod events;
mod health;
mod origins;
pub mod paths;
mod present;
mod problem;
mod receiving;
pub mod reply;
mod request_log;
mod routes;
mod signalling;
mod wait_texts;
mod wants;

pub use adapter::{Adapter, HttpSettings};
pub use catalogue::error_catalogue;
pub use client_address::{AddressHeader, TrustedProxies};
pub use connections::Connections;
pub use routes::JanusReports;
pub use signalling::SignallingSettings;

use actix_web::http::header::{CACHE_CONTROL, EXPIRES, PRAGMA, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, ServiceConfig};

/// Adds everything that is served to an actix application. `pages` adds what is served beside the API.
pub fn configure(
    adapter: &web::Data<Adapter>,
    pages: impl FnOnce(&mut ServiceConfig) + 'static,
    config: &mut ServiceConfig,
) {
    let settings = adapter.settings.clone();
    let base = settings.base_path.clone();
    let echo_on = adapter.settings.conformance_echo;
    let served = web::scope("")
        .wrap(origins::allow(&settings.allowed_origins))
        .wrap(from_fn(connections::limit_connection))
        .wrap(from_fn(request_log::log_request))
        // Answers hold tokens, secrets and names: no cache may keep them.
        // A browser takes the stated type of every answer, and guesses none.
        .wrap(
            DefaultHeaders::new()
                .add((CACHE_CONTROL, "no-store"))
                // The same for caches of HTTP/1.0, as the framework's host says it.
                .add((PRAGMA, "no-cache"))
                .add((EXPIRES, "-1"))
                .add((X_CONTENT_TYPE_OPTIONS, "nosniff")),
        )
        .wrap(paths::IgnoreCase::below([base.as_str()]))
        .service(paths::page("/healthz", health::healthz))
        .service(paths::page("/readyz", health::readyz))
        .configure(|config| {
            routes::configure(&base, config);
            if let Some(reports) = &adapter.janus {
                routes::janus(&base, reports, config);
            }
            if let Some(key) = &adapter.livekit {
                routes::livekit::configure(&base, key, config);
            }
            pages(config);
            if echo_on {
                config.service(echo::echo(&base));
            }
        })
        .default_service(paths::not_found());
    config.app_data(adapter.clone()).service(served);
}
