//! `Client/Request/Status`, `Provider/Task/Status`: the client's latest request, or the latest that the interpreter accepted;
//! for polling.

use actix_web::HttpResponse;
use trialogue_app::RequestView;
use trialogue_domain::Stage;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::present::{self, Viewer};
use crate::reply::Failure;

pub(super) async fn request_status(call: Call, role: UserRole) -> Result<HttpResponse, Failure> {
    let user = call.user(role).await?;
    Ok(match call.app().request_status(&user).await.map_err(|e| call.fail(e))? {
        RequestView::Own(view) => {
            let estimate = match view.conference.main.stage {
                Stage::Searching { .. } => call.app().wait_estimate(view.language.id).await,
                Stage::Accepted { .. } | Stage::Ended { .. } => Ok(None),
            };
            let estimate = estimate.map_err(|e| call.fail(e))?;
            let viewer = Viewer::of(&user, estimate);
            call.ok(&present::request(&view, viewer, call.now()))
        }
        RequestView::Released(released) => call.ok(&present::released(&released, call.now())),
    })
}
