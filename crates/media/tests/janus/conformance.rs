//! The contract of the port.

use trialogue_media::Janus;
use trialogue_testkit::{JanusServer, engine_conformance};

use crate::visitors::Parties;

#[tokio::test]
async fn it_conforms() {
    let server = JanusServer::new();
    let engine = Janus::new(server.settings());
    engine_conformance(&engine, &Parties::new(engine.clone())).await;
}
