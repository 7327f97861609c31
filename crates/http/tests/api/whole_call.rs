//! A whole call over every route, in every mixture of forms. What is answered is kept in `tests/api/whole_call/`, byte
//! for byte; `UPDATE_DOCS=1` writes it.

use std::fmt::Write as _;
use std::path::PathBuf;

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use trialogue_storage::UserRole;

use crate::answer::NAMESPACE;
use crate::routes::{ROUTES, find};
use crate::world::{PASSWORD, SPANISH, World, ids};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Xml,
}

/// How a client may write its requests; none of it may change an answer.
#[derive(Debug, Clone, Copy)]
struct Manner {
    sends: &'static str,
    asks: &'static str,
    path: fn(&str) -> String,
    bearer: bool,
}

const JSON: &str = "application/json";
const XML: &str = "application/xml";

const PLAIN: Manner = Manner { sends: JSON, asks: JSON, path: as_it_is, bearer: false };

fn as_it_is(path: &str) -> String {
    path.to_owned()
}

fn form(media_type: &str) -> Form {
    if media_type.ends_with("json") { Form::Json } else { Form::Xml }
}

/// Does something with the wire type of a model's name.
macro_rules! with_model {
    ($name:expr, $model:ident => $do:expr) => {
        with_model!(@ $name, $model => $do;
            ArrayOfResultTaskOffer ArrayOfResultVideoConferenceParticipant ParaCallInfoList ParaLoginInfo
            ParaProviderAvailability ParaProviderOnlineStatus ParaRequest ParaSecondRequest ParaSecurityToken ParaTaskReference ParaThirdPartyVideoParticipant
            ParaVideoEngineAccountPair ResultConferenceCall ResultGuestInvitation ResultProviderAvailability ResultRequest ResultRequestPrecheck
            ResultVideoConferenceParticipant)
    };
    (@ $name:expr, $model:ident => $do:expr; $($known:ident)+) => {
        match $name {
            $(stringify!($known) => {
                type $model = trialogue_contract::models::$known;
                $do
            })+
            other => panic!("no model {other}"),
        }
    };
}

fn encoded(model: &str, body: &Value, form: Form) -> String {
    let json = body.to_string();
    match form {
        Form::Json => json,
        Form::Xml => with_model!(model, Model => {
            let value: Model = trialogue_contract::json::read(json.as_bytes()).unwrap();
            datacontract::Contract::new(NAMESPACE).write(&value).unwrap()
        }),
    }
}

/// A client that notes what it is told.
struct Walk<'w> {
    world: &'w World,
    manner: Manner,
    notes: String,
}

impl Walk<'_> {
    async fn call(&mut self, path: &str, token: &str, body: Value) -> (Value, Option<String>) {
        let (route, manner) = (find(path), self.manner);
        self.world.called.borrow_mut().insert(path.to_owned());
        let mut request = TestRequest::post()
            .uri(&format!("/{}", (manner.path)(&format!("API/{path}"))))
            .insert_header(("Accept", manner.asks));
        if manner.bearer && !token.is_empty() {
            request = request.insert_header(("Authorization", format!("bearer {token}")));
        } else if !token.is_empty() {
            request = request.insert_header(("weyitoken", token));
        }
        if !body.is_null() {
            let bytes = encoded(route.takes, &body, form(manner.sends));
            request = request.insert_header(("Content-Type", manner.sends)).set_payload(bytes);
        }
        let answer = self.world.send(request).await;
        let location = answer.header("Location").map(str::to_owned);
        // Writing to a String cannot fail.
        let _ = writeln!(self.notes, "\nPOST {path}\n{}", answer.status);
        if let Some(location) = &location {
            let _ = writeln!(self.notes, "Location: {location}");
        }
        if !answer.text().is_empty() {
            let _ = writeln!(self.notes, "{}", answer.text());
        }

        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        if route.gives.is_empty() {
            answer.empty();
            return (Value::Null, location);
        }
        assert_eq!(
            answer.header("Content-Type"),
            Some(&*format!("{}; charset=utf-8", manner.asks)),
            "{path}"
        );
        let value = match form(manner.asks) {
            Form::Json => answer.json(),
            Form::Xml => {
                let root = format!(
                    "<{} xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns=\"{NAMESPACE}\"",
                    route.gives
                );
                assert!(answer.text().starts_with(&root), "{path}: {}", answer.text());
                with_model!(route.gives, Model => answer.xml_as_json::<Model>())
            }
        };
        (value, location)
    }

    async fn login(&mut self, side: &str, name: &str) -> String {
        let body =
            json!({"Email": format!("{name}@example.org"), "Password": PASSWORD, "SupportNewUrl": true});
        let (token, _) = self.call(&format!("{side}/Login/1"), "", body).await;
        token["Token"].as_str().unwrap().to_owned()
    }

    /// Invites, and gives the guest's token and the body that kicks it.
    async fn invite(&mut self, side: &str, token: &str, body: Value) -> (String, Value) {
        let path = format!("{side}/InviteThirdPartyVideoConference");
        let (invited, location) = self.call(&path, token, body).await;
        (location.unwrap().split_once('#').unwrap().1.to_owned(), invited)
    }
}

async fn walk(manner: Manner) -> (String, World) {
    let world = World::new().await;
    world.add_user(UserRole::Client, "nora", &[]).await;
    world.add_user(UserRole::Provider, "sofia", &[SPANISH, 1]).await;
    world.add_user(UserRole::Provider, "felix", &[SPANISH]).await;
    let mut walk = Walk { world: &world, manner, notes: String::new() };
    let none = || Value::Null;

    let sofia = walk.login("Provider", "sofia").await;
    let felix = walk.login("Provider", "felix").await;
    let nora = walk.login("Client", "nora").await;
    walk.call("Provider/Task/SetOnline", &sofia, json!({"DeviceTypeCodeId": 5, "SupportVideo": true})).await;
    walk.call("Provider/Task/SetOnline", &felix, none()).await;

    let wanted = json!({
        "NeedHelpLanguageId": SPANISH, "RequestSituationCodeId": 2, "AdditionalInfo": "Ward 7 & <8>", "FromLanguage": 1,
        "RelatedVersionCode": "1.0", "DeviceTypeCodeId": 5, "RequestLocation": "Boston",
    });
    walk.call("Client/RequestPreCheck", &nora, wanted.clone()).await;
    let (request, _) = walk.call("Client/Request/New", &nora, wanted.clone()).await;
    let task = json!({"RequestId": request["RequestId"]});
    walk.call("Client/Request/Status", &nora, none()).await;
    walk.call("Provider/Task/Offers", &felix, none()).await;
    walk.call("Provider/Task/Decline", &felix, task.clone()).await;
    walk.call("Provider/Task/Offers", &felix, none()).await;
    walk.call("Provider/Task/Accept", &sofia, task).await;
    walk.call("Provider/Task/Status", &sofia, none()).await;
    walk.call("Client/Request/StartVideoProcess", &nora, none()).await;
    walk.call("Client/Request/VideoEngineAccounts", &nora, none()).await;
    walk.call("Provider/Task/RefuseVideo", &sofia, none()).await;
    walk.call("Provider/Task/Status", &sofia, none()).await;
    walk.call("Client/Request/VideoEngineAccounts", &nora, none()).await;
    walk.call("Client/Request/Status", &nora, none()).await;
    walk.call("Client/Request/FindAnotherInterpreter", &nora, none()).await;
    walk.call("Client/Request/CallFinishedNew", &nora, json!({"IsSuccessful": false, "Calls": []})).await;
    let (request, _) = walk.call("Client/Request/New", &nora, wanted).await;
    walk.call("Provider/Task/Accept", &sofia, json!({"RequestId": request["RequestId"]})).await;
    walk.call("Client/Request/StartVideoProcess", &nora, none()).await;
    walk.call("Client/Request/VideoAgain", &nora, none()).await;
    walk.call("Client/Request/StartRoomVideoCallWithRegion", &nora, none()).await;
    walk.call("Provider/Task/ConfirmVideo", &sofia, none()).await;
    walk.call("Client/Request/VideoEngineAccounts", &nora, none()).await;
    walk.call("Provider/Task/VideoEngineAccounts", &sofia, none()).await;
    walk.call("Provider/Task/VideoAgain", &sofia, none()).await;

    let rosa = json!({"Email": "rosa@example.org", "Name": "Rosa", "isPSTN": false});
    let (token, invited) = walk.invite("Client/Request", &nora, rosa).await;
    walk.call("Guest/Invitation", &token, none()).await;
    walk.call("Guest/VideoEngineAccounts", &token, none()).await;
    walk.call("Guest/Confirm", &token, none()).await;
    walk.call("Guest/VideoEngineAccounts", &token, none()).await;
    walk.call("Client/Request/VideoConferenceParticipants", &nora, none()).await;
    walk.call("Client/Request/KickThirdPartyVideoParticipant", &nora, invited).await;
    let (token, _) = walk.invite("Provider/Task", &sofia, json!({"PhoneNumber": "+1 555 0100"})).await;
    walk.call("Guest/Decline", &token, none()).await;
    let (token, _) = walk.invite("Provider/Task", &sofia, json!({"Name": "Raúl"})).await;
    walk.call("Guest/Confirm", &token, none()).await;
    walk.call("Guest/Leave", &token, none()).await;
    let (_, invited) = walk.invite("Provider/Task", &sofia, json!({"Name": "Rita"})).await;
    walk.call("Provider/Task/KickThirdPartyVideoParticipant", &sofia, invited).await;
    walk.call("Provider/Task/VideoConferenceParticipants", &sofia, none()).await;

    let second = json!({"ToLanguageId": SPANISH, "additionalInfo": "For the grandmother"});
    let (asked, _) = walk.call("Provider/Task/RequestSecondInterpreter", &sofia, second).await;
    walk.call("Client/Request/KickThirdPartyVideoParticipant", &nora, asked).await;
    let colleague =
        json!({"ToLanguageId": SPANISH, "additionalInfo": "For the grandmother", "Purpose": "Team"});
    let (colleague, _) = walk.call("Client/Request/RequestSecondInterpreter", &nora, colleague).await;
    let (offers, _) = walk.call("Provider/Task/Offers", &felix, none()).await;
    walk.call("Provider/Task/Accept", &felix, json!({"RequestId": offers[0]["RequestId"]})).await;
    walk.call("Provider/Task/Status", &felix, none()).await;
    walk.call("Provider/Task/ConfirmVideo", &felix, none()).await;
    walk.call("Provider/Task/VideoEngineAccounts", &felix, none()).await;
    walk.call("Provider/Task/TakeTurn", &sofia, colleague).await;
    walk.call("Provider/Task/Status", &felix, none()).await;
    walk.call("Client/Request/VideoConferenceParticipants", &nora, none()).await;

    let report = json!({
        "NeedSurvey": "No", "TotalTime": 12.50, "IsSuccessful": true, "Calls": [{
            "StartTime_Utc": "2026-01-01T00:00:00Z", "EndTime_Utc": "2026-01-01T00:12:30Z", "CallTime": 12.50,
            "IsSuccessful": true, "ThirdPartyCallId": "7",
        }],
    });
    walk.call("Client/Request/CallFinishedNew", &nora, report).await;
    walk.call("Provider/Task/Finish", &sofia, none()).await;
    walk.call("Client/Request/Status", &nora, none()).await;
    walk.call("Client/Request/VideoEngineAccounts", &nora, none()).await;
    walk.call("Provider/Task/SetAvailability", &sofia, json!({"Status": "Break", "BreakReason": "Meal"}))
        .await;
    walk.call("Provider/Task/Availability", &sofia, none()).await;
    walk.call("Provider/Task/SetOffline", &sofia, json!({})).await;
    walk.call("Client/Logout", &nora, none()).await;
    walk.call("Provider/Logout", &sofia, none()).await;
    (walk.notes, world)
}

fn assert_kept(name: &str, told: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/api/whole_call").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, told).expect("it can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first_difference = kept.lines().zip(told.lines()).find(|(kept, told)| kept != told);
    assert!(kept == told, "{name} differs; first difference: {first_difference:#?}");
}

#[actix_web::test]
async fn every_route_in_json() {
    let (told, world) = walk(PLAIN).await;
    assert_kept("json.txt", &told);
    let all = ROUTES.iter().map(|route| route.path.to_owned()).collect();
    assert_eq!(*world.called.borrow(), all);
}

#[actix_web::test]
async fn every_route_in_xml() {
    let (told, _) = walk(Manner { sends: XML, asks: XML, ..PLAIN }).await;
    assert_kept("xml.txt", &told);
}

#[actix_web::test]
async fn every_route_json_in_and_xml_out() {
    let (told, _) = walk(Manner { sends: "text/json", asks: "text/xml", ..PLAIN }).await;
    assert_kept("xml.txt", &told);
}

#[actix_web::test]
async fn every_route_xml_in_and_json_out() {
    let (told, _) = walk(Manner { sends: "text/xml", asks: "text/json", ..PLAIN }).await;
    assert_kept("json.txt", &told);
}

#[actix_web::test]
async fn every_route_in_capitals_with_a_bearer_token() {
    let (told, _) = walk(Manner { path: |path| path.to_uppercase(), bearer: true, ..PLAIN }).await;
    assert_kept("json.txt", &told);
}

#[actix_web::test]
async fn every_route_in_small_letters_with_a_slash_at_the_end() {
    let path = |path: &str| format!("{}/", path.to_lowercase());
    let (told, _) = walk(Manner { path, ..PLAIN }).await;
    assert_kept("json.txt", &told);
}

/// The same value, whichever form it is told in.
#[actix_web::test]
async fn both_forms_tell_the_same() {
    let world = World::new().await;
    let call = world.issued("").await;
    world.joined(&call, "Rosa").await;
    for (path, token) in [
        ("Client/Request/Status", &call.client),
        ("Client/Request/VideoEngineAccounts", &call.client),
        ("Client/Request/VideoConferenceParticipants", &call.client),
        ("Provider/Task/Status", &call.provider),
        ("Provider/Task/VideoEngineAccounts", &call.provider),
        ("Provider/Task/Offers", &call.provider),
    ] {
        let json = world.send(crate::world::post(path, token, JSON)).await.ok().json();
        let xml = world.send(crate::world::post(path, token, XML)).await.ok();
        let of_xml = with_model!(find(path).gives, Model => xml.xml_as_json::<Model>());
        assert_eq!(json, of_xml, "{path}");
    }
    // A number that is nobody's is the same error in both.
    let unknown = ids(call.session, 0).to_string();
    let request = crate::world::post("Client/Request/KickThirdPartyVideoParticipant", &call.client, XML);
    let request = request.insert_header(("Content-Type", JSON)).set_payload(unknown);
    let answer = world.send(request).await;
    assert_eq!(answer.text(), "<Error><Message>No such session or participant.</Message></Error>");
    assert_eq!((answer.status, answer.header("X-Error-Code")), (404, Some("not_found")));
}
