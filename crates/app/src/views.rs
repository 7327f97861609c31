//! A conference as it stands now: what is due has ended, whether or not the background work has come round to it.

use std::sync::Arc;

use trialogue_domain::{Observation, Refusal, Request, UserId, observe};
use trialogue_storage::{ConferenceLookup, ConferenceView};

use crate::app::App;
use crate::conferences::at;
use crate::error::AppError;

impl App {
    /// A conference; none if there is no such.
    ///
    /// # Errors
    /// [`AppError::Store`]; [`Refusal::Released`] for an interpreter who missed its call a moment ago.
    pub async fn view(&self, lookup: ConferenceLookup) -> Result<Option<ConferenceView>, AppError> {
        let Some(view) = self.store.view(lookup).await? else { return Ok(None) };
        Ok(Some(Arc::unwrap_or_clone(self.as_of_now(lookup, Arc::new(view)).await?)))
    }

    /// The same for those who poll; the signs of life of people may be older ones.
    ///
    /// # Errors
    /// As [`App::view`]; that there is none is [`Refusal::NoRequest`].
    pub async fn polled(&self, lookup: ConferenceLookup) -> Result<Arc<ConferenceView>, AppError> {
        let view = self.store.polled(lookup).await?.ok_or(Refusal::NoRequest)?;
        self.as_of_now(lookup, view).await
    }

    async fn as_of_now(
        &self,
        lookup: ConferenceLookup,
        mut view: Arc<ConferenceView>,
    ) -> Result<Arc<ConferenceView>, AppError> {
        let now = self.now();
        let due = observe(&view.conference, Observation::DeadlinePassed, at(now, &self.settings.timings));
        if due.is_empty() {
            return Ok(view);
        }
        let shown = Arc::make_mut(&mut view);
        shown.conference = due.iter().fold(shown.conference.clone(), |state, event| state.apply(event, now));
        let provider = shown.conference.provider();
        if let ConferenceLookup::Provider(user) = lookup
            && provider != Some(user)
            && shown.conference.own_as_second(user).is_none()
        {
            self.conferences.observe(view.conference.id, [Observation::DeadlinePassed], now).await?;
            return Err(Refusal::Released.into());
        }
        shown.provider = shown.provider.take().filter(|person| provider == Some(person.id));
        let ConferenceView { conference, offered, others, .. } = shown;
        let open: Vec<UserId> = conference.main.open_offers().collect();
        offered.retain(|offered| open.contains(&offered.person.id));
        for other in others {
            let open = conference.request(other.request).into_iter().flat_map(Request::open_offers);
            let open: Vec<UserId> = open.collect();
            other.offered.retain(|offered| open.contains(&offered.person.id));
        }
        Ok(view)
    }
}
