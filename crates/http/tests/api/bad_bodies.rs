//! Bodies that cannot be read, on every route that takes one: what is wrong, and where.

use serde_json::json;

use crate::answer::{Answer, NAMESPACE, assert_sentence};
use crate::routes::{ROUTES, Route, Side};
use crate::world::{World, post};

const JSON: &str = "application/json";
const XML: &str = "application/xml";

struct Tokens {
    world: World,
    client: String,
    provider: String,
}

impl Tokens {
    async fn new() -> Self {
        let world = World::new().await;
        let (client, provider) = (world.client("nora").await, world.provider("sofia").await);
        Self { world, client, provider }
    }

    /// Sends a body in this form and asks for the answer in JSON.
    async fn send(&self, route: Route, form: &str, body: impl Into<String>) -> Answer {
        let token = match route.side {
            Side::Client => &self.client,
            Side::Provider => &self.provider,
            Side::Anybody | Side::Guest => "",
        };
        let request = post(route.path, token, form).insert_header(("Accept", JSON));
        self.world.send(request.set_payload(body.into())).await
    }
}

fn routes_with_bodies() -> impl Iterator<Item = Route> {
    ROUTES.into_iter().filter(|route| !route.takes.is_empty())
}

/// Most bytes that the route takes.
fn longest(route: Route) -> usize {
    match route.side {
        Side::Anybody => 16 * 1024,
        Side::Client | Side::Provider | Side::Guest => 1024 * 1024,
    }
}

fn may_be_left_out(route: Route) -> bool {
    route.takes == "ParaProviderOnlineStatus"
}

/// A member of each model with a value that does not fit, and the path at which that is told.
fn misfit(model: &str) -> (&'static str, &'static str, &'static str) {
    match model {
        "ParaLoginInfo" => (r#"{"SupportNewUrl":"perhaps"}"#, "request.SupportNewUrl", "SupportNewUrl"),
        "ParaRequest" => {
            (r#"{"NeedHelpLanguageId":"x"}"#, "request.NeedHelpLanguageId", "NeedHelpLanguageId")
        }
        "ParaThirdPartyVideoParticipant" => (r#"{"isPSTN":"perhaps"}"#, "request.isPSTN", "isPSTN"),
        "ResultVideoConferenceParticipant" => (
            r#"{"secondRequest":{"providerList":[{},{"ProviderRate":"x"}]}}"#,
            "request.secondRequest.providerList[1].ProviderRate",
            "RequestConferenceSessionId",
        ),
        "ParaCallInfoList" => {
            (r#"{"Calls":[{"StartTime_Utc":"yesterday"}]}"#, "request.Calls[0].StartTime_Utc", "TotalTime")
        }
        "ParaProviderOnlineStatus" => {
            (r#"{"SupportVideo":"perhaps"}"#, "request.SupportVideo", "SupportVideo")
        }
        "ParaProviderAvailability" => {
            (r#"{"DeviceTypeCodeId":"x"}"#, "request.DeviceTypeCodeId", "DeviceTypeCodeId")
        }
        "ParaSecondRequest" => (r#"{"ToLanguageId":"x"}"#, "request.ToLanguageId", "ToLanguageId"),
        "ParaTaskReference" => (r#"{"RequestId":1.5}"#, "request.RequestId", "RequestId"),
        other => panic!("no misfit for {other}"),
    }
}

/// An unreadable body, told with line and column.
#[track_caller]
fn assert_unreadable(answer: &Answer, what: &str) -> String {
    assert_eq!(answer.status, 400, "{what}: {}", answer.text());
    assert_eq!(answer.fails(400, "invalid_body"), "The request is invalid.", "{what}");
    let error = answer.json();
    let messages: Vec<_> =
        error["ModelState"].as_object().unwrap().values().flat_map(|m| m.as_array().unwrap()).collect();
    for message in &messages {
        let message = message.as_str().unwrap();
        assert_sentence(message);
        assert!(message.contains("line ") && message.contains("column "), "{what}: {message}");
    }
    error["ModelState"].to_string()
}

#[actix_web::test]
async fn no_body_at_all() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        for (form, body) in [(JSON, ""), (JSON, "null"), (JSON, " \r\n"), (XML, ""), (XML, "\n")] {
            let answer = with.send(route, form, body).await;
            if may_be_left_out(route) {
                answer.empty();
            } else {
                assert_eq!(
                    answer.fails(400, "body_required"),
                    "A request body is required.",
                    "{}",
                    route.path
                );
            }
        }
    }
}

#[actix_web::test]
async fn truncated_and_malformed() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        for body in
            ["{", "{\"A\":", "{\"A\":1", "{\"A\":\"x", "[", "{'A':1}", "{\"A\":1,}", "{} {}", "nonsense"]
        {
            assert_unreadable(&with.send(route, JSON, body).await, &format!("{} {body}", route.path));
        }
        let model = route.takes;
        for body in [
            "<".to_owned(),
            format!("<{model} xmlns=\"{NAMESPACE}\">"),
            format!("<{model} xmlns=\"{NAMESPACE}\"><A></{model}>"),
            format!("<{model} xmlns=\"{NAMESPACE}\"/>x"),
            format!("<{model} xmlns=\"{NAMESPACE}\">&nbsp;</{model}>"),
            "{}".to_owned(),
        ] {
            assert_unreadable(&with.send(route, XML, &*body).await, &format!("{} {body}", route.path));
        }
    }
}

#[actix_web::test]
async fn wrong_types_are_told_by_path() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        let (json, path, member) = misfit(route.takes);
        let answer = with.send(route, JSON, json).await;
        assert_unreadable(&answer, route.path);
        assert_eq!(answer.model_error().0, path, "{}", route.path);

        let (model, marker) = (route.takes, "unfit4711");
        let xml = format!("<{model} xmlns=\"{NAMESPACE}\">\n<{member}>{marker}</{member}></{model}>");
        let answer = with.send(route, XML, xml).await;
        let told = assert_unreadable(&answer, route.path);
        assert!(told.contains("line 2") && told.contains(member), "{}: {told}", route.path);
        assert_eq!(answer.model_error().0, "request", "as the framework does");
        assert!(!answer.text().contains(marker), "values of the body are not repeated");

        let answer = with.send(route, JSON, "[]").await;
        assert_unreadable(&answer, route.path);
        let answer = with.send(route, XML, format!("<Other xmlns=\"{NAMESPACE}\"/>")).await;
        assert_unreadable(&answer, route.path);
    }
}

#[actix_web::test]
async fn document_types_are_refused() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        let model = route.takes;
        for dtd in [
            format!("<!DOCTYPE {model}>"),
            format!("<!DOCTYPE {model} [<!ENTITY a \"b\">]>"),
            format!("<!DOCTYPE {model} SYSTEM \"file:///etc/passwd\">"),
        ] {
            let body = format!("<?xml version=\"1.0\"?>{dtd}<{model} xmlns=\"{NAMESPACE}\"/>");
            assert_unreadable(&with.send(route, XML, body).await, route.path);
        }
    }
}

#[actix_web::test]
async fn deep_and_many() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        let model = route.takes;
        let open = format!("<{model} xmlns=\"{NAMESPACE}\">");
        let nested = |depth: usize| format!("{{\"later\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        let nested_xml =
            |depth: usize| format!("{open}{}{}</{model}>", "<a>".repeat(depth), "</a>".repeat(depth));
        let mut bodies: Vec<(&str, String)> = [64, 5_000, 100_000]
            .into_iter()
            .flat_map(|depth| [(JSON, nested(depth)), (XML, nested_xml(depth))])
            .collect();
        bodies.push((JSON, format!("{{\"later\":[{}1]}}", "1,".repeat(10_000))));
        bodies.push((XML, format!("{open}{}</{model}>", "<a/>".repeat(10_001))));
        for (form, body) in bodies {
            let is_too_long = body.len() > longest(route);
            let answer = with.send(route, form, body).await;
            if is_too_long {
                answer.fails(413, "body_too_large");
            } else {
                assert_unreadable(&answer, route.path);
            }
        }
    }
}

#[actix_web::test]
async fn a_member_given_twice() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        let ((_, _, member), model) = (misfit(route.takes), route.takes);
        for json in [
            format!("{{\"{member}\":1,\"{member}\":1}}"),
            format!("{{\"{member}\":1,\"{}\":1}}", member.to_uppercase()),
        ] {
            let told = assert_unreadable(&with.send(route, JSON, json).await, route.path);
            assert!(told.contains("twice"), "{}: {told}", route.path);
        }
        let element = format!("<{member}>1</{member}>");
        let xml = format!("<{model} xmlns=\"{NAMESPACE}\">{element}{element}</{model}>");
        let told = assert_unreadable(&with.send(route, XML, xml).await, route.path);
        assert!(told.contains("twice") && told.contains(member), "{}: {told}", route.path);
    }
}

#[actix_web::test]
async fn longer_than_the_limit() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        let limit = longest(route);
        let told = if limit == 16 * 1024 { "16 KiB" } else { "1 MiB" };
        for form in [JSON, XML] {
            let answer = with.send(route, form, " ".repeat(limit + 1)).await;
            let message = answer.fails(413, "body_too_large");
            assert_eq!(message, format!("The request body is longer than {told}."), "{}", route.path);
        }
        let answer = with.send(route, JSON, format!("{{}}{}", " ".repeat(limit - 2))).await;
        assert_ne!(answer.status, 413, "{}", route.path);
    }
}

#[actix_web::test]
async fn types_that_are_not_read() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        for form in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=a",
            "application/json; charset=utf-16",
        ] {
            let answer = with.send(route, form, "{}").await;
            answer.fails(415, "unsupported_media_type");
        }
    }
}

/// What is wrong with several members is told at once.
#[actix_web::test]
async fn all_misfits_are_told() {
    let with = Tokens::new().await;
    let body = json!({"Email": "rosa", "Name": "x".repeat(201), "RegionId": -1}).to_string();
    let call = with.world.issued("").await;
    let request = post("Client/Request/InviteThirdPartyVideoConference", &call.client, JSON);
    let answer = with.world.send(request.set_payload(body)).await;
    answer.fails(400, "invalid_body");
    let error = answer.json();
    let mut members: Vec<_> = error["ModelState"].as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["request.Email", "request.Name", "request.RegionId"]);
}

/// A body that is asked for by nobody is not looked at.
#[actix_web::test]
async fn routes_without_a_body_ignore_one() {
    let with = Tokens::new().await;
    for route in
        ROUTES.into_iter().filter(|route| route.takes.is_empty() && route.path.starts_with("Client/Request/"))
    {
        for form in [JSON, "text/plain"] {
            with.send(route, form, "{nonsense").await.fails(409, "no_request");
        }
    }
}

#[actix_web::test]
async fn a_compressed_body_is_refused_by_the_name_of_its_coding() {
    let with = Tokens::new().await;
    for route in routes_with_bodies() {
        let token = if route.side == Side::Provider { &with.provider } else { &with.client };
        let coded = |coding: &str, body: &'static [u8]| {
            post(route.path, token, JSON).insert_header(("Content-Encoding", coding)).set_payload(body)
        };
        for (given, named) in
            [("gzip", "gzip"), ("BR", "BR"), ("identity, deflate", "deflate"), ("zstd,gzip", "zstd")]
        {
            let answer = with.world.send(coded(given, b"\x1f\x8b\x08")).await;
            let told = answer.fails(415, "unsupported_content_coding");
            assert!(told.contains(&format!("'{named}'")), "{told}");
            assert_eq!(answer.header("Accept-Encoding"), Some("identity"));
        }
        for given in ["identity", "", "Identity,"] {
            let answer = with.world.send(coded(given, b"nonsense")).await;
            answer.fails(400, "invalid_body");
        }
    }
}

#[actix_web::test]
async fn without_a_model_nothing_of_a_body_is_judged() {
    let with = Tokens::new().await;
    let large = vec![b'x'; 2 * 1024 * 1024];
    // A log-out can't be repeated with the same token (`logout.rs`).
    let repeatable = |route: &Route| route.takes.is_empty() && !route.path.ends_with("Logout");
    for route in ROUTES.into_iter().filter(repeatable) {
        let (side, name) =
            if route.side == Side::Provider { ("Provider", "sofia") } else { ("Client", "nora") };
        // A log-out ends its token, so each request has one of its own.
        let token = async || with.world.login(side, name).await;
        let plain = with.world.send(post(route.path, &token().await, JSON)).await;
        for (name, value, body) in [
            ("Content-Type", "nonsense", &b"{"[..]),
            ("Content-Type", "application/json; charset=utf-16", b"\xff\xfe"),
            ("Content-Encoding", "gzip", b"\x1f\x8b"),
            ("X-Large", "1", &large),
        ] {
            let request = post(route.path, &token().await, JSON)
                .insert_header((name, value))
                .set_payload(body.to_vec());
            let answer = with.world.send(request.insert_header(("Accept", JSON))).await;
            assert_eq!(
                (answer.status, answer.text()),
                (plain.status, plain.text()),
                "{} {value}",
                route.path
            );
        }
    }
}
