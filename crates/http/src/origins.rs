//! Which pages of other origins may use the API from a browser (Fetch standard, "CORS protocol").

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};
use actix_web::middleware::Condition;

/// How long a browser may keep the answer to a preflight, in seconds.
const KEPT_SECONDS: usize = 600;

/// What a page may send beside what browsers always let it.
fn sent() -> [HeaderName; 7] {
    let own = ["weyitoken", "idempotency-key", "last-event-id"].map(HeaderName::from_static);
    let [token, key, last] = own;
    [ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, token, key, last]
}

/// Lets pages of these origins use what is wrapped. A page of another origin is told nothing, so its browser keeps the answer
/// from it. Tokens come in headers, and never in cookies, so no credentials are allowed.
pub(crate) fn allow(origins: &[String]) -> Condition<Cors> {
    let cors = origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    let cors = cors
        .allowed_methods([Method::GET, Method::POST])
        .allowed_headers(sent())
        .expose_headers([ETAG, LOCATION, RETRY_AFTER, HeaderName::from_static("x-error-code")])
        .block_on_origin_mismatch(false)
        .max_age(KEPT_SECONDS);
    Condition::new(!origins.is_empty(), cors)
}
