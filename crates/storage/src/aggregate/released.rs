//! Providers who had accepted a request and are out of it.

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, ReleaseReason, RequestId, Timestamp, UserId};

use crate::aggregate::missed::{MissedRing, NoMissedRings};
use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::rows::{OfferRow, offer_state, release_code, release_reason, write};
use crate::schema::{offers, requests};

/// When the interpreter of a row of `users` last handed a call over.
macro_rules! handed_over_at {
    () => {
        $crate::schema::offers::table
            .filter($crate::schema::offers::provider_id.eq($crate::schema::users::id))
            .filter($crate::schema::offers::released_at.is_not_null())
            .filter($crate::schema::offers::state.eq($crate::rows::offer_state::HANDED_OVER))
            .select(diesel::dsl::max($crate::schema::offers::released_at))
            .single_value()
    };
}
pub(crate) use handed_over_at;

/// A provider is out of a request that it had accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Released {
    pub(crate) conference: ConferenceId,
    pub(crate) request: RequestId,
    pub(crate) provider: UserId,
    pub(crate) reason: ReleaseReason,
    pub(crate) at: Timestamp,
}

/// The release of a provider whose last task ended with it: it has no live request, and none that ended later.
pub(crate) fn last_task(
    connection: &mut AnyConnection,
    provider: UserId,
) -> Result<Option<Released>, StoreError> {
    let Some(released) = last(connection, provider)? else { return Ok(None) };
    let own = requests::provider_id.eq(Some(provider.0));
    let later = requests::ended_at.is_null().or(requests::ended_at.ge(Some(released.at.0)));
    let others: i64 = requests::table
        .filter(own.and(later))
        .count()
        .get_result(connection)
        .map_err(StoreError::query("look for a later request"))?;
    Ok(Some(released).filter(|_| others == 0))
}

/// The provider's last release from a request.
fn last(connection: &mut AnyConnection, provider: UserId) -> Result<Option<Released>, StoreError> {
    let found: Option<(i32, i32, i16, i64)> = offers::table
        .filter(offers::provider_id.eq(provider.0).and(offers::released_at.is_not_null()))
        .order((offers::released_at.desc(), offers::request_id.desc()))
        .select((
            offers::conference_id,
            offers::request_id,
            offers::state,
            offers::released_at.assume_not_null(),
        ))
        .first(connection)
        .optional()
        .map_err(StoreError::query("find a release"))?;
    let Some((conference, request, state, at)) = found else { return Ok(None) };
    let reason = release_reason(state, || format!("{request}/{provider}"))?;
    let (conference, request) = (ConferenceId(conference), RequestId(request));
    Ok(Some(Released { conference, request, provider, reason, at: Timestamp(at) }))
}

impl Released {
    /// Begins the search anew: those who could not answer any more can be asked again. A call that was missed is a missed
    /// ring.
    pub(crate) fn save(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        self.write(connection).map_err(StoreError::query("release a provider"))?;
        if self.reason == ReleaseReason::Replaced {
            // The client does not insist on that very interpreter any more.
            diesel::update(requests::table.find((self.conference.0, self.request.0)))
                .set(requests::interpreter_required.eq(false))
                .execute(connection)
                .map_err(StoreError::query("release a provider"))?;
        }
        if self.reason == ReleaseReason::Missed {
            return MissedRing { interpreter: self.provider, rung_at: self.at, at: self.at }.save(connection);
        }
        write(connection, [&NoMissedRings::of(self.provider)])
            .map(drop)
            .map_err(StoreError::query("end a row of missed rings"))
    }

    fn write(&self, connection: &mut AnyConnection) -> QueryResult<()> {
        let of_request = offers::table
            .filter(offers::conference_id.eq(self.conference.0).and(offers::request_id.eq(self.request.0)));
        let unanswered = [offer_state::WITHDRAWN, offer_state::NO_ANSWER, offer_state::UNAVAILABLE];
        diesel::delete(of_request.filter(offers::state.eq_any(unanswered))).execute(connection)?;
        diesel::update(of_request).set(offers::position.eq(-1)).execute(connection)?;
        diesel::update(offers::table.find((self.conference.0, self.request.0, self.provider.0)))
            .set((
                offers::position.eq(0),
                offers::state.eq(release_code(self.reason)),
                offers::step.eq(0),
                offers::offered_at.eq(self.at.0),
                offers::released_at.eq(Some(self.at.0)),
            ))
            .execute(connection)?;
        Ok(())
    }
}

/// Another interpreter has taken the place of the one who had accepted the main request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HandedOver {
    pub(crate) conference: ConferenceId,
    pub(crate) from: UserId,
    pub(crate) to: UserId,
    pub(crate) at: Timestamp,
}

impl HandedOver {
    /// The first interpreter is out of the request, and the other one has accepted it, whatever became of an offer before.
    pub(crate) fn save(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        self.write(connection).map_err(StoreError::query("hand a call over"))
    }

    fn write(&self, connection: &mut AnyConnection) -> QueryResult<()> {
        let main = RequestId::main(self.conference);
        let offer_to = |user: UserId| offers::table.find((self.conference.0, main.0, user.0));
        let out = release_code(ReleaseReason::HandedOver);
        diesel::update(offer_to(self.from))
            .set((offers::state.eq(out), offers::released_at.eq(Some(self.at.0))))
            .execute(connection)?;
        // One who had handed this call over before is back.
        let accepted = (offers::state.eq(offer_state::ACCEPTED), offers::released_at.eq(None::<i64>));
        if diesel::update(offer_to(self.to)).set(accepted).execute(connection)? == 0 {
            let until = (0, self.at);
            let made = OfferRow::made((self.conference, main, self.to), 0, self.at, until);
            write(connection, [&OfferRow { state: offer_state::ACCEPTED, ..made }])?;
        }
        Ok(())
    }
}
