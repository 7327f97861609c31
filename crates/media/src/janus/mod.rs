//! Janus: a media server (SFU) that carries every party's picture to the others.
//!
//! Browsers never meet Janus' interfaces. For each party the server makes a session of its own there, joins for it, and
//! passes descriptions and candidates on; only the media itself flows between browser and Janus.
//!
//! Nothing that matters is kept here. Rooms, who may join and who is fenced stand in Janus; what secures them is derived
//! from the room key. So a server that has just started drives the rooms that another has opened, and several servers
//! drive one Janus. Every room has a list of who may join: an admitted identity's invitation stands in it, and from
//! a removal on its fence, which closes the room to it until the room itself is closed.

mod admin;
mod events;
mod fault;
mod keys;
mod link;
mod message;
mod party;
mod session;
mod survey;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use trialogue_domain::{ConferenceId, Observation, ParticipantId};

pub use self::events::{JanusEvent, NotEvents};

use self::admin::{Admin, Admission};
use self::events::{Came, Happened};
use self::fault::{Fault, ID_EXISTS, NO_SUCH_ROOM, UNAUTHORIZED};
use self::keys::Keys;
use self::link::{Access, Happenings, Interface};
use self::message::{Publisher, Said};
use self::party::{EndedBy, JanusParty};
use self::session::{JanusSessions, Session};
use self::survey::{Found, occupants, survey};
use crate::{
    Browser, EngineError, EngineFuture, Failure, FromBrowser, Handle, Identity, JoinFuture, JoinRefused,
    Notification, Notifier, Occupant, Operation, Seat, VideoEngine,
};

/// Delay after which a party that another server takes over has joined again.
const SETTLED: Duration = Duration::from_secs(1);

/// Typical time that Janus takes to close the handles of a party; it may take much longer.
const LEAVING: Duration = Duration::from_millis(100);

/// How Janus is reached.
#[derive(Clone)]
pub struct JanusSettings {
    /// Its WebSocket for parties, such as `ws://127.0.0.1:8188`.
    pub url: String,
    /// Its `api_secret`.
    pub api_secret: String,
    /// Its WebSocket for admins, such as `ws://127.0.0.1:7188`.
    pub admin_url: String,
    /// Its `admin_secret`.
    pub admin_secret: String,
    /// The `admin_key` of its `VideoRoom`, from which all secrets of rooms are derived.
    pub room_key: String,
    /// How long an answer is waited for.
    pub patience: Duration,
}

/// The engine that speaks to Janus. Cheap to clone.
#[derive(Clone)]
pub struct Janus {
    inner: Arc<Inner>,
}

struct Inner {
    api: Access,
    admin: Admin,
    keys: Keys,
    registry: Arc<JanusSessions>,
    notifier: Notifier,
}

/// Who came, by his mark.
enum Visitor {
    /// Not sent by us.
    Stranger,
    /// A party of ours that wishes to receive.
    Receiver,
    /// A party of ours that joined.
    JanusParty(Identity),
}

/// A party's place. Dropping it ends the party's session.
struct JanusSeat {
    party: Arc<JanusParty>,
    session: Arc<Session>,
}

impl Janus {
    /// An engine, which speaks into `notifier`; Janus is not asked for anything yet.
    pub fn new(settings: JanusSettings, notifier: Notifier) -> Self {
        let JanusSettings { url, api_secret, admin_url, admin_secret, room_key, patience } = settings;
        let access = |url, secret, interface| Access { url, secret, interface, patience };
        let keys = Keys::new(room_key);
        let admin = Admin::new(access(admin_url, admin_secret, Interface::Admin), keys.clone());
        let api = access(url, api_secret, Interface::Api);
        Self { inner: Arc::new(Inner { api, admin, keys, registry: Arc::default(), notifier }) }
    }

    /// What follows from what Janus' event handler posted. Who came without being sent by us is thrown out; that a party
    /// went is noted only after Janus was asked, for it may have joined again since.
    pub async fn heed(&self, events: Vec<JanusEvent>) -> Vec<Notification> {
        let mut notifications = Vec::new();
        for JanusEvent(event) in events {
            notifications.extend(self.inner.heed(event).await);
        }
        notifications
    }

    /// The rooms that are open, whoever opened them: for a server that starts, and can't know what went wrong before.
    ///
    /// # Errors
    /// As those of [`VideoEngine::list`].
    pub async fn rooms(&self) -> Result<Vec<ConferenceId>, Failure> {
        Ok(self.inner.admin.rooms().await?)
    }
}

impl Inner {
    async fn join(
        self: Arc<Self>,
        room: ConferenceId,
        identity: Identity,
        browser: Browser,
    ) -> Result<Box<dyn Seat>, JoinRefused> {
        let mut old = self.registry.sessions(|r, i| (r, i) == (room, identity));
        old.retain(|session| !session.is_over());
        let begun = Session::begin(self.api.clone(), &self.keys, &self.registry, (room, identity), browser);
        let (session, happenings) = begun.await.map_err(|fault| refused(fault, room, identity))?;
        // Whoever comes again takes the place of who he was.
        for old in &old {
            old.destroy().await;
        }
        let (handle, joined) = match self.enter(&session).await {
            Ok(entered) => entered,
            Err(fault) => {
                session.destroy().await;
                if !old.is_empty() && !self.is_back(room, identity).await {
                    self.notify(room, identity, Observation::Disconnected);
                }
                return Err(self.why_refused(fault, room, identity).await);
            }
        };
        self.notify(room, identity, Observation::Joined);
        let joined = joined.plugindata.map(|plugin| plugin.data);
        let (private_id, publishers) =
            joined.map(|data| (data.private_id.unwrap_or_default(), data.publishers)).unwrap_or_default();
        let party = Arc::new(JanusParty::new(Arc::clone(&session), self.keys.clone(), handle, private_id));
        tokio::spawn(self.attend(Arc::clone(&party), happenings, publishers));
        Ok(Box::new(JanusSeat { party, session }))
    }

    /// Attends to a party until it is out, whatever the reason.
    async fn attend(
        self: Arc<Self>,
        party: Arc<JanusParty>,
        happenings: Happenings,
        publishers: Vec<Publisher>,
    ) {
        let end = party.attend(happenings, publishers).await;
        let (room, identity) = party.place();
        let is_back = match end {
            EndedBy::Ours => self.registry.has(room, identity),
            // Another server may have put it in its own place, and be about to.
            EndedBy::Theirs => {
                tokio::time::sleep(SETTLED).await;
                self.is_back(room, identity).await
            }
        };
        if !is_back {
            self.notify(room, identity, Observation::Disconnected);
        }
    }

    /// Whether a party that went has come again, here or by another server. A Janus that does not answer has nobody in it
    /// that anybody knows of.
    async fn is_back(&self, room: ConferenceId, identity: Identity) -> bool {
        self.registry.has(room, identity)
            || self.admin.is_in(room, &identity.to_string()).await.unwrap_or(false)
    }

    fn notify(&self, room: ConferenceId, identity: Identity, seen: fn(ParticipantId) -> Observation) {
        self.notifier.notify(Notification { room, observation: seen(identity.participant()) });
    }

    /// Joins the room, in the place of whoever bears the name there.
    async fn enter(&self, session: &Session) -> Result<(u64, Said), Fault> {
        let (room, identity) = (session.room, session.identity);
        let handle = session.attach().await?;
        let body = json!({
            "request": "join",
            "ptype": "publisher",
            "room": Admin::room_name(room),
            "id": identity.to_string(),
            "pin": self.keys.pin(room),
            "token": self.keys.invitation(room, identity),
        });
        let joined = match session.message(handle, body.clone(), None).await {
            // Left over from a server that is gone, or another one's.
            Err(fault) if fault.code() == Some(ID_EXISTS) => {
                self.admin.kick(room, &identity.to_string()).await?;
                self.evict(room, |found| found.belongs_to(room, identity) && found.session != session.id)
                    .await?;
                session.message(handle, body, None).await
            }
            answer => answer,
        };
        Ok((handle, joined?))
    }

    async fn why_refused(&self, fault: Fault, room: ConferenceId, identity: Identity) -> JoinRefused {
        if fault.code() != Some(UNAUTHORIZED) {
            return refused(fault, room, identity);
        }
        match self.admin.admission(room, identity).await {
            Ok(Admission::Fenced) => JoinRefused::Removed,
            Ok(Admission::Unknown | Admission::Admitted) => JoinRefused::NotAdmitted,
            Err(fault) => refused(fault, room, identity),
        }
    }

    async fn remove(&self, room: ConferenceId, identity: Identity) -> Result<(), Fault> {
        let fenced = self.admin.fence(room, identity).await?;
        for session in self.registry.sessions(|r, i| (r, i) == (room, identity)) {
            session.end();
        }
        if !fenced {
            return Ok(());
        }
        self.admin.kick(room, &identity.to_string()).await?;
        // Janus' kick closes what it sends by, no more.
        self.evict(room, |found| found.belongs_to(room, identity)).await
    }

    async fn list(&self, room: ConferenceId) -> Result<Vec<Occupant>, Fault> {
        // Asked for nothing but whether the room is there.
        self.admin.is_open(room).await?;
        let found = self.look_at(room).await?;
        for stranger in found.iter().filter(|found| found.is_stranger_in(room)) {
            self.admin.end_session(stranger.session).await?;
        }
        Ok(occupants(&found, room))
    }

    /// Everybody goes first, then the room: Janus 1.1.2 crashes, with all its calls, when a room ends while somebody leaves
    /// it.
    async fn close(&self, room: ConferenceId) -> Result<(), Fault> {
        self.admin.shut(room).await?;
        for session in self.registry.sessions(|r, _| r == room) {
            session.destroy().await;
        }
        for found in self.look_at(room).await? {
            if let Some((_, identity)) = found.owner.filter(|&(owners_room, _)| owners_room == room) {
                // Another server's; the end of the session alone would not be told to it.
                self.admin.kick(room, &identity.to_string()).await?;
                self.admin.end_session(found.session).await?;
            }
        }
        // Whom another server let go may be about to leave still.
        tokio::time::sleep(LEAVING).await;
        self.admin.destroy(room).await
    }

    async fn heed(&self, event: Happened) -> Option<Notification> {
        match event {
            Happened::Came(came) => match self.visitor(&came) {
                Visitor::Receiver => None,
                Visitor::JanusParty(identity) => {
                    let observation = Observation::Joined(identity.participant());
                    Some(Notification { room: came.room, observation })
                }
                Visitor::Stranger => {
                    tracing::warn!(conference = came.room.0, "a stranger came into a room and is thrown out");
                    if let Err(fault) = self.admin.end_session(came.session).await {
                        tracing::warn!(%fault, conference = came.room.0, "the stranger could not be thrown out");
                    }
                    None
                }
            },
            Happened::Went { room, identity } => match self.admin.is_in(room, &identity.to_string()).await {
                Ok(true) => None,
                Ok(false) => Some(Notification {
                    room,
                    observation: Observation::Disconnected(identity.participant()),
                }),
                Err(fault) => {
                    tracing::warn!(%fault, conference = room.0, "whether a party went could not be asked");
                    None
                }
            },
        }
    }

    fn visitor(&self, came: &Came) -> Visitor {
        let Some((room, identity)) = self.keys.read_mark(&came.mark, came.session) else {
            return Visitor::Stranger;
        };
        let ours = |(name, invitation): &(String, String)| {
            *name == identity.to_string() && *invitation == self.keys.invitation(room, identity)
        };
        match &came.joined {
            _ if room != came.room => Visitor::Stranger,
            None => Visitor::Receiver,
            Some(joined) if ours(joined) => Visitor::JanusParty(identity),
            Some(_) => Visitor::Stranger,
        }
    }

    /// Ends the sessions that `of` picks, and those of strangers in the room.
    async fn evict(&self, room: ConferenceId, of: impl Fn(&Found) -> bool) -> Result<(), Fault> {
        for found in self.look_at(room).await? {
            if of(&found) || found.is_stranger_in(room) {
                self.admin.end_session(found.session).await?;
            }
        }
        Ok(())
    }

    /// All sessions that may have to do with a room: of those that this server made, the room's only.
    async fn look_at(&self, room: ConferenceId) -> Result<Vec<Found>, Fault> {
        let elsewhere = |session| self.registry.owner(session).is_some_and(|(r, _)| r != room);
        survey(&self.admin, &self.keys, elsewhere).await
    }
}

impl VideoEngine for Janus {
    fn name(&self) -> &'static str {
        "janus"
    }

    fn open_room(&self, room: ConferenceId) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            let opened = self.inner.admin.create(room).await;
            opened.map_err(|fault| failed(fault, Operation::OpenRoom, room))
        })
    }

    fn admit(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            let operation = Operation::Admit(identity);
            match self.inner.admin.invite(room, identity).await {
                Ok(Admission::Admitted | Admission::Unknown) => Ok(()),
                Ok(Admission::Fenced) => Err(EngineError { operation, room, failure: Failure::Removed }),
                Err(fault) => Err(failed(fault, operation, room)),
            }
        })
    }

    fn join(&self, room: ConferenceId, identity: Identity, browser: Browser) -> JoinFuture<'_> {
        Box::pin(Arc::clone(&self.inner).join(room, identity, browser))
    }

    fn remove(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            let removed = self.inner.remove(room, identity).await;
            removed.map_err(|fault| failed(fault, Operation::Remove(identity), room))
        })
    }

    fn list(&self, room: ConferenceId) -> EngineFuture<'_, Vec<Occupant>> {
        Box::pin(
            async move { self.inner.list(room).await.map_err(|fault| failed(fault, Operation::List, room)) },
        )
    }

    fn close_room(&self, room: ConferenceId) -> EngineFuture<'_, ()> {
        Box::pin(async move {
            self.inner.close(room).await.map_err(|fault| failed(fault, Operation::CloseRoom, room))
        })
    }
}

impl Seat for JanusSeat {
    fn handle(&self) -> Handle {
        Handle(self.party.handle())
    }

    fn receive(
        &self,
        said: FromBrowser,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), EngineError>> + Send + '_>> {
        Box::pin(async move {
            let received = self.party.receive(said).await;
            let Session { room, identity, .. } = *self.session;
            received.map_err(|fault| failed(fault, Operation::Join(identity), room))
        })
    }
}

impl Drop for JanusSeat {
    fn drop(&mut self) {
        self.session.end();
    }
}

fn failed(fault: Fault, operation: Operation, room: ConferenceId) -> EngineError {
    EngineError { operation, room, failure: fault.into() }
}

fn refused(fault: Fault, room: ConferenceId, identity: Identity) -> JoinRefused {
    match fault.code() {
        Some(NO_SUCH_ROOM) => JoinRefused::UnknownRoom,
        _ => failed(fault, Operation::Join(identity), room).into(),
    }
}
