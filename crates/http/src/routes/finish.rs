//! `Client/Request/CallFinishedNew` and `Provider/Task/Finish`: the call is over, done or cancelled.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::{ParaCallInfo, ParaCallInfoList};
use trialogue_domain::Timestamp;
use trialogue_storage::{CallLeg, UserRole};

use crate::call::Call;
use crate::reply::{self, Failure};

/// With the legs of the call, which are kept.
pub(super) async fn call_finished(call: Call, payload: web::Payload) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Client).await?;
    let report: ParaCallInfoList = call.checked_body(payload).await?;
    let legs = report.calls.items().map(leg).collect();
    call.app().finish(&user, report.is_successful, legs).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

/// Who is out of the request already has nothing left to finish.
pub(super) async fn finish(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Provider).await?;
    call.app().finish(&user, true, Vec::new()).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

fn leg(reported: &ParaCallInfo) -> CallLeg {
    CallLeg {
        started: Some(Timestamp(reported.start_time_utc.microseconds())),
        ended: Some(Timestamp(reported.end_time_utc.microseconds())),
        call_time: reported.call_time.to_string(),
        successful: reported.is_successful,
        additional_info: reported.additional_info.clone(),
        third_party_call_id: reported.third_party_call_id.clone(),
    }
}
