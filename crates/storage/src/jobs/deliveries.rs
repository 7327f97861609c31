//! Invitations on their way to those who are invited: claimed under leases, delivered at least once.
//!
//! They wait in a table of their own, one lane for each channel, so that neither a mail server nor an engine that hangs
//! keeps the other's work waiting. Unlike the effects of a conference they don't follow each other.

use std::time::Duration;

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, ParticipantId, Timestamp, UserId};

use crate::database::connection::{AnyConnection, lock_free_rows};
use crate::schema::{deliveries, participants, users};
use crate::{Store, StoreError};

/// The way by which an invitation is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// By e-mail.
    Email,
    /// By text message.
    Text,
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 2] = [Self::Email, Self::Text];

    const fn code(self) -> i16 {
        match self {
            Self::Email => 1,
            Self::Text => 2,
        }
    }
}

/// A delivery, claimed. It has no `Debug`: it names people.
#[derive(Clone)]
pub struct ClaimedDelivery {
    /// Of which conference.
    pub conference: ConferenceId,
    /// Who is invited.
    pub participant: ParticipantId,
    /// Where to.
    pub to: String,
    /// The name of whoever invites.
    pub inviter: String,
    /// When it was invited.
    pub invited_at: Timestamp,
    /// The hash of the secret that opens the invitation.
    pub invitation: Vec<u8>,
    /// Until when an answer is waited for.
    pub deadline: Timestamp,
    /// How often it was claimed, this time included.
    pub attempts: i32,
    lease: i64,
}

/// Queues the delivery of an invitation that was just made.
pub(crate) fn queue(
    connection: &mut AnyConnection,
    conference: ConferenceId,
    participant: ParticipantId,
    inviter: UserId,
    channel: Channel,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(deliveries::table)
        .values((
            deliveries::participant_id.eq(participant.0),
            deliveries::conference_id.eq(conference.0),
            deliveries::inviter_id.eq(inviter.0),
            deliveries::channel.eq(channel.code()),
            deliveries::invited_at.eq(now.0),
            deliveries::due_at.eq(now.0),
            deliveries::attempts.eq(0),
        ))
        .execute(connection)
        .map_err(StoreError::query("queue a delivery"))?;
    Ok(())
}

/// The row, while it is held under this lease.
macro_rules! held {
    ($participant:expr, $lease:expr) => {
        deliveries::participant_id.eq($participant.0).and(deliveries::lease_token.eq(Some($lease)))
    };
}

impl Store {
    /// Claims up to `limit` deliveries of a channel that are due. Until the lease ends, nobody else gets them.
    ///
    /// An invitation that is dead by now (answered, kicked, expired) is never given out: its delivery is dropped.
    /// `token` tells this claim from every other: a random number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_deliveries(
        &self,
        channel: Channel,
        token: i64,
        lease: Duration,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        self.executor()
            .write(0, "claim deliveries", move |tx| {
                let leased = lease_due(&mut tx.connection, channel, token, now.after(lease), limit, now)?;
                if leased.is_empty() {
                    return Ok(Vec::new());
                }
                let live = live_among(&mut tx.connection, channel, token, &leased, now)?;
                let dead: Vec<i32> = leased
                    .into_iter()
                    .filter(|id| live.iter().all(|delivery| delivery.participant.0 != *id))
                    .collect();
                diesel::delete(deliveries::table.filter(deliveries::participant_id.eq_any(dead)))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("drop dead deliveries"))?;
                Ok(live)
            })
            .await
    }

    /// The invitation is delivered, or will never be. Who has lost the lease meanwhile changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivery_done(&self, work: &ClaimedDelivery) -> Result<(), StoreError> {
        let (participant, lease) = (work.participant, work.lease);
        self.executor()
            .write(0, "finish a delivery", move |tx| {
                diesel::delete(deliveries::table.filter(held!(participant, lease)))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("finish a delivery"))
            })
            .await?;
        Ok(())
    }

    /// The delivery failed; it is due again at `due`. Who has lost the lease meanwhile changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivery_failed(&self, work: &ClaimedDelivery, due: Timestamp) -> Result<(), StoreError> {
        let (participant, lease) = (work.participant, work.lease);
        self.executor()
            .write(0, "put a delivery back", move |tx| {
                diesel::update(deliveries::table.filter(held!(participant, lease)))
                    .set((
                        deliveries::due_at.eq(due.0),
                        deliveries::lease_token.eq(None::<i64>),
                        deliveries::lease_expires.eq(None::<i64>),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("put a delivery back"))
            })
            .await?;
        Ok(())
    }

    /// How many invitations wait to be delivered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries_waiting(&self) -> Result<i64, StoreError> {
        self.executor()
            .read("count deliveries", |connection| {
                deliveries::table
                    .count()
                    .get_result(connection)
                    .map_err(StoreError::query("count deliveries"))
            })
            .await
    }
}

fn lease_due(
    connection: &mut AnyConnection,
    channel: Channel,
    token: i64,
    expires: Timestamp,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<i32>, StoreError> {
    let waiting = diesel::alias!(deliveries as waiting);
    let free = waiting
        .field(deliveries::lease_expires)
        .is_null()
        .or(waiting.field(deliveries::lease_expires).le(Some(now.0)));
    let due = waiting
        .filter(waiting.field(deliveries::channel).eq(channel.code()))
        .filter(waiting.field(deliveries::due_at).le(now.0).and(free))
        .order(waiting.field(deliveries::due_at))
        .limit(limit)
        .select(waiting.field(deliveries::participant_id));
    let due: Vec<i32> =
        lock_free_rows!(&mut *connection, due).map_err(StoreError::query("look for deliveries"))?;
    diesel::update(deliveries::table)
        .filter(deliveries::participant_id.eq_any(due))
        .set((
            deliveries::lease_token.eq(Some(token)),
            deliveries::lease_expires.eq(Some(expires.0)),
            deliveries::attempts.eq(deliveries::attempts + 1),
        ))
        .returning(deliveries::participant_id)
        .get_results(connection)
        .map_err(StoreError::query("claim deliveries"))
}

/// Those among the leased whose invitation still waits for an answer, and that have an address.
fn live_among(
    connection: &mut AnyConnection,
    channel: Channel,
    token: i64,
    leased: &[i32],
    now: Timestamp,
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    type Row = (i32, i32, i32, i64, String, Option<Vec<u8>>, Option<i64>, Option<String>, Option<String>);
    let invited = participants::conference_id
        .eq(deliveries::conference_id)
        .and(participants::id.eq(deliveries::participant_id));
    let rows: Vec<Row> = deliveries::table
        .inner_join(users::table.on(users::id.eq(deliveries::inviter_id)))
        .inner_join(participants::table.on(invited))
        .filter(deliveries::participant_id.eq_any(leased))
        .filter(participants::state.eq(crate::aggregate::rows::INFORMED))
        .order(deliveries::due_at)
        .select((
            deliveries::conference_id,
            deliveries::participant_id,
            deliveries::attempts,
            deliveries::invited_at,
            users::name,
            participants::invitation,
            participants::deadline,
            participants::email,
            participants::phone,
        ))
        .load(connection)
        .map_err(StoreError::query("load deliveries"))?;
    let live = rows.into_iter().filter_map(
        |(conference, participant, attempts, invited_at, inviter, invitation, deadline, email, phone)| {
            let to = match channel {
                Channel::Email => email,
                Channel::Text => phone,
            };
            let deadline = deadline.map(Timestamp).filter(|deadline| *deadline > now);
            Some(ClaimedDelivery {
                conference: ConferenceId(conference),
                participant: ParticipantId(participant),
                to: to?,
                inviter,
                invited_at: Timestamp(invited_at),
                invitation: invitation?,
                deadline: deadline?,
                attempts,
                lease: token,
            })
        },
    );
    Ok(live.collect())
}
