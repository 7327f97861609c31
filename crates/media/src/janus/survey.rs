//! Lists who is at Janus, by every session and handle, whatever this process remembers.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use trialogue_domain::ConferenceId;

use super::admin::Admin;
use super::fault::Fault;
use super::keys::Keys;
use crate::{Handle, Identity, Occupant};

/// Maximum number of sessions that are asked for at the same time.
const AT_ONCE: usize = 8;

/// A session at Janus.
pub(super) struct Found {
    pub(super) session: u64,
    /// Whose it is, by the marks of its handles.
    pub(super) owner: Option<(ConferenceId, Identity)>,
    /// Its handles, oldest first, with the name of the room that each is in.
    pub(super) handles: Vec<(Handle, Option<String>)>,
}

impl Found {
    /// Whether it belongs to this identity in this room.
    pub(super) fn belongs_to(&self, room: ConferenceId, identity: Identity) -> bool {
        self.owner == Some((room, identity))
    }

    /// Whether it has a handle in this room, but is no party of it: not of our making.
    pub(super) fn is_stranger_in(&self, room: ConferenceId) -> bool {
        let name = Admin::room_name(room);
        self.owner.is_none_or(|(owners_room, _)| owners_room != room)
            && self.handles.iter().any(|(_, at)| at.as_deref() == Some(name.as_str()))
    }
}

/// All sessions but those that are `known` to be of no interest.
pub(super) async fn survey(
    admin: &Admin,
    keys: &Keys,
    known: impl Fn(u64) -> bool,
) -> Result<Vec<Found>, Fault> {
    let sessions = admin.sessions().await?.into_iter().filter(|&session| !known(session));
    let looks: Vec<_> = sessions.map(|session| look(admin, keys, session)).collect();
    stream::iter(looks).buffer_unordered(AT_ONCE).try_collect().await
}

async fn look(admin: &Admin, keys: &Keys, session: u64) -> Result<Found, Fault> {
    let mut owner = None;
    let mut handles = Vec::new();
    for handle in admin.handles(session).await? {
        let Some(info) = admin.handle(session, handle).await? else { continue };
        owner = owner.or_else(|| keys.read_mark(&info.opaque_id, session));
        let at = info.plugin_specific.and_then(|plugin| plugin.room);
        handles.push((info.created, Handle(handle), at));
    }
    handles.sort_by_key(|&(created, handle, _)| (created, handle));
    Ok(Found { session, owner, handles: handles.into_iter().map(|(_, handle, at)| (handle, at)).collect() })
}

/// Who is in a room, of what was found.
pub(super) fn occupants(found: &[Found], room: ConferenceId) -> Vec<Occupant> {
    let mut handles: BTreeMap<Identity, Vec<Handle>> = BTreeMap::new();
    for session in found {
        if let Some((_, identity)) = session.owner.filter(|&(owners_room, _)| owners_room == room) {
            handles.entry(identity).or_default().extend(session.handles.iter().map(|(handle, _)| *handle));
        }
    }
    handles
        .into_iter()
        .filter(|(_, handles)| !handles.is_empty())
        .map(|(identity, handles)| Occupant { identity, handles })
        .collect()
}
