//! Throw-away `PostgreSQL` servers.

mod account;
mod binaries;
mod cluster;
mod guard;

pub use cluster::{Fsync, PostgresCluster, StopMode};
