//! Requests: opening one, and offering it to providers.

use diesel::prelude::*;
use trialogue_domain::{
    Actor, Candidate, ConferenceId, LanguageId, Refusal, Timestamp, UserId, match_providers, open,
};

use crate::aggregate::{Deed, RequestDetails, insert};
use crate::connection::AnyConnection;
use crate::executor::Tx;
use crate::idempotency::{IdempotencyKey, once};
use crate::rows::{OfferRow, offer_state};
use crate::schema::{conferences, offers, provider_languages, users};
use crate::text::storable;
use crate::view::{ConferenceView, language, view};
use crate::{Store, StoreError};

/// A request offered to a provider.
#[derive(Clone)]
pub struct OfferView {
    /// The request.
    pub view: ConferenceView,
    /// When it was offered.
    pub offered_at: Timestamp,
}

/// Writes an answer to be kept under an idempotency key.
pub type Render<T> = Box<dyn Fn(&T) -> Vec<u8> + Send>;

impl Store {
    /// Opens a request, offers it to the fitting providers, and renders the answer in the same transaction.
    ///
    /// # Errors
    /// [`Refusal::LiveRequest`], [`StoreError::UnknownLanguage`], [`StoreError::IdempotencyMismatch`].
    pub async fn open_request(
        &self,
        client: UserId,
        wanted: LanguageId,
        details: RequestDetails,
        now: Timestamp,
        key: Option<IdempotencyKey>,
        render: Render<ConferenceView>,
    ) -> Result<Vec<u8>, StoreError> {
        storable(&[
            ("additional_info", details.additional_info.as_deref()),
            ("location", details.location.as_deref()),
        ])?;
        key.as_ref().map_or(Ok(()), IdempotencyKey::check)?;
        let store = self.clone();
        self.executor()
            .write(client.0, "open a request", move |tx| {
                once(tx, key.as_ref(), now, |tx| {
                    language(&mut tx.connection, wanted)?.ok_or(StoreError::UnknownLanguage(wanted.0))?;
                    let live = is_live(&mut tx.connection, LiveOf::Client(client))?;
                    let offered_to = match_providers(wanted, &candidates(&mut tx.connection, wanted)?);
                    let events = open(client, live, wanted, &offered_to, store.moment(now))?;
                    let id = tx.ids.conference();
                    let deed = Deed { actor: Some(Actor::Client(client)), at: now };
                    insert(tx, id, &events, deed, &details)?;
                    render_view(tx, id, &render)
                })
            })
            .await
    }

    /// The open offers to a provider, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn offers(&self, provider: UserId) -> Result<Vec<OfferView>, StoreError> {
        self.executor()
            .read_together("show offers", move |connection| {
                let open: Vec<OfferRow> = offers::table
                    .filter(offers::provider_id.eq(provider.0).and(offers::state.eq(offer_state::OPEN)))
                    .order((offers::offered_at, offers::conference_id))
                    .select(OfferRow::as_select())
                    .load(connection)
                    .map_err(StoreError::query("show offers"))?;
                let mut shown = Vec::with_capacity(open.len());
                for offer in open {
                    if let Some(view) = view(connection, ConferenceId(offer.conference_id))? {
                        shown.push(OfferView { view, offered_at: Timestamp(offer.offered_at) });
                    }
                }
                Ok(shown)
            })
            .await
    }
}

/// The providers who speak a language and are online.
fn candidates(connection: &mut AnyConnection, wanted: LanguageId) -> Result<Vec<Candidate>, StoreError> {
    let online: Vec<(i32, i32)> = users::table
        .inner_join(provider_languages::table.on(provider_languages::provider_id.eq(users::id)))
        .filter(provider_languages::language_id.eq(wanted.0).and(users::online.eq(true)))
        .order(users::id)
        .select((users::id, users::performance))
        .load(connection)
        .map_err(StoreError::query("find providers"))?;
    let serving: Vec<Option<i32>> = conferences::table
        .filter(conferences::outcome.is_null().and(conferences::provider_id.is_not_null()))
        .select(conferences::provider_id)
        .load(connection)
        .map_err(StoreError::query("find busy providers"))?;
    Ok(online
        .into_iter()
        .map(|(id, performance)| Candidate {
            provider: UserId(id),
            online: true,
            busy: serving.contains(&Some(id)),
            languages: vec![wanted],
            performance,
        })
        .collect())
}

#[derive(Clone, Copy)]
pub(crate) enum LiveOf {
    Client(UserId),
    /// In another conference than this.
    Provider(UserId, ConferenceId),
}

pub(crate) fn is_live(connection: &mut AnyConnection, of: LiveOf) -> Result<bool, StoreError> {
    let live = conferences::table.filter(conferences::outcome.is_null());
    let count = match of {
        LiveOf::Client(user) => {
            live.filter(conferences::client_id.eq(user.0)).count().get_result::<i64>(connection)
        }
        LiveOf::Provider(user, besides) => live
            .filter(conferences::provider_id.eq(Some(user.0)).and(conferences::id.ne(besides.0)))
            .count()
            .get_result::<i64>(connection),
    };
    Ok(count.map_err(StoreError::query("look for a live request"))? > 0)
}

/// A provider reaches a request by the offer made to it, and by nothing else.
pub(crate) fn require_offer(
    connection: &mut AnyConnection,
    id: ConferenceId,
    actor: Actor,
) -> Result<(), StoreError> {
    let Actor::Provider(provider) = actor else { return Ok(()) };
    let offered = offers::table
        .find((id.0, provider.0))
        .count()
        .get_result::<i64>(connection)
        .map_err(StoreError::query("look for an offer"))?;
    if offered == 0 { Err(Refusal::NotFound.into()) } else { Ok(()) }
}

fn render_view(
    tx: &mut Tx,
    id: ConferenceId,
    render: &Render<ConferenceView>,
) -> Result<Vec<u8>, StoreError> {
    let shown = view(&mut tx.connection, id)?.ok_or(Refusal::NotFound)?;
    Ok(render(&shown))
}
