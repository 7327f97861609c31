//! Conferences, and the deadlines in them.

use diesel::dsl::exists;
use diesel::prelude::*;
use trialogue_domain::{Conference, ConferenceId, Timestamp};

use crate::aggregate::find::{ConferenceLookup, find};
use crate::aggregate::load::load;
use crate::aggregate::view::{ConferenceView, view};
use crate::error::StoreError;
use crate::rows::{DISCONNECTED, ROUTED};
use crate::schema::{conferences, participants};
use crate::store::Store;

impl Store {
    /// A conference as it is stored; none if there is no such.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conference(&self, id: ConferenceId) -> Result<Option<Conference>, StoreError> {
        self.executor()
            .read_together("load a conference", move |connection| {
                load(connection, id)?.map(|loaded| loaded.conference()).transpose()
            })
            .await
    }

    /// The first conferences in which something has ended by itself by now, in the order of their deadlines.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, now: Timestamp, limit: i64) -> Result<Vec<ConferenceId>, StoreError> {
        Ok(self.due_after(None, now, limit).await?.into_iter().map(|(_, conference)| conference).collect())
    }

    /// The conferences that are due after this one, with their deadlines. So a conference that stays due, because its
    /// rows cannot be read, does not hide those behind it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_after(
        &self,
        last: Option<(Timestamp, ConferenceId)>,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<(Timestamp, ConferenceId)>, StoreError> {
        let (last_deadline, last_id) =
            last.map_or((i64::MIN, i32::MIN), |(deadline, conference)| (deadline.0, conference.0));
        self.executor()
            .read("find what is due", move |connection| {
                let deadline = conferences::next_deadline.assume_not_null();
                let due: Vec<(i64, i32)> = conferences::table
                    .filter(deadline.le(now.0).and(deadline.ge(last_deadline)))
                    .filter(deadline.gt(last_deadline).or(conferences::id.gt(last_id)))
                    .order((deadline, conferences::id))
                    .limit(limit)
                    .select((deadline, conferences::id))
                    .load(connection)
                    .map_err(StoreError::query("find what is due"))?;
                Ok(due.into_iter().map(|(at, id)| (Timestamp(at), ConferenceId(id))).collect())
            })
            .await
    }

    /// A conference with the names of its people.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn view(&self, lookup: ConferenceLookup) -> Result<Option<ConferenceView>, StoreError> {
        self.executor()
            .read_together("show a conference", move |connection| match find(connection, lookup)? {
                Some(id) => view(connection, id),
                None => Ok(None),
            })
            .await
    }

    /// The first live conferences after `after` in which a party has an account, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn in_call_after(
        &self,
        after: ConferenceId,
        limit: i64,
    ) -> Result<Vec<ConferenceId>, StoreError> {
        self.executor()
            .read("list the calls", move |connection| {
                let party = participants::table
                    .filter(participants::conference_id.eq(conferences::id))
                    .filter(participants::state.between(ROUTED, DISCONNECTED));
                let ids: Vec<i32> = conferences::table
                    .filter(conferences::ended_at.is_null().and(conferences::id.gt(after.0)))
                    .filter(exists(party))
                    .order(conferences::id)
                    .limit(limit)
                    .select(conferences::id)
                    .load(connection)
                    .map_err(StoreError::query("list the calls"))?;
                Ok(ids.into_iter().map(ConferenceId).collect())
            })
            .await
    }
}
