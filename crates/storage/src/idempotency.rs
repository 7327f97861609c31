//! The answer of a request that made something, kept in the same transaction, for the client that asks again.

use diesel::prelude::*;
use trialogue_domain::Timestamp;

use crate::error::StoreError;
use crate::executor::transaction::Tx;
use crate::schema::idempotency_keys;
use crate::text::storable;

/// Makes the answer that is kept under a key, of what was made.
pub type Answer<T> = Box<dyn Fn(&T) -> Vec<u8> + Send>;

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

/// Gives the kept answer to a key that was used before, or makes the answer and keeps it.
pub(crate) fn once(
    tx: &mut Tx,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
    make: impl FnOnce(&mut Tx) -> Result<Vec<u8>, StoreError>,
) -> Result<Vec<u8>, StoreError> {
    let Some(key) = key else { return make(tx) };
    let kept = idempotency_keys::table
        .find((&key.owner, &key.key))
        .select((idempotency_keys::request_hash, idempotency_keys::answer))
        .get_result::<(Vec<u8>, Vec<u8>)>(&mut tx.connection)
        .optional()
        .map_err(StoreError::query("look up an idempotency key"))?;
    if let Some((request_hash, answer)) = kept {
        return if request_hash == key.request_hash {
            Ok(answer)
        } else {
            Err(StoreError::IdempotencyMismatch)
        };
    }
    let answer = make(tx)?;
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::owner.eq(&key.owner),
            idempotency_keys::key.eq(&key.key),
            idempotency_keys::request_hash.eq(&key.request_hash[..]),
            idempotency_keys::answer.eq(&answer),
            idempotency_keys::created_at.eq(now.0),
        ))
        .execute(&mut tx.connection)
        .map_err(StoreError::query("keep an answer"))?;
    Ok(answer)
}
