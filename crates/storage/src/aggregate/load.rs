//! Loading conferences: rows to domain values. How they are changed stands in `batch.rs`.

use std::iter::from_fn;

use diesel::dsl::exists;
use diesel::prelude::*;
use trialogue_domain::{Conference, ConferenceId, LanguageId, Wants};

use crate::database::connection::{AnyConnection, load_by};
use crate::error::StoreError;
use crate::jobs::kind::JobKind;
use crate::node::NodeId;
use crate::rows::{ConferenceState, OfferRow, ParticipantState, RequestState, WantsRow};
use crate::schema::{conferences, jobs, offers, participants, requests};

/// The rows of a conference.
pub(crate) struct LoadedConference {
    pub(crate) row: ConferenceState,
    requests: Vec<RequestState>,
    participants: Vec<ParticipantState>,
    /// The offers of the requests that are searching.
    offers: Vec<OfferRow>,
    pub(crate) turn: EffectTurn,
}

/// Which node may execute the next effects of a conference.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EffectTurn {
    /// The node that holds the room.
    room_node: Option<i64>,
    /// Earlier effects are still queued.
    must_wait: bool,
}

impl EffectTurn {
    /// Whether a node may do them at once.
    pub(crate) fn is_of(self, node: NodeId) -> bool {
        !self.must_wait && self.room_node.is_none_or(|id| id == node.0)
    }
}

/// The columns of [`EffectTurn`].
macro_rules! turn {
    () => {
        (
            conferences::node,
            exists(
                jobs::table
                    .filter(jobs::kind.eq(JobKind::Engine.code()))
                    .filter(jobs::ordering_key.eq(conferences::id.nullable())),
            ),
        )
    };
}

impl LoadedConference {
    /// The domain's value.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if the rows form no legal state.
    pub(crate) fn conference(&self) -> Result<Conference, StoreError> {
        let people = self.participants.iter().map(ParticipantState::to_domain).collect::<Result<_, _>>()?;
        self.row.to_domain(&self.requests, &self.offers, people)
    }
}

/// Loads a conference; none if it does not exist.
pub(crate) fn load(
    connection: &mut AnyConnection,
    id: ConferenceId,
) -> Result<Option<LoadedConference>, StoreError> {
    let found = load_by!(
        connection,
        conferences::id,
        &[id.0],
        conferences::table.select(ConferenceState::as_select())
    );
    let rows: Vec<ConferenceState> = found.map_err(StoreError::query("load a conference"))?;
    let rows = rows.into_iter().map(|row| (row, EffectTurn::default())).collect();
    Ok(load_rest(connection, rows)?.pop())
}

/// What the client of a conference asked for: the language, and what else is wanted of another interpreter than the one
/// whom the client may have named.
pub(crate) fn main_request(
    connection: &mut AnyConnection,
    id: ConferenceId,
) -> Result<(LanguageId, Wants), StoreError> {
    let (language, wants): (i32, WantsRow) = requests::table
        .find((id.0, id.0))
        .select((requests::language_id, WantsRow::as_select()))
        .first(connection)
        .map_err(StoreError::query("load a request"))?;
    let wants = wants.to_domain(|| format!("{id}/{id}"))?;
    Ok((LanguageId(language), Wants { interpreter: None, ..wants }))
}

/// Loads conferences that are going to be changed. On PostgreSQL their rows are locked, and those that another session has
/// locked are left out: nothing is waited for. `ids` are sorted.
pub(crate) fn load_to_change(
    connection: &mut AnyConnection,
    ids: &[i32],
) -> Result<Vec<LoadedConference>, StoreError> {
    let found = match connection {
        AnyConnection::Postgres(native) => conferences::table
            .filter(conferences::id.eq_any(ids))
            .order(conferences::id)
            .for_no_key_update()
            .skip_locked()
            .select((ConferenceState::as_select(), turn!()))
            .load(native),
        AnyConnection::Sqlite(_) => load_by!(
            connection,
            conferences::id,
            ids,
            conferences::table.select((ConferenceState::as_select(), turn!()))
        ),
    };
    let rows: Vec<(ConferenceState, (Option<i64>, bool))> =
        found.map_err(StoreError::query("load conferences"))?;
    let rows = rows
        .into_iter()
        .map(|(row, (room_node, must_wait))| (row, EffectTurn { room_node, must_wait }))
        .collect();
    load_rest(connection, rows)
}

/// Adds requests, participants and offers. The conferences come in the order of their ids.
fn load_rest(
    connection: &mut AnyConnection,
    rows: Vec<(ConferenceState, EffectTurn)>,
) -> Result<Vec<LoadedConference>, StoreError> {
    let ids: Vec<i32> = rows.iter().map(|(row, _)| row.id).collect();
    let requests = load_by!(
        connection,
        requests::conference_id,
        &ids,
        requests::table.select(RequestState::as_select())
    );
    let mut requests: Vec<RequestState> = requests.map_err(StoreError::query("load the requests"))?;
    let participants = load_by!(
        connection,
        participants::conference_id,
        &ids,
        participants::table.select(ParticipantState::as_select())
    );
    let mut participants: Vec<ParticipantState> =
        participants.map_err(StoreError::query("load the participants"))?;
    // Sorted here, because a database copies each row once more to sort it.
    requests.sort_unstable_by_key(|request| request.conference_id);
    participants.sort_unstable_by_key(|participant| (participant.conference_id, participant.position));
    let searching = requests.iter().filter(|request| request.is_searching());
    let mut searching: Vec<i32> = searching.map(|request| request.conference_id).collect();
    searching.dedup();
    let offers = load_by!(
        connection,
        offers::conference_id,
        &searching,
        offers::table
            .filter(offers::position.ge(0))
            .order((offers::conference_id, offers::request_id, offers::position))
            .select(OfferRow::as_select())
    );
    let offers: Vec<OfferRow> = offers.map_err(StoreError::query("load the offers"))?;
    let mut requests = requests.into_iter().peekable();
    let mut participants = participants.into_iter().peekable();
    let mut offers = offers.into_iter().peekable();
    let loaded = rows.into_iter().map(|(row, turn)| LoadedConference {
        requests: from_fn(|| requests.next_if(|request| request.conference_id == row.id)).collect(),
        participants: from_fn(|| participants.next_if(|p| p.conference_id == row.id)).collect(),
        offers: from_fn(|| offers.next_if(|offer| offer.conference_id == row.id)).collect(),
        turn,
        row,
    });
    Ok(loaded.collect())
}
