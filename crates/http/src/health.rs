//! `/healthz`: the process lives. `/readyz`: it can serve. For supervisors and balancers; outside the base path, in
//! plain text, without a token.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use trialogue_storage::SchemaState;

use crate::app::App;

pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("ok\n")
}

/// Ready is: the database answers, and its schema is this program's.
pub(crate) async fn readyz(app: web::Data<App>) -> HttpResponse {
    let fault = match app.store.check().await {
        Ok(SchemaState::Current) => None,
        Ok(SchemaState::Older(_) | SchemaState::Newer(_)) => Some("the schema is not this program's\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Some("the database does not answer\n")
        }
    };
    match fault {
        None => HttpResponse::Ok().content_type(ContentType::plaintext()).body("ready\n"),
        Some(fault) => HttpResponse::ServiceUnavailable().content_type(ContentType::plaintext()).body(fault),
    }
}
