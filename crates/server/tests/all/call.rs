//! Those who take part in a call, and the call itself.

use std::io;

use serde_json::{Value, json};

use crate::database::{Database, User, language};
use crate::http::{Answer, Api, Header};

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) api: Api,
    pub(crate) token: String,
}

impl Api {
    /// The answer to a login.
    pub(crate) fn try_login(self, side: &str, email: &str, password: &str) -> Answer {
        let body = json!({"Email": email, "Password": password}).to_string();
        self.post(&format!("{side}/Login/1"), &[JSON], &body).unwrap()
    }

    pub(crate) fn login(self, side: &str, email: &str, password: &str) -> Party {
        let token =
            self.try_login(side, email, password).with(200).json()["Token"].as_str().unwrap().to_owned();
        Party { api: self, token }
    }
}

pub(crate) const JSON: Header<'static> = ("Content-Type", "application/json");

impl Party {
    /// The same one, at another server.
    pub(crate) fn at(&self, api: Api) -> Self {
        Self { api, token: self.token.clone() }
    }

    /// A POST of JSON; of nothing, if it is null.
    pub(crate) fn try_post(&self, path: &str, body: &Value) -> io::Result<Answer> {
        self.try_keyed(path, body, &[])
    }

    fn try_keyed(&self, path: &str, body: &Value, more: &[Header<'_>]) -> io::Result<Answer> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.api.post(path, &[&[JSON, ("WEYIToken", &self.token)], more].concat(), &body)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).unwrap()
    }

    /// The same under an idempotency key.
    pub(crate) fn post_keyed(&self, path: &str, body: &Value, key: &str) -> Answer {
        self.try_keyed(path, body, &[("Idempotency-Key", key)]).unwrap()
    }

    /// A POST of nothing.
    pub(crate) fn ask(&self, path: &str) -> Answer {
        self.post(path, &Value::Null)
    }
}

/// A client and the only provider for its language.
pub(crate) struct Pair {
    pub(crate) client: Party,
    pub(crate) provider: Party,
    language: i32,
}

impl Pair {
    /// Adds the users; the schema is there.
    pub(crate) fn add(database: &Database, n: usize) {
        database.add_user(&User::client(n));
        database.add_user(&User::provider(n));
    }

    pub(crate) fn login(api: Api, n: usize) -> Self {
        let (client, provider) = (User::client(n), User::provider(n));
        let client = api.login("Client", &client.email, &client.password);
        let provider = api.login("Provider", &provider.email, &provider.password);
        provider.ask("Provider/Task/SetOnline").with(200);
        Self { client, provider, language: language(n) }
    }

    pub(crate) fn at(&self, api: Api) -> Self {
        Self { client: self.client.at(api), provider: self.provider.at(api), language: self.language }
    }

    /// What the client sends to be served by this provider.
    pub(crate) fn wish(&self) -> Value {
        json!({"NeedHelpLanguageId": self.language})
    }

    /// From the request to the accounts; the conference's number.
    pub(crate) fn call(&self) -> i64 {
        let request =
            number(&self.client.post("Client/Request/New", &self.wish()).with(200).json(), "RequestId");
        self.answer(request);
        request
    }

    /// From the offer to the accounts.
    pub(crate) fn answer(&self, request: i64) {
        self.provider.post("Provider/Task/Accept", &json!({"RequestId": request})).with(200);
        self.client.ask("Client/Request/StartVideoProcess").with(200);
        self.provider.ask("Provider/Task/ConfirmVideo").with(200);
        self.client.ask("Client/Request/VideoEngineAccounts").with(200);
    }

    pub(crate) fn invite(&self, name: &str) -> Guest {
        let invited = self.client.post(INVITE, &json!({"Name": name})).with(200);
        Guest::of(&invited, self.client.api)
    }

    pub(crate) fn kick(&self, guest: &Guest) -> Answer {
        self.client.post("Client/Request/KickThirdPartyVideoParticipant", &guest.reference())
    }

    /// Who is in the conference, as the client sees it.
    pub(crate) fn participants(&self) -> Vec<Value> {
        let list = self.client.ask("Client/Request/VideoConferenceParticipants").with(200).json();
        list.as_array().unwrap().clone()
    }
}

pub(crate) const INVITE: &str = "Client/Request/InviteThirdPartyVideoConference";
pub(crate) const GUEST_ACCOUNT: &str = "Guest/VideoEngineAccounts";

/// An invited third party.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) session: i64,
    pub(crate) participant: i64,
    pub(crate) party: Party,
}

impl Guest {
    /// From the answer to an invitation, whose link ends in the guest's token.
    pub(crate) fn of(invited: &Answer, api: Api) -> Self {
        let body = invited.json();
        let (_, token) = invited.header("location").unwrap().split_once("/join#").unwrap();
        Self {
            session: number(&body, "RequestConferenceSessionId"),
            participant: number(&body, "RequestConferenceSessionVideoParticipantId"),
            party: Party { api, token: token.to_owned() },
        }
    }

    /// The body of a kick.
    pub(crate) fn reference(&self) -> Value {
        json!({
            "RequestConferenceSessionId": self.session,
            "RequestConferenceSessionVideoParticipantId": self.participant,
        })
    }

    /// Its state in a list of participants.
    pub(crate) fn status_in(&self, participants: &[Value]) -> Option<i64> {
        let is_it = |p: &&Value| number(p, "RequestConferenceSessionVideoParticipantId") == self.participant;
        participants.iter().find(is_it).map(|p| number(p, "RequestConferenceSessionVideoStatusCodeId"))
    }

    /// Whether its token is good for anything.
    pub(crate) fn is_out(&self) -> bool {
        match self.party.ask(GUEST_ACCOUNT) {
            answer if answer.status == 200 => false,
            answer => {
                answer.refused(401, "invalid_invitation");
                true
            }
        }
    }
}

/// The code of a participant that is out.
pub(crate) const FINISHED: i64 = 6;

/// A number in an answer.
pub(crate) fn number(body: &Value, member: &str) -> i64 {
    body[member].as_i64().unwrap_or_else(|| panic!("no number {member} in {body}"))
}
