//! The log of a conference, as it happened.

use diesel::prelude::*;
use trialogue_domain::{Actor, ConferenceId, Event, Timestamp};

use crate::rows::EventRow;
use crate::schema::events;
use crate::{Store, StoreError};

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place; the first has 1, and there is no gap.
    pub seq: i32,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; none for an observation.
    pub actor: Option<Actor>,
    /// What happened.
    pub event: Event,
}

impl Store {
    /// The events of a conference, oldest first; empty if there is no such conference.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that is no event.
    pub async fn timeline(&self, conference: ConferenceId) -> Result<Vec<Recorded>, StoreError> {
        self.executor()
            .read("read a timeline", move |connection| {
                let rows: Vec<EventRow> = events::table
                    .filter(events::conference_id.eq(conference.0))
                    .order(events::seq)
                    .select(EventRow::as_select())
                    .load(connection)
                    .map_err(StoreError::query("read a timeline"))?;
                rows.iter()
                    .map(|row| {
                        let (event, actor) = (row.to_domain()?, row.actor()?);
                        Ok(Recorded { seq: row.seq, at: Timestamp(row.at), actor, event })
                    })
                    .collect()
            })
            .await
    }
}
