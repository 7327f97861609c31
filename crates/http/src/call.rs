//! One request on its way through a handler: who calls, what the body says, how it is answered.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use trialogue_app::{App, Bearer, LoggedInUser, Network, Secret};
use trialogue_domain::Timestamp;
use trialogue_storage::{IdempotencyKey, UserRole};
use validator::Validate;

use crate::adapter::Adapter;
use crate::body;
use crate::problem::Problem;
use crate::reply::{self, Failure};
use crate::request_log::request_id;

/// The token header of the reference API.
const TOKEN_HEADER: &str = "WEYIToken";

/// A request, with what is needed to serve it.
pub(crate) struct Call {
    adapter: web::Data<Adapter>,
    req: HttpRequest,
}

impl FromRequest for Call {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let adapter = req.app_data::<web::Data<Adapter>>().cloned();
        let call = adapter.map(|adapter| Self { adapter, req: req.clone() });
        ready(
            call.ok_or_else(|| {
                actix_web::error::ErrorInternalServerError("the application is not configured")
            }),
        )
    }
}

impl Call {
    pub(crate) const fn adapter(&self) -> &web::Data<Adapter> {
        &self.adapter
    }

    pub(crate) fn app(&self) -> &App {
        &self.adapter.app
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app().now()
    }

    /// The user whose token came with the request.
    pub(crate) async fn user(&self, role: UserRole) -> Result<LoggedInUser, Failure> {
        self.app().user(self.token()?, role).await.map_err(|e| self.fail(e))
    }

    /// Whoever's token came with the request.
    pub(crate) async fn bearer(&self) -> Result<Bearer, Failure> {
        self.app().bearer(self.token()?).await.map_err(|e| self.fail(e))
    }

    /// The network that the request comes from.
    pub(crate) fn network(&self) -> Network {
        self.adapter.settings.proxies.client(&self.req)
    }

    /// The token that came with the request.
    pub(crate) fn token(&self) -> Result<Secret, Failure> {
        presented_token(self.req.headers()).ok_or_else(|| self.fail(Problem::MissingToken))
    }

    /// A header's value, if it is a text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.req.headers().get(name)?.to_str().ok()
    }

    /// A part of the path, by its name in the route's pattern.
    pub(crate) fn path_parameter(&self, name: &str) -> &str {
        self.req.match_info().query(name)
    }

    /// The request as it came, for the few routes that are not for our own clients.
    pub(crate) fn request(&self) -> &HttpRequest {
        &self.req
    }

    /// The body as it came.
    pub(crate) async fn raw_body(&self, payload: web::Payload, limit: usize) -> Result<web::Bytes, Failure> {
        body::collect(&self.req, payload, limit).await
    }

    /// The body, bound.
    pub(crate) async fn body<T: DeserializeOwned>(&self, payload: web::Payload) -> Result<T, Failure> {
        body::bind(&self.req, payload).await
    }

    /// The body, bound and of the right shape.
    pub(crate) async fn checked_body<T: DeserializeOwned + Validate>(
        &self,
        payload: web::Payload,
    ) -> Result<T, Failure> {
        body::bind_checked(&self.req, payload).await
    }

    /// The same for a request that needs no token.
    pub(crate) async fn checked_body_of_stranger<T: DeserializeOwned + Validate>(
        &self,
        payload: web::Payload,
    ) -> Result<T, Failure> {
        body::bind_checked_within(&self.req, payload, body::MAX_BODY_BYTES_OF_STRANGERS).await
    }

    /// The body, bound and of the right shape; none if it was left out.
    pub(crate) async fn optional_body<T: DeserializeOwned + Validate>(
        &self,
        payload: web::Payload,
    ) -> Result<Option<T>, Failure> {
        body::bind_optional(&self.req, payload).await
    }

    /// The body, bound and of the right shape, with the idempotency key under which it came.
    pub(crate) async fn keyed_body<T: DeserializeOwned + Validate>(
        &self,
        payload: web::Payload,
        user: &LoggedInUser,
    ) -> Result<(T, Option<IdempotencyKey>), Failure> {
        let bytes = body::collect_model(&self.req, payload, body::MAX_BODY_BYTES).await?;
        let key = self.idempotency_key(&bytes, user)?;
        Ok((body::read_checked(&self.req, &bytes)?, key))
    }

    fn idempotency_key(&self, body: &[u8], user: &LoggedInUser) -> Result<Option<IdempotencyKey>, Failure> {
        let Some(value) = self.req.headers().get("Idempotency-Key") else { return Ok(None) };
        let key = value.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > 200 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(self.fail(Problem::BadIdempotencyKey));
        }
        let mut hash = Sha256::new();
        // The same key on another route, or with another body, is another request.
        hash.update(self.req.path());
        hash.update([0]);
        hash.update(body);
        Ok(Some(IdempotencyKey {
            owner: format!("user {}", user.id),
            key: key.to_owned(),
            request_hash: hash.finalize().into(),
        }))
    }

    /// Makes a WebSocket of the request.
    pub(crate) fn socket(
        &self,
        payload: web::Payload,
    ) -> Result<(HttpResponse, actix_ws::Session, actix_ws::MessageStream), Failure> {
        actix_ws::handle(&self.req, payload).map_err(|_| self.fail(Problem::NoWebSocket))
    }

    /// 200 with a value.
    pub(crate) fn ok<T: Serialize + ?Sized>(&self, value: &T) -> HttpResponse {
        reply::ok(&self.req, value)
    }

    /// A writer of answers for the store: the form is settled now, the value comes in the transaction.
    pub(crate) fn render<T: Serialize>(&self) -> impl Fn(&T) -> Vec<u8> + Send + use<T> {
        let media_type = reply::answer_type(&self.req);
        move |value| reply::stored(media_type, value)
    }

    /// The answer to a problem. What is not the client's doing is logged here, once.
    pub(crate) fn fail(&self, problem: impl Into<Problem>) -> Failure {
        let problem = problem.into();
        let verdict = problem.verdict();
        if verdict.status.is_server_error() {
            tracing::error!(
                error = &problem as &dyn std::error::Error,
                request_id = request_id(&self.req),
                code = verdict.code,
                "a request failed"
            );
        }
        Failure::of(&self.req, verdict)
    }
}

fn presented_token(headers: &HeaderMap) -> Option<Secret> {
    let given = |token: &str| Some(token.trim()).filter(|t| !t.is_empty()).map(Secret::presented);
    let own = headers.get(TOKEN_HEADER).and_then(|v| v.to_str().ok()).and_then(given);
    own.or_else(|| {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token).and_then(given)
    })
}
