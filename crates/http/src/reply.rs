//! Answers: a value or an error in the form the client asked for.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use trialogue_app::whole_seconds;
use trialogue_contract::errors::{ErrorBody, WireErrorCode};
use trialogue_contract::form::{self, Unread};
use trialogue_contract::negotiation::{self, MediaType};

use crate::problem::Verdict;

const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// The header with the code of an error that programs can rely on.
pub const X_ERROR_CODE: &str = "X-Error-Code";

/// The media type of the answer to a request.
pub(crate) fn answer_type(req: &HttpRequest) -> MediaType {
    let headers = req.headers();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let accept = headers.get_all(ACCEPT).filter_map(|line| line.to_str().ok());
    negotiation::answer_type(accept, text(CONTENT_TYPE), text(X_REQUESTED_WITH))
}

/// 200 with `value`.
pub fn ok<T: Serialize + ?Sized>(req: &HttpRequest, value: &T) -> HttpResponse {
    let media_type = answer_type(req);
    match form::write(media_type.format(), value) {
        Ok(text) => HttpResponse::Ok().content_type(media_type.content_type()).body(text),
        Err(_) => Failure::new(req, WireErrorCode::Internal, ErrorBody::new("An error has occurred."))
            .error_response(),
    }
}

/// An answer as it is kept for the client that asks again: the value of `Content-Type`, a line feed, the body.
pub(crate) fn stored<T: Serialize + ?Sized>(media_type: MediaType, value: &T) -> Vec<u8> {
    let text = form::write(media_type.format(), value).unwrap_or_default();
    [media_type.content_type(), "\n", &text].concat().into_bytes()
}

/// 200 with an answer that was kept.
pub(crate) fn from_stored(stored: &[u8]) -> HttpResponse {
    let end = stored.iter().position(|b| *b == b'\n').unwrap_or(stored.len());
    let (content_type, body) = stored.split_at(end);
    let content_type =
        HeaderValue::from_bytes(content_type).unwrap_or(HeaderValue::from_static("text/plain"));
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .body(body.get(1..).unwrap_or_default().to_vec())
}

/// 200 without body and without `Content-Type`.
pub fn empty() -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// An error of any kind: `code` goes into the header `X-Error-Code`.
pub fn error(req: &HttpRequest, status: StatusCode, code: &str, body: &ErrorBody) -> HttpResponse {
    error_as(answer_type(req), status, code, body)
}

/// An error of the wire itself, with the type its answer must have.
///
/// It is made while the request is at hand, so that a handler can give it up with `?` and needs no more than that.
#[derive(Debug)]
pub struct Failure {
    media_type: MediaType,
    status: StatusCode,
    code: &'static str,
    retry_after: Option<Duration>,
    body: ErrorBody,
}

impl Failure {
    /// The answer to `req` is this error.
    pub fn new(req: &HttpRequest, code: WireErrorCode, body: ErrorBody) -> Self {
        let media_type = answer_type(req);
        Self { media_type, status: code.status(), code: code.code(), retry_after: None, body }
    }

    /// The answer to `req`, whose body was not read.
    pub(crate) fn unread(req: &HttpRequest, Unread { code, body }: Unread) -> Self {
        Self::new(req, code, body)
    }

    /// The answer to `req` is this verdict on what it asked for.
    pub(crate) fn of(req: &HttpRequest, verdict: Verdict) -> Self {
        let Verdict { status, code, body, retry_after } = verdict;
        let media_type = answer_type(req);
        Self { media_type, status, code, retry_after, body }
    }

    /// What went wrong: the value of the header `X-Error-Code`.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = error_as(self.media_type, self.status, self.code, &self.body);
        if let Some(wait) = self.retry_after {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if self.code == WireErrorCode::UnsupportedContentCoding.code() {
            // RFC 9110, 12.5.3: what would be read.
            answer.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

fn error_as(media_type: MediaType, status: StatusCode, code: &str, body: &ErrorBody) -> HttpResponse {
    let text = form::write_error(media_type.format(), body);
    let mut answer = HttpResponse::build(status);
    answer.insert_header((X_ERROR_CODE, code)).content_type(media_type.content_type());
    // What is left of the body will not be read: the connection cannot be used again.
    if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
        answer.force_close();
    }
    answer.body(text)
}
