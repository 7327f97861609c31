//! The one way to change conferences: load the states of a batch, judge them in memory, save the changes of the batch.
//!
//! Nothing is written before it is judged, so a refusal needs no savepoint. Several changes of one conference follow each
//! other in memory and are saved as one. How the rows are written on either database is not seen here (`rows/write.rs`).
//!
//! To save a row of another table with a conference: define it with `row!` in `rows/`, collect such rows in [`Changes`]
//! while events are applied, and add one line to [`Batch::save`]. What a conference is judged by is loaded in
//! `load.rs`.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use trialogue_domain::{
    Conference, ConferenceId, Effect, Event, Facts, Lapse, NotRung, ParticipantId, Party, Refusal, Request,
    RequestId, Step, Timestamp, UserId, Wants, effects,
};

use crate::aggregate::load::{EffectTurn, LoadedConference, load_to_change, main_request};
use crate::aggregate::missed::{MissedRing, NoMissedRings};
use crate::aggregate::released::{HandedOver, Released};
use crate::aggregate::verdict::Verdict;
use crate::changes::change::Change;
use crate::database::connection::{AnyConnection, load_by};
use crate::error::StoreError;
use crate::executor::transaction::Tx;
use crate::jobs::insert::NewJobs;
use crate::jobs::kind::JobKind;
use crate::jobs::lease::LeasedRow;
use crate::rows::details::RequestDetails;
use crate::rows::{
    CallLegRow, ConferenceRow, EventRow, Invitee, OfferRow, ParticipantRow, RenewOffer, RequestRow,
    SearchLookRow, UpdateAccepted, UpdateAccountSecret, UpdateConference, UpdateConferenceIndexed,
    UpdateOffer, UpdateParticipant, UpdateParty, UpdatePlace, UpdateReported, UpdateRequest, lapse_code,
    offer_state, write,
};
use crate::schema::conferences;

/// Conferences that are changed together.
#[derive(Default)]
pub(crate) struct Batch {
    /// In the order of their ids, so that two batches write their rows in the same order.
    conferences: BTreeMap<i32, BatchEntry>,
    /// The jobs that are done with the changes.
    done: Vec<LeasedRow>,
}

enum BatchEntry {
    /// Another session has it locked.
    Locked,
    Loaded(Box<LoadedConference>),
    Judged(Box<Changes>),
}

impl Batch {
    /// Loads the conferences among these that exist, and locks those that no other session has locked.
    pub(crate) fn load(
        connection: &mut AnyConnection,
        ids: impl IntoIterator<Item = ConferenceId>,
    ) -> Result<Self, StoreError> {
        let mut ids: Vec<i32> = ids.into_iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut batch = Self::default();
        for loaded in load_to_change(connection, &ids)? {
            batch.conferences.insert(loaded.row.id, BatchEntry::Loaded(Box::new(loaded)));
        }
        ids.retain(|id| !batch.conferences.contains_key(id));
        if matches!(connection, AnyConnection::Postgres(_)) {
            let locked =
                load_by!(connection, conferences::id, &ids, conferences::table.select(conferences::id));
            let locked: Vec<i32> = locked.map_err(StoreError::query("look for locked conferences"))?;
            batch.conferences.extend(locked.into_iter().map(|id| (id, BatchEntry::Locked)));
        }
        Ok(batch)
    }

    /// Adds what `judge` makes of a conference's state, and returns the state after. An unknown conference is
    /// [`Refusal::NotFound`]. After an error the state is as before.
    pub(crate) fn judge(
        &mut self,
        id: ConferenceId,
        judge: impl FnOnce(&Conference) -> Result<Verdict, StoreError>,
    ) -> Result<Conference, StoreError> {
        let fetched = self.conferences.get_mut(&id.0).ok_or(Refusal::NotFound)?;
        if let BatchEntry::Loaded(loaded) = fetched {
            *fetched = BatchEntry::Judged(Box::new(Changes::none(loaded.conference()?, loaded.turn)));
        }
        let BatchEntry::Judged(changes) = fetched else { return Err(StoreError::Locked(id.0)) };
        let verdict = judge(&changes.after)?;
        verdict.check()?;
        changes.add(verdict)?;
        Ok(changes.after.clone())
    }

    /// Adds a new conference with its first step.
    pub(crate) fn open(
        &mut self,
        id: ConferenceId,
        opening: &Step,
        (details, wants): (RequestDetails, Wants),
        not_rung: Vec<(UserId, NotRung)>,
    ) -> Result<(), StoreError> {
        let Step { actor, at, events } = opening;
        let first = events.first().and_then(|event| Conference::begin(id, event).ok());
        let (Some(begun), [first, rest @ ..]) = (first, events.as_slice()) else {
            return Err(StoreError::Inconsistent { table: "events", column: "kind", row: format!("{id}/1") });
        };
        let mut changes = Changes::none(begun, EffectTurn::default());
        changes.events.push(EventRow::new(id, changes.after.last_seq, *at, *actor, first));
        let steps = vec![Step { actor: *actor, at: *at, events: rest.to_vec() }];
        let not_rung = Some((RequestId::main(id), not_rung));
        changes.add(Verdict { wants: Some(wants), not_rung, ..steps.into() })?;
        changes.opened = Some(ConferenceRow::new(&changes.after, *at, details));
        self.conferences.insert(id.0, BatchEntry::Judged(Box::new(changes)));
        Ok(())
    }

    /// Adds a job that is done: it is taken from the queue, unless its lease was lost.
    pub(crate) fn settle(&mut self, done: LeasedRow) {
        self.done.push(done);
    }

    /// Writes the changes.
    pub(crate) fn save(self, tx: &mut Tx) -> Result<(), StoreError> {
        let mut changed: Vec<Changes> = Vec::new();
        for fetched in self.conferences.into_values() {
            let BatchEntry::Judged(mut one) = fetched else { continue };
            if one.wants.is_none() && one.has_new_request() {
                one.wants = Some(main_request(&mut tx.connection, one.after.id)?.1);
            }
            changed.push(one.worked_out());
        }
        let connection = &mut tx.connection;
        let all = &changed;
        write(connection, all.iter().filter_map(|c| c.opened.as_ref()))
            .map_err(StoreError::query("insert a conference"))?;
        write(connection, all.iter().flat_map(|c| &c.requested))
            .map_err(StoreError::query("insert a request"))?;
        // An interpreter has one live request at most, also within these statements.
        for is_over in [true, false] {
            let requests = all.iter().flat_map(|c| &c.requests).filter(|r| r.is_over() == is_over);
            write(connection, requests).map_err(StoreError::query("update a request"))?;
        }
        write(connection, all.iter().flat_map(|c| c.accepted.values()))
            .map_err(StoreError::query("note when a request was accepted"))?;
        write(connection, all.iter().flat_map(|c| &c.events)).map_err(append_failed(all))?;
        write(connection, all.iter().flat_map(|c| &c.inserted))
            .map_err(StoreError::query("insert a participant"))?;
        write(connection, all.iter().flat_map(|c| &c.updated))
            .map_err(StoreError::query("update a participant"))?;
        write(connection, all.iter().flat_map(|c| &c.parties))
            .map_err(StoreError::query("note who takes the interpreter's place"))?;
        write(connection, all.iter().flat_map(|c| &c.secrets))
            .map_err(StoreError::query("bind an account secret"))?;
        save_offers(connection, all)?;
        let states: Vec<&UpdateConference> = all.iter().filter_map(|c| c.conference.as_ref()).collect();
        let expected = states.len();
        if write(connection, states).map_err(StoreError::query("update a conference"))? != expected {
            return Err(StoreError::Conflict(first_of(all)));
        }
        write(connection, all.iter().filter_map(|c| c.place.as_ref()))
            .map_err(StoreError::query("note whose place is kept"))?;
        write(connection, all.iter().filter_map(|c| c.indexed.as_ref()))
            .map_err(StoreError::query("update a conference"))?;
        write(connection, all.iter().flat_map(|c| &c.legs))
            .map_err(StoreError::query("insert a call leg"))?;
        write(connection, all.iter().flat_map(|c| &c.looks))
            .map_err(StoreError::query("insert the reasons of a look"))?;
        write(connection, all.iter().filter_map(|c| c.reported.as_ref()))
            .map_err(StoreError::query("note a late report"))?;
        write(connection, &self.done).map_err(StoreError::query("finish a job"))?;
        queue_effects(tx, all)?;
        tx.after_commit
            .changes
            .extend(changed.into_iter().filter(|c| !c.events.is_empty()).map(Changes::announced));
        Ok(())
    }
}

/// Changes one conference within an operation that does more than that.
pub(crate) fn change(
    tx: &mut Tx,
    id: ConferenceId,
    judge: impl FnOnce(&Conference, Facts) -> Result<Verdict, StoreError>,
) -> Result<Conference, StoreError> {
    let mut batch = Batch::load(&mut tx.connection, [id])?;
    let facts = Facts { hindrance: None, ids: tx.ids.free() };
    let after = batch.judge(id, |state| judge(state, facts))?;
    tx.ids.take_used(&after);
    batch.save(tx)?;
    Ok(after)
}

/// What changes of a conference, as rows.
struct Changes {
    before: Conference,
    after: Conference,
    /// The row of a new conference.
    opened: Option<ConferenceRow>,
    events: Vec<EventRow>,
    effects: Vec<(Effect, Timestamp)>,
    turn: EffectTurn,
    offers: Vec<OfferChange>,
    invitees: Vec<(ParticipantId, Invitee)>,
    secrets: Vec<UpdateAccountSecret>,
    legs: Vec<CallLegRow>,
    /// Of a new request; those of the main one, unless others are given.
    wants: Option<Wants>,
    looks: Vec<SearchLookRow>,
    accepted: BTreeMap<i32, UpdateAccepted>,
    reported: Option<UpdateReported>,
    // Worked out when all is judged.
    requested: Vec<RequestRow>,
    requests: Vec<UpdateRequest>,
    conference: Option<UpdateConference>,
    place: Option<UpdatePlace>,
    indexed: Option<UpdateConferenceIndexed>,
    updated: Vec<UpdateParticipant>,
    parties: Vec<UpdateParty>,
    inserted: Vec<ParticipantRow>,
}

enum OfferChange {
    Made(OfferRow),
    Renewed(RenewOffer),
    Set(UpdateOffer),
    Missed(MissedRing),
    Answered(NoMissedRings),
    Released(Released),
    HandedOver(HandedOver),
}

impl Changes {
    fn none(before: Conference, turn: EffectTurn) -> Self {
        Self {
            after: before.clone(),
            before,
            opened: None,
            events: Vec::new(),
            effects: Vec::new(),
            turn,
            offers: Vec::new(),
            invitees: Vec::new(),
            secrets: Vec::new(),
            legs: Vec::new(),
            wants: None,
            looks: Vec::new(),
            accepted: BTreeMap::new(),
            reported: None,
            requested: Vec::new(),
            requests: Vec::new(),
            conference: None,
            place: None,
            indexed: None,
            updated: Vec::new(),
            parties: Vec::new(),
            inserted: Vec::new(),
        }
    }

    fn add(&mut self, verdict: Verdict) -> Result<(), StoreError> {
        let Verdict { steps, invitee, secret, legs, wants, not_rung } = verdict;
        let id = self.after.id;
        let mut conference = self.after.clone();
        for Step { actor, at, events } in &steps {
            for event in events {
                let due = effects(&conference, event);
                self.effects.extend(due.into_iter().map(|effect| (effect, *at)));
                self.offers.extend(offer_changes(&conference, event, *at));
                // Of one that is searched for again, the client's wait was over before.
                if let Event::Accepted { request, .. } = event
                    && conference.request(*request).is_some_and(|request| request.released().is_none())
                {
                    let (conference_id, id, accepted_at) = (id.0, request.0, Some(at.0));
                    self.accepted.insert(id, UpdateAccepted { conference_id, id, accepted_at });
                }
                if let (Event::Invited { participant, .. }, Some(invitee)) = (event, &invitee) {
                    self.invitees.push((*participant, invitee.clone()));
                }
                conference = conference.apply(event, *at);
                self.events.push(EventRow::new(id, conference.last_seq, *at, *actor, event));
            }
        }
        self.after = conference;
        self.secrets.extend(secret.map(|(participant, hash)| UpdateAccountSecret {
            conference_id: id.0,
            id: participant.0,
            account_secret: Some(hash.to_vec()),
        }));
        if !legs.is_empty() {
            self.legs.extend((0..).zip(&legs).map(|(position, leg)| CallLegRow::new(id, position, leg)));
            self.reported = Some(UpdateReported::new(id));
        }
        self.wants = wants.or(self.wants);
        if let Some((request, reasons)) = not_rung.filter(|(_, reasons)| !reasons.is_empty()) {
            self.looks.push(SearchLookRow::new(id, self.after.last_seq, request, &reasons)?);
        }
        Ok(())
    }

    fn has_new_request(&self) -> bool {
        self.after.requests().any(|request| self.before.request(request.id).is_none())
    }

    /// Compares the states before and after.
    fn worked_out(mut self) -> Self {
        let id = self.after.id.0;
        if self.after.last_seq != self.before.last_seq && self.opened.is_none() {
            self.conference = Some(UpdateConference::to(&self.after, self.before.last_seq));
            let place = UpdatePlace::to(&self.after);
            self.place = Some(place).filter(|after| *after != UpdatePlace::to(&self.before));
            let indexed = UpdateConferenceIndexed::to(&self.after);
            self.indexed = Some(indexed).filter(|after| *after != UpdateConferenceIndexed::to(&self.before));
        }
        for request in self.after.requests() {
            let update = UpdateRequest::to(self.after.id, request);
            match self.before.request(request.id).filter(|_| self.opened.is_none()) {
                None => self.requested.push(RequestRow::new(
                    self.after.id,
                    request,
                    self.wants.unwrap_or_default(),
                )),
                Some(before) if UpdateRequest::to(self.after.id, before) == update => {}
                Some(_) => self.requests.push(update),
            }
        }
        for (position, participant) in (0..).zip(&self.after.participants) {
            match self.before.participant(participant.id) {
                Some(unchanged) if unchanged == participant => {}
                Some(before) => {
                    self.updated.push(UpdateParticipant::to(id, participant));
                    if let (Party::SecondInterpreter(_), Party::Provider(user)) =
                        (before.party, participant.party)
                    {
                        self.parties.push(UpdateParty::to_interpreter(id, participant.id, user));
                    }
                }
                None => {
                    let invitee = self.invitees.iter().find(|(invited, _)| *invited == participant.id);
                    let invitee = invitee.map(|(_, invitee)| invitee.clone()).unwrap_or_default();
                    self.inserted.push(ParticipantRow::new(id, position, participant, invitee));
                }
            }
        }
        self
    }

    /// What is announced of it once it is committed.
    fn announced(self) -> Change {
        let Self { before, after, .. } = &self;
        let is_known = self.opened.is_none() && self.offers.is_empty();
        let users = if is_known
            && before.is_live() == after.is_live()
            && before.interpreters().eq(after.interpreters())
        {
            Vec::new()
        } else {
            let offered = self.offers.iter().map(OfferChange::provider);
            [after.client]
                .into_iter()
                .chain(before.interpreters())
                .chain(after.interpreters())
                .chain(offered)
                .collect()
        };
        Change { conference: after.id, last_seq: after.last_seq, users }
    }
}

impl OfferChange {
    const fn provider(&self) -> UserId {
        match self {
            Self::Made(row) => UserId(row.provider_id),
            Self::Renewed(update) => UserId(update.provider_id),
            Self::Set(update) => UserId(update.provider_id),
            Self::Missed(missed) => missed.interpreter,
            Self::Answered(answered) => UserId(answered.id),
            Self::Released(released) => released.provider,
            Self::HandedOver(handed_over) => handed_over.from,
        }
    }
}

/// The offers are rows of their own, which outlive the search.
fn offer_changes(before: &Conference, event: &Event, at: Timestamp) -> Vec<OfferChange> {
    let set = |request: RequestId, provider: UserId, state| {
        let (conference_id, request_id, provider_id) = (before.id.0, request.0, provider.0);
        OfferChange::Set(UpdateOffer { conference_id, request_id, provider_id, state })
    };
    let open = |request: RequestId| before.request(request).into_iter().flat_map(Request::open_offers);
    let withdrawn = |request| move |provider| set(request, provider, offer_state::WITHDRAWN);
    match event {
        Event::Offered { request, provider, step, until } => {
            let position = before.request(*request).map_or(0, |r| r.offers().len());
            let key = (before.id, *request, *provider);
            let row = OfferRow::made(key, position, at, (*step, *until));
            let known = before.request(*request).into_iter().flat_map(Request::offers);
            let is_known = known.into_iter().any(|offer| offer.provider == *provider);
            vec![if is_known { OfferChange::Renewed(RenewOffer::of(&row)) } else { OfferChange::Made(row) }]
        }
        Event::OfferLapsed { request, provider, lapse } => {
            let offer = before.request(*request).into_iter().flat_map(Request::offers);
            let rung_at = offer.into_iter().find(|offer| offer.provider == *provider).map(|offer| offer.at);
            let missed = rung_at.filter(|_| *lapse == Lapse::NoAnswer);
            let missed = missed.map(|rung_at| MissedRing { interpreter: *provider, rung_at, at });
            let lapsed = set(*request, *provider, lapse_code(*lapse));
            std::iter::once(lapsed).chain(missed.map(OfferChange::Missed)).collect()
        }
        Event::OfferDeclined { request, provider } => {
            let declined = set(*request, *provider, offer_state::DECLINED);
            vec![declined, OfferChange::Answered(NoMissedRings::of(*provider))]
        }
        Event::Accepted { request, provider, .. } => {
            let others = open(*request).filter(|p| p != provider).map(withdrawn(*request));
            std::iter::once(set(*request, *provider, offer_state::ACCEPTED)).chain(others).collect()
        }
        Event::Released { request, provider, reason, .. } => {
            let (conference, request) = (before.id, *request);
            vec![OfferChange::Released(Released {
                conference,
                request,
                provider: *provider,
                reason: *reason,
                at,
            })]
        }
        Event::HandedOver { from, participant } => {
            let to = before.participant(*participant).and_then(|p| before.second_interpreter(p));
            let handed_over = to.map(|to| HandedOver { conference: before.id, from: *from, to, at });
            handed_over.map(OfferChange::HandedOver).into_iter().collect()
        }
        Event::Finished { participant, .. } => {
            let request = before.participant(*participant).and_then(|p| before.request_of(p));
            request.map_or_else(Vec::new, |r| open(r.id).map(withdrawn(r.id)).collect())
        }
        Event::Ended { .. } => open(before.main.id).map(withdrawn(before.main.id)).collect(),
        Event::Requested { .. }
        | Event::CallStarted { .. }
        | Event::Invited { .. }
        | Event::Confirmed { .. }
        | Event::AccountIssued(_)
        | Event::Joined { .. }
        | Event::Disconnected { .. }
        | Event::CallEnded { .. }
        | Event::Rejoined { .. }
        | Event::PlaceKept { .. }
        | Event::TurnTaken { .. }
        | Event::RemovalReopened { .. }
        | Event::Removed { .. }
        | Event::RemovalVerified { .. } => vec![],
    }
}

/// An offer is made, or made again, before something becomes of it. A release is rare, and touches offers that are not loaded: the offers of
/// such a conference are written one by one, in their order.
fn save_offers(connection: &mut AnyConnection, changed: &[Changes]) -> Result<(), StoreError> {
    let insert_failed = || StoreError::query("insert an offer");
    let update_failed = || StoreError::query("update an offer");
    let is_rare = |o: &OfferChange| matches!(o, OfferChange::Released(_) | OfferChange::HandedOver(_));
    let is_released = |c: &&Changes| c.offers.iter().any(is_rare);
    let (released, others): (Vec<&Changes>, Vec<&Changes>) = changed.iter().partition(is_released);
    let (mut made, mut missed, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    // The last change of an offer counts: one statement changes a row once.
    let (mut renewed, mut set) = (BTreeMap::new(), BTreeMap::new());
    for offer in others.into_iter().flat_map(|c| &c.offers) {
        match offer {
            OfferChange::Made(row) => made.push(row),
            OfferChange::Renewed(update) => {
                let key = (update.request_id, update.provider_id);
                set.remove(&key);
                renewed.insert(key, update);
            }
            OfferChange::Set(update) => {
                set.insert((update.request_id, update.provider_id), update);
            }
            OfferChange::Missed(ring) => missed.push(ring),
            OfferChange::Answered(row) => answered.push(row),
            OfferChange::Released(_) | OfferChange::HandedOver(_) => {}
        }
    }
    write(connection, made).map_err(insert_failed())?;
    write(connection, renewed.into_values()).map_err(update_failed())?;
    write(connection, set.into_values()).map_err(update_failed())?;
    // In the order of the interpreters, whose rows are locked.
    missed.sort_by_key(|ring: &&MissedRing| ring.interpreter);
    for ring in missed {
        ring.save(connection)?;
    }
    write(connection, answered).map_err(StoreError::query("end a row of missed rings"))?;
    for offer in released.into_iter().flat_map(|c| &c.offers) {
        match offer {
            OfferChange::Made(row) => write(connection, [row]).map(drop).map_err(insert_failed())?,
            OfferChange::Renewed(update) => write(connection, [update]).map(drop).map_err(update_failed())?,
            OfferChange::Set(update) => write(connection, [update]).map(drop).map_err(update_failed())?,
            OfferChange::Missed(ring) => ring.save(connection)?,
            OfferChange::Answered(row) => write(connection, [row]).map(drop).map_err(update_failed())?,
            OfferChange::Released(released) => released.save(connection)?,
            OfferChange::HandedOver(handed_over) => handed_over.save(connection)?,
        }
    }
    Ok(())
}

/// The effects of a conference follow each other. They are this node's to do at once if it is the turn of this node and
/// none is before them.
fn queue_effects(tx: &mut Tx, changed: &[Changes]) -> Result<(), StoreError> {
    let mut new = NewJobs::default();
    for changes in changed {
        let Some((_, at)) = changes.effects.last() else { continue };
        let place = tx.workers.reserve(JobKind::Engine, *at);
        let place = place.filter(|place| changes.turn.is_of(place.lease.node));
        let id = changes.after.id;
        new.add(JobKind::Engine, Some(id.0), id, &changes.effects, place)?;
    }
    new.insert(&mut tx.connection, &mut tx.after_commit.jobs)
}

/// A sequence number that is already used: another writer appended there first.
fn append_failed(changed: &[Changes]) -> impl FnOnce(DieselError) -> StoreError {
    let first = first_of(changed);
    move |error| match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => StoreError::Conflict(first),
        other => StoreError::query("append an event")(other),
    }
}

/// The conference that a clash is named by. What fails as a batch is tried one by one, and then it is the only one.
fn first_of(changed: &[Changes]) -> i32 {
    changed.first().map_or(0, |changes| changes.after.id.0)
}
