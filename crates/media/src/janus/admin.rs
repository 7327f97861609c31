//! Janus' Admin API: rooms, and the sessions and handles of everybody.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;
use trialogue_domain::ConferenceId;

use super::fault::{
    Fault, NO_SUCH_FEED, NO_SUCH_HANDLE, NO_SUCH_ROOM, NO_SUCH_SESSION, ROOM_EXISTS, unless_gone,
};
use super::keys::Keys;
use super::link::{Access, Link};
use super::message::{HandleInfo, RoomSaid, Said};
use crate::Identity;

pub(super) const PLUGIN: &str = "janus.plugin.videoroom";

/// Who may come and who must stay out, by a room's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// May join.
    Admitted,
    /// Was never admitted.
    Unknown,
    /// Was removed, for good.
    Fenced,
}

/// The Admin API, over one link that is made anew when it breaks.
pub(super) struct Admin {
    access: Access,
    link: Mutex<Option<Arc<Link>>>,
    keys: Keys,
}

impl Admin {
    pub(super) fn new(access: Access, keys: Keys) -> Self {
        Self { access, link: Mutex::default(), keys }
    }

    /// How a room is called at Janus.
    pub(super) fn room_name(room: ConferenceId) -> String {
        format!("call-{room}")
    }

    /// Which conference a room of Janus' is; none if it is no call.
    pub(super) fn room_of(name: &str) -> Option<ConferenceId> {
        name.strip_prefix("call-")?.parse().ok().map(ConferenceId)
    }

    /// Makes a room, if it is not there.
    pub(super) async fn create(&self, room: ConferenceId) -> Result<(), Fault> {
        let made = self.plugin(json!({
            "request": "create",
            "admin_key": self.keys.room_key(),
            "room": Self::room_name(room),
            "description": Self::room_name(room),
            "secret": self.keys.secret(room),
            "pin": self.keys.pin(room),
            "is_private": true,
            "permanent": false,
            "allowed": [],
            // Without it, who was kicked goes on receiving, and may receive more.
            "require_pvtid": true,
            "publishers": PUBLISHERS,
            "bitrate": BITRATE,
            "audiocodec": "opus",
            "videocodec": "vp8",
        }));
        unless_gone(made.await, &[ROOM_EXISTS]).map(drop)
    }

    /// Lets nobody into a room any more.
    pub(super) async fn shut(&self, room: ConferenceId) -> Result<(), Fault> {
        let Some(list) = unless_gone(self.allowed(room, "add", &[]).await, &[NO_SUCH_ROOM])? else {
            return Ok(());
        };
        unless_gone(self.allowed(room, "remove", &list).await, &[NO_SUCH_ROOM]).map(drop)
    }

    /// Ends a room, if it is there. Nobody may be in it, or about to leave.
    pub(super) async fn destroy(&self, room: ConferenceId) -> Result<(), Fault> {
        unless_gone(self.in_room(room, "destroy", json!({})).await, &[NO_SUCH_ROOM]).map(drop)
    }

    /// All rooms that are calls.
    pub(super) async fn rooms(&self) -> Result<Vec<ConferenceId>, Fault> {
        let said = self.plugin(json!({ "request": "list", "admin_key": self.keys.room_key() })).await?;
        let list = said.list.ok_or(Fault::Unreadable("rooms"))?;
        Ok(list.iter().filter_map(|listed| Self::room_of(&listed.room)).collect())
    }

    /// Fails with "no such room" if it is not open.
    pub(super) async fn is_open(&self, room: ConferenceId) -> Result<(), Fault> {
        self.allowed(room, "add", &[]).await.map(drop)
    }

    /// What the room's list says of an identity.
    pub(super) async fn admission(&self, room: ConferenceId, identity: Identity) -> Result<Admission, Fault> {
        let list = self.allowed(room, "add", &[]).await?;
        Ok(self.admission_in(&list, room, identity))
    }

    /// Lets an identity in, unless it is fenced.
    pub(super) async fn invite(&self, room: ConferenceId, identity: Identity) -> Result<Admission, Fault> {
        if self.admission(room, identity).await? == Admission::Fenced {
            return Ok(Admission::Fenced);
        }
        let list = self.allowed(room, "add", &[self.keys.invitation(room, identity)]).await?;
        let admission = self.admission_in(&list, room, identity);
        if admission == Admission::Fenced {
            // A removal came between the two.
            self.uninvite(room, identity).await?;
        }
        Ok(admission)
    }

    /// Never lets an identity in again. False if there is no such room.
    pub(super) async fn fence(&self, room: ConferenceId, identity: Identity) -> Result<bool, Fault> {
        let raised = self.allowed(room, "add", &[self.keys.fence(room, identity)]).await;
        if unless_gone(raised, &[NO_SUCH_ROOM])?.is_none() {
            return Ok(false);
        }
        // Janus looks at the list and takes a party in under one lock: from this answer on, who joins with the
        // invitation is in already, or refused.
        unless_gone(self.uninvite(room, identity).await, &[NO_SUCH_ROOM]).map(|done| done.is_some())
    }

    async fn uninvite(&self, room: ConferenceId, identity: Identity) -> Result<(), Fault> {
        self.allowed(room, "remove", &[self.keys.invitation(room, identity)]).await.map(drop)
    }

    /// Throws out who sends under this name. Who only receives is not concerned.
    pub(super) async fn kick(&self, room: ConferenceId, name: &str) -> Result<(), Fault> {
        let kicked = self.in_room(room, "kick", json!({ "id": name })).await;
        unless_gone(kicked, &[NO_SUCH_ROOM, NO_SUCH_FEED]).map(drop)
    }

    /// Whether somebody is in a room under this name, to send.
    pub(super) async fn is_in(&self, room: ConferenceId, name: &str) -> Result<bool, Fault> {
        let said = self.in_room(room, "listparticipants", json!({})).await;
        let said = unless_gone(said, &[NO_SUCH_ROOM])?;
        Ok(said.is_some_and(|said| said.participants.iter().any(|participant| participant.id == name)))
    }

    /// All sessions, whoever's.
    pub(super) async fn sessions(&self) -> Result<Vec<u64>, Fault> {
        Ok(self.ask(json!({ "janus": "list_sessions" })).await?.sessions)
    }

    /// The handles of a session; none if it is gone.
    pub(super) async fn handles(&self, session: u64) -> Result<Vec<u64>, Fault> {
        let said = self.ask(json!({ "janus": "list_handles", "session_id": session })).await;
        Ok(unless_gone(said, &[NO_SUCH_SESSION])?.map(|said| said.handles).unwrap_or_default())
    }

    /// About a handle; none if it is gone.
    pub(super) async fn handle(&self, session: u64, handle: u64) -> Result<Option<HandleInfo>, Fault> {
        let request = json!({
            "janus": "handle_info", "session_id": session, "handle_id": handle, "plugin_only": true,
        });
        let said = unless_gone(self.ask(request).await, &[NO_SUCH_SESSION, NO_SUCH_HANDLE])?;
        said.map(|said| said.info.ok_or(Fault::Unreadable("a handle's state"))).transpose()
    }

    /// Ends a session with everything in it. Its peer connections are closed first: at the end of a session alone, a
    /// browser would notice only after seconds.
    pub(super) async fn end_session(&self, session: u64) -> Result<(), Fault> {
        for handle in self.handles(session).await? {
            let hung_up = self
                .ask(json!({ "janus": "hangup_webrtc", "session_id": session, "handle_id": handle }))
                .await;
            unless_gone(hung_up, &[NO_SUCH_SESSION, NO_SUCH_HANDLE])?;
        }
        let ended = self.ask(json!({ "janus": "destroy_session", "session_id": session })).await;
        unless_gone(ended, &[NO_SUCH_SESSION]).map(drop)
    }

    fn admission_in(&self, list: &[String], room: ConferenceId, identity: Identity) -> Admission {
        if list.contains(&self.keys.fence(room, identity)) {
            Admission::Fenced
        } else if list.contains(&self.keys.invitation(room, identity)) {
            Admission::Admitted
        } else {
            Admission::Unknown
        }
    }

    /// Changes a room's list, and answers all of it.
    async fn allowed(
        &self,
        room: ConferenceId,
        action: &str,
        tokens: &[String],
    ) -> Result<Vec<String>, Fault> {
        let said = self.in_room(room, "allowed", json!({ "action": action, "allowed": tokens })).await?;
        said.allowed.ok_or(Fault::Unreadable("the room's list"))
    }

    async fn in_room(&self, room: ConferenceId, request: &str, mut body: Value) -> Result<RoomSaid, Fault> {
        body["request"] = request.into();
        body["room"] = Self::room_name(room).into();
        body["secret"] = self.keys.secret(room).into();
        self.plugin(body).await
    }

    async fn plugin(&self, request: Value) -> Result<RoomSaid, Fault> {
        let said =
            self.ask(json!({ "janus": "message_plugin", "plugin": PLUGIN, "request": request })).await?;
        said.response.ok_or(Fault::Unreadable("the VideoRoom's words"))
    }

    /// Asks, on a new link if the old one turns out to be broken: every request here may be done twice.
    async fn ask(&self, request: Value) -> Result<Said, Fault> {
        let work = async {
            let (link, new) = self.link().await?;
            match link.ask(request.clone()).await {
                Err(Fault::Lost(_)) if !new => self.link().await?.0.ask(request).await,
                answer => answer,
            }
        };
        // Who waits for others that wait for a link to a Janus that hangs waits no longer than they.
        let answer = timeout(self.access.patience + GRACE, work).await.unwrap_or(Err(Fault::Late));
        if matches!(answer, Err(Fault::Late)) {
            // A new link may reach a Janus that the old one does not reach any more.
            if let Ok(mut link) = self.link.try_lock() {
                *link = None;
            }
        }
        answer
    }

    /// The link, and whether it is new.
    async fn link(&self) -> Result<(Arc<Link>, bool), Fault> {
        let mut kept = self.link.lock().await;
        if let Some(link) = kept.as_ref().filter(|link| link.stands()) {
            return Ok((Arc::clone(link), false));
        }
        // Janus says nothing to admins by itself.
        let (link, _) = Link::open(self.access.clone()).await?;
        let link = Arc::new(link);
        *kept = Some(Arc::clone(&link));
        Ok((link, true))
    }
}

/// So many may send in a room: the parties of a call are few; the rest is for those who reconnect.
const PUBLISHERS: u32 = 16;

/// What one party may send, in bits a second.
const BITRATE: u32 = 1_000_000;

const GRACE: Duration = Duration::from_millis(100);
