//! Paths and methods.

use crate::client::request;

#[test]
fn letter_case_and_a_slash_at_the_end_do_not_matter_below_the_base() {
    for path in [
        "/API/Client/Request/KickThirdPartyVideoParticipant",
        "/api/client/request/kickthirdpartyvideoparticipant",
        "/Api/CLIENT/Request/kickThirdPartyVideoParticipant/",
        "/API/Client/Request/%4bickThirdPartyVideoParticipant?x=%ZZ&Y=1",
        "/%41PI/Client/Request/KickThirdPartyVideoParticipant",
    ] {
        let answer = request("POST", path, &[], b"");
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
        assert_eq!(answer.header("Content-Type"), None);
        assert_eq!(answer.header("Content-Length"), Some("0"));
    }
    let login = request(
        "POST",
        "/api/client/LOGIN/44",
        &["Content-Type: application/json"],
        br#"{"Email":"a@example.org","Password":"p"}"#,
    );
    assert_eq!(login.status, 200);
    assert_eq!(request("GET", "/join", &[], b"").status, 200);
    assert_eq!(request("GET", "/JOIN", &[], b"").status, 404, "outside the base letter case counts");
}

#[test]
fn unknown_paths() {
    for path in [
        "/API/Client/Request/Nothing",
        "/API",
        "/",
        "/APIx/Client/Request/KickThirdPartyVideoParticipant",
        "/API/Client/Request/Kick%2FThirdPartyVideoParticipant",
        "/API/%",
        "/API/%4",
        "/API/%ZZ",
        "/API/%FF%00",
        "/API//Client",
        "/API/..%2f..%2fetc",
        "/API/<'\">&",
    ] {
        let answer = request("POST", path, &["Accept: application/json"], b"");
        // What is no URI at all is refused below us.
        if answer.status == 400 && answer.body.is_empty() {
            assert!(path.contains('<'), "{path}");
            continue;
        }
        assert_eq!((answer.status, answer.header("X-Error-Code")), (404, Some("not_found")), "{path}");
        let body: serde_json::Value = serde_json::from_str(answer.text()).expect("JSON");
        let message = format!("No HTTP resource was found that matches the request URI '{path}'.");
        assert_eq!(body["Message"], message);
    }
}

#[test]
fn other_methods() {
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let answer =
            request(method, "/API/Client/Request/kickThirdPartyVideoParticipant", &["Accept: text/xml"], b"");
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("POST")), "{method}");
        assert_eq!(answer.header("X-Error-Code"), Some("method_not_allowed"));
        assert_eq!(
            answer.text(),
            format!(
                "<Error><Message>The requested resource does not support http method '{method}'.</Message></Error>"
            )
        );
    }
    let answer = request("POST", "/API/events", &[], b"");
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET")));
}
