//! From the bytes of a body to a wire type.

use crate::error_body::{ErrorBody, WireErrorCode, sentence};
use crate::json;
use crate::negotiation::{Format, content_type};
use crate::problem::Problem;
use crate::receiving::{self, NotReceived};
use crate::reply::{CONTRACT, Failure};
use crate::wire;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;
use validator::Validate;

/// Longest body that is read.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Longest body of a request that needs no token.
pub(crate) const MAX_BODY_BYTES_OF_STRANGERS: usize = 16 * 1024;

/// Most characters of a content coding that an error repeats. A registered one has at most 12.
const LONGEST_CODING: usize = 40;

/// Binds the body of a request to a wire type.
pub async fn bind<T: DeserializeOwned>(req: &HttpRequest, payload: web::Payload) -> Result<T, Failure> {
    let bytes = collect_model(req, payload, MAX_BODY_BYTES).await?;
    read(req, &bytes).map_err(|(code, body)| Failure::new(req, code, body))
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
    let value: T = read(req, bytes).map_err(|(code, body)| Failure::new(req, code, body))?;
    wire::check(&value).map_err(|fields| {
        let messages =
            fields.iter().flat_map(|(path, messages)| messages.iter().map(move |message| (path, message)));
        let body = messages.fold(ErrorBody::invalid(), |body, (path, message)| body.at(path, message));
        Failure::new(req, WireErrorCode::InvalidBody, body)
    })?;
    Ok(value)
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
        format_of_body(req).map_err(|(code, body)| Failure::new(req, code, body))?;
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

type ReadError = (WireErrorCode, ErrorBody);

fn read<T: DeserializeOwned>(req: &HttpRequest, bytes: &[u8]) -> Result<T, ReadError> {
    if bytes.is_empty() {
        return Err(body_required());
    }
    let format = format_of_body(req)?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if text.trim_ascii().is_empty() {
        return Err(body_required());
    }
    let bound: Option<T> = match format {
        Format::Json => json::read(text).map_err(|errors| {
            let add =
                |body: ErrorBody, error: &json::JsonError| body.at(&error.path, sentence(&error.to_string()));
            (WireErrorCode::InvalidBody, errors.iter().fold(ErrorBody::invalid(), add))
        })?,
        // The framework reports what is wrong with XML for the body as a whole; the message says where it is.
        Format::Xml => CONTRACT.read(text).map_err(|error| {
            (WireErrorCode::InvalidBody, ErrorBody::invalid().at("", sentence(&error.to_string())))
        })?,
    };
    bound.ok_or_else(body_required)
}

fn body_required() -> ReadError {
    (WireErrorCode::BodyRequired, ErrorBody::new("A request body is required."))
}

fn format_of_body(req: &HttpRequest) -> Result<Format, ReadError> {
    let refuse = |message: String| (WireErrorCode::UnsupportedMediaType, ErrorBody::new(message));
    let Some(media) = content_type(req.headers()) else {
        return Err(refuse(
            "The request contains an entity body but no Content-Type header. The inferred media type \
             'application/octet-stream' is not supported for this resource."
                .to_owned(),
        ));
    };
    let Some(supported) = media.supported() else {
        let name = media.name();
        return Err(refuse(format!(
            "The request entity's media type '{name}' is not supported for this resource."
        )));
    };
    if media.charset().is_some_and(|charset| charset.starts_with("utf-16")) {
        return Err(refuse(
            "The request entity's charset is not supported for this resource. Send UTF-8.".to_owned(),
        ));
    }
    Ok(supported.format())
}
