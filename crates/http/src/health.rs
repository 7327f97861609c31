//! `/healthz`: the process lives. `/readyz`: it can serve. For supervisors and balancers; outside the base path, in
//! plain text, without a token.

use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use tokio::time::timeout;
use trialogue_storage::SchemaState;

use crate::adapter::Adapter;

/// How long to wait for the database's answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The schema is older or newer than the program.
pub(crate) const OTHER_SCHEMA: &str = "the schema is not this program's";

/// The database could not be read in time.
pub(crate) const NO_ANSWER: &str = "the database does not answer";

pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("ok\n")
}

/// Ready is: writes to the database work, its schema is this program's, every task is up, and the server goes on. If not,
/// each line of the answer is a reason.
pub(crate) async fn readyz(adapter: web::Data<Adapter>) -> HttpResponse {
    let mut faults: Vec<String> =
        adapter.readiness().faults(adapter.app.now()).iter().map(ToString::to_string).collect();
    match timeout(PATIENCE, adapter.app.schema()).await {
        Ok(Ok(SchemaState::Current)) => {}
        Ok(Ok(SchemaState::Older(_) | SchemaState::Newer(_))) => faults.push(OTHER_SCHEMA.to_owned()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            faults.push(NO_ANSWER.to_owned());
        }
        Err(_) => faults.push(NO_ANSWER.to_owned()),
    }
    if faults.is_empty() {
        HttpResponse::Ok().content_type(ContentType::plaintext()).body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable()
            .content_type(ContentType::plaintext())
            .body(faults.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operations_guide_explains_each_fault() {
        let guide = include_str!("../../../docs/operations.md");
        for fault in [OTHER_SCHEMA, NO_ANSWER] {
            assert!(guide.contains(&format!("| `{fault}` |")), "{fault}");
        }
    }
}
