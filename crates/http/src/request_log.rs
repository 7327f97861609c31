//! A line for each request, and an id that ties the line, the answer and any error of it together.
//!
//! Nothing personal is in it: the route's pattern instead of the path, no query, no address, no header but the request id.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};

use trialogue_domain::Timestamp;

use crate::adapter::Adapter;

/// Of a path that no route has.
const NO_ROUTE: &str = "(none)";

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over from a proxy.
const LONGEST: usize = 64;

#[derive(Clone)]
struct RequestId(HeaderValue);

/// The id of a request, as text.
pub(crate) fn request_id(req: &HttpRequest) -> String {
    let extensions = req.extensions();
    let id = extensions.get::<RequestId>().and_then(|id| id.0.to_str().ok());
    id.unwrap_or_default().to_owned()
}

/// The middleware.
pub(crate) async fn log_request(
    adapter: web::Data<Adapter>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let id = given_id(&req).unwrap_or_else(|| new_id(&adapter));
    req.extensions_mut().insert(RequestId(id.clone()));
    let begun = adapter.app.now();
    let method = req.method().clone();
    let mut answer = next.call(req).await?;
    if adapter.settings.metrics {
        measure(&adapter, &method, &answer, begun);
    }
    if adapter.settings.request_log {
        let route = answer.request().match_pattern();
        tracing::info!(
            request_id = id.to_str().unwrap_or_default(),
            method = method.as_str(),
            route = route.as_deref().unwrap_or(NO_ROUTE),
            status = answer.status().as_u16(),
            error_code = answer.headers().get(crate::reply::X_ERROR_CODE).and_then(|code| code.to_str().ok()),
            duration_us = adapter.app.now().since(begun).as_micros(),
            "request"
        );
    }
    answer.headers_mut().insert(X_REQUEST_ID, id);
    Ok(answer.map_into_boxed_body())
}

/// Counts and times it. Labels have few values, whatever clients send.
fn measure(adapter: &Adapter, method: &Method, answer: &ServiceResponse<impl MessageBody>, begun: Timestamp) {
    let route = answer.request().match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned());
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        _ => "other",
    };
    let status = answer.status().as_u16().to_string();
    metrics::histogram!("trialogue_request_seconds", "method" => method, "route" => route.clone())
        .record(adapter.app.now().since(begun).as_secs_f64());
    metrics::counter!("trialogue_requests_total", "method" => method, "route" => route, "status" => status)
        .increment(1);
}

/// What a proxy in front has named the request: letters, digits and hyphens, so that it can forge no line of a log.
fn given_id(req: &ServiceRequest) -> Option<HeaderValue> {
    let given = req.headers().get(X_REQUEST_ID)?;
    let sound = |bytes: &[u8]| {
        (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    sound(given.as_bytes()).then(|| given.clone())
}

fn new_id(adapter: &Adapter) -> HeaderValue {
    let id = format!("{:016x}", u64::from_be_bytes(adapter.app.random()));
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unnamed"))
}
