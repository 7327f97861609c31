//! Limits on what a user can make others receive: requests that ring interpreters, invitations, deliveries.

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, ParticipantId, Timestamp, UserId};

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::jobs::kind::Channel;
use crate::limit::Limit;
use crate::rows::kind;
use crate::schema::{conferences, events, recent_deliveries};
use crate::secret::hash_secret;

/// Refuses a further request of this client for now.
pub(crate) fn check_requests(
    connection: &mut AnyConnection,
    client: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let limit = Limit::Requests;
    let earliest: Option<Option<i64>> = conferences::table
        .filter(conferences::client_id.eq(client.0))
        .filter(conferences::ended_at.gt(Some(now.before(limit.window()).0)))
        .order(conferences::ended_at.desc())
        .offset(limit.allowed() - 1)
        .select(conferences::ended_at)
        .first(connection)
        .optional()
        .map_err(StoreError::query("count requests"))?;
    check(limit, earliest.flatten(), now)
}

/// Refuses a further invitation into this conference for now.
pub(crate) fn check_invitations(
    connection: &mut AnyConnection,
    conference: ConferenceId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let limit = Limit::Invitations;
    let earliest = events::table
        .filter(events::conference_id.eq(conference.0).and(events::kind.eq(kind::INVITED)))
        .filter(events::at.gt(now.before(limit.window()).0))
        .order(events::seq.desc())
        .offset(limit.allowed() - 1)
        .select(events::at)
        .first(connection)
        .optional()
        .map_err(StoreError::query("count invitations"))?;
    check(limit, earliest, now)
}

/// Counts a delivery to an address, or refuses it for now.
pub(crate) fn count_delivery(
    connection: &mut AnyConnection,
    participant: ParticipantId,
    channel: Channel,
    address: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let limit = Limit::Deliveries;
    let recipient = recipient(channel, address);
    let earliest = recent_deliveries::table
        .filter(recent_deliveries::recipient.eq(&recipient[..]))
        .filter(recent_deliveries::queued_at.gt(now.before(limit.window()).0))
        .order(recent_deliveries::queued_at.desc())
        .offset(limit.allowed() - 1)
        .select(recent_deliveries::queued_at)
        .first(connection)
        .optional()
        .map_err(StoreError::query("count deliveries"))?;
    check(limit, earliest, now)?;
    diesel::insert_into(recent_deliveries::table)
        .values((
            recent_deliveries::participant_id.eq(participant.0),
            recent_deliveries::recipient.eq(&recipient[..]),
            recent_deliveries::queued_at.eq(now.0),
        ))
        .execute(connection)
        .map_err(StoreError::query("count a delivery"))?;
    Ok(())
}

/// The hash of an address, the same however it is written.
fn recipient(channel: Channel, address: &str) -> [u8; 32] {
    match channel {
        Channel::Email => hash_secret(&address.to_lowercase()),
        Channel::Text => hash_secret(&address.chars().filter(char::is_ascii_digit).collect::<String>()),
    }
}

/// Refuses if as many as are allowed were made; `earliest` is when the first of them was.
fn check(limit: Limit, earliest: Option<i64>, now: Timestamp) -> Result<(), StoreError> {
    match earliest {
        Some(at) => {
            let wait = Timestamp(at).after(limit.window()).since(now);
            Err(StoreError::TooOften { limit, wait })
        }
        None => Ok(()),
    }
}
