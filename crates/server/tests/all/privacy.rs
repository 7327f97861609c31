//! Nothing personal and nothing secret is logged, whatever happens and however much is logged.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::database::{Database, User};
use crate::http::{Answer, Header};
use crate::server::Server;

/// Everything: of libraries, too.
const LOUD: &str = "trace";

#[test]
fn text_logs_keep_secrets() {
    scenario(&Database::sqlite(), "text");
}

#[test]
fn json_logs_keep_secrets() {
    let log = scenario(&Database::postgres(), "json");
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|v| v.is_object()), "not JSON: {line}");
    }
}

fn scenario(database: &Database, log_format: &str) -> String {
    database.migrate();
    let (client, provider) = (person("client", None), person("provider", Some(44)));
    for user in [&client, &provider] {
        database.add_user(user);
    }
    let server =
        Server::with(database, &["--log", LOUD, "--log-format", log_format, "--conformance-echo", "true"]);
    let mut talk = Talk { server: &server, secrets: BTreeSet::new(), ids: BTreeSet::new(), xml: false };
    for user in [&client, &provider] {
        for text in [&user.email, &user.name, &user.password] {
            talk.secrets.insert(text.clone());
        }
    }
    for xml in [false, true] {
        talk.xml = xml;
        talk.whole_call(&client, &provider);
        talk.whatever_goes_wrong(&client);
    }
    let Talk { mut secrets, ids, .. } = talk;
    // Names are found by their parts, too, and hashes of passwords by their kind.
    let parts: Vec<String> =
        [&client, &provider].map(|u| u.name.split(' ').map(str::to_owned)).into_iter().flatten().collect();
    secrets.extend(parts);
    secrets.insert("$argon2".to_owned());

    let stopped = server.stop();
    let log = stopped.stderr;
    let (first, rest) = stopped.stdout.split_once('\n').unwrap();
    assert!(first.starts_with("listening on ") && rest.is_empty(), "{}", stopped.stdout);
    let folded = log.to_lowercase();
    for secret in &secrets {
        assert!(secret.len() > 4, "{secret:?} is too short to be told from other text");
        let place = folded.find(&secret.to_lowercase());
        assert!(place.is_none(), "{secret:?} is logged: {}", line_at(&log, place.unwrap_or(0)));
    }
    for id in &ids {
        assert!(log.contains(id), "the request {id} is not logged");
    }
    for route in routes() {
        assert!(log.contains(&format!("/api/{}", route.to_lowercase())), "{route} was not called");
    }
    log
}

fn person(role: &'static str, language: Option<i32>) -> User {
    User {
        role,
        email: format!("quincannon-{role}@private.example"),
        name: format!("Quill{role} Quincannon"),
        password: format!("Pa55-of-{role}!"),
        language,
    }
}

/// All routes, from the source: who adds one is reminded to call it here.
fn routes() -> Vec<&'static str> {
    let source = include_str!("../../../http/src/routes.rs");
    let mut routes: Vec<&str> =
        source.split("post(base, \"").skip(1).filter_map(|r| r.split('"').next()).collect();
    // What engines call is there only with its engine.
    routes.retain(|route| !route.starts_with("Engine/"));
    // The pattern of a parameter is not in small letters.
    for route in &mut routes {
        *route = route.split("/{").next().unwrap();
    }
    assert!(routes.len() > 20, "{routes:?}");
    routes
}

fn line_at(log: &str, place: usize) -> &str {
    let begin = log.get(..place).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    log.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

/// Members of a body, all as texts, which both formats take for numbers as well.
type Members<'a> = &'a [(&'a str, &'a str)];

/// A conversation with a server, in one of the formats, and what must not be repeated of it.
struct Talk<'s> {
    server: &'s Server,
    secrets: BTreeSet<String>,
    ids: BTreeSet<String>,
    xml: bool,
}

impl Talk<'_> {
    fn post(&mut self, path: &str, token: &str, root: &str, members: Members<'_>) -> Answer {
        let body = if self.xml { xml(root, members) } else { json(members) };
        let body = if root.is_empty() { String::new() } else { body };
        self.send(path, &[("WEYIToken", token)], &body)
    }

    fn send(&mut self, path: &str, headers: &[Header<'_>], body: &str) -> Answer {
        let format = if self.xml { "application/xml" } else { "application/json" };
        let headers = [headers, &[("Content-Type", format), ("Accept", format)]].concat();
        let answer = self.server.api.post(path, &headers, body).unwrap();
        assert!(
            self.ids.insert(answer.header("x-request-id").unwrap().to_owned()),
            "a request id came twice"
        );
        answer
    }

    fn secret(&mut self, text: &str) -> String {
        self.secrets.insert(text.to_owned());
        text.to_owned()
    }

    /// A member of an answer.
    fn field(&self, answer: &Answer, member: &str) -> String {
        if self.xml {
            let (_, rest) =
                answer.body.split_once(&format!("<{member}>")).unwrap_or_else(|| panic!("{answer:?}"));
            return rest.split('<').next().unwrap().to_owned();
        }
        match find(&answer.json(), member) {
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => number.to_string(),
            other => panic!("{member} is {other:?} in {answer:?}"),
        }
    }

    fn login(&mut self, side: &str, user: &User) -> String {
        let members = [("Email", user.email.as_str()), ("Password", &user.password)];
        let answer = self.post(&format!("{side}/Login/1"), "", "ParaLoginInfo", &members).with(200);
        let token = self.field(&answer, "Token");
        self.secret(&token)
    }

    /// The secret that comes with the holder's own account.
    fn account(&mut self, path: &str, token: &str) {
        let answer = self.post(path, token, "", &[]).with(200);
        let numbers: Vec<String> = if self.xml {
            answer
                .body
                .split("<AccountNumber>")
                .skip(1)
                .map(|r| r.split('<').next().unwrap().to_owned())
                .collect()
        } else {
            let legs = [&answer.json()["Caller"], &answer.json()["Listener"]]
                .map(|leg| leg["AccountNumber"].clone());
            legs.iter().filter_map(|number| number.as_str().map(str::to_owned)).collect()
        };
        let own =
            numbers.iter().find_map(|number| number.split_once('.')).unwrap_or_else(|| panic!("{answer:?}"));
        self.secret(own.1);
    }

    /// An invited guest: its token and the two numbers that a kick wants.
    fn invite(&mut self, path: &str, token: &str, name: &str) -> (String, String, String) {
        let (name, email, phone) = (
            self.secret(&format!("Guest {name} Quartermaine")),
            self.secret(&format!("{name}.quartermaine@private.example")),
            self.secret("+15550199"),
        );
        let members =
            [("Email", email.as_str()), ("Name", &name), ("PhoneNumber", &phone), ("RegionId", "1")];
        let answer = self.post(path, token, "ParaThirdPartyVideoParticipant", &members).with(200);
        let (_, secret) = answer.header("location").unwrap().split_once('#').unwrap();
        let secret = self.secret(secret);
        let number = |member: &str| self.field(&answer, member);
        let conference = number("RequestConferenceSessionId");
        (secret, conference, number("RequestConferenceSessionVideoParticipantId"))
    }

    fn kick(&mut self, path: &str, token: &str, guest: &(String, String, String)) {
        let note = self.secret("an echo about Quartermaine");
        let members = [
            ("RequestConferenceSessionId", guest.1.as_str()),
            ("RequestConferenceSessionVideoParticipantId", &guest.2),
            ("PersonName", &note),
        ];
        self.post(path, token, "ResultVideoConferenceParticipant", &members).with(200);
        self.post("Guest/Confirm", &guest.0, "", &[]).refused(401, "invalid_invitation");
    }

    fn whole_call(&mut self, client: &User, provider: &User) {
        let (nurse, sofia) = (self.login("Client", client), self.login("Provider", provider));
        let (nurse, sofia) = (nurse.as_str(), sofia.as_str());
        self.post("Provider/Task/SetOnline", sofia, "ParaProviderOnlineStatus", &[("DeviceTypeCodeId", "5")])
            .with(200);

        self.post("Client/RequestPreCheck", nurse, "ParaRequest", &[("NeedHelpLanguageId", "44")]).with(200);
        // The first request is declined, the second one refused, the third one served.
        self.request(nurse);
        let offers = self.post("Provider/Task/Offers", sofia, "", &[]).with(200);
        let request = self.field(&offers, "RequestId");
        let reference = [("RequestId", request.as_str())];
        self.post("Provider/Task/Decline", sofia, "ParaTaskReference", &reference).with(200);
        self.finish(nurse);
        self.request(nurse);
        self.accept(nurse, sofia);
        self.post("Client/Request/StartRoomVideoCallWithRegion", nurse, "", &[]).with(200);
        self.post("Provider/Task/RefuseVideo", sofia, "", &[]).with(200);
        self.post("Provider/Task/Status", sofia, "", &[]).with(200);
        self.post("Provider/Task/Finish", sofia, "", &[]).with(200);
        self.post("Client/Request/FindAnotherInterpreter", nurse, "", &[]).with(200);
        self.finish(nurse);

        self.request(nurse);
        self.accept(nurse, sofia);
        self.post("Client/Request/StartVideoProcess", nurse, "", &[]).with(200);
        self.post("Client/Request/VideoAgain", nurse, "", &[]).with(200);
        self.post("Provider/Task/ConfirmVideo", sofia, "", &[]).with(200);
        self.post("Provider/Task/VideoAgain", sofia, "", &[]).with(200);
        self.account("Client/Request/VideoEngineAccounts", nurse);
        self.post("Provider/Task/Status", sofia, "", &[]).with(200);
        self.account("Provider/Task/VideoEngineAccounts", sofia);
        for (side, token) in [("Client/Request", nurse), ("Provider/Task", sofia)] {
            let invite = format!("{side}/InviteThirdPartyVideoConference");
            let [kicked, declining, leaving] =
                ["Quentin", "Quiana", "Quigley"].map(|n| self.invite(&invite, token, n));
            self.post("Guest/Invitation", &kicked.0, "", &[]).with(200);
            self.post("Guest/Confirm", &kicked.0, "", &[]).with(200);
            self.account("Guest/VideoEngineAccounts", &kicked.0);
            self.post(&format!("{side}/VideoConferenceParticipants"), token, "", &[]).with(200);
            self.kick(&format!("{side}/KickThirdPartyVideoParticipant"), token, &kicked);
            self.post("Guest/Decline", &declining.0, "", &[]).with(200);
            self.post("Guest/Leave", &leaving.0, "", &[]).with(200);
            let note = self.secret("the other language of Quackenbush");
            let second = [("ToLanguageId", "44"), ("additionalInfo", note.as_str())];
            let second = &second[..];
            self.post(&format!("{side}/RequestSecondInterpreter"), token, "ParaSecondRequest", second)
                .with(200);
        }
        let nobody = [("RequestConferenceSessionVideoParticipantId", "999999")];
        self.post("Provider/Task/TakeTurn", sofia, "ResultVideoConferenceParticipant", &nobody).with(404);
        self.post("Client/Request/Status", nurse, "", &[]).with(200);
        self.finish(nurse);
        self.post(
            "Provider/Task/SetAvailability",
            sofia,
            "ParaProviderAvailability",
            &[("Status", "LastCall")],
        )
        .with(200);
        self.post("Provider/Task/Availability", sofia, "", &[]).with(200);
        self.post("Provider/Task/SetOffline", sofia, "ParaProviderOnlineStatus", &[]).with(200);
        self.post("Client/Logout", nurse, "", &[]).with(200);
        self.post("Provider/Logout", sofia, "", &[]).with(200);
    }

    fn request(&mut self, nurse: &str) {
        let (note, place) = (self.secret("a note about Quackenbush"), self.secret("Ward Quebec"));
        let members =
            [("AdditionalInfo", note.as_str()), ("NeedHelpLanguageId", "44"), ("RequestLocation", &place)];
        self.post("Client/Request/New", nurse, "ParaRequest", &members).with(200);
    }

    fn accept(&mut self, nurse: &str, sofia: &str) {
        let status = self.post("Client/Request/Status", nurse, "", &[]).with(200);
        let request = self.field(&status, "RequestId");
        self.post("Provider/Task/Accept", sofia, "ParaTaskReference", &[("RequestId", &request)]).with(200);
    }

    fn finish(&mut self, nurse: &str) {
        let (note, id) = (self.secret("a leg with Quackenbush"), self.secret("third-party-id-q"));
        let body = if self.xml {
            let leg =
                format!("<AdditionalInfo>{note}</AdditionalInfo><ThirdPartyCallId>{id}</ThirdPartyCallId>");
            xml_text("ParaCallInfoList", &format!("<Calls><ParaCallInfo>{leg}</ParaCallInfo></Calls>"))
        } else {
            format!(r#"{{"Calls":[{{"AdditionalInfo":"{note}","ThirdPartyCallId":"{id}"}}]}}"#)
        };
        self.send("Client/Request/CallFinishedNew", &[("Authorization", &format!("Bearer {nurse}"))], &body)
            .with(200);
    }

    /// Wrong passwords, wrong bodies, wrong paths, wrong tokens.
    fn whatever_goes_wrong(&mut self, user: &User) {
        let (wrong, unknown) = (self.secret("Wr0ng-Pa55word"), self.secret("queenie@private.example"));
        for (email, password) in [(user.email.as_str(), wrong.as_str()), (&unknown, &wrong)] {
            let members = [("Email", email), ("Password", password)];
            self.post("Client/Login/1", "", "ParaLoginInfo", &members).refused(401, "wrong_credentials");
        }
        let bad = self.secret("not-an-address-of-Quimby");
        self.post("Client/Login/1", "", "ParaLoginInfo", &[("Email", &bad), ("Password", &wrong)]).with(400);
        // Neither format: cut off, of another type, nested, nothing of ours, and too long.
        for body in [
            format!(r#"{{"Email":"{unknown}","Password":"{wrong}"#),
            format!("<ParaLoginInfo><Email>{unknown}</Email><Password>{wrong}</ParaLoginInfo>"),
            format!(r#"[["{wrong}"]]"#),
            wrong.clone(),
        ] {
            self.send("Client/Login/1", &[], &body).with(400);
        }
        self.send("Client/Login/1", &[], &wrong.repeat(100_000)).with(413);
        self.server.api.post("Client/Login/1", &[("Content-Type", "text/plain")], &wrong).unwrap().with(415);

        let token = self.secret("0123456789abcdef-not-a-token");
        self.post("Client/Request/Status", &token, "", &[]).refused(401, "invalid_token");
        self.post("Guest/Confirm", &token, "", &[]).refused(401, "invalid_invitation");
        let nurse = self.login("Client", user);
        self.post("Provider/Task/Offers", &nurse, "", &[]).refused(403, "wrong_role");
        let key = self.secret("key of Quimby");
        self.send("Client/Request/New", &[("WEYIToken", &nurse), ("Idempotency-Key", &key)], "{}").with(400);
        let nul = if self.xml { "bad-&#0;-Quimby" } else { r"bad-\u0000-Quimby" };
        self.post(
            "Client/Request/New",
            &nurse,
            "ParaRequest",
            &[("NeedHelpLanguageId", "44"), ("AdditionalInfo", nul)],
        )
        .with(400);

        let path = self.secret("Path-of-Quimby");
        self.send(&path, &[], "").refused(404, "not_found");
        self.send(&format!("Client/{path}?Email={unknown}&Token={token}"), &[], "").refused(404, "not_found");
        self.send(&format!("Client/Request/Status?Token={nurse}&Name={path}"), &[("WEYIToken", &token)], "")
            .with(401);
        assert_ne!(self.send(&format!("Client/Login/{path}"), &[], "{}").status, 200);
        for method in ["GET", "DELETE"] {
            let target = format!("/API/Client/Request/Status?Name={path}");
            self.server.api.send(method, &target, &[("WEYIToken", &nurse)], "").unwrap().with(405);
        }
        // What is no HTTP at all.
        let mut stream = self.server.api.connect().unwrap();
        std::io::Write::write_all(&mut stream, format!("{path} \r\n{wrong}\r\n\r\n").as_bytes()).unwrap();
        assert!(crate::http::read_answer(stream).is_ok_and(|answer| answer.status == 400));
        let echo = "Conformance/Echo/ResultVideoConferenceParticipant";
        self.post(echo, "", "ResultVideoConferenceParticipant", &[("PersonName", &path)]).with(200);
        self.ids_from_outside();
    }

    /// An id that a proxy gave is kept if it can forge nothing.
    fn ids_from_outside(&mut self) {
        let given = format!("proxy-{}", self.xml);
        let answer = self.send("Client/Request/Status", &[("X-Request-Id", &given)], "").with(401);
        assert_eq!(answer.header("x-request-id"), Some(given.as_str()));
        let forged = self.secret("id of Quimby");
        let answer = self.send("Client/Request/Status", &[("X-Request-Id", &forged)], "").with(401);
        assert_ne!(answer.header("x-request-id"), Some(forged.as_str()));
    }
}

fn json(members: Members<'_>) -> String {
    let body: Map<String, Value> = members
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::String((*value).to_owned())))
        .collect();
    // An escape of the test's own stays one.
    Value::Object(body).to_string().replace(r"\\u0000", r"\u0000")
}

fn xml(root: &str, members: Members<'_>) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    xml_text(root, &members.concat())
}

fn xml_text(root: &str, inner: &str) -> String {
    format!(r#"<{root} xmlns="http://schemas.datacontract.org/2004/07/API.Models">{inner}</{root}>"#)
}

/// A member of an object, or of the first one of a list.
fn find(body: &Value, member: &str) -> Option<Value> {
    let object = body.as_array().map_or(Some(body), |list| list.first())?;
    object.get(member).cloned()
}
