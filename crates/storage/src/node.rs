//! The identity of a running server, and when it counts as gone.

use std::time::Duration;

use trialogue_domain::Timestamp;

/// A running server: a random number for each process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub i64);

/// How long a node may be silent before it counts as gone. The clocks of the nodes must agree to a few seconds.
pub const NODE_SILENCE: Duration = Duration::from_secs(20);

/// The oldest heartbeat of a node that is not gone.
pub(crate) fn alive_since(now: Timestamp) -> i64 {
    now.before(NODE_SILENCE).0
}
