//! From the bytes of a body to a wire type.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use trialogue_contract::errors::{ErrorBody, WireErrorCode};
use trialogue_contract::form;
use validator::Validate;

use crate::problem::Problem;
use crate::receiving::{self, NotReceived};
use crate::reply::Failure;

/// Longest body that is read.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Longest body of a request that needs no token.
pub(crate) const MAX_BODY_BYTES_OF_STRANGERS: usize = 16 * 1024;

/// Most characters of a content coding that an error repeats. A registered one has at most 12.
const LONGEST_CODING: usize = 40;

/// Binds the body of a request to a wire type.
pub async fn bind<T: DeserializeOwned>(req: &HttpRequest, payload: web::Payload) -> Result<T, Failure> {
    let bytes = collect_model(req, payload, MAX_BODY_BYTES).await?;
    form::read(content_type(req), &bytes).map_err(|unread| Failure::unread(req, unread))
}

/// The same, and checks the shape of what was bound.
pub async fn bind_checked<T>(req: &HttpRequest, payload: web::Payload) -> Result<T, Failure>
where
    T: DeserializeOwned + Validate,
{
    bind_checked_within(req, payload, MAX_BODY_BYTES).await
}

/// The same with another limit on the number of bytes.
pub(crate) async fn bind_checked_within<T>(
    req: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<T, Failure>
where
    T: DeserializeOwned + Validate,
{
    let bytes = collect_model(req, payload, limit).await?;
    read_checked(req, &bytes)
}

/// The same for a body that may be left out, or be null.
pub(crate) async fn bind_optional<T>(req: &HttpRequest, payload: web::Payload) -> Result<Option<T>, Failure>
where
    T: DeserializeOwned + Validate,
{
    let bytes = collect_model(req, payload, MAX_BODY_BYTES).await?;
    match read_checked(req, &bytes) {
        Err(failure) if failure.code() == WireErrorCode::BodyRequired.code() => Ok(None),
        read => read.map(Some),
    }
}

/// Binds bytes, and checks the shape of what was bound.
pub(crate) fn read_checked<T>(req: &HttpRequest, bytes: &[u8]) -> Result<T, Failure>
where
    T: DeserializeOwned + Validate,
{
    form::read_checked(content_type(req), bytes).map_err(|unread| Failure::unread(req, unread))
}

/// A bound body, for handlers that have nothing to do before they read it.
pub struct Bound<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Bound<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let payload = web::Payload::from_request(&req, payload);
        Box::pin(async move { Ok(Self(bind(&req, payload.await?).await?)) })
    }
}

/// The first coding of the body other than `identity`: bodies are not decompressed, as a few bytes may become very many.
fn content_coding(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("(unreadable)"));
    let codings = values.flat_map(|value| value.split(',')).map(str::trim);
    let mut other = codings.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
    other.next().map(|coding| coding.get(..LONGEST_CODING).unwrap_or(coding))
}

/// All bytes of a body that is to be bound. A body of a type that is not read here is refused before it has come.
pub(crate) async fn collect_model(
    req: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<web::Bytes, Failure> {
    if announced(req).is_some_and(|length| length > 0) {
        form::format_of_body(content_type(req)).map_err(|unread| Failure::unread(req, unread))?;
    }
    collect(req, payload, limit).await
}

/// All bytes of the body. Reading stops at the limit, whether the length was announced or not, and at the deadline.
pub(crate) async fn collect(
    req: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<web::Bytes, Failure> {
    let too_large = || {
        let message = match limit {
            MAX_BODY_BYTES => "The request body is longer than 1 MiB.".to_owned(),
            _ => format!("The request body is longer than {} KiB.", limit / 1024),
        };
        Failure::new(req, WireErrorCode::BodyTooLarge, ErrorBody::new(message))
    };
    let announced = announced(req);
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    if announced != Some(0)
        && let Some(coding) = content_coding(req.headers())
    {
        let message =
            format!("The request entity's content coding '{coding}' is not supported for this resource.");
        return Err(Failure::new(req, WireErrorCode::UnsupportedContentCoding, ErrorBody::new(message)));
    }
    receiving::receive(payload, limit, req).await.map_err(|why| match why {
        NotReceived::TooLarge => too_large(),
        NotReceived::TooSlow => {
            let body = ErrorBody::new("The request body did not arrive in time.");
            Failure::new(req, WireErrorCode::BodyTimeout, body)
        }
        NotReceived::Incomplete => {
            let body = ErrorBody::invalid().at("", "The request body ended too early.");
            Failure::new(req, WireErrorCode::InvalidBody, body)
        }
        NotReceived::NoMemory => Failure::of(req, Problem::TooManyBodies.verdict()),
    })
}

fn announced(req: &HttpRequest) -> Option<u64> {
    req.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn content_type(req: &HttpRequest) -> Option<&str> {
    req.headers().get(CONTENT_TYPE)?.to_str().ok()
}
