//! The views that were shown last, in memory.
//!
//! A view of a live conference is right for its version, the number of its last event: names of people do not change
//! within a call, and a participant that is removed leaves the call by an event. Not kept is a view that shows something of other
//! requests: the providers that a request is offered to, with their performance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use trialogue_domain::ConferenceId;

use crate::aggregate::find::ConferenceLookup;
use crate::aggregate::view::ConferenceView;

/// Number of views after which a generation is full. Two are kept, so the memory holds twice as many at most.
const GENERATION: usize = 4096;

/// The views that were shown last, by whom they were asked for.
#[derive(Default)]
pub(crate) struct RecentViews(Mutex<Generations>);

/// What is asked for moves to the young generation. When that is full, the old one is dropped.
#[derive(Default)]
struct Generations {
    young: HashMap<ConferenceLookup, Arc<ConferenceView>>,
    old: HashMap<ConferenceLookup, Arc<ConferenceView>>,
}

impl RecentViews {
    /// The kept view, if it shows this conference with this last event.
    pub(crate) fn get(
        &self,
        lookup: ConferenceLookup,
        (id, last_seq): (ConferenceId, i32),
    ) -> Option<Arc<ConferenceView>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let view = if let Some(view) = kept.young.get(&lookup) {
            Arc::clone(view)
        } else {
            let view = kept.old.remove(&lookup)?;
            kept.keep(lookup, Arc::clone(&view));
            view
        };
        Some(view).filter(|view| view.conference.id == id && view.conference.last_seq == last_seq)
    }

    pub(crate) fn keep(&self, lookup: ConferenceLookup, view: Arc<ConferenceView>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(lookup, view);
    }
}

impl Generations {
    fn keep(&mut self, lookup: ConferenceLookup, view: Arc<ConferenceView>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(lookup, view);
    }
}

#[cfg(test)]
mod tests {
    use trialogue_domain::{Conference, LanguageId, Request, RequestId, Stage, Timestamp, UserId};

    use super::*;
    use crate::aggregate::language::Language;
    use crate::aggregate::offered::Person;
    use crate::rows::details::RequestDetails;

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
                    purpose: None,
                    stage: Stage::Accepted { provider: UserId(0) },
                },
                others: Vec::new(),
                start_by: None,
                place: None,
                working: None,
                serviced: true,
                participants: Vec::new(),
                last_seq: 1,
            },
            requested_at: Timestamp(0),
            details: RequestDetails::default(),
            language: Language { id: language, code: String::new(), name: String::new() },
            medium: trialogue_domain::Medium::default(),
            client: Person { id: client, name: String::new(), email: String::new(), last_seen: None },
            provider: None,
            invited: Vec::new(),
            others: Vec::new(),
            offered: Vec::new(),
            ahead: 0,
        })
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_asked_for() {
        let views = RecentViews::default();
        let of = |id: i32| ConferenceLookup::Client(UserId(id));
        let is_kept = |id: i32| views.get(of(id), (ConferenceId(id), 1)).is_some();
        let many = i32::try_from(5 * GENERATION).unwrap();
        for id in 0..many {
            views.keep(of(id), view(id));
            assert!(is_kept(0), "it is asked for all the time");
        }
        let kept = views.0.lock().unwrap();
        assert!(kept.young.len() + kept.old.len() <= 2 * GENERATION);
        drop(kept);
        assert!(is_kept(many - 1) && !is_kept(1));
        assert!(views.get(of(0), (ConferenceId(0), 2)).is_none(), "it has changed");
    }
}
