//! The log of a conference, as it happened.

use std::collections::HashMap;

use diesel::prelude::*;
use trialogue_domain::{Actor, ConferenceId, Event, Timestamp};

use crate::database::connection::{AnyConnection, MAX_KEYS, native};
use crate::error::StoreError;
use crate::rows::EventRow;
use crate::schema::{conferences, events};
use crate::store::Store;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its sequence number, from 1 and without gaps.
    pub seq: i32,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; none for an observation.
    pub actor: Option<Actor>,
    /// What happened.
    pub event: Event,
}

impl TryFrom<EventRow> for Recorded {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let (event, actor) = (row.to_domain()?, row.actor()?);
        Ok(Self { seq: row.seq, at: Timestamp(row.at), actor, event })
    }
}

/// The end of a conference's log, or why its rows tell none.
pub type LogEnd = (ConferenceId, Result<Vec<Recorded>, StoreError>);

impl Store {
    /// The events of a conference, oldest first; empty if there is no such conference.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that is no event.
    pub async fn timeline(&self, conference: ConferenceId) -> Result<Vec<Recorded>, StoreError> {
        self.timeline_after(conference, 0).await
    }

    /// The events of a conference after a place in its log, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that is no event.
    pub async fn timeline_after(
        &self,
        conference: ConferenceId,
        seq: i32,
    ) -> Result<Vec<Recorded>, StoreError> {
        self.executor()
            .read("read a timeline", move |connection| {
                let rows: Vec<EventRow> = native!(connection, native => {
                    events::table
                        .filter(events::conference_id.eq(conference.0).and(events::seq.gt(seq)))
                        .order(events::seq)
                        .select(EventRow::as_select())
                        .load(native)
                })
                .map_err(StoreError::query("read a timeline"))?;
                rows.into_iter().map(Recorded::try_from).collect()
            })
            .await
    }

    /// Which of these logs, each with the last place known, have grown beyond it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn grown(&self, known: Vec<(ConferenceId, i32)>) -> Result<Vec<ConferenceId>, StoreError> {
        self.executor()
            .read("look for grown logs", move |connection| {
                let mut found = Vec::new();
                for some in known.chunks(MAX_KEYS) {
                    found.extend(grown(connection, some)?);
                }
                Ok(found)
            })
            .await
    }

    /// Of each of these logs what comes after a place in it, oldest first, but the last `limit` events at most.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not answer; a row that is no event fails its own log only.
    pub async fn log_ends(
        &self,
        wanted: Vec<(ConferenceId, i32)>,
        limit: usize,
    ) -> Result<Vec<LogEnd>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.executor()
            .read("read the ends of logs", move |connection| {
                wanted.iter().map(|(id, after)| log_end(connection, *id, *after, limit)).collect()
            })
            .await
    }
}

fn grown(
    connection: &mut AnyConnection,
    known: &[(ConferenceId, i32)],
) -> Result<Vec<ConferenceId>, StoreError> {
    let ids = known.iter().map(|(id, _)| id.0);
    let last: HashMap<i32, i32> = conferences::table
        .filter(conferences::id.eq_any(ids))
        .select((conferences::id, conferences::last_seq))
        .load::<(i32, i32)>(connection)
        .map_err(StoreError::query("look for grown logs"))?
        .into_iter()
        .collect();
    let is_grown = |(id, seq): &&(ConferenceId, i32)| last.get(&id.0).is_some_and(|last| last > seq);
    Ok(known.iter().filter(is_grown).map(|(id, _)| *id).collect())
}

fn log_end(
    connection: &mut AnyConnection,
    conference: ConferenceId,
    after: i32,
    limit: i64,
) -> Result<LogEnd, StoreError> {
    let rows: Vec<EventRow> = native!(connection, native => {
        events::table
            .filter(events::conference_id.eq(conference.0).and(events::seq.gt(after)))
            .order(events::seq.desc())
            .limit(limit)
            .select(EventRow::as_select())
            .load(native)
    })
    .map_err(StoreError::query("read the end of a log"))?;
    Ok((conference, rows.into_iter().rev().map(Recorded::try_from).collect()))
}
