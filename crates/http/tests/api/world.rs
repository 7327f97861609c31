//! The application, the people in it, and calls brought to a given state.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, init_service};
use actix_web::{HttpServer, body, web};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use trialogue_app::{
    App, AppSettings, Clock, Conferences, DeliverySettings, Entropy, Live, LoginLife, RegionOf,
};
use trialogue_domain::{ConferenceId, LanguageId, Observation, ParticipantId, Timestamp, Timings, UserId};
use trialogue_http::{Adapter, HttpSettings, SignallingSettings, TrustedProxies, configure};
use trialogue_media::IceServers;
use trialogue_media::{Gateway, LiveKitKey, VideoEngine, notifications};
use trialogue_storage::{
    CompanyId, ConferenceLookup, ConferenceView, DatabaseUrl, NewUser, Store, StoreOptions, UserRole, migrate,
};
use trialogue_testkit::{FakeEngine, ManualClock, sqlite_url};

use crate::answer::Answer;

pub(crate) const PASSWORD: &str = "a password";
pub(crate) const TOKEN_LIFE: Duration = Duration::from_hours(8);
pub(crate) const TOKEN_MAX: Duration = Duration::from_hours(48);
/// The least that the clock can tell.
pub(crate) const INSTANT: Duration = Duration::from_micros(1);
pub(crate) const PRESENCE: Duration = Duration::from_secs(30);
/// Of streams: in true time, so that no test waits long for one.
const HEARTBEAT: Duration = Duration::from_millis(20);
pub(crate) const SPANISH: i32 = 44;

/// The same "random" bytes in every run.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            // SplitMix64.
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

struct Standing(ManualClock);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

/// The hash of [`PASSWORD`], as cheap as argon2 can be.
fn password_hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    let make = || {
        let cheap = Params::new(8, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap);
        argon2.hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16]).unwrap().to_string()
    };
    HASH.get_or_init(make).clone()
}

type Serve = dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = ServiceResponse>>>;

struct Settings {
    app: AppSettings,
    http: HttpSettings,
}

fn as_it_is(adapter: Adapter) -> Adapter {
    adapter
}

pub(crate) struct World {
    serve: Box<Serve>,
    adapter: web::Data<Adapter>,
    pub(crate) engine: Arc<FakeEngine>,
    pub(crate) store: Store,
    pub(crate) conferences: Conferences,
    pub(crate) live: Live,
    pub(crate) clock: ManualClock,
    /// The routes that were called.
    pub(crate) called: RefCell<BTreeSet<String>>,
    _dir: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(StoreOptions::default()).await
    }

    pub(crate) async fn with(options: StoreOptions) -> Self {
        Self::made(options, |_| {}, as_it_is).await
    }

    pub(crate) async fn with_presence(options: StoreOptions, presence_window: Duration) -> Self {
        let change = |settings: &mut Settings| settings.app.timings.presence = presence_window;
        Self::made(options, change, as_it_is).await
    }

    /// One that delivers invitations.
    pub(crate) async fn with_delivery(delivery: DeliverySettings) -> Self {
        Self::made(StoreOptions::default(), |settings| settings.app.delivery = Some(delivery), as_it_is).await
    }

    /// One in which `LiveKit` carries the picture.
    pub(crate) async fn with_livekit(key: LiveKitKey) -> Self {
        Self::made(StoreOptions::default(), |_| {}, |adapter| adapter.with_livekit(key)).await
    }

    /// One behind proxies.
    pub(crate) async fn with_proxies(proxies: TrustedProxies) -> Self {
        Self::made(StoreOptions::default(), |settings| settings.http.proxies = proxies, as_it_is).await
    }

    /// One that waits this long for a body.
    pub(crate) async fn with_origins(origins: &[&str]) -> Self {
        let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        Self::made(
            StoreOptions::default(),
            |settings| settings.http.allowed_origins = origins,
            |adapter| adapter,
        )
        .await
    }

    pub(crate) async fn with_body_deadline(deadline: Duration) -> Self {
        Self::made(StoreOptions::default(), |settings| settings.http.body_deadline = deadline, as_it_is).await
    }

    /// One that allows few connections.
    pub(crate) async fn with_connections(limit: usize) -> Self {
        Self::made(StoreOptions::default(), |_| {}, |adapter| adapter.with_connections(limit)).await
    }

    async fn made(
        options: StoreOptions,
        adjust: impl FnOnce(&mut Settings),
        finish: impl FnOnce(Adapter) -> Adapter,
    ) -> Self {
        let dir = TempDir::new().unwrap();
        let url = DatabaseUrl::parse(&sqlite_url(&dir)).unwrap();
        migrate(&url).unwrap();
        let store = Store::open(&url, options).unwrap();
        let clock = ManualClock::new();
        let app = AppSettings {
            public_url: "https://trialogue.example".to_owned(),
            timings: Timings::default(),
            logins: LoginLife { idle: TOKEN_LIFE, total: TOKEN_MAX },
            delivery: None,
            regions: vec![
                (RegionOf::Company("Court".to_owned()), "https://court.example/API".to_owned()),
                (RegionOf::Language("fr".to_owned()), "https://france.example/API".to_owned()),
                (RegionOf::Language("es-mx".to_owned()), "https://mexico.example/API".to_owned()),
            ],
            password_workers: 1,
        };
        let http = HttpSettings {
            base_path: "/API".to_owned(),
            heartbeat: HEARTBEAT,
            signalling: SignallingSettings {
                heartbeat: HEARTBEAT,
                grace: Duration::from_secs(30),
                ice: IceServers::default(),
            },
            conformance_echo: false,
            request_log: false,
            metrics: false,
            proxies: TrustedProxies::default(),
            allowed_origins: Vec::new(),
            keep_alive: Duration::from_secs(75),
            body_deadline: Duration::from_secs(15),
        };
        let mut settings = Settings { app, http };
        adjust(&mut settings);
        let entropy = Arc::new(Counting(AtomicU64::new(1)));
        let (notifier, _) = notifications();
        let engine = Arc::new(FakeEngine::new(notifier.clone()));
        let gateway = Arc::new(Gateway::new(Arc::clone(&engine) as Arc<dyn VideoEngine>, notifier));
        let app = App::new(store.clone(), settings.app, Arc::new(Standing(clock.clone())), entropy);
        let (live, conferences) = (app.live().clone(), app.conferences().clone());
        let adapter = web::Data::new(finish(Adapter::new(app, settings.http, gateway)));
        let served = adapter.clone();
        let service =
            init_service(actix_web::App::new().configure(move |config| configure(&served, |_| (), config)))
                .await;
        let service = Rc::new(service);
        let serve = Box::new(move |request: TestRequest| -> Pin<Box<dyn Future<Output = ServiceResponse>>> {
            let service = Rc::clone(&service);
            Box::pin(async move { service.call(request.to_request()).await.unwrap() })
        });
        Self {
            serve,
            adapter,
            engine,
            store,
            conferences,
            live,
            clock,
            called: RefCell::default(),
            _dir: dir,
        }
    }

    /// Serves on a port as well, for what is no request.
    pub(crate) fn listen(&self) -> SocketAddr {
        let adapter = self.adapter.clone();
        let connections = Arc::clone(adapter.connections());
        let overdue = Arc::clone(&connections);
        let server = HttpServer::new(move || {
            let adapter = adapter.clone();
            actix_web::App::new().configure(move |config| configure(&adapter, |_| (), config))
        });
        actix_web::rt::spawn(async move {
            let (_running, stop) = watch::channel(false);
            overdue.close_overdue(stop).await;
        });
        let server = server
            .keep_alive(Duration::from_secs(75))
            .on_connect(move |stream, connection| connections.on_connect(stream, connection))
            .h1_allow_half_closed(false);
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        actix_web::rt::spawn(server.run());
        address
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let response = (self.serve)(request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = body::to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("a body"));
        Answer { status, headers, body: body.to_vec() }
    }

    /// Sends a request whose answer may have no end.
    pub(crate) async fn open(&self, request: TestRequest) -> ServiceResponse {
        (self.serve)(request).await
    }

    /// POST with a JSON body; none if it is null.
    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        let bytes = if body.is_null() { String::new() } else { body.to_string() };
        self.send(post(path, token, "application/json").set_payload(bytes)).await
    }

    /// A user with [`PASSWORD`] and this address, stored as it is.
    pub(crate) async fn add_user_at(&self, role: UserRole, email: &str) -> UserId {
        let (email, name) = (email.to_owned(), email.to_owned());
        let new = NewUser {
            role,
            email,
            name,
            password_hash: password_hash(),
            company: None,
            languages: Vec::new(),
        };
        self.store.add_user(new, self.clock.now()).await.unwrap()
    }

    pub(crate) async fn add_user(&self, role: UserRole, name: &str, languages: &[i32]) -> UserId {
        let languages = languages.iter().map(|id| (LanguageId(*id), true)).collect();
        let new = NewUser {
            role,
            email: format!("{name}@example.org"),
            name: name.to_owned(),
            password_hash: password_hash(),
            company: None,
            languages,
        };
        self.store.add_user(new, self.clock.now()).await.unwrap()
    }

    /// The token of a user who is there.
    pub(crate) async fn login(&self, side: &str, name: &str) -> String {
        let body = json!({"Email": format!("{name}@example.org"), "Password": PASSWORD});
        let answer = self.post(&format!("{side}/Login/1"), "", body).await.ok();
        answer.json()["Token"].as_str().unwrap().to_owned()
    }

    /// A new client of a company, logged in.
    pub(crate) async fn client_of(&self, company: CompanyId, name: &str) -> String {
        let new = NewUser {
            role: UserRole::Client,
            email: format!("{name}@example.org"),
            name: name.to_owned(),
            password_hash: password_hash(),
            company: Some(company),
            languages: Vec::new(),
        };
        self.store.add_user(new, self.clock.now()).await.unwrap();
        self.login("Client", name).await
    }

    /// A new client, logged in.
    pub(crate) async fn client(&self, name: &str) -> String {
        self.add_user(UserRole::Client, name, &[]).await;
        self.login("Client", name).await
    }

    /// A new interpreter for Spanish, logged in and online.
    pub(crate) async fn provider(&self, name: &str) -> String {
        self.add_user(UserRole::Provider, name, &[SPANISH]).await;
        let token = self.login("Provider", name).await;
        self.post("Provider/Task/SetOnline", &token, json!({})).await.empty();
        token
    }

    /// What the engine reports of a participant.
    pub(crate) async fn seen(
        &self,
        call: &Call,
        observation: impl Fn(ParticipantId) -> Observation,
        who: i32,
    ) {
        self.conferences
            .observe(ConferenceId(call.session), [observation(ParticipantId(who))], self.clock.now())
            .await
            .unwrap();
    }

    pub(crate) async fn view(&self, call: &Call) -> ConferenceView {
        self.store.view(ConferenceLookup::Id(ConferenceId(call.session))).await.unwrap().unwrap()
    }

    /// A client who has asked for Spanish, with the interpreter it was offered to. `tag` keeps their names apart.
    pub(crate) async fn requested(&self, tag: &str) -> Call {
        let provider = self.provider(&format!("provider{tag}")).await;
        let client = self.client(&format!("client{tag}")).await;
        let made =
            self.post("Client/Request/New", &client, json!({"NeedHelpLanguageId": SPANISH})).await.ok();
        Call { client, provider, session: made.number("RequestId") }
    }

    /// The interpreter has accepted.
    pub(crate) async fn accepted(&self, tag: &str) -> Call {
        let call = self.requested(tag).await;
        self.post("Provider/Task/Accept", &call.provider, json!({"RequestId": call.session})).await.empty();
        call
    }

    /// The client has started; the listener is told.
    pub(crate) async fn ringing(&self, tag: &str) -> Call {
        let call = self.accepted(tag).await;
        self.post("Client/Request/StartVideoProcess", &call.client, Value::Null).await.empty();
        call
    }

    /// The listener has said yes.
    pub(crate) async fn confirmed(&self, tag: &str) -> Call {
        let call = self.ringing(tag).await;
        self.post("Provider/Task/ConfirmVideo", &call.provider, Value::Null).await.empty();
        call
    }

    /// Both have their accounts.
    pub(crate) async fn issued(&self, tag: &str) -> Call {
        let call = self.confirmed(tag).await;
        self.client_pair(&call).await;
        self.provider_pair(&call).await;
        call
    }

    /// Both have their accounts and are in the room, says the engine.
    pub(crate) async fn connected(&self, tag: &str) -> Call {
        let call = self.issued(tag).await;
        for principal in self.participants(&call).await {
            let id = principal["RequestConferenceSessionVideoParticipantId"].as_i64().unwrap();
            self.seen(&call, Observation::Joined, i32::try_from(id).unwrap()).await;
        }
        call
    }

    pub(crate) async fn client_pair(&self, call: &Call) -> Value {
        self.post("Client/Request/VideoEngineAccounts", &call.client, Value::Null).await.ok().json()
    }

    pub(crate) async fn provider_pair(&self, call: &Call) -> Value {
        self.post("Provider/Task/VideoEngineAccounts", &call.provider, Value::Null).await.ok().json()
    }

    pub(crate) async fn participants(&self, call: &Call) -> Vec<Value> {
        let path = "Client/Request/VideoConferenceParticipants";
        let list = self.post(path, &call.client, Value::Null).await.ok().json();
        list.as_array().unwrap().clone()
    }

    /// The participant id of the caller (type 1) or the listener (type 2).
    pub(crate) async fn principal(&self, call: &Call, kind: i32) -> i32 {
        let list = self.participants(call).await;
        let of_kind = |p: &&Value| p["RequestConferenceSessionVideoTypeCodeId"] == kind;
        let id = list.iter().find(of_kind).unwrap()["RequestConferenceSessionVideoParticipantId"].as_i64();
        i32::try_from(id.unwrap()).unwrap()
    }

    /// Invited by the client, and no more.
    pub(crate) async fn invited(&self, call: &Call, name: &str) -> Guest {
        let path = "Client/Request/InviteThirdPartyVideoConference";
        guest_of(&self.post(path, &call.client, json!({"Name": name})).await.ok())
    }

    /// Invited, has said yes, and has its account.
    pub(crate) async fn joined(&self, call: &Call, name: &str) -> Guest {
        let guest = self.invited(call, name).await;
        self.post("Guest/Confirm", &guest.token, Value::Null).await.empty();
        let pair = self.post("Guest/VideoEngineAccounts", &guest.token, Value::Null).await.ok().json();
        assert!(pair["Listener"]["AccountNumber"].is_string(), "{pair}");
        guest
    }

    pub(crate) async fn kick(&self, side: &str, token: &str, session: i32, participant: i32) -> Answer {
        let path = format!("{side}/KickThirdPartyVideoParticipant");
        self.post(&path, token, ids(session, participant)).await
    }
}

/// So long that the span is not over yet.
pub(crate) fn just_before(span: Duration) -> Duration {
    span.saturating_sub(INSTANT)
}

/// A POST without a body yet, in and out of one media type.
pub(crate) fn post(path: &str, token: &str, media_type: &str) -> TestRequest {
    let request = TestRequest::post()
        .uri(&format!("/API/{path}"))
        .insert_header(("Content-Type", media_type))
        .insert_header(("Accept", media_type));
    if token.is_empty() { request } else { request.insert_header(("WEYIToken", token)) }
}

/// The two members that count in the body of a kick.
pub(crate) fn ids(session: i32, participant: i32) -> Value {
    json!({
        "RequestConferenceSessionId": session,
        "RequestConferenceSessionVideoParticipantId": participant,
    })
}

/// A call and the tokens of its two sides.
pub(crate) struct Call {
    pub(crate) client: String,
    pub(crate) provider: String,
    pub(crate) session: i32,
}

pub(crate) struct Guest {
    pub(crate) token: String,
    pub(crate) participant: i32,
}

/// Whom the answer to an invitation is about.
#[track_caller]
pub(crate) fn guest_of(invited: &Answer) -> Guest {
    let link = invited.header("Location").expect("an invitation link");
    let token = link.strip_prefix("https://trialogue.example/join#").expect("the secret in the fragment");
    Guest {
        token: token.to_owned(),
        participant: invited.number("RequestConferenceSessionVideoParticipantId"),
    }
}
