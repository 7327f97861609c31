//! What the call pages ask for beyond the contract.

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use trialogue_contract::models::ArrayOfResultLanguage;

use crate::world::{World, guest_of};

#[actix_web::test]
async fn a_guest_is_told_who_invites_before_it_says_yes() {
    let world = World::new().await;
    let call = world.issued("").await;
    for (side, token, inviter, kind) in
        [("Client/Request", &call.client, "client", 1), ("Provider/Task", &call.provider, "provider", 2)]
    {
        let path = format!("{side}/InviteThirdPartyVideoConference");
        let guest = guest_of(&world.post(&path, token, json!({"Name": "Rosa"})).await.ok());
        let told = async || world.post("Guest/Invitation", &guest.token, Value::Null).await.ok().json();
        let expected = |status: i32| {
            json!({
                "RequestConferenceSessionId": call.session,
                "RequestConferenceSessionVideoParticipantId": guest.participant,
                "RequestConferenceSessionVideoStatusCodeId": status,
                "PersonName": "Rosa",
                "InviterName": inviter,
                "InviterTypeCodeId": kind,
                "ToLanguageId": 44,
                "ToLanguage": "Spanish",
            })
        };
        assert_eq!(told().await, expected(1));
        // Being told is no answer.
        assert_eq!(told().await, expected(1));
        world.post("Guest/Confirm", &guest.token, Value::Null).await.empty();
        assert_eq!(told().await, expected(2));
        world.post("Guest/Leave", &guest.token, Value::Null).await.empty();
        world.post("Guest/Invitation", &guest.token, Value::Null).await.fails(401, "invalid_invitation");
    }
}

#[actix_web::test]
async fn an_interpreter_finds_its_task_again() {
    let world = World::new().await;
    let call = world.requested("").await;
    let status = async || world.post("Provider/Task/Status", &call.provider, Value::Null).await;
    status().await.fails(409, "no_request");
    world.post("Provider/Task/Accept", &call.provider, json!({"RequestId": call.session})).await.empty();
    let of_client = world.post("Client/Request/Status", &call.client, Value::Null).await.ok().json();
    assert_eq!(status().await.ok().json(), of_client);
    assert_eq!(of_client["RequestStatusCodeId"], 5);
    world.post("Provider/Task/Finish", &call.provider, Value::Null).await.empty();
    assert_eq!(status().await.ok().number("RequestStatusCodeId"), 4);
}

#[actix_web::test]
async fn the_languages_are_told_to_anybody() {
    let world = World::new().await;
    let get =
        |media_type: &str| TestRequest::get().uri("/API/Languages").insert_header(("Accept", media_type));
    let json = world.send(get("application/json")).await.ok().json();
    let spanish = json!({"LanguageId": 44, "Code": "es", "Name": "Spanish"});
    assert!(json.as_array().unwrap().contains(&spanish), "{json}");
    assert_eq!(world.send(get("application/xml")).await.ok().xml_as_json::<ArrayOfResultLanguage>(), json);
}

#[actix_web::test]
async fn other_methods_are_refused_everywhere() {
    let world = World::new().await;
    for (path, allow) in [
        ("/healthz", "GET, HEAD"),
        ("/readyz", "GET, HEAD"),
        ("/API/Languages", "GET"),
        ("/API/Events", "GET"),
        ("/API/Signalling/1", "GET"),
        ("/API/Client/Login/1", "POST"),
        ("/API/Client/Request/Status", "POST"),
    ] {
        for method in ["OPTIONS", "PUT", "DELETE", "PATCH", "HEAD", "GET", "POST"] {
            if allow.contains(method) {
                continue;
            }
            let request = TestRequest::with_uri(path).method(method.parse().unwrap());
            let answer = world.send(request).await;
            assert_eq!((answer.status, answer.header("Allow")), (405, Some(allow)), "{method} {path}");
            assert_eq!(answer.header("X-Error-Code"), Some("method_not_allowed"), "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn a_slash_at_the_end_changes_nothing() {
    let world = World::new().await;
    for path in ["/healthz/", "/readyz/", "/API/Languages/"] {
        assert_eq!(world.send(TestRequest::get().uri(path)).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn answers_of_the_api_are_kept_by_no_cache() {
    let world = World::new().await;
    for path in ["/API/Languages", "/API/Nothing", "/API/Client/Request/Status", "/healthz"] {
        let answer = world.send(TestRequest::get().uri(path)).await;
        let told = ["Cache-Control", "Pragma", "Expires"].map(|name| answer.header(name));
        assert_eq!(told, [Some("no-store"), Some("no-cache"), Some("-1")], "{path}");
    }
}
