//! Polls: a conference is shown from memory as long as nothing has changed since it was last read.
//!
//! What is kept of a live conference is right for its version, the number of its last event: names of people do not change
//! within a call, and whoever is removed leaves the call by an event. Not kept is what shows something of other requests: the
//! providers that a request is offered to, with their performance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::prelude::*;
use trialogue_domain::ConferenceId;

use crate::aggregate::find::Whose;
use crate::aggregate::view::ConferenceView;
use crate::database::connection::{AnyConnection, native};
use crate::error::StoreError;
use crate::schema::{conferences, requests};
use crate::store::Store;

/// Number of views after which a generation is full. Two are kept, so the memory holds twice as many at most.
const GENERATION: usize = 4096;

/// The views that were shown last, by whom they were asked for.
#[derive(Default)]
pub(crate) struct Polls(Mutex<Generations>);

/// What is asked for moves to the young generation. When that is full, the old one is dropped.
#[derive(Default)]
struct Generations {
    young: HashMap<Whose, Arc<ConferenceView>>,
    old: HashMap<Whose, Arc<ConferenceView>>,
}

impl Polls {
    /// The kept view, if it shows this conference with this last event.
    fn get(&self, whose: Whose, (id, last_seq): (ConferenceId, i32)) -> Option<Arc<ConferenceView>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let view = if let Some(view) = kept.young.get(&whose) {
            Arc::clone(view)
        } else {
            let view = kept.old.remove(&whose)?;
            kept.keep(whose, Arc::clone(&view));
            view
        };
        Some(view).filter(|view| view.conference.id == id && view.conference.last_seq == last_seq)
    }

    fn keep(&self, whose: Whose, view: Arc<ConferenceView>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(whose, view);
    }
}

impl Generations {
    fn keep(&mut self, whose: Whose, view: Arc<ConferenceView>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(whose, view);
    }
}

impl Store {
    /// The same as [`Store::view`], for those who ask again and again. While nothing has changed it costs one indexed read of
    /// the version. The signs of life of people may be older ones.
    ///
    /// # Errors
    /// As [`Store::view`].
    pub async fn polled(&self, whose: Whose) -> Result<Option<Arc<ConferenceView>>, StoreError> {
        let version = self.executor().read("look for a change", move |connection| version(connection, whose));
        if let Some(view) = version.await?.and_then(|version| self.polls().get(whose, version)) {
            return Ok(Some(view));
        }
        let view = self.view(whose).await?.map(Arc::new);
        if let Some(view) = view.as_ref().filter(|view| view.conference.is_live() && view.offered.is_empty())
        {
            self.polls().keep(whose, Arc::clone(view));
        }
        Ok(view)
    }
}

/// The live conference that is meant, with the number of its last event.
fn version(connection: &mut AnyConnection, whose: Whose) -> Result<Option<(ConferenceId, i32)>, StoreError> {
    let live = conferences::table
        .filter(conferences::ended_at.is_null())
        .select((conferences::id, conferences::last_seq));
    let served = requests::table
        .filter(requests::outcome.is_null())
        .inner_join(conferences::table.on(conferences::id.eq(requests::conference_id)))
        .select((conferences::id, conferences::last_seq));
    let found = native!(connection, native => match whose {
        Whose::Id(id) => live.filter(conferences::id.eq(id.0)).get_result(native),
        Whose::Client(user) => live.filter(conferences::client_id.eq(user.0)).get_result(native),
        Whose::Provider(user) => served.filter(requests::provider_id.eq(Some(user.0))).get_result(native),
    });
    let found: Option<(i32, i32)> = found.optional().map_err(StoreError::query("look for a change"))?;
    Ok(found.map(|(id, last_seq)| (ConferenceId(id), last_seq)))
}

#[cfg(test)]
mod tests {
    use trialogue_domain::{Conference, LanguageId, Request, RequestId, Stage, Timestamp, UserId};

    use super::*;
    use crate::aggregate::language::Language;
    use crate::aggregate::load::RequestDetails;
    use crate::aggregate::view::Person;

    fn view(id: i32) -> Arc<ConferenceView> {
        let client = UserId(id);
        let language = LanguageId(1);
        Arc::new(ConferenceView {
            conference: Conference {
                id: ConferenceId(id),
                client,
                main: Request {
                    id: RequestId::main(ConferenceId(id)),
                    language,
                    stage: Stage::Accepted { provider: UserId(0) },
                },
                others: Vec::new(),
                start_by: None,
                serviced: true,
                participants: Vec::new(),
                last_seq: 1,
            },
            requested_at: Timestamp(0),
            details: RequestDetails::default(),
            language: Language { id: language, code: String::new(), name: String::new() },
            client: Person { id: client, name: String::new(), email: String::new(), last_seen: None },
            provider: None,
            invited: Vec::new(),
            offered: Vec::new(),
        })
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_asked_for() {
        let polls = Polls::default();
        let of = |id: i32| Whose::Client(UserId(id));
        let is_kept = |id: i32| polls.get(of(id), (ConferenceId(id), 1)).is_some();
        let many = i32::try_from(5 * GENERATION).unwrap();
        for id in 0..many {
            polls.keep(of(id), view(id));
            assert!(is_kept(0), "it is asked for all the time");
        }
        let kept = polls.0.lock().unwrap();
        assert!(kept.young.len() + kept.old.len() <= 2 * GENERATION);
        drop(kept);
        assert!(is_kept(many - 1) && !is_kept(1));
        assert!(polls.get(of(0), (ConferenceId(0), 2)).is_none(), "it has changed");
    }
}
