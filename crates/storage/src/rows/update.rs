//! The two updates of every change, written out. Diesel's own update statements are prepared anew each time, because
//! their set of columns might differ; these have one set, and are prepared once for a connection.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType, Integer, Nullable, SmallInt};

use super::{ConferenceChange, ParticipantChange};

/// Saves a conference if nobody else did since it was loaded: if its last event is still `stored_seq`.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct UpdateConference {
    pub(crate) id: i32,
    pub(crate) stored_seq: i32,
    pub(crate) change: ConferenceChange,
}

impl<C> RunQueryDsl<C> for UpdateConference {}

impl<DB> QueryFragment<DB> for UpdateConference
where
    DB: Backend + HasSqlType<Bool>,
    bool: ToSql<Bool, DB>,
    i16: ToSql<SmallInt, DB>,
    i32: ToSql<Integer, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let Self { id, stored_seq, change } = self;
        out.push_sql("UPDATE conferences SET provider_id = ");
        out.push_bind_param::<Nullable<Integer>, _>(&change.provider_id)?;
        out.push_sql(", stage = ");
        out.push_bind_param::<SmallInt, _>(&change.stage)?;
        out.push_sql(", stage_deadline = ");
        out.push_bind_param::<Nullable<BigInt>, _>(&change.stage_deadline)?;
        out.push_sql(", outcome = ");
        out.push_bind_param::<Nullable<SmallInt>, _>(&change.outcome)?;
        out.push_sql(", ended_at = ");
        out.push_bind_param::<Nullable<BigInt>, _>(&change.ended_at)?;
        out.push_sql(", serviced = ");
        out.push_bind_param::<Bool, _>(&change.serviced)?;
        out.push_sql(", last_seq = ");
        out.push_bind_param::<Integer, _>(&change.last_seq)?;
        out.push_sql(", next_deadline = ");
        out.push_bind_param::<Nullable<BigInt>, _>(&change.next_deadline)?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<Integer, _>(id)?;
        out.push_sql(" AND last_seq = ");
        out.push_bind_param::<Integer, _>(stored_seq)
    }
}

/// Saves what events changed of a participant.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct UpdateParticipant {
    pub(crate) conference_id: i32,
    pub(crate) id: i32,
    pub(crate) change: ParticipantChange,
}

impl<C> RunQueryDsl<C> for UpdateParticipant {}

impl<DB> QueryFragment<DB> for UpdateParticipant
where
    DB: Backend + HasSqlType<Bool>,
    bool: ToSql<Bool, DB>,
    i16: ToSql<SmallInt, DB>,
    i32: ToSql<Integer, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let Self { conference_id, id, change } = self;
        out.push_sql("UPDATE participants SET state = ");
        out.push_bind_param::<SmallInt, _>(&change.state)?;
        out.push_sql(", deadline = ");
        out.push_bind_param::<Nullable<BigInt>, _>(&change.deadline)?;
        out.push_sql(", account_expires = ");
        out.push_bind_param::<Nullable<BigInt>, _>(&change.account_expires)?;
        out.push_sql(", reason = ");
        out.push_bind_param::<Nullable<SmallInt>, _>(&change.reason)?;
        out.push_sql(", finished_at = ");
        out.push_bind_param::<Nullable<BigInt>, _>(&change.finished_at)?;
        out.push_sql(", removal = ");
        out.push_bind_param::<Nullable<SmallInt>, _>(&change.removal)?;
        out.push_sql(" WHERE conference_id = ");
        out.push_bind_param::<Integer, _>(conference_id)?;
        out.push_sql(" AND id = ");
        out.push_bind_param::<Integer, _>(id)
    }
}
