//! `Signalling/{conference}`: the socket of a party's media account (`docs/signalling.md`).
//!
//! Nothing but the account's secret opens it, which comes in its first message: no cookie and no address does. So a page
//! of another origin may use it, if it has an account.

use actix_web::web::Payload;
use actix_web::{HttpResponse, web};
use trialogue_domain::{ConferenceId, Refusal};
use trialogue_storage::StoreError;

use crate::adapter::Adapter;
use crate::call::Call;
use crate::connections::WaitsForClient;
use crate::reply::Failure;
use crate::signalling::{self, HELLO_WITHIN};

pub(super) async fn signalling(
    call: Call,
    adapter: web::Data<Adapter>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let number = call.path_parameter("conference").parse();
    let conference = ConferenceId(number.map_err(|_| call.fail(StoreError::Refused(Refusal::NotFound)))?);
    let (response, session, frames) = call.socket(payload)?;
    let waiting = WaitsForClient::begin(&adapter, call.request(), HELLO_WITHIN);
    actix_web::rt::spawn(signalling::serve(adapter, conference, call.network(), waiting, session, frames));
    Ok(response)
}
