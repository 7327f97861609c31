//! `Client/Request/New`: make the request for an interpreter.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::{ParaRequest, ResultRequest};
use trialogue_domain::LanguageId;
use trialogue_storage::{ConferenceView, RequestDetails, UserRole};

use crate::call::Call;
use crate::present::{self, Viewer};
use crate::reply::{self, Failure};

pub(super) async fn request_new(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Client).await?;
    let (wanted, key): (ParaRequest, _) = call.keyed_body(payload, &user).await?;
    let wants = call.wants(wanted.options()).await?;
    let details = RequestDetails {
        situation_code: wanted.request_situation_code_id,
        additional_info: wanted.additional_info,
        location: wanted.request_location,
        from_language_id: wanted.from_language,
    };
    let now = call.now();
    let render = call.render::<ResultRequest>();
    let language = LanguageId(wanted.need_help_language_id);
    let estimate = call.app().wait_estimate(language).await.map_err(|e| call.fail(e))?;
    let viewer = Viewer::of(&user, estimate);
    let render = Box::new(move |view: &ConferenceView| render(&present::request(view, viewer, now)));
    let made = call.app().open_request(&user, (language, wants), details, key, render, now).await;
    Ok(reply::from_stored(&made.map_err(|e| call.fail(e))?))
}
