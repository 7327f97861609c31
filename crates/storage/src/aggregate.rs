//! Loading and saving a conference: rows to domain value, events to rows.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use trialogue_domain::{
    Actor, Conference, ConferenceId, Event, Participant, ParticipantId, Stage, Timestamp, UserId, effects,
};

use crate::StoreError;
use crate::connection::AnyConnection;
use crate::rows::{
    ConferenceChange, ConferenceRow, EventRow, OfferRow, ParticipantChange, ParticipantRow, UpdateConference,
    UpdateParticipant, effect_code, offer_state,
};
use crate::schema::{conferences, events, offers, outbox, participants};

/// The personal data of an invited party, and the hash of its invitation.
#[derive(Clone, Default)]
pub(crate) struct Invitee {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) invitation: Option<Vec<u8>>,
}

/// What stands beside the rules in a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestDetails {
    /// Why an interpreter is needed (wire: `RequestSituationCodeId`).
    pub situation_code: i32,
    /// A note for the interpreter.
    pub additional_info: Option<String>,
    /// Where the client is.
    pub location: Option<String>,
    /// The client's own language.
    pub from_language_id: Option<i32>,
}

/// A conference as it is stored.
pub(crate) struct Loaded {
    pub(crate) conference: Conference,
    pub(crate) row: ConferenceRow,
    pub(crate) participants: Vec<ParticipantRow>,
}

/// Loads a conference; none if there is no such.
pub(crate) fn load(connection: &mut AnyConnection, id: ConferenceId) -> Result<Option<Loaded>, StoreError> {
    let row: Option<ConferenceRow> = conferences::table
        .find(id.0)
        .select(ConferenceRow::as_select())
        .first(connection)
        .optional()
        .map_err(StoreError::query("load a conference"))?;
    let Some(row) = row else { return Ok(None) };
    let participants: Vec<ParticipantRow> = participants::table
        .filter(participants::conference_id.eq(id.0))
        .order(participants::position)
        .select(ParticipantRow::as_select())
        .load(connection)
        .map_err(StoreError::query("load the participants"))?;
    let offers: Vec<OfferRow> = if row.is_searching() { load_offers(connection, id)? } else { Vec::new() };
    let people = participants.iter().map(ParticipantRow::to_domain).collect::<Result<_, _>>()?;
    let conference = row.clone().into_domain(&offers, people)?;
    Ok(Some(Loaded { conference, row, participants }))
}

fn load_offers(connection: &mut AnyConnection, id: ConferenceId) -> Result<Vec<OfferRow>, StoreError> {
    offers::table
        .filter(offers::conference_id.eq(id.0))
        .order(offers::position)
        .select(OfferRow::as_select())
        .load(connection)
        .map_err(StoreError::query("load the offers"))
}

/// Who did it and when.
#[derive(Clone, Copy)]
pub(crate) struct Deed {
    /// None for an observation.
    pub(crate) actor: Option<Actor>,
    pub(crate) at: Timestamp,
}

/// Saves a new conference with its first events.
pub(crate) fn insert(
    connection: &mut AnyConnection,
    id: ConferenceId,
    new: &[Event],
    deed: Deed,
    details: &RequestDetails,
) -> Result<Conference, StoreError> {
    let first = new.first().and_then(|event| Conference::begin(id, event).ok());
    let (Some(mut conference), [first, rest @ ..]) = (first, new) else {
        return Err(StoreError::Inconsistent { table: "events", column: "kind", row: format!("{id}/1") });
    };
    let row = |conference: &Conference| {
        let change = ConferenceChange::from(conference);
        ConferenceRow {
            id: id.0,
            client_id: conference.client.0,
            provider_id: change.provider_id,
            language_id: conference.language.0,
            stage: change.stage,
            stage_deadline: change.stage_deadline,
            outcome: change.outcome,
            ended_at: change.ended_at,
            serviced: change.serviced,
            last_seq: change.last_seq,
            next_deadline: change.next_deadline,
            requested_at: deed.at.0,
            situation_code: details.situation_code,
            additional_info: details.additional_info.clone(),
            location: details.location.clone(),
            from_language_id: details.from_language_id,
        }
    };
    diesel::insert_into(conferences::table)
        .values(row(&conference))
        .execute(connection)
        .map_err(StoreError::query("insert a conference"))?;
    insert_event(connection, &conference, first, deed)?;
    if !rest.is_empty() {
        conference = append(connection, conference, rest, deed, None)?;
    }
    Ok(conference)
}

/// Saves what events change: the events, their effects, and the rows that cache their replay.
pub(crate) fn append(
    connection: &mut AnyConnection,
    before: Conference,
    new: &[Event],
    deed: Deed,
    invitee: Option<&Invitee>,
) -> Result<Conference, StoreError> {
    let stored_seq = before.last_seq;
    let old = before.participants.clone();
    let mut conference = before;
    for event in new {
        let due = effects(&conference, event);
        save_offers(connection, &conference, event, deed.at)?;
        conference = conference.apply(event, deed.at);
        insert_event(connection, &conference, event, deed)?;
        for effect in due {
            let (code, participant) = effect_code(effect);
            insert_effect(connection, conference.id, code, participant, deed.at)?;
        }
    }
    save_participants(connection, &conference, &old, invitee)?;
    let update =
        UpdateConference { id: conference.id.0, stored_seq, change: ConferenceChange::from(&conference) };
    let updated = update.execute(connection).map_err(StoreError::query("update a conference"))?;
    if updated == 1 { Ok(conference) } else { Err(StoreError::Conflict(conference.id.0)) }
}

fn insert_event(
    connection: &mut AnyConnection,
    after: &Conference,
    event: &Event,
    deed: Deed,
) -> Result<(), StoreError> {
    diesel::insert_into(events::table)
        .values(EventRow::new(after.id, after.last_seq, deed.at, deed.actor, event))
        .execute(connection)
        .map_err(|error| match error {
            // Another writer appended this place of the log first.
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                StoreError::Conflict(after.id.0)
            }
            other => StoreError::query("append an event")(other),
        })?;
    Ok(())
}

fn insert_effect(
    connection: &mut AnyConnection,
    id: ConferenceId,
    effect: i16,
    participant: Option<i32>,
    at: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::conference_id.eq(id.0),
            outbox::effect.eq(effect),
            outbox::participant_id.eq(participant),
            outbox::created_at.eq(at.0),
            outbox::due_at.eq(at.0),
            outbox::attempts.eq(0),
        ))
        .execute(connection)
        .map_err(StoreError::query("queue an effect"))?;
    Ok(())
}

fn save_participants(
    connection: &mut AnyConnection,
    conference: &Conference,
    old: &[Participant],
    invitee: Option<&Invitee>,
) -> Result<(), StoreError> {
    for (position, participant) in (0..).zip(&conference.participants) {
        match old.iter().find(|p| p.id == participant.id) {
            Some(unchanged) if unchanged == participant => {}
            Some(_) => {
                let (conference_id, id) = (conference.id.0, participant.id.0);
                UpdateParticipant { conference_id, id, change: ParticipantChange::from(participant) }
                    .execute(connection)
                    .map_err(StoreError::query("update a participant"))?;
            }
            None => {
                let mut row = ParticipantRow::new(conference.id.0, position, participant);
                if let Some(invitee) = invitee.filter(|_| !participant.kind().is_principal()) {
                    row.name.clone_from(&invitee.name);
                    row.email.clone_from(&invitee.email);
                    row.phone.clone_from(&invitee.phone);
                    row.invitation.clone_from(&invitee.invitation);
                }
                diesel::insert_into(participants::table)
                    .values(row)
                    .execute(connection)
                    .map_err(StoreError::query("insert a participant"))?;
            }
        }
    }
    Ok(())
}

/// The offers are rows of their own, which outlive the search.
fn save_offers(
    connection: &mut AnyConnection,
    before: &Conference,
    event: &Event,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut set = |providers: &[UserId], state: i16| {
        for provider in providers {
            diesel::update(offers::table.find((before.id.0, provider.0)))
                .set(offers::state.eq(state))
                .execute(connection)
                .map_err(StoreError::query("update an offer"))?;
        }
        Ok::<_, StoreError>(())
    };
    match event {
        Event::Offered { provider } => {
            let position = match &before.stage {
                Stage::Searching { offers, .. } => offers.len(),
                Stage::Accepted { .. } | Stage::InCall { .. } | Stage::Ended { .. } => 0,
            };
            diesel::insert_into(offers::table)
                .values(OfferRow {
                    conference_id: before.id.0,
                    provider_id: provider.0,
                    position: i32::try_from(position).unwrap_or(i32::MAX),
                    state: offer_state::OPEN,
                    offered_at: at.0,
                })
                .execute(connection)
                .map_err(StoreError::query("insert an offer"))?;
        }
        Event::OfferDeclined { provider } => set(&[*provider], offer_state::DECLINED)?,
        Event::Accepted { provider, .. } => {
            let others: Vec<UserId> = before.open_offers().filter(|p| p != provider).collect();
            set(&[*provider], offer_state::ACCEPTED)?;
            set(&others, offer_state::WITHDRAWN)?;
        }
        Event::Ended { .. } => {
            let open: Vec<UserId> = before.open_offers().collect();
            set(&open, offer_state::WITHDRAWN)?;
        }
        Event::Requested { .. }
        | Event::CallStarted { .. }
        | Event::Invited { .. }
        | Event::Confirmed { .. }
        | Event::AccountIssued(_)
        | Event::Joined { .. }
        | Event::Disconnected { .. }
        | Event::Finished { .. }
        | Event::CallEnded { .. }
        | Event::RemovalReopened { .. }
        | Event::Removed { .. }
        | Event::RemovalVerified { .. } => {}
    }
    Ok(())
}

/// Binds an account to the secret that its holder derived; the last one counts.
pub(crate) fn bind_secret(
    connection: &mut AnyConnection,
    conference: ConferenceId,
    participant: ParticipantId,
    secret_hash: &[u8],
) -> Result<(), StoreError> {
    diesel::update(participants::table.find((conference.0, participant.0)))
        .set(participants::account_secret.eq(Some(secret_hash)))
        .execute(connection)
        .map_err(StoreError::query("bind an account secret"))?;
    Ok(())
}
