//! What is compared with the engine: who is believed to be in a call.

use diesel::dsl::exists;
use diesel::prelude::*;
use trialogue_domain::{Conference, ConferenceId, Observation, Timestamp};

use crate::aggregate::decision::Given;
use crate::aggregate::facts::Needs;
use crate::aggregate::find::Whose;
use crate::aggregate::load::load;
use crate::aggregate::rows::{DISCONNECTED, ROUTED};
use crate::conferences::calls::observation_steps;
use crate::schema::{conferences, participants};
use crate::{Store, StoreError};

impl Store {
    /// The first live conferences after `after` in which a party has an account, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn in_call_after(
        &self,
        after: ConferenceId,
        limit: i64,
    ) -> Result<Vec<ConferenceId>, StoreError> {
        self.executor()
            .read("list the calls", move |connection| {
                let party = participants::table
                    .filter(participants::conference_id.eq(conferences::id))
                    .filter(participants::state.between(ROUTED, DISCONNECTED));
                let ids: Vec<i32> = conferences::table
                    .filter(conferences::ended_at.is_null().and(conferences::id.gt(after.0)))
                    .filter(exists(party))
                    .order(conferences::id)
                    .limit(limit)
                    .select(conferences::id)
                    .load(connection)
                    .map_err(StoreError::query("list the calls"))?;
                Ok(ids.into_iter().map(ConferenceId).collect())
            })
            .await
    }

    /// A conference as it is stored; none if there is no such.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conference(&self, id: ConferenceId) -> Result<Option<Conference>, StoreError> {
        self.executor()
            .read_together("load a conference", move |connection| {
                load(connection, id)?.map(|loaded| loaded.conference()).transpose()
            })
            .await
    }

    /// Takes in facts that were concluded from a state of a conference. If it has changed since, nothing happens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn observe_unchanged(
        &self,
        from: &Conference,
        observations: Vec<Observation>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (store, seq) = (self.clone(), from.last_seq);
        let judge = move |conference: &Conference, _: &Given| {
            let unchanged = conference.last_seq == seq;
            let observations = if unchanged { observations.as_slice() } else { &[] };
            Ok(observation_steps(conference, observations, store.moment(now)).into())
        };
        self.executor()
            .decide(Whose::Id(from.id), Needs::Nothing, "take in conclusions", judge)
            .await
            .map(drop)
    }
}
