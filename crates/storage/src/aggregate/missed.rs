//! Rings that interpreters missed.

use diesel::prelude::*;
use trialogue_domain::{Availability, MissedRings, Timestamp, UserId};

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::rows::interpreter::{availability_code, missed_rings};
use crate::rows::row;
use crate::schema::{interpreters, requests, users};

/// A ring that an interpreter did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MissedRing {
    pub(crate) interpreter: UserId,
    /// When it began.
    pub(crate) rung_at: Timestamp,
    /// When it was over.
    pub(crate) at: Timestamp,
}

impl MissedRing {
    /// Counts it. By the rules, an interpreter that missed too many in a row is away, so that it does not let every client wait.
    pub(crate) fn save(self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let id = self.interpreter.0;
        // A session in which the interpreter says that it takes calls waits for this row, or has committed before.
        let locked = users::table.find(id).select(users::id);
        match connection {
            AnyConnection::Postgres(native) => locked.for_no_key_update().get_result::<i32>(native),
            AnyConnection::Sqlite(native) => locked.get_result(native),
        }
        .map_err(StoreError::query("lock an interpreter"))?;
        let (count, last, said_at): (i16, Option<i64>, Option<i64>) = interpreters::table
            .find(id)
            .select((interpreters::missed_rings, interpreters::missed_at, interpreters::said_at))
            .get_result(connection)
            .map_err(StoreError::query("look for missed rings"))?;
        if said_at.is_some_and(|said| said > self.rung_at.0) {
            return Ok(());
        }
        let mut before = missed_rings(self.interpreter, count, last)?;
        if let Some(last) = before.last
            && has_served(connection, self.interpreter, last)?
        {
            before = MissedRings::default();
        }
        let now = before.and(self.rung_at, self.at);
        diesel::update(interpreters::table.find(id))
            .set((
                interpreters::missed_rings.eq(i16::from(now.count)),
                interpreters::missed_at.eq(now.last.map(|at| at.0)),
            ))
            .execute(connection)
            .map_err(StoreError::query("count a missed ring"))?;
        if now.make_away() {
            // An interpreter that is on a break, say, stays so.
            diesel::update(users::table.find(id))
                .filter(users::availability.eq(availability_code(Availability::On)))
                .set(users::availability.eq(availability_code(Availability::Away)))
                .execute(connection)
                .map_err(StoreError::query("set an interpreter away"))?;
        }
        Ok(())
    }
}

row! {
    /// An interpreter has answered: its row of missed rings ends.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct NoMissedRings updated in interpreters
    where {
        pub(crate) id: i32 = id,
    }
    set {
        missed_rings: i16,
        missed_at: Option<i64>,
    }
}

impl NoMissedRings {
    pub(crate) const fn of(interpreter: UserId) -> Self {
        Self { id: interpreter.0, missed_rings: 0, missed_at: None }
    }
}

/// Whether the interpreter serves a request, or has served one that ended after `since`.
fn has_served(
    connection: &mut AnyConnection,
    interpreter: UserId,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let served: i64 = requests::table
        .filter(requests::provider_id.eq(Some(interpreter.0)))
        .filter(requests::ended_at.is_null().or(requests::ended_at.ge(Some(since.0))))
        .count()
        .get_result(connection)
        .map_err(StoreError::query("look for a request that was served"))?;
    Ok(served > 0)
}
