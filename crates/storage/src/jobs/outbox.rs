//! The outbox: work for the engine, claimed under leases, done at least once.

use std::time::Duration;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use trialogue_domain::{Conference, ConferenceId, Effect, Step, Timestamp};

use crate::aggregate::decision::Given;
use crate::aggregate::facts::Needs;
use crate::aggregate::find::Whose;
use crate::aggregate::rows::{effect_of, row};
use crate::database::connection::{AnyConnection, lock_free_rows};
use crate::nodes::alive_since;
use crate::schema::{conferences, deliveries, nodes, outbox};
use crate::{NodeId, ServeLock, Store, StoreError};

/// Whether a row is an effect that this version of the program knows (see `effect_of`).
macro_rules! is_effect {
    ($row:expr) => {{
        let (effect, participant) = ($row.field(outbox::effect), $row.field(outbox::participant_id));
        let of_room = effect.eq_any([1_i16, 4]).and(participant.is_null());
        of_room.or(effect.eq_any([2_i16, 3]).and(participant.is_not_null()))
    }};
}

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

row! {
    /// A claimed row and the lease under which it is held. Who has lost the lease changes nothing.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Held deleted from outbox
    where {
        id: i64 = id,
        lease: i64 = lease_token,
    }
}

impl Held {
    /// The work is due again. False if the lease was lost.
    fn release(self, connection: &mut AnyConnection, due: Timestamp) -> Result<bool, StoreError> {
        let held = outbox::id.eq(self.id).and(outbox::lease_token.eq(Some(self.lease)));
        let released = diesel::update(outbox::table.filter(held))
            .set((
                outbox::due_at.eq(due.0),
                outbox::lease_token.eq(None::<i64>),
                outbox::lease_expires.eq(None::<i64>),
            ))
            .execute(connection)
            .map_err(StoreError::query("put an effect back"))?;
        Ok(released == 1)
    }
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
        self.claim_effects_at(None, token, lease, limit, now).await
    }

    /// The same for a node: it does not get the effects on a room that another living node holds.
    ///
    /// # Errors
    /// As [`Store::claim_effects`].
    pub async fn claim_effects_at(
        &self,
        node: Option<NodeId>,
        token: i64,
        lease: Duration,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        let node = node.map_or(0, |node| node.0);
        self.executor()
            .write(0, "claim effects", move |tx| {
                let (due, earlier) = diesel::alias!(outbox as due, outbox as earlier);
                let in_the_way = earlier
                    .filter(earlier.field(outbox::conference_id).eq(due.field(outbox::conference_id)))
                    .filter(earlier.field(outbox::id).lt(due.field(outbox::id)))
                    .filter(
                        earlier
                            .field(outbox::due_at)
                            .gt(now.0)
                            .or(earlier.field(outbox::lease_expires).gt(Some(now.0))),
                    );
                let free = due
                    .field(outbox::lease_expires)
                    .is_null()
                    .or(due.field(outbox::lease_expires).le(Some(now.0)));
                let held_elsewhere = conferences::table
                    .inner_join(nodes::table.on(conferences::node.eq(nodes::id.nullable())))
                    .filter(conferences::id.eq(due.field(outbox::conference_id)))
                    .filter(nodes::id.ne(node).and(nodes::seen_at.ge(alive_since(now))));
                let first = due
                    .filter(not(exists(held_elsewhere)))
                    .filter(due.field(outbox::due_at).le(now.0).and(free).and(not(exists(in_the_way))))
                    .filter(is_effect!(due))
                    .order(due.field(outbox::id))
                    .limit(limit)
                    .select(due.field(outbox::id));
                let first: Vec<i64> = lock_free_rows!(&mut tx.connection, first)
                    .map_err(StoreError::query("look for effects"))?;
                let mut leased: Vec<(i64, i32, i16, Option<i32>, i32)> = diesel::update(outbox::table)
                    .filter(outbox::id.eq_any(first))
                    .set((
                        outbox::lease_token.eq(Some(token)),
                        outbox::lease_expires.eq(Some(now.after(lease).0)),
                        outbox::attempts.eq(outbox::attempts + 1),
                    ))
                    .returning((
                        outbox::id,
                        outbox::conference_id,
                        outbox::effect,
                        outbox::participant_id,
                        outbox::attempts,
                    ))
                    .get_results(&mut tx.connection)
                    .map_err(StoreError::query("claim effects"))?;
                leased.sort_unstable_by_key(|(id, ..)| *id);
                if leased.is_empty() {
                    // Told only when there is nothing else to do: such a row keeps no other waiting.
                    let strange: Option<(i64, i16, Option<i32>)> = due
                        .filter(not(is_effect!(due)))
                        .select(due.fields((outbox::id, outbox::effect, outbox::participant_id)))
                        .first(&mut tx.connection)
                        .optional()
                        .map_err(StoreError::query("look for rows that are no effects"))?;
                    if let Some((id, effect, participant)) = strange {
                        effect_of(id, effect, participant)?;
                    }
                }
                let claim = |(id, conference, effect, participant, attempts)| {
                    let (conference, effect) =
                        (ConferenceId(conference), effect_of(id, effect, participant)?);
                    Ok(Claimed { id, conference, effect, attempts, lease: token })
                };
                leased.into_iter().map(claim).collect()
            })
            .await
    }

    /// The work is done, and what was seen of it changes the conference by `judge`: both are noted in one transaction. If
    /// the lease was lost meanwhile, the work is not settled, but what was seen is true.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn effect_done(
        &self,
        work: Claimed,
        mut judge: impl FnMut(&Conference) -> Vec<Step> + Send + 'static,
    ) -> Result<(), StoreError> {
        let (whose, held) = (Whose::Id(work.conference), Held { id: work.id, lease: work.lease });
        let judge = move |conference: &Conference, _: &Given| Ok(judge(conference).into());
        self.executor()
            .decide_and_settle(whose, Needs::Nothing, "finish an effect", judge, Some(held))
            .await?;
        Ok(())
    }

    /// The work failed; it is due again at `due`. False if the lease was lost meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn effect_failed(&self, work: Claimed, due: Timestamp) -> Result<bool, StoreError> {
        self.executor()
            .write(0, "put an effect back", move |tx| {
                Held { id: work.id, lease: work.lease }.release(&mut tx.connection, due)
            })
            .await
    }

    /// These pieces of one claim were not tried after all: they are as they were before it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn effects_untried(&self, work: &[Claimed]) -> Result<(), StoreError> {
        let Some(lease) = work.first().map(|claimed| claimed.lease) else { return Ok(()) };
        let ids: Vec<i64> = work.iter().map(|claimed| claimed.id).collect();
        self.executor()
            .write(0, "put effects back", move |tx| {
                let held = outbox::id.eq_any(&ids).and(outbox::lease_token.eq(Some(lease)));
                diesel::update(outbox::table.filter(held))
                    .set((
                        outbox::attempts.eq(outbox::attempts - 1),
                        outbox::lease_token.eq(None::<i64>),
                        outbox::lease_expires.eq(None::<i64>),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("put effects back"))
            })
            .await?;
        Ok(())
    }

    /// Ends every lease, so that what a server had claimed when it died is not waited for. Only where `lock` says that
    /// no other server can be at work; elsewhere the leases end by themselves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_leases(&self, lock: &ServeLock) -> Result<(), StoreError> {
        if !lock.is_sole() {
            return Ok(());
        }
        self.executor()
            .write(0, "end the leases", |tx| {
                diesel::update(outbox::table)
                    .set((outbox::lease_token.eq(None::<i64>), outbox::lease_expires.eq(None::<i64>)))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("end the leases"))?;
                // A node that died on this file holds no room any more.
                diesel::delete(nodes::table)
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("forget the nodes before"))?;
                diesel::update(deliveries::table)
                    .set((deliveries::lease_token.eq(None::<i64>), deliveries::lease_expires.eq(None::<i64>)))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("end the leases"))
            })
            .await?;
        Ok(())
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
