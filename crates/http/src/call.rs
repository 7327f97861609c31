//! One request on its way through a handler: who calls, what the body says, how it is answered.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use trialogue_domain::{Actor, Conference, Refusal, Timestamp, UserId};
use trialogue_storage::{
    Ask, ConferenceView, IdempotencyKey, Invitation, Session, StoreError, UserRole, Whose,
};
use validator::Validate;

use crate::app::App;
use crate::body;
use crate::client_address::Network;
use crate::problem::Problem;
use crate::reply::{self, Failure};
use crate::request_log::request_id;
use crate::secret::Secret;

/// The token header of the reference API.
const TOKEN_HEADER: &str = "WEYIToken";

/// A request, with what is needed to serve it.
pub(crate) struct Call {
    app: web::Data<App>,
    req: HttpRequest,
}

/// Whoever presents a token.
pub(crate) enum Party {
    /// A user, and when the login ends.
    User(Caller, Timestamp),
    /// An invited party.
    Invited(Invitation),
}

/// A logged-in user.
pub(crate) struct Caller {
    pub(crate) user: UserId,
    pub(crate) role: UserRole,
    pub(crate) token: Secret,
}

impl Caller {
    pub(crate) const fn actor(&self) -> Actor {
        match self.role {
            UserRole::Client => Actor::Client(self.user),
            UserRole::Provider => Actor::Provider(self.user),
        }
    }

    /// The conference that the token implies: the user's latest.
    pub(crate) const fn own(&self) -> Whose {
        match self.role {
            UserRole::Client => Whose::Client(self.user),
            UserRole::Provider => Whose::Provider(self.user),
        }
    }
}

impl FromRequest for Call {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = req.app_data::<web::Data<App>>().cloned();
        let call = app.map(|app| Self { app, req: req.clone() });
        ready(
            call.ok_or_else(|| {
                actix_web::error::ErrorInternalServerError("the application is not configured")
            }),
        )
    }
}

impl Call {
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// The user whose token came with the request.
    pub(crate) async fn user(&self, role: UserRole) -> Result<Caller, Failure> {
        let token = self.token()?;
        let now = self.now();
        let session = self.app.store.session(token.hash(), now).await.map_err(|e| self.fail(e))?;
        let Some(session) = session else { return Err(self.no_login(&token, now).await) };
        if session.role != role {
            return Err(self.fail(Problem::WrongRole(match role {
                UserRole::Client => "client",
                UserRole::Provider => "provider",
            })));
        }
        self.note_use(&session, &token, now).await;
        Ok(Caller { user: session.user, role, token })
    }

    /// Whoever's token came with the request.
    pub(crate) async fn party(&self) -> Result<Party, Failure> {
        let token = self.token()?;
        let now = self.now();
        let store = &self.app.store;
        if let Some(session) = store.session(token.hash(), now).await.map_err(|e| self.fail(e))? {
            let expires = self.note_use(&session, &token, now).await;
            let caller = Caller { user: session.user, role: session.role, token };
            return Ok(Party::User(caller, expires));
        }
        match store.invitation(token.hash()).await.map_err(|e| self.fail(e))? {
            Some(invitation) => Ok(Party::Invited(invitation)),
            None => Err(self.no_login(&token, now).await),
        }
    }

    /// Why a token is no login.
    async fn no_login(&self, token: &Secret, now: Timestamp) -> Failure {
        match self.app.store.has_expired(token.hash(), now).await {
            Ok(true) => self.fail(Problem::TokenExpired),
            Ok(false) => self.fail(Problem::InvalidToken),
            Err(error) => self.fail(error),
        }
    }

    /// The holder of the invitation whose token came with the request.
    pub(crate) async fn guest(&self) -> Result<(Invitation, Secret), Failure> {
        let token = self.token()?;
        let invitation = self.app.store.invitation(token.hash()).await.map_err(|e| self.fail(e))?;
        Ok((invitation.ok_or_else(|| self.fail(Problem::InvalidInvitation))?, token))
    }

    /// Signs of life are written a few times in a presence window, and a login is prolonged a few times in its life: not
    /// at every call. Returns when the login ends.
    async fn note_use(&self, session: &Session, token: &Secret, now: Timestamp) -> Timestamp {
        let App { store, settings, .. } = self.app();
        let step = store.timings().presence / 3;
        if session.last_seen.is_none_or(|seen| now.since(seen) >= step)
            && let Err(error) = store.touch(session.user, now).await
        {
            // The call itself does not depend on it; it fails by itself if the database is gone.
            tracing::warn!(%error, "a sign of life was not noted");
        }
        let Some(expires) = settings.logins.prolonged(session, now) else { return session.expires };
        match store.prolong(session.user, token.hash(), expires).await {
            Ok(()) => expires,
            Err(error) => {
                tracing::warn!(%error, "a login was not prolonged");
                session.expires
            }
        }
    }

    /// The network that the request comes from.
    pub(crate) fn network(&self) -> Network {
        self.app.settings.proxies.client(&self.req)
    }

    fn token(&self) -> Result<Secret, Failure> {
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
        caller: &Caller,
    ) -> Result<(T, Option<IdempotencyKey>), Failure> {
        let bytes = body::collect_model(&self.req, payload, body::MAX_BODY_BYTES).await?;
        let key = self.idempotency_key(&bytes, caller)?;
        Ok((body::read_checked(&self.req, &bytes)?, key))
    }

    fn idempotency_key(&self, body: &[u8], caller: &Caller) -> Result<Option<IdempotencyKey>, Failure> {
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
            owner: format!("user {}", caller.user),
            key: key.to_owned(),
            request_hash: hash.finalize().into(),
        }))
    }

    /// A conference as it stands now: what is due has ended, whether or not the background work has come round to it.
    pub(crate) async fn view(&self, whose: Whose) -> Result<ConferenceView, Failure> {
        let view = self.app.view(whose).await.map_err(|e| self.fail(e))?;
        view.ok_or_else(|| self.fail(StoreError::Refused(Refusal::NoRequest)))
    }

    /// The same for those who poll; the signs of life of people may be older ones.
    pub(crate) async fn polled(&self, whose: Whose) -> Result<Arc<ConferenceView>, Failure> {
        let view = self.app.polled(whose).await.map_err(|e| self.fail(e))?;
        view.ok_or_else(|| self.fail(StoreError::Refused(Refusal::NoRequest)))
    }

    /// Makes a WebSocket of the request.
    pub(crate) fn socket(
        &self,
        payload: web::Payload,
    ) -> Result<(HttpResponse, actix_ws::Session, actix_ws::MessageStream), Failure> {
        actix_ws::handle(&self.req, payload).map_err(|_| self.fail(Problem::NoWebSocket))
    }

    /// Does a command, or fails with its answer.
    pub(crate) async fn command(&self, whose: Whose, actor: Actor, ask: Ask) -> Result<Conference, Failure> {
        self.app.store.command(whose, actor, ask, self.now()).await.map_err(|e| self.fail(e))
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
