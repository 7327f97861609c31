//! The running servers (nodes) and their heartbeats.

use std::time::Duration;

use diesel::prelude::*;
use trialogue_domain::Timestamp;

use crate::schema::nodes;
use crate::{Store, StoreError};

/// A running server: a random number for each process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub i64);

/// How long a node may be silent before it counts as gone. The clocks of the nodes must agree to a few seconds.
pub const NODE_SILENCE: Duration = Duration::from_secs(20);

/// How long the row of a node that is gone is kept.
const KEPT: Duration = Duration::from_hours(24);

impl Store {
    /// Writes a node's heartbeat. It succeeds only if it was committed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heartbeat(&self, node: NodeId, now: Timestamp) -> Result<(), StoreError> {
        self.executor()
            .write(0, "write a heartbeat", move |tx| {
                let failed = || StoreError::query("write a heartbeat");
                let updated = diesel::update(nodes::table.find(node.0))
                    .set(nodes::seen_at.eq(now.0))
                    .execute(&mut tx.connection)
                    .map_err(failed())?;
                if updated == 0 {
                    let old = nodes::table.filter(nodes::seen_at.lt(now.before(KEPT).0));
                    diesel::delete(old).execute(&mut tx.connection).map_err(failed())?;
                    diesel::insert_into(nodes::table)
                        .values((nodes::id.eq(node.0), nodes::seen_at.eq(now.0)))
                        .execute(&mut tx.connection)
                        .map_err(failed())?;
                }
                Ok(())
            })
            .await
    }
}
