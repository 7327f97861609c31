//! `LiveKit`'s room service: twirp, which is a POST of JSON for every call.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use trialogue_domain::ConferenceId;

use super::engine::Now;
use super::key::LiveKitKey;
use super::names::{identity_of, room_name};
use crate::{Failure, Identity};

pub(super) struct RoomService {
    http: Client,
    url: String,
    key: LiveKitKey,
    now: Now,
}

/// The token of a call is used at once.
const TOKEN_LIFE: Duration = Duration::from_mins(1);

/// A room without people outlives every conference: that a conference is over is for the server to say.
const EMPTY_SECONDS: u32 = 24 * 60 * 60;

/// Who is listed under a name, and by which connections.
pub(super) type Listed = BTreeMap<String, Vec<String>>;

#[derive(Deserialize)]
struct Participants {
    #[serde(default)]
    participants: Vec<Participant>,
}

#[derive(Deserialize)]
struct Participant {
    sid: String,
    identity: String,
}

#[derive(Deserialize)]
struct Rooms {
    #[serde(default)]
    rooms: Vec<IgnoredAny>,
}

/// An error of twirp.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    #[serde(default)]
    msg: String,
}

impl RoomService {
    /// The client of a room service at `url`, which has `patience` to answer.
    pub(super) fn new(url: &str, key: LiveKitKey, patience: Duration, now: Now) -> reqwest::Result<Self> {
        // An error says that somebody else has chosen the cryptography of this process already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .timeout(patience)
            // It is a neighbour: who answers must be the one that was asked.
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), key, now })
    }

    /// Makes a room. One that exists stays as it is.
    pub(super) async fn create(&self, room: ConferenceId) -> Result<(), Failure> {
        let body = json!({
            "name": room_name(room),
            "emptyTimeout": EMPTY_SECONDS,
            "departureTimeout": EMPTY_SECONDS,
        });
        match self.call::<IgnoredAny>("CreateRoom", &json!({ "roomCreate": true }), &body).await? {
            Some(_) => Ok(()),
            None => Err(Failure::UnknownRoom),
        }
    }

    /// Whether there is such a room.
    pub(super) async fn exists(&self, room: ConferenceId) -> Result<bool, Failure> {
        let body = json!({ "names": [room_name(room)] });
        let found = self.call::<Rooms>("ListRooms", &json!({ "roomList": true }), &body).await?;
        Ok(found.is_some_and(|found| !found.rooms.is_empty()))
    }

    /// Throws everybody out and ends the room. One that does not exist has ended.
    pub(super) async fn delete(&self, room: ConferenceId) -> Result<(), Failure> {
        let body = json!({ "room": room_name(room) });
        self.call::<IgnoredAny>("DeleteRoom", &json!({ "roomCreate": true }), &body).await?;
        Ok(())
    }

    /// The parties of ours in a room, with the names under which they are listed; none of a room that does not exist.
    pub(super) async fn list(&self, room: ConferenceId) -> Result<BTreeMap<Identity, Listed>, Failure> {
        let body = json!({ "room": room_name(room) });
        let found = self.call::<Participants>("ListParticipants", &admin_of(room), &body).await?;
        let mut parties: BTreeMap<Identity, Listed> = BTreeMap::new();
        for Participant { sid, identity: name } in found.map_or_else(Vec::new, |found| found.participants) {
            if let Some(identity) = identity_of(&name) {
                parties.entry(identity).or_default().entry(name).or_default().push(sid);
            }
        }
        Ok(parties)
    }

    /// Throws out whoever is listed under this name. That nobody is proves nothing.
    pub(super) async fn remove(&self, room: ConferenceId, name: &str) -> Result<(), Failure> {
        // `revoke_token_ts` is left out: its documents differ on the unit, and what the server puts in its place, a minute
        // from now on its own clock, is what we would say.
        let body = json!({ "room": room_name(room), "identity": name });
        self.call::<IgnoredAny>("RemoveParticipant", &admin_of(room), &body).await?;
        Ok(())
    }

    /// The answer to a call; none if it is that what was named does not exist.
    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        grant: &Value,
        body: &Value,
    ) -> Result<Option<T>, Failure> {
        let token = self.key.sign(json!({ "video": grant }), (self.now)(), TOKEN_LIFE);
        let url = format!("{}/twirp/livekit.RoomService/{method}", self.url);
        let request = self.http.post(url).bearer_auth(token).json(body);
        let answer = request.send().await.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map(Some).map_err(|error| unreachable(&error));
        }
        // Only its own words count: a proxy in between has its own 404.
        let Ok(Refusal { code, msg }) = answer.json().await else {
            return Err(Failure::Unreachable(format!("{method} was answered {status}")));
        };
        match code.as_str() {
            "not_found" => Ok(None),
            "invalid_argument"
            | "malformed"
            | "bad_route"
            | "unauthenticated"
            | "permission_denied"
            | "failed_precondition"
            | "unimplemented" => {
                Err(Failure::Refused { code: number(status), reason: format!("{code}: {msg}") })
            }
            // Whatever else there is or will be may go well the next time.
            _ => Err(Failure::Unreachable(format!("{method} was answered {code}: {msg}"))),
        }
    }
}

fn admin_of(room: ConferenceId) -> Value {
    json!({ "roomAdmin": true, "room": room_name(room) })
}

fn number(status: StatusCode) -> i32 {
    status.as_u16().into()
}

/// All that an error says of its causes. There is no secret in a URL of the room service.
fn unreachable(error: &reqwest::Error) -> Failure {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(words, ": {error}");
        cause = error.source();
    }
    Failure::Unreachable(words)
}
