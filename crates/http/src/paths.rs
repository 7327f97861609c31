//! Paths as stock ASP.NET routing takes them: in any letter case, with or without a slash at the end; and the errors for
//! paths and methods that are not there.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::{Uri, header, uri::PathAndQuery};
use actix_web::{
    FromRequest, Handler, HttpMessage, HttpRequest, Resource, Responder, ResponseError, Route, web,
};
use trialogue_contract::errors::{ErrorBody, WireErrorCode};

use crate::reply::Failure;

/// Where the routes are unless the configuration says otherwise.
pub const DEFAULT_BASE: &str = "/API";

/// A resource below `base` that answers POST; every other method is refused with the framework's 405.
///
/// `path` is written as the contract writes it, `Client/Login/{SystemLanguageId}`.
pub fn post<F, Args>(base: &str, path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(pattern(base, path)).route(web::post().to(handler)).default_service(other_methods("POST"))
}

/// The same for GET.
pub fn get<F, Args>(base: &str, path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(pattern(base, path)).route(web::get().to(handler)).default_service(other_methods("GET"))
}

/// A resource at `path` outside the API, with or without a slash at the end, that answers GET and HEAD alike; every other
/// method is refused as below the API.
pub fn page<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource([path.to_owned(), format!("{path}/")])
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(other_methods("GET, HEAD"))
}

/// What [`IgnoreCase`] makes of the paths that `base` and `path` match: small letters, but for the names of parameters.
pub fn pattern(base: &str, path: &str) -> String {
    let mut pattern = fold(base.trim_end_matches('/'));
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        pattern.push('/');
        let is_parameter = segment.starts_with('{');
        pattern.push_str(&if is_parameter { segment.to_owned() } else { fold(segment) });
    }
    pattern
}

/// The route for paths that no other has: the framework's 404. It names the path as the client sent it, and never the
/// query.
pub fn not_found() -> Route {
    web::to(|req: HttpRequest| {
        let message =
            format!("No HTTP resource was found that matches the request URI '{}'.", original_path(&req));
        ready(Failure::new(&req, WireErrorCode::NotFound, ErrorBody::new(message)).error_response())
    })
}

/// The route for methods that a path does not have: the framework's 405. `allow` lists those it has.
pub fn other_methods(allow: &'static str) -> Route {
    web::to(move |req: HttpRequest| {
        let message = format!("The requested resource does not support http method '{}'.", req.method());
        let failure = Failure::new(&req, WireErrorCode::MethodNotAllowed, ErrorBody::new(message));
        let mut answer = failure.error_response();
        answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
        ready(answer)
    })
}

/// The path as the client sent it.
pub fn original_path(req: &HttpRequest) -> String {
    match req.extensions().get::<OriginalPath>() {
        Some(OriginalPath(path)) => path.clone(),
        None => req.uri().path().to_owned(),
    }
}

/// Folds the letter case of paths below the given bases, so that routing finds them; other paths stay as they are.
///
/// Routes below a base must be made with [`post`], [`get`] or [`pattern`]. Values of path parameters arrive in small
/// letters; the contract's only one is a number.
pub struct IgnoreCase {
    bases: Rc<[String]>,
}

impl IgnoreCase {
    /// For everything below `bases`, such as `/API`.
    pub fn below<'b>(bases: impl IntoIterator<Item = &'b str>) -> Self {
        Self { bases: bases.into_iter().map(|base| fold(base.trim_end_matches('/'))).collect() }
    }
}

impl<S> Transform<S, ServiceRequest> for IgnoreCase
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = actix_web::Error>,
{
    type Response = ServiceResponse;
    type Error = actix_web::Error;
    type Transform = IgnoreCaseService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(IgnoreCaseService { service, bases: Rc::clone(&self.bases) }))
    }
}

/// [`IgnoreCase`] at work.
pub struct IgnoreCaseService<S> {
    service: S,
    bases: Rc<[String]>,
}

impl<S> Service<ServiceRequest> for IgnoreCaseService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = actix_web::Error>,
{
    type Response = ServiceResponse;
    type Error = actix_web::Error;
    type Future = S::Future;

    forward_ready!(service);

    fn call(&self, mut req: ServiceRequest) -> Self::Future {
        if let Some(folded) = folded_uri(req.uri(), &self.bases) {
            let original = req.uri().path().to_owned();
            req.extensions_mut().insert(OriginalPath(original));
            req.match_info_mut().get_mut().update(&folded);
            req.head_mut().uri = folded;
        }
        self.service.call(req)
    }
}

struct OriginalPath(String);

/// `uri` with its path folded; `None` where that is not below a base, or is folded already.
fn folded_uri(uri: &Uri, bases: &[String]) -> Option<Uri> {
    let folded = fold(uri.path());
    let folded = folded.strip_suffix('/').unwrap_or(&folded);
    let is_below = |base: &String| {
        folded.strip_prefix(&**base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if folded == uri.path() || !bases.iter().any(is_below) {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => format!("{folded}?{query}"),
        None => folded.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

/// Small letters; letters and digits that are percent-encoded for no reason are decoded first.
fn fold(path: &str) -> String {
    let mut folded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        let decoded = rest.strip_prefix('%').and_then(|_| rest.get(1..3)).and_then(unreserved);
        rest = &rest[if decoded.is_some() { 3 } else { c.len_utf8() }..];
        folded.push(decoded.unwrap_or(c).to_ascii_lowercase());
    }
    folded
}

fn unreserved(hex: &str) -> Option<char> {
    let hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(hex)?;
    let c = char::from(u8::from_str_radix(hex, 16).ok()?);
    (c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~')).then_some(c)
}
