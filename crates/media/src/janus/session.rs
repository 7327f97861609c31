//! One party's session at Janus: made by us, on a link of its own, with handles that bear our mark.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::{Value, json};
use tokio::sync::{OnceCell, watch};
use trialogue_domain::ConferenceId;

use super::admin::PLUGIN;
use super::fault::Fault;
use super::keys::Keys;
use super::link::{Access, Happenings, Link};
use super::message::Said;
use crate::{Browser, Identity, ReceiverGone, ToBrowser};

/// A session. When it is dropped, Janus ends it.
pub(super) struct Session {
    pub(super) room: ConferenceId,
    pub(super) identity: Identity,
    /// Janus' number of it.
    pub(super) id: u64,
    link: Link,
    mark: String,
    /// None from the end on.
    browser: Mutex<Option<Browser>>,
    ended: watch::Sender<bool>,
    destroyed: OnceCell<()>,
    registry: Arc<JanusSessions>,
}

/// The sessions that this server has made, by Janus' numbers.
#[derive(Default)]
pub(super) struct JanusSessions(Mutex<HashMap<u64, Entry>>);

struct Entry {
    room: ConferenceId,
    identity: Identity,
    session: Weak<Session>,
}

impl Session {
    /// Makes one.
    pub(super) async fn begin(
        access: Access,
        keys: &Keys,
        registry: &Arc<JanusSessions>,
        (room, identity): (ConferenceId, Identity),
        browser: Browser,
    ) -> Result<(Arc<Self>, Happenings), Fault> {
        let (link, happenings) = Link::open(access).await?;
        let id = made(&link.ask(json!({ "janus": "create" })).await?)?;
        let session = Arc::new(Self {
            room,
            identity,
            id,
            link,
            mark: keys.mark(room, identity, id),
            browser: Mutex::new(Some(browser)),
            ended: watch::Sender::new(false),
            destroyed: OnceCell::new(),
            registry: Arc::clone(registry),
        });
        registry.entries().insert(id, Entry { room, identity, session: Arc::downgrade(&session) });
        Ok((session, happenings))
    }

    /// A new handle.
    pub(super) async fn attach(&self) -> Result<u64, Fault> {
        let request = json!({ "janus": "attach", "plugin": PLUGIN, "opaque_id": self.mark });
        made(&self.link.ask(self.addressed(request, None)).await?)
    }

    /// Asks the `VideoRoom` for something, by a handle.
    pub(super) async fn message(&self, handle: u64, body: Value, jsep: Option<Value>) -> Result<Said, Fault> {
        let mut request = json!({ "janus": "message", "body": body });
        if let Some(jsep) = jsep {
            request["jsep"] = jsep;
        }
        self.link.ask_plugin(self.addressed(request, Some(handle))).await
    }

    /// Passes a candidate on.
    pub(super) fn trickle(&self, handle: u64, candidate: &Value) {
        self.link.say(self.addressed(json!({ "janus": "trickle", "candidate": candidate }), Some(handle)));
    }

    /// Gives a handle up.
    pub(super) fn detach(&self, handle: u64) {
        self.link.say(self.addressed(json!({ "janus": "detach" }), Some(handle)));
    }

    /// Tells Janus that we are there.
    pub(super) async fn keep_alive(&self) -> Result<(), Fault> {
        self.link.ask(self.addressed(json!({ "janus": "keepalive" }), None)).await.map(drop)
    }

    /// Says something to the browser.
    pub(super) fn tell(&self, said: ToBrowser) -> Result<(), ReceiverGone> {
        self.browser().as_ref().ok_or(ReceiverGone)?.tell(said)
    }

    /// The party is out: its browser is let go at once, and who attends to it stops.
    pub(super) fn end(&self) {
        *self.browser() = None;
        self.ended.send_replace(true);
    }

    /// Whether it has come to its end.
    pub(super) fn is_over(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) {
        // The sender is ours: it does not go away before.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Ends it and waits until Janus has done so; if Janus does not answer, it ends the session by itself after a time.
    pub(super) async fn destroy(&self) {
        self.end();
        let destroy = async || {
            let _ = self.link.ask(self.addressed(json!({ "janus": "destroy" }), None)).await;
        };
        self.destroyed.get_or_init(destroy).await;
    }

    fn addressed(&self, mut request: Value, handle: Option<u64>) -> Value {
        request["session_id"] = self.id.into();
        if let Some(handle) = handle {
            request["handle_id"] = handle.into();
        }
        request
    }

    fn browser(&self) -> MutexGuard<'_, Option<Browser>> {
        self.browser.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.registry.entries().remove(&self.id);
        if !self.destroyed.initialized() {
            self.link.say(self.addressed(json!({ "janus": "destroy" }), None));
        }
    }
}

impl JanusSessions {
    /// Whose a session is, if this server made it.
    pub(super) fn owner(&self, session: u64) -> Option<(ConferenceId, Identity)> {
        self.entries().get(&session).map(|entry| (entry.room, entry.identity))
    }

    /// Whether this server has a session of the identity that has not ended.
    pub(super) fn has(&self, room: ConferenceId, identity: Identity) -> bool {
        self.sessions(|r, i| (r, i) == (room, identity)).iter().any(|session| !session.is_over())
    }

    /// The sessions that `of` picks.
    pub(super) fn sessions(&self, of: impl Fn(ConferenceId, Identity) -> bool) -> Vec<Arc<Session>> {
        let entries = self.entries();
        let picked = entries.values().filter(|entry| of(entry.room, entry.identity));
        // The last one to hold a session must not drop it here, where its entry is locked.
        picked.filter_map(|entry| entry.session.upgrade()).collect()
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<u64, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn made(said: &Said) -> Result<u64, Fault> {
    said.data.as_ref().map(|made| made.id).ok_or(Fault::Unreadable("a number"))
}
