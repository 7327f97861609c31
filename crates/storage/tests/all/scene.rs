//! The people and calls that the scenarios are about.

use std::time::Duration;

use trialogue_domain::{
    Actor, Availability, Command, Conference, ConferenceId, Kind, LanguageId, Observation, ParticipantId,
    Refusal, RequestId, Ring, Timestamp, UserId, Wants,
};
use trialogue_storage::{
    ConferenceLookup, ConferenceView, Credentials, IdempotencyKey, NewGuest, NewUser, Render, RequestDetails,
    SecretHash, Store, StoreError, UserRole, hash_secret,
};

use crate::world::{Rules as _, World};

pub(crate) const SPANISH: LanguageId = LanguageId(44);
pub(crate) const GERMAN: LanguageId = LanguageId(11);

pub(crate) fn user(role: UserRole, email: &str) -> NewUser {
    let languages = match role {
        UserRole::Client => vec![],
        UserRole::Provider => vec![(SPANISH, true)],
    };
    NewUser {
        role,
        email: email.to_owned(),
        name: name_of(email),
        password_hash: "$argon2".to_owned(),
        company: None,
        languages,
    }
}

pub(crate) fn name_of(email: &str) -> String {
    format!("Name of {email}")
}

pub(crate) fn details() -> RequestDetails {
    RequestDetails {
        situation_code: 3,
        additional_info: Some("Ärztin, \"2. Stock\" \u{1F469}".to_owned()),
        location: None,
        from_language_id: Some(1),
    }
}

/// A login with the password of [`user`].
pub(crate) async fn log_in(world: &World, user: UserId, token: SecretHash, expires: Timestamp) {
    let judged = Credentials { user, password_hash: "$argon2".to_owned(), company: None, language: None };
    assert!(world.conferences.log_in(judged, token, world.now(), expires).await.unwrap());
}

/// The answer to a request: its number.
pub(crate) fn number() -> Render<ConferenceView> {
    Box::new(|view| view.conference.id.to_string().into_bytes())
}

pub(crate) fn number_in(answer: &[u8]) -> i32 {
    std::str::from_utf8(answer).unwrap().parse().unwrap()
}

/// The user who invites.
pub(crate) fn inviter(actor: Actor) -> UserId {
    match actor {
        Actor::Client(user) | Actor::Provider(user) => user,
        other => panic!("{other:?} invites nobody"),
    }
}

pub(crate) fn guest(inviter: Actor, secret: &str) -> NewGuest {
    let hash = hash_secret(secret);
    NewGuest {
        inviter: self::inviter(inviter),
        name: Some(name_of(secret)),
        email: Some("guest@example.org".to_owned()),
        phone: None,
        invitation: Box::new(move |_| hash),
        channel: None,
    }
}

pub(crate) fn refusal<T>(result: Result<T, StoreError>) -> Refusal {
    match result {
        Err(StoreError::Refused(refusal)) => refusal,
        Err(other) => panic!("not a refusal: {other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

impl World {
    pub(crate) async fn client(&self, email: &str) -> UserId {
        self.store.add_user(user(UserRole::Client, email), self.now()).await.unwrap()
    }

    /// A provider of Spanish who is online.
    pub(crate) async fn provider(&self, email: &str) -> UserId {
        let provider = self.store.add_user(user(UserRole::Provider, email), self.now()).await.unwrap();
        self.conferences.set_availability(provider, Availability::On, self.now()).await.unwrap();
        provider
    }

    pub(crate) async fn request(&self, client: UserId) -> Result<ConferenceId, StoreError> {
        request(&self.store, self, client, None).await
    }

    pub(crate) async fn view(&self, id: ConferenceId) -> ConferenceView {
        self.store.view(ConferenceLookup::Id(id)).await.unwrap().unwrap()
    }

    /// The conference as stored, after a look whether its log leads to it.
    pub(crate) async fn conference(&self, id: ConferenceId) -> Conference {
        let stored = self.view(id).await.conference;
        let log = self.store.timeline(id).await.unwrap();
        let seqs: Vec<i32> = log.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=stored.last_seq).collect::<Vec<_>>());
        let replayed = Conference::replay(id, log.iter().map(|entry| (entry.at, &entry.event)));
        assert_eq!(replayed.as_ref(), Ok(&stored));
        let next = self
            .place
            .number(&format!("SELECT coalesce(next_deadline, -1) AS n FROM conferences WHERE id = {id}"));
        assert_eq!(next, stored.next_deadline().map_or(-1, |deadline| deadline.0));
        stored
    }
}

pub(crate) async fn request(
    store: &Store,
    world: &World,
    client: UserId,
    key: Option<IdempotencyKey>,
) -> Result<ConferenceId, StoreError> {
    let answer =
        store.rules().open_request(client, plain(SPANISH), details(), world.now(), key, number()).await?;
    Ok(ConferenceId(number_in(&answer)))
}

/// Takes the main request of this conference.
pub(crate) const fn take(id: ConferenceId) -> Command {
    Command::AcceptOffer(RequestId::main(id))
}

/// Does not take it.
pub(crate) const fn decline(id: ConferenceId) -> Command {
    Command::DeclineOffer(RequestId::main(id))
}

/// Offers it.
pub(crate) const fn offer(id: ConferenceId, provider: UserId) -> Command {
    Command::Offer(RequestId::main(id), ring(provider))
}

/// A request with its client and its provider.
#[derive(Clone, Copy)]
pub(crate) struct Call<'w> {
    pub(crate) world: &'w World,
    pub(crate) id: ConferenceId,
    pub(crate) client: UserId,
    pub(crate) provider: UserId,
}

impl<'w> Call<'w> {
    /// Offered to its provider. `tag` tells its people from those of other calls.
    pub(crate) async fn requested(world: &'w World, tag: &str) -> Self {
        let provider = world.provider(&format!("provider-{tag}@example.org")).await;
        let client = world.client(&format!("client-{tag}@example.org")).await;
        let id = world.request(client).await.unwrap();
        Self { world, id, client, provider }
    }

    pub(crate) async fn accepted(world: &'w World, tag: &str) -> Self {
        let call = Self::requested(world, tag).await;
        call.by_provider(call.take()).await.unwrap();
        call
    }

    pub(crate) async fn ringing(world: &'w World, tag: &str) -> Self {
        let call = Self::accepted(world, tag).await;
        call.by_client(Command::StartVideo).await.unwrap();
        call
    }

    pub(crate) async fn confirmed(world: &'w World, tag: &str) -> Self {
        let call = Self::ringing(world, tag).await;
        call.by_provider(Command::ConfirmVideo).await.unwrap();
        call
    }

    pub(crate) async fn issued(world: &'w World, tag: &str) -> Self {
        let call = Self::confirmed(world, tag).await;
        call.issue(Actor::Client(call.client)).await.unwrap();
        call
    }

    pub(crate) const fn take(&self) -> Command {
        take(self.id)
    }

    pub(crate) const fn decline(&self) -> Command {
        decline(self.id)
    }

    pub(crate) async fn by(&self, actor: Actor, command: Command) -> Result<Conference, StoreError> {
        self.world.conferences.command(ConferenceLookup::Id(self.id), actor, command, self.world.now()).await
    }

    pub(crate) async fn by_client(&self, command: Command) -> Result<Conference, StoreError> {
        self.by(Actor::Client(self.client), command).await
    }

    pub(crate) async fn by_provider(&self, command: Command) -> Result<Conference, StoreError> {
        self.by(Actor::Provider(self.provider), command).await
    }

    /// Accounts, the actor's own bound to [`secret_of`] its participant.
    pub(crate) async fn issue(&self, actor: Actor) -> Result<Conference, StoreError> {
        self.world
            .conferences
            .issue_accounts(ConferenceLookup::Id(self.id), actor, secret_of, self.world.now())
            .await
    }

    pub(crate) async fn finish(&self) -> Result<Conference, StoreError> {
        let actor = Actor::Client(self.client);
        self.world
            .conferences
            .finish(ConferenceLookup::Id(self.id), actor, true, vec![], self.world.now())
            .await
    }

    pub(crate) async fn observe(&self, observation: Observation) {
        self.world.conferences.observe(self.id, [observation], self.world.now()).await.unwrap();
    }

    /// Somebody invited by the client, who has not answered yet.
    pub(crate) async fn invited(&self, secret: &str) -> ParticipantId {
        self.invite_through(&self.world.store, secret).await.unwrap()
    }

    pub(crate) async fn invite_through(
        &self,
        store: &Store,
        secret: &str,
    ) -> Result<ParticipantId, StoreError> {
        let render: Render<(ConferenceView, ParticipantId)> =
            Box::new(|(_, participant)| participant.to_string().into_bytes());
        let actor = Actor::Client(self.client);
        let answer = store
            .rules()
            .invite(
                ConferenceLookup::Id(self.id),
                actor,
                guest(actor, secret),
                self.world.now(),
                None,
                render,
            )
            .await?;
        Ok(ParticipantId(number_in(&answer.body)))
    }

    /// A guest with an account, in the call.
    pub(crate) async fn guest(&self, secret: &str) -> ParticipantId {
        let guest = self.invited(secret).await;
        self.by(Actor::Guest(guest), Command::ConfirmInvitation).await.unwrap();
        self.issue(Actor::Guest(guest)).await.unwrap();
        self.observe(Observation::Joined(guest)).await;
        guest
    }

    pub(crate) async fn participant_of(&self, kind: Kind) -> ParticipantId {
        self.world.view(self.id).await.conference.current(kind).unwrap().id
    }
}

pub(crate) fn secret_of(participant: ParticipantId) -> SecretHash {
    hash_secret(&format!("secret of {participant}"))
}

/// A language, and nothing else is wanted.
pub(crate) fn plain(language: LanguageId) -> (LanguageId, Wants) {
    (language, Wants::default())
}

/// A ring by the first step of a plan, for a minute.
pub(crate) const fn ring(provider: UserId) -> Ring {
    Ring { provider, step: 0, lasts: Duration::from_mins(1) }
}
