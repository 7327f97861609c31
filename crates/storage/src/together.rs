//! Many decisions in few statements, on PostgreSQL.
//!
//! There a statement is a round trip, and a kick is half a dozen of them. Of a group of decisions the states are loaded
//! and locked by two statements, judged here, and saved by five at most, each with a column of values for every column. Only the
//! first decision on each conference takes part; what inserts participants or touches offers is left to the ordinary way.

use std::collections::{HashMap, HashSet};

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, SmallInt};
use trialogue_domain::Refusal;

use crate::StoreError;
use crate::aggregate::{Changes, Loaded};
use crate::changes::Change;
use crate::decision::Decision;
use crate::executor::Outcome;
use crate::outbox::Held;
use crate::rows::{ConferenceRow, EffectRow, EventRow, ParticipantRow, UpdateConference, UpdateParticipant};
use crate::schema::{conferences, participants};

/// Does what can be done together, inside the transaction that is open. The outcome of a decision that is left to the
/// ordinary way, and of what is no decision, is none. What was changed comes with the outcomes.
pub(crate) fn decide_together(
    connection: &mut PgConnection,
    decisions: Vec<Option<&mut Decision>>,
) -> QueryResult<(Vec<Option<Outcome>>, Vec<Change>)> {
    let mut seen = HashSet::new();
    let firsts: Vec<i32> =
        decisions.iter().flatten().map(|decision| decision.id().0).filter(|id| seen.insert(*id)).collect();
    if firsts.len() < 2 {
        return Ok((decisions.iter().map(|_| None).collect(), Vec::new()));
    }
    let mut loaded = load_locked(connection, &firsts)?;
    let mut saved: Vec<Changes> = Vec::new();
    let mut done: Vec<Held> = Vec::new();
    let mut judge = |decision: &mut Decision| {
        // Taken out: a second decision on the same conference waits until this one is saved.
        match loaded.remove(&decision.id().0)? {
            Fetched::Searching => None,
            Fetched::Unknown => Some(Err(Refusal::NotFound.into())),
            Fetched::Locked => Some(Err(StoreError::Locked(decision.id().0))),
            Fetched::State(state) => match state.and_then(|state| decision.judge(state.conference)) {
                Err(error) => Some(Err(error)),
                Ok(None) => {
                    done.extend(decision.done());
                    Some(Ok(()))
                }
                Ok(Some(changes)) if changes.only_updates() => {
                    done.extend(decision.done());
                    saved.push(changes);
                    Some(Ok(()))
                }
                Ok(Some(_)) => None,
            },
        }
    };
    let outcomes = decisions.into_iter().map(|decision| decision.and_then(&mut judge)).collect();
    save(connection, &saved)?;
    if !done.is_empty() {
        DeleteEffects::new(done.iter()).execute(connection)?;
    }
    Ok((outcomes, saved.iter().map(Changes::told).collect()))
}

enum Fetched {
    /// There is no such conference.
    Unknown,
    /// Another session has it locked.
    Locked,
    /// Its offers are part of its state, and are not loaded here.
    Searching,
    /// Its state, or why its rows tell none.
    State(Box<Result<Loaded, StoreError>>),
}

/// Locks what no other session has locked: nothing is waited for.
fn load_locked(connection: &mut PgConnection, ids: &[i32]) -> QueryResult<HashMap<i32, Fetched>> {
    let rows: Vec<ConferenceRow> = conferences::table
        .filter(conferences::id.eq_any(ids))
        .order(conferences::id)
        .for_no_key_update()
        .skip_locked()
        .select(ConferenceRow::as_select())
        .load(connection)?;
    let people: Vec<ParticipantRow> = participants::table
        .filter(participants::conference_id.eq_any(ids))
        .order((participants::conference_id, participants::position))
        .select(ParticipantRow::as_select())
        .load(connection)?;
    let mut by_conference: HashMap<i32, Vec<ParticipantRow>> = HashMap::new();
    for row in people {
        by_conference.entry(row.conference_id).or_default().push(row);
    }
    let mut fetched: HashMap<i32, Fetched> = ids.iter().map(|id| (*id, Fetched::Unknown)).collect();
    if rows.len() < ids.len() {
        let all: Vec<i32> = conferences::table
            .filter(conferences::id.eq_any(ids))
            .select(conferences::id)
            .load(connection)?;
        fetched.extend(all.into_iter().map(|id| (id, Fetched::Locked)));
    }
    for row in rows {
        let id = row.id;
        let people = by_conference.remove(&id).unwrap_or_default();
        let state = if row.is_searching() {
            Fetched::Searching
        } else {
            Fetched::State(Box::new(Loaded::from_rows(row, &[], people)))
        };
        fetched.insert(id, state);
    }
    Ok(fetched)
}

fn save(connection: &mut PgConnection, changes: &[Changes]) -> QueryResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
    InsertEvents::new(changes.iter().flat_map(|c| &c.events)).execute(connection)?;
    let effects = InsertEffects::new(changes.iter().flat_map(|c| &c.effects));
    if !effects.conference_id.is_empty() {
        effects.execute(connection)?;
    }
    let people = UpdateParticipants::new(changes.iter().flat_map(|c| &c.updated));
    if !people.id.is_empty() {
        people.execute(connection)?;
    }
    let updated = UpdateConferences::new(changes.iter().map(|c| &c.conference)).execute(connection)?;
    // They are locked, so nobody else can have changed them.
    if updated == changes.len() { Ok(()) } else { Err(diesel::result::Error::RollbackTransaction) }
}

/// A statement whose parameters are columns: `unnest($1, $2, ...)`.
macro_rules! statement_of_columns {
    (
        $(#[$doc:meta])* $name:ident of $row:ty, $head:literal, $tail:literal,
        { $($column:ident: $sql:ty as $cast:literal = $rust:ty => $value:expr),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(QueryId)]
        struct $name {
            $($column: Vec<$rust>,)+
        }

        impl $name {
            fn new<'a>(rows: impl Iterator<Item = &'a $row>) -> Self {
                let mut columns = Self { $($column: Vec::new(),)+ };
                for row in rows {
                    $(columns.$column.push($value(row));)+
                }
                columns
            }
        }

        impl RunQueryDsl<PgConnection> for $name {}

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($head);
                let mut separator = "";
                $(
                    out.push_sql(separator);
                    out.push_bind_param::<Array<$sql>, _>(&self.$column)?;
                    out.push_sql($cast);
                    separator = ", ";
                )+
                let _ = separator;
                out.push_sql($tail);
                Ok(())
            }
        }
    };
}

statement_of_columns! {
    /// Appends events.
    InsertEvents of EventRow,
    "INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, participant_id, other_id, user_id, code, \
     deadline) SELECT * FROM unnest(",
    ")",
    {
        conference_id: Integer as "::int4[]" = i32 => |row: &EventRow| row.conference_id,
        seq: Integer as "::int4[]" = i32 => |row: &EventRow| row.seq,
        at: BigInt as "::int8[]" = i64 => |row: &EventRow| row.at,
        kind: SmallInt as "::int2[]" = i16 => |row: &EventRow| row.kind,
        actor_role: Nullable<SmallInt> as "::int2[]" = Option<i16> => |row: &EventRow| row.actor_role,
        actor_id: Nullable<Integer> as "::int4[]" = Option<i32> => |row: &EventRow| row.actor_id,
        participant_id: Nullable<Integer> as "::int4[]" = Option<i32> => |row: &EventRow| row.participant_id,
        other_id: Nullable<Integer> as "::int4[]" = Option<i32> => |row: &EventRow| row.other_id,
        user_id: Nullable<Integer> as "::int4[]" = Option<i32> => |row: &EventRow| row.user_id,
        code: Nullable<Integer> as "::int4[]" = Option<i32> => |row: &EventRow| row.code,
        deadline: Nullable<BigInt> as "::int8[]" = Option<i64> => |row: &EventRow| row.deadline,
    }
}

statement_of_columns! {
    /// Queues effects.
    InsertEffects of EffectRow,
    "INSERT INTO outbox (conference_id, effect, participant_id, created_at, due_at, attempts) SELECT * FROM unnest(",
    ")",
    {
        conference_id: Integer as "::int4[]" = i32 => |row: &EffectRow| row.conference_id,
        effect: SmallInt as "::int2[]" = i16 => |row: &EffectRow| row.effect,
        participant_id: Nullable<Integer> as "::int4[]" = Option<i32> => |row: &EffectRow| row.participant_id,
        created_at: BigInt as "::int8[]" = i64 => |row: &EffectRow| row.created_at,
        due_at: BigInt as "::int8[]" = i64 => |row: &EffectRow| row.due_at,
        attempts: Integer as "::int4[]" = i32 => |row: &EffectRow| row.attempts,
    }
}

statement_of_columns! {
    /// Deletes effects that are done.
    DeleteEffects of Held,
    "DELETE FROM outbox AS o USING unnest(",
    ") AS d (id, lease) WHERE o.id = d.id AND o.lease_token = d.lease",
    {
        id: BigInt as "::int8[]" = i64 => |row: &Held| row.id,
        lease: BigInt as "::int8[]" = i64 => |row: &Held| row.lease,
    }
}

statement_of_columns! {
    /// Saves what events changed of participants.
    UpdateParticipants of UpdateParticipant,
    "UPDATE participants AS p SET state = n.state, deadline = n.deadline, account_expires = n.account_expires, \
     reason = n.reason, finished_at = n.finished_at, removal = n.removal FROM unnest(",
    ") AS n (conference_id, id, state, deadline, account_expires, reason, finished_at, removal) \
     WHERE p.conference_id = n.conference_id AND p.id = n.id",
    {
        conference_id: Integer as "::int4[]" = i32 => |row: &UpdateParticipant| row.conference_id,
        id: Integer as "::int4[]" = i32 => |row: &UpdateParticipant| row.id,
        state: SmallInt as "::int2[]" = i16 => |row: &UpdateParticipant| row.change.state,
        deadline: Nullable<BigInt> as "::int8[]" = Option<i64> => |row: &UpdateParticipant| row.change.deadline,
        account_expires: Nullable<BigInt> as "::int8[]" = Option<i64> => |row: &UpdateParticipant| row.change.account_expires,
        reason: Nullable<SmallInt> as "::int2[]" = Option<i16> => |row: &UpdateParticipant| row.change.reason,
        finished_at: Nullable<BigInt> as "::int8[]" = Option<i64> => |row: &UpdateParticipant| row.change.finished_at,
        removal: Nullable<SmallInt> as "::int2[]" = Option<i16> => |row: &UpdateParticipant| row.change.removal,
    }
}

statement_of_columns! {
    /// Saves conferences.
    UpdateConferences of UpdateConference,
    "UPDATE conferences AS c SET provider_id = n.provider_id, stage = n.stage, stage_deadline = n.stage_deadline, \
     outcome = n.outcome, ended_at = n.ended_at, serviced = n.serviced, last_seq = n.last_seq, \
     next_deadline = n.next_deadline FROM unnest(",
    ") AS n (id, stored_seq, provider_id, stage, stage_deadline, outcome, ended_at, serviced, last_seq, next_deadline) \
     WHERE c.id = n.id AND c.last_seq = n.stored_seq",
    {
        id: Integer as "::int4[]" = i32 => |row: &UpdateConference| row.id,
        stored_seq: Integer as "::int4[]" = i32 => |row: &UpdateConference| row.stored_seq,
        provider_id: Nullable<Integer> as "::int4[]" = Option<i32> => |row: &UpdateConference| row.change.provider_id,
        stage: SmallInt as "::int2[]" = i16 => |row: &UpdateConference| row.change.stage,
        stage_deadline: Nullable<BigInt> as "::int8[]" = Option<i64> => |row: &UpdateConference| row.change.stage_deadline,
        outcome: Nullable<SmallInt> as "::int2[]" = Option<i16> => |row: &UpdateConference| row.change.outcome,
        ended_at: Nullable<BigInt> as "::int8[]" = Option<i64> => |row: &UpdateConference| row.change.ended_at,
        serviced: Bool as "::bool[]" = bool => |row: &UpdateConference| row.change.serviced,
        last_seq: Integer as "::int4[]" = i32 => |row: &UpdateConference| row.change.last_seq,
        next_deadline: Nullable<BigInt> as "::int8[]" = Option<i64> => |row: &UpdateConference| row.change.next_deadline,
    }
}
