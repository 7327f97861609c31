//! What the call pages ask for beyond the contract, and the pages themselves.

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use trialogue_http::wire::ArrayOfResultLanguage;

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
async fn a_page_is_kept_and_asked_for_again() {
    let world = World::new().await;
    let page = world.send(TestRequest::get().uri("/join")).await;
    assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("Cache-Control"), Some("no-cache"));
    assert_eq!(page.header("Referrer-Policy"), Some("no-referrer"));
    assert!(page.text().contains(r#"<meta name="trialogue-base" content="API">"#));
    let policy = page.header("Content-Security-Policy").unwrap();
    assert!(policy.contains("connect-src 'self' wss://trialogue.example;"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let tag = page.header("ETag").unwrap().to_owned();
    for (given, status) in [(tag.clone(), 304), (format!("\"x\", W/{tag}"), 304), ("\"x\"".to_owned(), 200)] {
        let again = TestRequest::get().uri("/join").insert_header(("If-None-Match", given.as_str()));
        assert_eq!(world.send(again).await.status, status, "{given}");
    }
    let script = world.send(TestRequest::get().uri("/assets/i18n/es.js")).await;
    assert_eq!(script.header("Content-Type"), Some("text/javascript; charset=utf-8"));
    world.send(TestRequest::post().uri("/join")).await.fails(405, "method_not_allowed");
    world.send(TestRequest::get().uri("/assets/secret.js")).await.fails(404, "not_found");
}

#[actix_web::test]
async fn a_slash_at_the_end_of_a_page_leads_to_the_page() {
    let world = World::new().await;
    for (path, location) in [
        ("/client/", "../client"),
        ("/interpreter/", "../interpreter"),
        ("/join/", "../join"),
        ("/assets/style.css/", "../style.css"),
        ("/assets/i18n/en.js/", "../en.js"),
    ] {
        let answer = world.send(TestRequest::get().uri(path)).await;
        assert_eq!((answer.status, answer.header("Location")), (308, Some(location)), "{path}");
        let answer = world.send(TestRequest::post().uri(path)).await;
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD")), "{path}");
    }
    assert_eq!(world.send(TestRequest::get().uri("/")).await.status, 200);
    for path in ["/healthz/", "/readyz/"] {
        assert_eq!(world.send(TestRequest::get().uri(path)).await.status, 200, "{path}");
    }
    world.send(TestRequest::get().uri("/client//")).await.fails(404, "not_found");
}

#[actix_web::test]
async fn other_methods_are_refused_everywhere() {
    let world = World::new().await;
    for (path, allow) in [
        ("/", "GET, HEAD"),
        ("/client", "GET, HEAD"),
        ("/assets/api.js", "GET, HEAD"),
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
async fn answers_of_the_api_are_kept_by_no_cache() {
    let world = World::new().await;
    for path in ["/API/Languages", "/API/Nothing", "/API/Client/Request/Status", "/healthz"] {
        let answer = world.send(TestRequest::get().uri(path)).await;
        let told = ["Cache-Control", "Pragma", "Expires"].map(|name| answer.header(name));
        assert_eq!(told, [Some("no-store"), Some("no-cache"), Some("-1")], "{path}");
    }
}
