//! Every change of a conference: load, decide or observe, apply, save, answer.

use diesel::prelude::*;
use trialogue_domain::{
    Actor, Candidate, Command, Conference, ConferenceId, Event, Kind, LanguageId, Moment, NewPair,
    Observation, Participant, ParticipantId, Refusal, Timestamp, UserId, decide, match_providers, observe,
    open,
};

use crate::aggregate::{Deed, Invitee, RequestDetails, Step, append, bind_secret, insert, load};
use crate::connection::AnyConnection;
use crate::executor::Tx;
use crate::idempotency::{IdempotencyKey, once};
use crate::rows::{OfferRow, ParticipantRow, offer_state};
use crate::schema::{call_legs, conferences, offers, participants, provider_languages, users};
use crate::store::SecretHash;
use crate::text::storable;
use crate::view::{ConferenceView, Whose, find, language, view};
use crate::{Store, StoreError};

/// A command as it comes from outside: without the ids of what it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Take the request.
    AcceptOffer,
    /// Do not take it.
    DeclineOffer,
    /// The caller is ready for video.
    StartVideo,
    /// The caller is ready for video again.
    VideoAgain,
    /// The listener's yes.
    ConfirmVideo,
    /// The listener's no.
    RefuseVideo,
    /// Remove an invited party.
    Kick(ParticipantId),
    /// The invited party's yes.
    ConfirmInvitation,
    /// The invited party's no.
    DeclineInvitation,
    /// The invited party goes.
    Leave,
    /// Offer the request to one more provider.
    Offer(UserId),
}

/// A third party to be invited.
#[derive(Clone)]
pub struct NewGuest {
    /// The name to show.
    pub name: Option<String>,
    /// Where a link is sent.
    pub email: Option<String>,
    /// Where a text is sent.
    pub phone: Option<String>,
    /// The hash of the invitation's secret.
    pub invitation: SecretHash,
}

/// One leg of a finished call, as the client reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLeg {
    /// Its beginning.
    pub started: Option<Timestamp>,
    /// Its end.
    pub ended: Option<Timestamp>,
    /// The time charged, a decimal number as text.
    pub call_time: String,
    /// Whether it went well.
    pub successful: bool,
    /// A note.
    pub additional_info: Option<String>,
    /// The id in the caller's own system.
    pub third_party_call_id: Option<String>,
}

/// The holder of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// Into which conference.
    pub conference: ConferenceId,
    /// As which participant.
    pub participant: ParticipantId,
    /// As a guest or a second interpreter.
    pub kind: Kind,
}

impl Invitation {
    /// Who acts with it.
    pub const fn actor(&self) -> Actor {
        match self.kind {
            Kind::SecondInterpreter => Actor::SecondInterpreter(self.participant),
            Kind::Client | Kind::Provider | Kind::Guest => Actor::Guest(self.participant),
        }
    }
}

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
                    insert(&mut tx.connection, id, &events, deed, &details)?;
                    render_view(tx, id, &render)
                })
            })
            .await
    }

    /// Does a command on a conference.
    ///
    /// # Errors
    /// [`StoreError::Refused`] by the rules; an unknown conference is [`Refusal::NotFound`].
    pub async fn command(
        &self,
        whose: Whose,
        actor: Actor,
        ask: Ask,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        let store = self.clone();
        if let (Whose::Id(id), Ok(command)) = (whose, plain_command(ask)) {
            let plan =
                move |conference: &Conference| command_steps(conference, actor, command, store.moment(now));
            return self.executor().decide(id, "do a command", plan).await;
        }
        self.executor()
            .write(lane_key(whose), "do a command", move |tx| {
                let id = find(&mut tx.connection, whose)?.ok_or_else(|| missing(whose))?;
                let command = command_of(tx, id, actor, ask)?;
                store.decide_and_save(tx, id, actor, command, now, None)
            })
            .await
    }

    /// Invites a third party, and renders the answer in the same transaction.
    ///
    /// # Errors
    /// As [`Store::command`], and [`StoreError::IdempotencyMismatch`].
    pub async fn invite(
        &self,
        whose: Whose,
        actor: Actor,
        guest: NewGuest,
        now: Timestamp,
        key: Option<IdempotencyKey>,
        render: Render<(ConferenceView, ParticipantId)>,
    ) -> Result<Vec<u8>, StoreError> {
        storable(&[
            ("name", guest.name.as_deref()),
            ("email", guest.email.as_deref()),
            ("phone", guest.phone.as_deref()),
        ])?;
        key.as_ref().map_or(Ok(()), IdempotencyKey::check)?;
        let store = self.clone();
        self.executor()
            .write(lane_key(whose), "invite a guest", move |tx| {
                once(tx, key.as_ref(), now, |tx| {
                    let id = find(&mut tx.connection, whose)?.ok_or_else(|| missing(whose))?;
                    let participant = tx.ids.participant();
                    let invitee = Invitee {
                        name: guest.name.clone(),
                        email: guest.email.clone(),
                        phone: guest.phone.clone(),
                        invitation: Some(guest.invitation.to_vec()),
                    };
                    let command = Command::InviteGuest(participant);
                    store.decide_and_save(tx, id, actor, command, now, Some(&invitee))?;
                    let shown = view(&mut tx.connection, id)?.ok_or(Refusal::NotFound)?;
                    Ok(render(&(shown, participant)))
                })
            })
            .await
    }

    /// Issues the accounts that `actor` may have by now, and binds its own to the secret it derived.
    ///
    /// # Errors
    /// As [`Store::command`]; [`Refusal::NotConfirmed`] before the confirmation.
    pub async fn issue_accounts(
        &self,
        whose: Whose,
        actor: Actor,
        secret: impl Fn(ParticipantId) -> SecretHash + Send + 'static,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        let store = self.clone();
        self.executor()
            .write(lane_key(whose), "issue accounts", move |tx| {
                let id = find(&mut tx.connection, whose)?.ok_or_else(|| missing(whose))?;
                let command = match actor {
                    Actor::Client(_) | Actor::Provider(_) | Actor::System => Command::IssueAccounts,
                    Actor::Guest(_) | Actor::SecondInterpreter(_) => Command::IssueOwnAccount,
                };
                let conference = store.decide_and_save(tx, id, actor, command, now, None)?;
                let own = own_participant(&conference, actor);
                if let Some(own) =
                    own.filter(|id| conference.participant(*id).is_some_and(Participant::is_live))
                {
                    bind_secret(&mut tx.connection, id, own, &secret(own))?;
                }
                Ok(conference)
            })
            .await
    }

    /// Finishes a call, with the legs that the client reports.
    ///
    /// # Errors
    /// As [`Store::command`].
    pub async fn finish(
        &self,
        whose: Whose,
        actor: Actor,
        successful: bool,
        legs: Vec<CallLeg>,
        now: Timestamp,
    ) -> Result<Conference, StoreError> {
        for leg in &legs {
            storable(&[
                ("call_time", Some(&leg.call_time)),
                ("additional_info", leg.additional_info.as_deref()),
                ("third_party_call_id", leg.third_party_call_id.as_deref()),
            ])?;
        }
        let store = self.clone();
        self.executor()
            .write(lane_key(whose), "finish a call", move |tx| {
                let id = find(&mut tx.connection, whose)?.ok_or_else(|| missing(whose))?;
                let command = Command::Finish { successful };
                let conference = store.decide_and_save(tx, id, actor, command, now, None)?;
                save_legs(&mut tx.connection, id, &legs)?;
                Ok(conference)
            })
            .await
    }

    /// Takes in facts from outside, one after the other. A conference that does not exist has nothing to take in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn observe(
        &self,
        id: ConferenceId,
        observations: impl IntoIterator<Item = Observation>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let store = self.clone();
        let observations: Vec<Observation> = observations.into_iter().collect();
        let plan = move |conference: &Conference| {
            Ok(observation_steps(conference, &observations, store.moment(now)))
        };
        match self.executor().decide(id, "take in observations", plan).await {
            Ok(_) | Err(StoreError::Refused(Refusal::NotFound)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Conferences in which something has ended by itself by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, now: Timestamp, limit: i64) -> Result<Vec<ConferenceId>, StoreError> {
        self.executor()
            .read("find what is due", move |connection| {
                let due: Vec<i32> = conferences::table
                    .filter(conferences::next_deadline.le(Some(now.0)))
                    .order(conferences::next_deadline)
                    .limit(limit)
                    .select(conferences::id)
                    .load(connection)
                    .map_err(StoreError::query("find what is due"))?;
                Ok(due.into_iter().map(ConferenceId).collect())
            })
            .await
    }

    /// A conference with the names of its people.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn view(&self, whose: Whose) -> Result<Option<ConferenceView>, StoreError> {
        self.executor()
            .read_together("show a conference", move |connection| match find(connection, whose)? {
                Some(id) => view(connection, id),
                None => Ok(None),
            })
            .await
    }

    /// Whether an account is bound to this secret already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_bound(
        &self,
        conference: ConferenceId,
        participant: ParticipantId,
        secret: SecretHash,
    ) -> Result<bool, StoreError> {
        self.executor()
            .read("check an account secret", move |connection| {
                let bound = participants::table
                    .find((conference.0, participant.0))
                    .select(participants::account_secret)
                    .first::<Option<Vec<u8>>>(connection)
                    .optional()
                    .map_err(StoreError::query("check an account secret"))?;
                Ok(bound.flatten().is_some_and(|bound| bound == secret))
            })
            .await
    }

    /// Whose invitation this is; none if it is unknown or its participant is out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation(&self, hash: SecretHash) -> Result<Option<Invitation>, StoreError> {
        self.executor()
            .read("check an invitation", move |connection| {
                let found: Option<ParticipantRow> = participants::table
                    .filter(participants::invitation.eq(Some(&hash[..])))
                    .select(ParticipantRow::as_select())
                    .first(connection)
                    .optional()
                    .map_err(StoreError::query("check an invitation"))?;
                Ok(found.filter(|row| !row.is_finished()).map(|row| Invitation {
                    conference: ConferenceId(row.conference_id),
                    participant: ParticipantId(row.id),
                    kind: if row.is_second_interpreter() { Kind::SecondInterpreter } else { Kind::Guest },
                }))
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

    fn decide_and_save(
        &self,
        tx: &mut Tx,
        id: ConferenceId,
        actor: Actor,
        command: Command,
        now: Timestamp,
        invitee: Option<&Invitee>,
    ) -> Result<Conference, StoreError> {
        let conference = load(&mut tx.connection, id)?.ok_or(Refusal::NotFound)?.conference;
        let steps = command_steps(&conference, actor, command, self.moment(now))?;
        append(&mut tx.connection, conference, &steps, invitee)
    }
}

/// What a command leads to. What is due has ended before it, whether or not the background work has come round to it.
fn command_steps(
    conference: &Conference,
    actor: Actor,
    command: Command,
    moment: Moment<'_>,
) -> Result<Vec<Step>, StoreError> {
    let mut steps = observation_steps(conference, &[Observation::DeadlinePassed], moment);
    let events = match steps.first() {
        None => decide(conference, actor, command, moment)?,
        Some(overdue) => decide(&after(conference, &overdue.events, moment), actor, command, moment)?,
    };
    if !events.is_empty() {
        steps.push(Step { deed: Deed { actor: Some(actor), at: moment.now }, events });
    }
    Ok(steps)
}

fn observation_steps(conference: &Conference, observations: &[Observation], moment: Moment<'_>) -> Vec<Step> {
    let mut events: Vec<Event> = Vec::new();
    for observation in observations {
        let seen = if events.is_empty() {
            observe(conference, *observation, moment)
        } else {
            observe(&after(conference, &events, moment), *observation, moment)
        };
        events.extend(seen);
    }
    if events.is_empty() {
        return Vec::new();
    }
    vec![Step { deed: Deed { actor: None, at: moment.now }, events }]
}

fn after(conference: &Conference, events: &[Event], moment: Moment<'_>) -> Conference {
    events.iter().fold(conference.clone(), |state, event| state.apply(event, moment.now))
}

/// What an ask still needs before it is a command.
enum Needs {
    OfferToAccept,
    OfferToDecline,
    PairToStart,
    PairToStartAgain,
}

/// The command of an ask, if it needs neither new ids nor a look at other rows.
const fn plain_command(ask: Ask) -> Result<Command, Needs> {
    match ask {
        Ask::AcceptOffer => Err(Needs::OfferToAccept),
        Ask::DeclineOffer => Err(Needs::OfferToDecline),
        Ask::StartVideo => Err(Needs::PairToStart),
        Ask::VideoAgain => Err(Needs::PairToStartAgain),
        Ask::ConfirmVideo => Ok(Command::ConfirmVideo),
        Ask::RefuseVideo => Ok(Command::RefuseVideo),
        Ask::Kick(target) => Ok(Command::Kick(target)),
        Ask::ConfirmInvitation => Ok(Command::ConfirmInvitation),
        Ask::DeclineInvitation => Ok(Command::DeclineInvitation),
        Ask::Leave => Ok(Command::Leave),
        Ask::Offer(provider) => Ok(Command::Offer(provider)),
    }
}

const fn missing(whose: Whose) -> Refusal {
    match whose {
        Whose::Id(_) => Refusal::NotFound,
        Whose::Client(_) | Whose::Provider(_) => Refusal::NoRequest,
    }
}

const fn lane_key(whose: Whose) -> i32 {
    match whose {
        Whose::Id(id) => id.0,
        Whose::Client(user) | Whose::Provider(user) => user.0,
    }
}

fn command_of(tx: &mut Tx, id: ConferenceId, actor: Actor, ask: Ask) -> Result<Command, StoreError> {
    match plain_command(ask) {
        Ok(command) => Ok(command),
        Err(Needs::OfferToAccept) => {
            require_offer(&mut tx.connection, id, actor)?;
            let busy = match actor {
                Actor::Provider(provider) => is_live(&mut tx.connection, LiveOf::Provider(provider, id))?,
                Actor::Client(_) | Actor::Guest(_) | Actor::SecondInterpreter(_) | Actor::System => false,
            };
            Ok(Command::AcceptOffer { busy })
        }
        Err(Needs::OfferToDecline) => {
            require_offer(&mut tx.connection, id, actor)?;
            Ok(Command::DeclineOffer)
        }
        Err(Needs::PairToStart) => Ok(Command::StartVideo(new_pair(tx))),
        Err(Needs::PairToStartAgain) => Ok(Command::VideoAgain(new_pair(tx))),
    }
}

fn new_pair(tx: &mut Tx) -> NewPair {
    NewPair { client: tx.ids.participant(), provider: tx.ids.participant() }
}

/// A provider reaches a request by the offer made to it, and by nothing else.
fn require_offer(connection: &mut AnyConnection, id: ConferenceId, actor: Actor) -> Result<(), StoreError> {
    let Actor::Provider(provider) = actor else { return Ok(()) };
    let offered = offers::table
        .find((id.0, provider.0))
        .count()
        .get_result::<i64>(connection)
        .map_err(StoreError::query("look for an offer"))?;
    if offered == 0 { Err(Refusal::NotFound.into()) } else { Ok(()) }
}

#[derive(Clone, Copy)]
enum LiveOf {
    Client(UserId),
    /// In another conference than this.
    Provider(UserId, ConferenceId),
}

fn is_live(connection: &mut AnyConnection, of: LiveOf) -> Result<bool, StoreError> {
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

fn own_participant(conference: &Conference, actor: Actor) -> Option<ParticipantId> {
    match actor {
        Actor::Client(_) => conference.current(Kind::Client).map(|p| p.id),
        Actor::Provider(_) => conference.current(Kind::Provider).map(|p| p.id),
        Actor::Guest(id) | Actor::SecondInterpreter(id) => Some(id),
        Actor::System => None,
    }
}

fn render_view(
    tx: &mut Tx,
    id: ConferenceId,
    render: &Render<ConferenceView>,
) -> Result<Vec<u8>, StoreError> {
    let shown = view(&mut tx.connection, id)?.ok_or(Refusal::NotFound)?;
    Ok(render(&shown))
}

fn save_legs(connection: &mut AnyConnection, id: ConferenceId, legs: &[CallLeg]) -> Result<(), StoreError> {
    // Finishing again reports the same legs again; the first report stands.
    let reported = call_legs::table
        .filter(call_legs::conference_id.eq(id.0))
        .count()
        .get_result::<i64>(connection)
        .map_err(StoreError::query("look for call legs"))?;
    if reported > 0 {
        return Ok(());
    }
    for (position, leg) in (0..).zip(legs) {
        diesel::insert_into(call_legs::table)
            .values((
                call_legs::conference_id.eq(id.0),
                call_legs::position.eq(position),
                call_legs::started_at.eq(leg.started.map(|t| t.0)),
                call_legs::ended_at.eq(leg.ended.map(|t| t.0)),
                call_legs::call_time.eq(&leg.call_time),
                call_legs::successful.eq(leg.successful),
                call_legs::additional_info.eq(&leg.additional_info),
                call_legs::third_party_call_id.eq(&leg.third_party_call_id),
            ))
            .execute(connection)
            .map_err(StoreError::query("insert a call leg"))?;
    }
    Ok(())
}
