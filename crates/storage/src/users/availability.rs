//! What interpreters say of themselves.

use diesel::dsl::{exists, max};
use diesel::prelude::*;
use trialogue_domain::{Availability, MissedRings, Presence, Timestamp, UserId};

use crate::aggregate::released::handed_over_at;
use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::rows::IsOpen;
use crate::rows::interpreter::{availability, availability_code, missed_rings};
use crate::schema::{interpreters, offers, requests, users};
use crate::store::Store;

/// What is known of an interpreter by its own desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPresence {
    /// What its status follows from.
    pub presence: Presence,
    /// Whether it is rung.
    pub is_rung: bool,
    /// The rings that it missed.
    pub missed: MissedRings,
}

impl Store {
    /// Notes what an interpreter says of itself, which is a sign of life, and the end of a row of missed rings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_availability(
        &self,
        interpreter: UserId,
        said: Availability,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.executor()
            .write(interpreter.0, "note what an interpreter says of itself", move |tx| {
                diesel::update(users::table.find(interpreter.0))
                    .set((users::availability.eq(availability_code(said)), users::last_seen.eq(Some(now.0))))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("note what an interpreter says of itself"))?;
                diesel::update(interpreters::table.find(interpreter.0))
                    .set((
                        interpreters::said_at.eq(Some(now.0)),
                        interpreters::missed_rings.eq(0),
                        interpreters::missed_at.eq(None::<i64>),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("note what an interpreter says of itself"))?;
                Ok(())
            })
            .await
    }

    /// What is known of an interpreter; none if there is no such one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn presence(&self, interpreter: UserId) -> Result<Option<KnownPresence>, StoreError> {
        type Columns =
            (i16, Option<i64>, Option<i64>, i16, Option<i64>, bool, bool, Option<i64>, Option<i64>);
        self.executor()
            .read("look at an interpreter", move |connection| {
                let served = || requests::table.filter(requests::provider_id.eq(users::id.nullable()));
                let open = offers::provider_id.eq(users::id).and(IsOpen);
                let found: Option<Columns> = users::table
                    .inner_join(interpreters::table.on(interpreters::id.eq(users::id)))
                    .filter(users::id.eq(interpreter.0))
                    .select((
                        users::availability,
                        interpreters::said_at,
                        users::last_seen,
                        interpreters::missed_rings,
                        interpreters::missed_at,
                        exists(served().filter(requests::ended_at.is_null())),
                        exists(offers::table.filter(open)),
                        served().select(max(requests::ended_at)).single_value(),
                        handed_over_at!(),
                    ))
                    .get_result(connection)
                    .optional()
                    .map_err(StoreError::query("look at an interpreter"))?;
                let known =
                    |(said, said_at, last_seen, count, last, busy, is_rung, ended, handed): Columns| {
                        let presence = Presence {
                            availability: availability(interpreter, said)?,
                            said_at: said_at.map(Timestamp),
                            last_seen: last_seen.map(Timestamp),
                            busy,
                            served: ended.max(handed).map(Timestamp),
                        };
                        let missed = missed_rings(interpreter, count, last)?;
                        Ok(KnownPresence { presence, is_rung, missed })
                    };
                found.map(known).transpose()
            })
            .await
    }
}

/// An interpreter without a login takes no calls.
pub(crate) fn set_off(connection: &mut AnyConnection, user: UserId) -> Result<(), StoreError> {
    diesel::update(users::table.find(user.0))
        .set(users::availability.eq(availability_code(Availability::Off)))
        .execute(connection)
        .map_err(StoreError::query("set an interpreter off"))?;
    Ok(())
}
