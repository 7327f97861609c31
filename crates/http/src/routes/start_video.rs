//! `Client/Request/StartVideoProcess`, `VideoAgain`, `StartRoomVideoCallWithRegion`: the caller is ready; the listener must
//! confirm.

use actix_web::HttpResponse;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::present;
use crate::reply::{self, Failure};

pub(super) async fn start_video(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Client).await?;
    call.app().start_video(&user).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

pub(super) async fn video_again(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Client).await?;
    call.app().video_again(&user).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

/// The interpreter is out of the request, and another one is searched for.
pub(super) async fn find_another(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Client).await?;
    call.app().find_another(&user).await.map_err(|e| call.fail(e))?;
    Ok(reply::empty())
}

/// The same as `StartVideoProcess`, and names the room.
pub(super) async fn start_room(call: Call) -> Result<HttpResponse, Failure> {
    let user = call.user(UserRole::Client).await?;
    let conference = call.app().start_video(&user).await.map_err(|e| call.fail(e))?;
    Ok(call.ok(&present::room(&conference)))
}
