//! The running servers (nodes) and their heartbeats.

use std::time::Duration;

use diesel::dsl::exists;
use diesel::prelude::*;
use trialogue_domain::{ConferenceId, Timestamp};

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::node::{NodeId, alive_since};
use crate::rows::{CONNECTED, DISCONNECTED};
use crate::schema::{conferences, nodes, participants};
use crate::store::Store;

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

    /// Makes a node whose engine is embedded the holder of a conference's room. False, and nothing is changed, while
    /// another living node holds the room and a party is in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_room(
        &self,
        conference: ConferenceId,
        node: NodeId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let read = move |connection: &mut AnyConnection| holder(connection, conference, now);
        if self.executor().read("look for the holder of a room", read).await? == Some(node) {
            return Ok(true);
        }
        self.executor()
            .write(conference.0, "hold a room", move |tx| {
                let other = holder(&mut tx.connection, conference, now)?.filter(|holder| *holder != node);
                if other.is_some() && is_somebody_there(&mut tx.connection, conference)? {
                    return Ok(false);
                }
                diesel::update(conferences::table.find(conference.0))
                    .set(conferences::node.eq(Some(node.0)))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("hold a room"))?;
                Ok(true)
            })
            .await
    }

    /// The node that holds a conference's room; none if no living node does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn room_node(
        &self,
        conference: ConferenceId,
        now: Timestamp,
    ) -> Result<Option<NodeId>, StoreError> {
        let read = move |connection: &mut AnyConnection| holder(connection, conference, now);
        self.executor().read("look for the holder of a room", read).await
    }
}

fn holder(
    connection: &mut AnyConnection,
    conference: ConferenceId,
    now: Timestamp,
) -> Result<Option<NodeId>, StoreError> {
    let holder: Option<i64> = conferences::table
        .inner_join(nodes::table.on(conferences::node.eq(nodes::id.nullable())))
        .filter(conferences::id.eq(conference.0).and(nodes::seen_at.ge(alive_since(now))))
        .select(nodes::id)
        .get_result(connection)
        .optional()
        .map_err(StoreError::query("look for the holder of a room"))?;
    Ok(holder.map(NodeId))
}

fn is_somebody_there(connection: &mut AnyConnection, conference: ConferenceId) -> Result<bool, StoreError> {
    let there = participants::table
        .filter(participants::conference_id.eq(conference.0))
        .filter(participants::state.between(CONNECTED, DISCONNECTED));
    diesel::select(exists(there)).get_result(connection).map_err(StoreError::query("look who is in a room"))
}
