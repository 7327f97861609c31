//! Throw-away `PostgreSQL` servers.

mod account;
mod binaries;
mod cluster;
mod frozen;
mod guard;
mod pooler;

pub use cluster::{Fsync, PostgresCluster, StopMode};
pub use frozen::Frozen;
pub use pooler::Pooler;
