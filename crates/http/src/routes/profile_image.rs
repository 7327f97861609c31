//! `Provider/ProfileImage/{ServerImageId}`: the picture of an interpreter, for whoever is logged in.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, Header as _, IfNoneMatch};
use trialogue_app::{AppError, Bearer};
use trialogue_domain::Refusal;

use crate::call::Call;
use crate::present;
use crate::reply::Failure;

pub(super) async fn profile_image(call: Call) -> Result<HttpResponse, Failure> {
    let Bearer::User(..) = call.bearer().await? else { return Err(call.fail(AppError::InvalidToken)) };
    let not_found = || call.fail(AppError::from(Refusal::NotFound));
    let id: i32 = call.path_parameter("ServerImageId").parse().map_err(|_| not_found())?;
    let image = call.app().profile_image(id).await.map_err(|e| call.fail(e))?.ok_or_else(not_found)?;
    // A number stands for one picture for ever. It is asked for again each time, because it may be deleted.
    let tag = EntityTag::new_strong(id.to_string());
    let is_known = match IfNoneMatch::parse(call.request()) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "private, no-cache"));
    if is_known {
        return Ok(answer.finish());
    }
    Ok(answer
        .content_type(present::media_type(image.kind))
        .body(image.bytes.as_deref().unwrap_or_default().to_vec()))
}
