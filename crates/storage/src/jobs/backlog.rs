//! How much waits, for whoever watches over the server.

use crate::executor::queue::Queued;
use crate::schema::outbox;
use crate::{Store, StoreError};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use trialogue_domain::Timestamp;

/// The effects that are not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub effects: i64,
    /// When the oldest was queued.
    pub oldest: Option<Timestamp>,
}

impl Store {
    /// What is left to be done outside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.executor()
            .read("look at the backlog", |connection| {
                let (effects, oldest): (i64, Option<i64>) = outbox::table
                    .select((count_star(), min(outbox::created_at)))
                    .get_result(connection)
                    .map_err(StoreError::query("look at the backlog"))?;
                Ok(Backlog { effects, oldest: oldest.map(Timestamp) })
            })
            .await
    }

    /// What waits at the moment.
    pub fn queued(&self) -> Queued {
        self.executor().queued()
    }
}
