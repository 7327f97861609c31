//! Test support: clock, `PostgreSQL` clusters, Janus servers, a fake engine.
//!
//! Only ever a dev-dependency. What goes wrong here panics, with a message for whoever runs the tests.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod clock;
mod engine;
mod janus;
mod livekit;
mod postgres;
mod sqlite;

pub use clock::ManualClock;
pub use engine::{Call, FakeEngine, Fault, Gate, Visitors, engine_conformance};
pub use janus::{EventSink, JanusServer};
pub use livekit::{LiveKitFault, LiveKitStandIn, LiveKitVisitors, Webhook};
pub use postgres::{Frozen, Fsync, Pooler, PostgresCluster, StopMode};
pub use sqlite::sqlite_url;
