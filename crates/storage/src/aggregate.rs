//! Loading and saving a conference: rows to domain value, events to rows.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use trialogue_domain::{
    Actor, Conference, ConferenceId, Event, Participant, ParticipantId, Stage, Timestamp, UserId, effects,
};

use crate::StoreError;
use crate::changes::Change;
use crate::connection::{AnyConnection, native};
use crate::released::Released;
use crate::rows::{
    ConferenceChange, ConferenceRow, EffectRow, EventRow, OfferRow, ParticipantChange, ParticipantRow,
    UpdateConference, UpdateParticipant, offer_state,
};
use crate::schema::{conferences, events, offers, outbox, participants};
use crate::writer::Tx;

/// The personal data of an invited party, and the hash of its invitation.
#[derive(Clone, Default)]
pub(crate) struct Invitee {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) invitation: Option<Vec<u8>>,
    pub(crate) inviter: Option<i32>,
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
    let row: Option<ConferenceRow> = native!(connection, native => {
        conferences::table.find(id.0).select(ConferenceRow::as_select()).get_result(native)
    })
    .optional()
    .map_err(StoreError::query("load a conference"))?;
    row.map(|row| load_rest(connection, row)).transpose()
}

/// Loads a conference that is going to be changed. On PostgreSQL its row is locked first; if another session has it
/// locked, that is [`StoreError::Locked`], and nothing is waited for.
pub(crate) fn load_to_change(
    connection: &mut AnyConnection,
    id: ConferenceId,
) -> Result<Option<Loaded>, StoreError> {
    let AnyConnection::Postgres(postgres) = connection else { return load(connection, id) };
    let row: Option<ConferenceRow> = conferences::table
        .find(id.0)
        .for_no_key_update()
        .skip_locked()
        .select(ConferenceRow::as_select())
        .get_result(postgres)
        .optional()
        .map_err(StoreError::query("load a conference"))?;
    match row {
        Some(row) => load_rest(connection, row).map(Some),
        None => match load(connection, id)? {
            Some(_) => Err(StoreError::Locked(id.0)),
            None => Ok(None),
        },
    }
}

fn load_rest(connection: &mut AnyConnection, row: ConferenceRow) -> Result<Loaded, StoreError> {
    let id = ConferenceId(row.id);
    let participants: Vec<ParticipantRow> = native!(connection, native => {
        participants::table
            .filter(participants::conference_id.eq(id.0))
            .order(participants::position)
            .select(ParticipantRow::as_select())
            .load(native)
    })
    .map_err(StoreError::query("load the participants"))?;
    let offers: Vec<OfferRow> = if row.is_searching() { load_offers(connection, id)? } else { Vec::new() };
    Loaded::from_rows(row, &offers, participants)
}

impl Loaded {
    pub(crate) fn from_rows(
        row: ConferenceRow,
        offers: &[OfferRow],
        participants: Vec<ParticipantRow>,
    ) -> Result<Self, StoreError> {
        let people = participants.iter().map(ParticipantRow::to_domain).collect::<Result<_, _>>()?;
        let conference = row.clone().into_domain(offers, people)?;
        Ok(Self { conference, row, participants })
    }
}

fn load_offers(connection: &mut AnyConnection, id: ConferenceId) -> Result<Vec<OfferRow>, StoreError> {
    offers::table
        .filter(offers::conference_id.eq(id.0).and(offers::position.ge(0)))
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
    tx: &mut Tx,
    id: ConferenceId,
    new: &[Event],
    deed: Deed,
    details: &RequestDetails,
) -> Result<Conference, StoreError> {
    let first = new.first().and_then(|event| Conference::begin(id, event).ok());
    let (Some(conference), [first, rest @ ..]) = (first, new) else {
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
        .execute(&mut tx.connection)
        .map_err(StoreError::query("insert a conference"))?;
    insert_event(&mut tx.connection, &EventRow::new(id, conference.last_seq, deed.at, deed.actor, first))?;
    tx.changes.push(Change { conference: id, last_seq: conference.last_seq, users: vec![conference.client] });
    if rest.is_empty() {
        return Ok(conference);
    }
    append(tx, conference, &[Step { deed, events: rest.to_vec() }], None)
}

/// Events that belong together: who caused them, when, and what they are.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) deed: Deed,
    pub(crate) events: Vec<Event>,
}

/// What steps change, as rows: worked out first, written after, alone or together with others' (`together.rs`).
pub(crate) struct Changes {
    /// The state that the steps lead to.
    pub(crate) after: Conference,
    pub(crate) conference: UpdateConference,
    pub(crate) events: Vec<EventRow>,
    pub(crate) effects: Vec<EffectRow>,
    pub(crate) updated: Vec<UpdateParticipant>,
    inserted: Vec<ParticipantRow>,
    offers: Vec<OfferChange>,
    users: Vec<UserId>,
}

enum OfferChange {
    Made(OfferRow),
    Set(UserId, i16),
    Released(Released),
}

impl Changes {
    /// Works out the rows.
    pub(crate) fn of(before: Conference, steps: &[Step], invitee: Option<&Invitee>) -> Self {
        let stored_seq = before.last_seq;
        let (was_live, old_provider) = (before.is_live(), before.provider());
        let old = before.participants.clone();
        let (mut events, mut due, mut offers) = (Vec::new(), Vec::new(), Vec::new());
        let mut conference = before;
        for Step { deed, events: new } in steps {
            for event in new {
                due.extend(
                    effects(&conference, event)
                        .into_iter()
                        .map(|e| EffectRow::new(conference.id, e, deed.at)),
                );
                offers.extend(offer_changes(&conference, event, deed.at));
                conference = conference.apply(event, deed.at);
                events.push(EventRow::new(conference.id, conference.last_seq, deed.at, deed.actor, event));
            }
        }
        let id = conference.id.0;
        let (mut updated, mut inserted) = (Vec::new(), Vec::new());
        for (position, participant) in (0..).zip(&conference.participants) {
            match old.iter().find(|p| p.id == participant.id) {
                Some(unchanged) if unchanged == participant => {}
                Some(_) => updated.push(UpdateParticipant {
                    conference_id: id,
                    id: participant.id.0,
                    change: ParticipantChange::from(participant),
                }),
                None => inserted.push(new_participant(id, position, participant, invitee)),
            }
        }
        let update = UpdateConference { id, stored_seq, change: ConferenceChange::from(&conference) };
        let users =
            if offers.is_empty() && conference.is_live() == was_live && conference.provider() == old_provider
            {
                Vec::new()
            } else {
                let offered = offers.iter().map(|offer| match offer {
                    OfferChange::Made(row) => UserId(row.provider_id),
                    OfferChange::Set(provider, _) => *provider,
                    OfferChange::Released(released) => released.provider,
                });
                [conference.client].into_iter().chain(conference.provider()).chain(offered).collect()
            };
        Self { after: conference, conference: update, events, effects: due, updated, inserted, offers, users }
    }

    /// Nothing but the rows that can be written together with others'.
    pub(crate) fn only_updates(&self) -> bool {
        self.inserted.is_empty() && self.offers.is_empty()
    }

    /// What others are told of it once it is committed.
    pub(crate) fn told(&self) -> Change {
        Change { conference: self.after.id, last_seq: self.after.last_seq, users: self.users.clone() }
    }

    /// Writes the rows one by one.
    pub(crate) fn write(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        for event in &self.events {
            insert_event(connection, event)?;
        }
        for effect in &self.effects {
            let insert = diesel::insert_into(outbox::table).values(effect);
            native!(connection, native => insert.execute(native))
                .map_err(StoreError::query("queue an effect"))?;
        }
        for offer in &self.offers {
            save_offer(connection, self.after.id, offer)?;
        }
        for update in &self.updated {
            native!(connection, native => update.execute(native))
                .map_err(StoreError::query("update a participant"))?;
        }
        for row in &self.inserted {
            diesel::insert_into(participants::table)
                .values(row)
                .execute(connection)
                .map_err(StoreError::query("insert a participant"))?;
        }
        let updated = native!(connection, native => self.conference.execute(native))
            .map_err(StoreError::query("update a conference"))?;
        if updated == 1 { Ok(()) } else { Err(StoreError::Conflict(self.after.id.0)) }
    }
}

/// Saves what steps change; without steps, nothing is written.
pub(crate) fn append(
    tx: &mut Tx,
    before: Conference,
    steps: &[Step],
    invitee: Option<&Invitee>,
) -> Result<Conference, StoreError> {
    if steps.is_empty() {
        return Ok(before);
    }
    let changes = Changes::of(before, steps, invitee);
    tx.save(&changes)?;
    Ok(changes.after)
}

fn insert_event(connection: &mut AnyConnection, event: &EventRow) -> Result<(), StoreError> {
    let insert = diesel::insert_into(events::table).values(event);
    native!(connection, native => insert.execute(native)).map_err(|error| match error {
        // Another writer appended this place of the log first.
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            StoreError::Conflict(event.conference_id)
        }
        other => StoreError::query("append an event")(other),
    })?;
    Ok(())
}

fn new_participant(
    conference: i32,
    position: i32,
    participant: &Participant,
    invitee: Option<&Invitee>,
) -> ParticipantRow {
    let mut row = ParticipantRow::new(conference, position, participant);
    if let Some(invitee) = invitee.filter(|_| !participant.kind().is_principal()) {
        row.name.clone_from(&invitee.name);
        row.email.clone_from(&invitee.email);
        row.phone.clone_from(&invitee.phone);
        row.invitation.clone_from(&invitee.invitation);
        row.inviter_id = invitee.inviter;
    }
    row
}

/// The offers are rows of their own, which outlive the search.
fn offer_changes(before: &Conference, event: &Event, at: Timestamp) -> Vec<OfferChange> {
    let withdrawn = |provider| OfferChange::Set(provider, offer_state::WITHDRAWN);
    match event {
        Event::Offered { provider } => {
            let position = match &before.stage {
                Stage::Searching { offers, .. } => offers.len(),
                Stage::Accepted { .. } | Stage::InCall { .. } | Stage::Ended { .. } => 0,
            };
            vec![OfferChange::Made(OfferRow {
                conference_id: before.id.0,
                provider_id: provider.0,
                position: i32::try_from(position).unwrap_or(i32::MAX),
                state: offer_state::OPEN,
                offered_at: at.0,
            })]
        }
        Event::OfferDeclined { provider } => vec![OfferChange::Set(*provider, offer_state::DECLINED)],
        Event::Accepted { provider, .. } => {
            let others = before.open_offers().filter(|p| p != provider).map(withdrawn);
            std::iter::once(OfferChange::Set(*provider, offer_state::ACCEPTED)).chain(others).collect()
        }
        Event::Released { provider, reason, .. } => {
            let request = before.id;
            vec![OfferChange::Released(Released { request, provider: *provider, reason: *reason, at })]
        }
        Event::Ended { .. } => before.open_offers().map(withdrawn).collect(),
        Event::Requested { .. }
        | Event::CallStarted { .. }
        | Event::Invited { .. }
        | Event::Confirmed { .. }
        | Event::AccountIssued(_)
        | Event::Joined { .. }
        | Event::Disconnected { .. }
        | Event::Finished { .. }
        | Event::CallEnded { .. }
        | Event::Rejoined { .. }
        | Event::RemovalReopened { .. }
        | Event::Removed { .. }
        | Event::RemovalVerified { .. } => vec![],
    }
}

fn save_offer(
    connection: &mut AnyConnection,
    id: ConferenceId,
    offer: &OfferChange,
) -> Result<(), StoreError> {
    match offer {
        OfferChange::Made(row) => diesel::insert_into(offers::table)
            .values(row)
            .execute(connection)
            .map_err(StoreError::query("insert an offer"))?,
        OfferChange::Set(provider, state) => diesel::update(offers::table.find((id.0, provider.0)))
            .set(offers::state.eq(*state))
            .execute(connection)
            .map_err(StoreError::query("update an offer"))?,
        OfferChange::Released(released) => return released.save(connection),
    };
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
