//! `Languages`: the language table, for whoever offers a choice. It is no secret, so no token is asked for.

use actix_web::HttpResponse;
use trialogue_contract::models::ArrayOfResultLanguage;

use crate::call::Call;
use crate::present;
use crate::reply::Failure;

pub(super) async fn languages(call: Call) -> Result<HttpResponse, Failure> {
    let known = call.app().languages().await.map_err(|e| call.fail(e))?;
    Ok(call.ok(&known.iter().map(present::language).collect::<ArrayOfResultLanguage>()))
}
