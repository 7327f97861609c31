//! `Provider/Task/SetOnline`, `SetOffline`, `SetAvailability`, `Availability`: whether the interpreter takes calls.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::{
    ParaProviderAvailability, ParaProviderOnlineStatus, ResultProviderAvailability,
};
use trialogue_domain::{Availability, BreakReason};
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::present;
use crate::reply::{self, Failure};

/// Who comes online is offered the requests that wait for its languages.
pub(super) async fn set_online(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let _: Option<ParaProviderOnlineStatus> = call.optional_body(payload).await?;
    call.app().set_availability(&user, Availability::On).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn set_offline(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let _: Option<ParaProviderOnlineStatus> = call.optional_body(payload).await?;
    call.app().set_availability(&user, Availability::Off).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn set_availability(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let said: ParaProviderAvailability = call.checked_body(payload).await?;
    call.app().set_availability(&user, availability(&said)).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn shown_availability(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    let (status, missed) = call.app().interpreter_status(&user).await.map_err(|e| call.fail(e))?;
    Ok(call.ok::<ResultProviderAvailability>(&present::availability(status, missed, call.now())))
}

/// What a checked body says.
fn availability(said: &ParaProviderAvailability) -> Availability {
    let is = |name: &str| said.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case(name));
    if is("Available") {
        Availability::On
    } else if is("LastCall") {
        Availability::LastCall
    } else if is("Break") {
        let given = said.break_reason.as_deref().unwrap_or_default();
        let named = |reason: &BreakReason| present::break_reason(*reason).eq_ignore_ascii_case(given);
        Availability::Break(BreakReason::ALL.into_iter().find(named).unwrap_or(BreakReason::Other))
    } else {
        Availability::Off
    }
}
