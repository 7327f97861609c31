//! Rooms and who is in them, and the room service's calls on them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::token::Key;

/// What the room service says: a value, or a twirp error.
pub(super) type Answer = Result<Value, (u16, &'static str)>;

#[derive(Default)]
pub(super) struct Rooms {
    open: BTreeMap<String, BTreeMap<String, Party>>,
    last_sid: u32,
    /// Newcomers are not noticed yet: as right after a join.
    pub(super) blind: bool,
    /// So many removals are answered well, and nothing is done.
    pub(super) idle_removals: usize,
}

struct Party {
    sid: String,
    noticed: bool,
}

const NOT_FOUND: (u16, &str) = (404, "not_found");
const DENIED: (u16, &str) = (401, "unauthenticated");
const ROOM: &str = "room";

impl Rooms {
    /// A call of the room service, with the grants that `LiveKit`'s own mock checks.
    pub(super) fn call(&mut self, key: &Key, method: &str, authorization: &str, body: &Value) -> Answer {
        let token = authorization.strip_prefix("Bearer ").ok_or(DENIED)?;
        let video = key.claims(token).ok_or(DENIED)?["video"].clone();
        let granted = |grant: &str| if video[grant] == true { Ok(()) } else { Err(DENIED) };
        let name = |member: &str| body[member].as_str().map(str::to_owned).ok_or((400, "malformed"));
        let administered = || {
            let room = name(ROOM)?;
            granted("roomAdmin")?;
            if video[ROOM] == room.as_str() { Ok(room) } else { Err(DENIED) }
        };
        match method {
            "CreateRoom" => {
                granted("roomCreate")?;
                let name = name("name")?;
                self.open.entry(name.clone()).or_default();
                Ok(json!({"sid": format!("RM_{name}"), "name": name, "empty_timeout": body["emptyTimeout"]}))
            }
            "ListRooms" => {
                granted("roomList")?;
                let asked = body["names"].as_array().cloned().unwrap_or_default();
                let wanted = |name: &&String| asked.is_empty() || asked.contains(&json!(name));
                let rooms: Vec<Value> =
                    self.open.keys().filter(wanted).map(|name| json!({ "name": name })).collect();
                Ok(json!({ "rooms": rooms }))
            }
            "DeleteRoom" => {
                granted("roomCreate")?;
                self.open.remove(&name(ROOM)?).map(|_| json!({})).ok_or(NOT_FOUND)
            }
            "ListParticipants" => {
                // A room that does not exist is listed empty.
                let inside = self.open.get(&administered()?).into_iter().flatten();
                let noticed = inside.filter(|(_, party)| party.noticed);
                let parties: Vec<Value> = noticed
                    .map(|(identity, party)| json!({"sid": party.sid, "identity": identity, "state": "ACTIVE"}))
                    .collect();
                Ok(json!({ "participants": parties }))
            }
            "RemoveParticipant" => {
                let (room, identity) = (administered()?, name("identity")?);
                let inside = self.open.get_mut(&room).ok_or(NOT_FOUND)?;
                inside.get(&identity).filter(|party| party.noticed).ok_or(NOT_FOUND)?;
                if self.idle_removals > 0 {
                    self.idle_removals -= 1;
                } else {
                    inside.remove(&identity);
                }
                Ok(json!({}))
            }
            _ => Err((404, "bad_route")),
        }
    }

    /// A client connects. `publish` makes a connection beside the first.
    pub(super) fn connect(&mut self, key: &Key, token: &str, publish: Option<&str>) -> Result<(), u16> {
        let (identity, room) = self.validate(key, token)?;
        let identity = publish.map_or_else(|| identity.clone(), |name| format!("{identity}#{name}"));
        self.last_sid += 1;
        let party = Party { sid: format!("PA_{}", self.last_sid), noticed: !self.blind };
        self.open.entry(room).or_default().insert(identity, party);
        Ok(())
    }

    /// Whom a token lets in where, or the HTTP status with which it is turned away.
    pub(super) fn validate(&self, key: &Key, token: &str) -> Result<(String, String), u16> {
        let claims = key.claims(token).ok_or(401_u16)?;
        let video = &claims["video"];
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(401_u16);
        let (identity, room) = (text(&claims["sub"])?, text(&video[ROOM])?);
        match (video["roomJoin"] == true, self.open.contains_key(&room)) {
            (true, true) => Ok((identity, room)),
            (true, false) => Err(404),
            (false, _) => Err(401),
        }
    }

    pub(super) fn notice(&mut self) {
        self.blind = false;
        self.open.values_mut().flat_map(BTreeMap::values_mut).for_each(|party| party.noticed = true);
    }

    /// Everybody who is in a room, noticed or not.
    pub(super) fn inside(&self, room: &str) -> Vec<String> {
        self.open.get(room).into_iter().flat_map(BTreeMap::keys).cloned().collect()
    }

    /// It dies and comes back without a memory.
    pub(super) fn forget(&mut self) {
        self.open.clear();
    }
}
