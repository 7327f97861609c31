//! `/healthz`: the process lives. `/readyz`: it can serve. For supervisors and balancers; outside the base path, in
//! plain text, without a token.

use std::fmt::Write as _;
use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use tokio::time::timeout;
use trialogue_storage::SchemaState;

use crate::app::App;

/// How long to wait for the database's answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("ok\n")
}

/// Ready is: writes to the database work, its schema is this program's, every task is up, and the server goes on. If not,
/// each line of the answer is a reason.
pub(crate) async fn readyz(app: web::Data<App>) -> HttpResponse {
    let mut faults = String::new();
    for fault in app.readiness.faults(app.clock.now()) {
        // Writing to a String cannot fail.
        let _ = writeln!(faults, "{fault}");
    }
    match timeout(PATIENCE, app.store.check()).await {
        Ok(Ok(SchemaState::Current)) => {}
        Ok(Ok(SchemaState::Older(_) | SchemaState::Newer(_))) => {
            faults.push_str("the schema is not this program's\n");
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            faults.push_str("the database does not answer\n");
        }
        Err(_) => faults.push_str("the database does not answer\n"),
    }
    if faults.is_empty() {
        HttpResponse::Ok().content_type(ContentType::plaintext()).body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable().content_type(ContentType::plaintext()).body(faults)
    }
}
