//! The contract of the port.

use trialogue_testkit::{JanusServer, engine_conformance};

use crate::visitors::{Parties, engine_at};

#[tokio::test]
async fn it_conforms() {
    let server = JanusServer::new();
    let engine = engine_at(server.settings());
    engine_conformance(&engine, &Parties::new(engine.clone())).await;
}
