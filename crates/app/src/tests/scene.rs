//! A store with a standing clock, a fake engine, and calls between users.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;
use trialogue_domain::{
    Actor, Availability, Command, Conference, ConferenceId, Event, Kind, LanguageId, ParticipantId,
    RequestId, Timestamp, Timings, UserId, Wants,
};
use trialogue_media::{Gateway, Identity, Notification, Notifications, VideoEngine, notifications};
use trialogue_storage::{
    Channel, ConferenceLookup, DatabaseUrl, NewGuest, NewUser, NodeId, RequestDetails, Store, StoreOptions,
    UserRole, hash_secret, migrate,
};
use trialogue_testkit::{FakeEngine, ManualClock, PostgresCluster, sqlite_url};

use crate::background::Background;
use crate::conferences::Conferences;
use crate::links::LinkKey;
use crate::notifications::Waiting;
use crate::ports::Clock;

pub(super) const PUBLIC_URL: &str = "https://call.example";

/// The clock of the tests, as the server wants it.
struct Standing(ManualClock);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

pub(super) struct World {
    pub(super) store: Store,
    pub(super) conferences: Conferences,
    pub(super) clock: ManualClock,
    pub(super) engine: Arc<FakeEngine>,
    pub(super) seen: Notifications,
    pub(super) stop: watch::Sender<bool>,
    pub(super) url: String,
    people: std::cell::Cell<i32>,
    _dir: Option<TempDir>,
}

impl World {
    pub(super) fn sqlite() -> Self {
        let dir = TempDir::new().unwrap();
        Self::at(sqlite_url(&dir), Some(dir))
    }

    pub(super) fn postgres() -> Self {
        Self::at(PostgresCluster::shared().create_database(), None)
    }

    fn at(text: String, dir: Option<TempDir>) -> Self {
        let url = DatabaseUrl::parse(&text).unwrap();
        migrate(&url).unwrap();
        let (notifier, seen) = notifications();
        let store = Store::open(&url, StoreOptions::default()).unwrap();
        Self {
            conferences: Conferences::new(store.clone(), Timings::default()),
            store,
            clock: ManualClock::new(),
            engine: Arc::new(FakeEngine::new(notifier)),
            seen,
            stop: watch::Sender::new(false),
            url: text,
            people: std::cell::Cell::new(0),
            _dir: dir,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(Standing(self.clock.clone()))
    }

    /// The relay of a server that has just started.
    pub(super) fn relay(&self) -> Background {
        let (notifier, _) = notifications();
        let engine: Arc<dyn VideoEngine> = Arc::clone(&self.engine) as Arc<_>;
        Background {
            conferences: self.conferences.clone(),
            gateway: Arc::new(Gateway::new(Arc::clone(&engine), notifier)),
            engine,
            node: NodeId(1),
            grace: self.conferences.timings().reconnect,
            clock: self.clock(),
            stop: self.stop.subscribe(),
        }
    }

    /// Stores what the engine has notified so far.
    pub(super) async fn store_notified(&mut self) {
        let mut said: Vec<Notification> = Vec::new();
        while let Ok(notification) = self.seen.try_recv() {
            said.push(notification);
        }
        let (notifier, mut seen) = notifications();
        for notification in said {
            notifier.notify(notification);
        }
        drop(notifier);
        self.relay().notifications(&mut seen, &mut Waiting::default()).await;
    }

    async fn user(&self, role: UserRole, languages: Vec<(LanguageId, bool)>) -> UserId {
        let n = self.people.get();
        self.people.set(n + 1);
        let email = format!("u{n}@example.org");
        let (name, password_hash) = (format!("User {n}"), "$argon2".to_owned());
        let user = NewUser { role, email, name, password_hash, company: None, languages };
        self.store.add_user(user, self.now()).await.unwrap()
    }

    /// A call whose two sides have their accounts.
    pub(super) async fn call(&self) -> Call {
        let client = self.user(UserRole::Client, vec![]).await;
        let provider = self.user(UserRole::Provider, vec![(LanguageId(44), true)]).await;
        self.conferences.set_availability(provider, Availability::On, self.clock.now()).await.unwrap();
        let render =
            Box::new(|view: &trialogue_storage::ConferenceView| view.conference.id.to_string().into_bytes());
        let request = self.conferences.open_request(
            client,
            (LanguageId(44), Wants::default()),
            RequestDetails::default(),
            self.now(),
            None,
            render,
        );
        let id = ConferenceId(number(&request.await.unwrap()));
        let call = Call { id, client };
        let (by_client, by_provider) = (Actor::Client(client), Actor::Provider(provider));
        self.ask(&call, by_provider, Command::AcceptOffer(RequestId::main(id))).await;
        self.ask(&call, by_client, Command::StartVideo).await;
        self.ask(&call, by_provider, Command::ConfirmVideo).await;
        self.issue(&call, by_client).await;
        // Nobody else is to be offered to this provider.
        self.conferences.set_availability(provider, Availability::Off, self.clock.now()).await.unwrap();
        call
    }

    pub(super) async fn ask(&self, call: &Call, actor: Actor, command: Command) {
        self.conferences.command(ConferenceLookup::Id(call.id), actor, command, self.now()).await.unwrap();
    }

    async fn issue(&self, call: &Call, actor: Actor) {
        let secret = |participant: ParticipantId| hash_secret(&format!("account of {participant}"));
        self.conferences
            .issue_accounts(ConferenceLookup::Id(call.id), actor, secret, self.now())
            .await
            .unwrap();
    }

    pub(super) async fn invite(&self, call: &Call, channel: Option<Channel>) -> ParticipantId {
        let now = self.now();
        let guest = NewGuest {
            inviter: call.client,
            name: Some("Rosa".to_owned()),
            email: Some("rosa@example.org".to_owned()),
            phone: Some("+15550100".to_owned()),
            invitation: Box::new(move |participant| {
                hash_secret(secret_in(&link_key().link(PUBLIC_URL, participant, now)))
            }),
            channel,
        };
        let actor = Actor::Client(call.client);
        let render = Box::new(|(_, id): &(trialogue_storage::ConferenceView, ParticipantId)| {
            id.to_string().into_bytes()
        });
        let invited =
            self.conferences.invite(ConferenceLookup::Id(call.id), actor, guest, now, None, render).await;
        ParticipantId(number(&invited.unwrap().body))
    }

    /// A guest with an account.
    pub(super) async fn guest(&self, call: &Call) -> ParticipantId {
        let guest = self.invite(call, None).await;
        self.ask(call, Actor::Guest(guest), Command::ConfirmInvitation).await;
        self.issue(call, Actor::Guest(guest)).await;
        guest
    }

    pub(super) async fn kick(&self, call: &Call, guest: ParticipantId) {
        self.ask(call, Actor::Client(call.client), Command::Kick(guest)).await;
    }

    pub(super) async fn finish(&self, call: &Call) {
        let actor = Actor::Client(call.client);
        self.conferences
            .finish(ConferenceLookup::Id(call.id), actor, true, vec![], self.now())
            .await
            .unwrap();
    }

    pub(super) async fn conference(&self, call: &Call) -> Conference {
        self.store.view(ConferenceLookup::Id(call.id)).await.unwrap().unwrap().conference
    }

    pub(super) async fn events(&self, call: &Call) -> Vec<Event> {
        self.store.timeline(call.id).await.unwrap().into_iter().map(|recorded| recorded.event).collect()
    }
}

pub(super) struct Call {
    pub(super) id: ConferenceId,
    pub(super) client: UserId,
}

pub(super) fn link_key() -> LinkKey {
    LinkKey::new("0123456789abcdef0123456789abcdef").unwrap()
}

pub(super) fn secret_in(link: &str) -> &str {
    link.split_once("/join#").unwrap().1
}

/// The identities of the two sides.
pub(super) fn sides(conference: &Conference) -> [Identity; 2] {
    [Kind::Client, Kind::Provider].map(|kind| conference.current(kind).unwrap().id.into())
}

fn number(answer: &[u8]) -> i32 {
    std::str::from_utf8(answer).unwrap().parse().unwrap()
}
