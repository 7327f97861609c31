//! The answer of a request that made something, kept in the same transaction, for the client that asks again.

use diesel::prelude::*;
use trialogue_domain::{ParticipantId, Timestamp};

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::executor::transaction::Tx;
use crate::schema::idempotency_keys;
use crate::text::storable;

/// Renders the answer that is kept under a key, from what was made.
pub type Render<T> = Box<dyn Fn(&T) -> Vec<u8> + Send>;

/// A client's key for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is.
    pub owner: String,
    /// The key.
    pub key: String,
    /// The hash of the request: method, path and body.
    pub request_hash: [u8; 32],
}

impl IdempotencyKey {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        storable(&[("owner", Some(&self.owner)), ("key", Some(&self.key))])
    }
}

/// An answer that was made now, or under the same key before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// What was made then.
    pub body: Vec<u8>,
    /// The participant that was invited; none if the request invited nobody.
    pub participant: Option<ParticipantId>,
    /// When it was made.
    pub made_at: Timestamp,
}

/// Gives the kept answer to a key that was used before, or makes the answer and keeps it.
pub(crate) fn once(
    tx: &mut Tx,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
    make: impl FnOnce(&mut Tx) -> Result<(Vec<u8>, Option<ParticipantId>), StoreError>,
) -> Result<KeptAnswer, StoreError> {
    let kept = key.map(|key| kept(&mut tx.connection, key)).transpose()?;
    if let Some(answer) = kept.flatten() {
        return Ok(answer);
    }
    let (body, participant) = make(tx)?;
    if let Some(key) = key {
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::owner.eq(&key.owner),
                idempotency_keys::key.eq(&key.key),
                idempotency_keys::request_hash.eq(&key.request_hash[..]),
                idempotency_keys::answer.eq(&body),
                idempotency_keys::created_at.eq(now.0),
                idempotency_keys::participant_id.eq(participant.map(|participant| participant.0)),
            ))
            .execute(&mut tx.connection)
            .map_err(StoreError::query("keep an answer"))?;
    }
    Ok(KeptAnswer { body, participant, made_at: now })
}

fn kept(connection: &mut AnyConnection, key: &IdempotencyKey) -> Result<Option<KeptAnswer>, StoreError> {
    type Columns = (Vec<u8>, Vec<u8>, i64, Option<i32>);
    let kept: Option<Columns> = idempotency_keys::table
        .find((&key.owner, &key.key))
        .select((
            idempotency_keys::request_hash,
            idempotency_keys::answer,
            idempotency_keys::created_at,
            idempotency_keys::participant_id,
        ))
        .get_result(connection)
        .optional()
        .map_err(StoreError::query("look up an idempotency key"))?;
    let Some((request_hash, body, made_at, participant)) = kept else { return Ok(None) };
    if request_hash != key.request_hash {
        return Err(StoreError::IdempotencyMismatch);
    }
    Ok(Some(KeptAnswer { body, participant: participant.map(ParticipantId), made_at: Timestamp(made_at) }))
}
