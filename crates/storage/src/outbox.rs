//! The outbox: work for the engine, claimed under leases, done at least once.

use std::time::Duration;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use trialogue_domain::{ConferenceId, Effect, Timestamp};

use crate::rows::effect_of;
use crate::schema::outbox;
use crate::{Store, StoreError};

/// A piece of work, claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// The row.
    pub id: i64,
    /// Of which conference.
    pub conference: ConferenceId,
    /// What is to be done.
    pub effect: Effect,
    /// How often it was claimed, this time included.
    pub attempts: i32,
    lease: i64,
}

impl Store {
    /// Claims up to `limit` pieces of due work, oldest first. Until the lease ends, nobody else gets them, nor what
    /// comes after them in their conference: its effects follow each other.
    ///
    /// `token` tells this claim from every other: a random number.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if a row that is no effect is all there is; it does not keep the others waiting.
    pub async fn claim_effects(
        &self,
        token: i64,
        lease: Duration,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.executor()
            .write(0, "claim effects", move |tx| {
                let free = outbox::lease_expires.is_null().or(outbox::lease_expires.le(Some(now.0)));
                let earlier = diesel::alias!(outbox as earlier);
                let in_the_way = earlier
                    .filter(earlier.field(outbox::conference_id).eq(outbox::conference_id))
                    .filter(earlier.field(outbox::id).lt(outbox::id))
                    .filter(
                        earlier
                            .field(outbox::due_at)
                            .gt(now.0)
                            .or(earlier.field(outbox::lease_expires).gt(Some(now.0))),
                    );
                let due: Vec<(i64, i32, i16, Option<i32>, i32)> = outbox::table
                    .filter(outbox::due_at.le(now.0).and(free).and(not(exists(in_the_way))))
                    .order(outbox::id)
                    .limit(limit)
                    .select((
                        outbox::id,
                        outbox::conference_id,
                        outbox::effect,
                        outbox::participant_id,
                        outbox::attempts,
                    ))
                    .load(&mut tx.connection)
                    .map_err(StoreError::query("find due effects"))?;
                let mut claimed = Vec::with_capacity(due.len());
                let mut inconsistent = None;
                for (id, conference, effect, participant, attempts) in due {
                    let effect = match effect_of(id, effect, participant) {
                        Ok(effect) => effect,
                        Err(error) => {
                            inconsistent = Some(error);
                            continue;
                        }
                    };
                    // Another node may have been faster since the look: the row is taken only if it is still free.
                    let won = diesel::update(outbox::table)
                        .filter(outbox::id.eq(id).and(free))
                        .set((
                            outbox::lease_token.eq(Some(token)),
                            outbox::lease_expires.eq(Some(now.after(lease).0)),
                            outbox::attempts.eq(outbox::attempts + 1),
                        ))
                        .execute(&mut tx.connection)
                        .map_err(StoreError::query("claim an effect"))?;
                    if won == 1 {
                        claimed.push(Claimed {
                            id,
                            conference: ConferenceId(conference),
                            effect,
                            attempts: attempts + 1,
                            lease: token,
                        });
                    }
                }
                match inconsistent {
                    Some(error) if claimed.is_empty() => Err(error),
                    _ => Ok(claimed),
                }
            })
            .await
    }

    /// The work is done. False if the lease was lost meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn effect_done(&self, work: Claimed) -> Result<bool, StoreError> {
        self.executor()
            .write(0, "finish an effect", move |tx| {
                let held = outbox::id.eq(work.id).and(outbox::lease_token.eq(Some(work.lease)));
                let done = diesel::delete(outbox::table.filter(held))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("finish an effect"))?;
                Ok(done == 1)
            })
            .await
    }

    /// The work failed; it is due again at `due`. False if the lease was lost meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn effect_failed(&self, work: Claimed, due: Timestamp) -> Result<bool, StoreError> {
        self.executor()
            .write(0, "put an effect back", move |tx| {
                let held = outbox::id.eq(work.id).and(outbox::lease_token.eq(Some(work.lease)));
                let put_back = diesel::update(outbox::table.filter(held))
                    .set((
                        outbox::due_at.eq(due.0),
                        outbox::lease_token.eq(None::<i64>),
                        outbox::lease_expires.eq(None::<i64>),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("put an effect back"))?;
                Ok(put_back == 1)
            })
            .await
    }

    /// How many pieces of work are not done yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn effects_waiting(&self) -> Result<i64, StoreError> {
        self.executor()
            .read("count effects", |connection| {
                outbox::table.count().get_result(connection).map_err(StoreError::query("count effects"))
            })
            .await
    }
}
