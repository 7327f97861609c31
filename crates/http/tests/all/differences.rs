//! Where we differ from the framework on purpose: our own answer to each row of the table in `docs/wire.md`.

use crate::client::{Answer, ECHO, echo_json, echo_xml, request};
use crate::golden::{model_state_keys, recorded, replay};

/// The recorded cases that we answer otherwise.
pub(crate) const ON_PURPOSE: &[&str] = &[
    "accept-charset-utf16-json",
    "content-type-form",
    "content-type-missing-empty",
    "content-type-utf16-json",
    "content-type-xml-empty",
    "dates-json-accepted",
    "dates-xml-accepted",
    "json-deep-300",
    "json-duplicate-names",
    "json-non-standard-syntax",
    "json-null-body",
    "json-text-output",
    "json-text-output-xml-out",
    "json-trailing-content",
    "route-unknown-json",
    "route-unknown-xml",
    "xml-duplicate-elements",
    "xml-order-source-declaration",
    "xml-order-wrong",
];

fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.header("X-Error-Code")), (status, Some(code)), "{}", answer.text());
}

/// Refused with one key, and a message that names a place.
fn assert_invalid(answer: &Answer, key: &str, place: &str) {
    assert_refused(answer, 400, "invalid_body");
    let keys = model_state_keys(answer).expect("a ModelState");
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), [key], "{}", answer.text());
    assert!(answer.text().contains(place), "{}", answer.text());
    assert!(answer.text().contains("The request is invalid."));
}

const REQUIRED_JSON: &str = r#"{"Message":"A request body is required."}"#;
const REQUIRED_XML: &str = "<Error><Message>A request body is required.</Message></Error>";
const NIL: &str = "<ResultVideoConferenceParticipant i:nil=\"true\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" \
                   xmlns=\"http://schemas.datacontract.org/2004/07/API.Models\" />";

#[test]
fn a_body_is_required() {
    for (answer, expected) in [
        (replay("content-type-missing-empty"), REQUIRED_JSON),
        (replay("content-type-xml-empty"), REQUIRED_XML),
        (replay("json-null-body"), REQUIRED_JSON),
        (echo_json(b" \r\n\t"), REQUIRED_JSON),
        (echo_json(b"\xEF\xBB\xBF"), REQUIRED_JSON),
        (echo_json(b" null "), REQUIRED_JSON),
        (echo_json(b"\"\""), REQUIRED_JSON),
        (echo_xml("  \n"), REQUIRED_XML),
        (echo_xml(NIL), REQUIRED_XML),
    ] {
        assert_refused(&answer, 400, "body_required");
        assert_eq!(answer.text(), expected);
    }
}

#[test]
fn xml_elements_bind_in_any_order() {
    let answer = replay("xml-order-wrong");
    assert_eq!(answer.status, 200);
    for part in [
        "<AppClientEmail>e</AppClientEmail>",
        "<PersonName>A</PersonName>",
        "<RequestConferenceSessionId>7</RequestConferenceSessionId>",
        "<VideoAccountIdentity>v</VideoAccountIdentity>",
        "<RequestStatusCodeId>3</RequestStatusCodeId><ToLanguage>es</ToLanguage>",
    ] {
        assert!(answer.text().contains(part), "{part} in {}", answer.text());
    }
    let answer = replay("xml-order-source-declaration");
    assert_eq!(answer.status, 200);
    assert!(!answer.text().contains("<PersonName i:nil"), "{}", answer.text());
    assert!(!answer.text().contains("<ProviderName i:nil"), "{}", answer.text());
    assert!(!answer.text().contains("<AppClientEmail i:nil"), "{}", answer.text());
}

#[test]
fn a_member_is_given_once() {
    let answer = replay("json-duplicate-names");
    assert_refused(&answer, 400, "invalid_body");
    assert_eq!(
        answer.text(),
        "{\"Message\":\"The request is invalid.\",\"ModelState\":{\
         \"request.PersonName\":[\"This member is given twice (line 1, column 36).\"],\
         \"request.secondRequest\":[\"This member is given twice (line 1, column 116).\"]}}"
    );
    assert_invalid(&echo_json(br#"{"PersonName":"a","PERSONNAME":"b"}"#), "request.PERSONNAME", "twice");
    assert_invalid(&replay("xml-duplicate-elements"), "request", "PersonName");
}

#[test]
fn syntax_is_strict() {
    assert_invalid(&replay("json-non-standard-syntax"), "request", "(line 1, column 2)");
    assert_invalid(&replay("json-trailing-content"), "request", "(line 1, column 20)");
    for (body, key, place) in [
        (&b"{'PersonName':\"A\"}"[..], "request", "column 2"),
        (b"{\"PersonName\":'A'}", "request.PersonName", "column 15"),
        (b"{\"PersonName\":\"A\" /* c */}", "request.PersonName", "column 19"),
        (b"{\"PersonName\":\"A\"}\n// end", "request", "line 2, column 1"),
        (b"{\"RequestConferenceSessionId\":0x10}", "request.RequestConferenceSessionId", "column 32"),
        (b"{\"RequestConferenceSessionId\":010}", "request.RequestConferenceSessionId", "column 34"),
        (b"{PersonName:\"A\"}", "request", "column 2"),
        (b"{\"PersonName\":\"A\",}", "request.PersonName", "column 19"),
        (
            b"{\"secondRequest\":{\"providerList\":[null,]}}",
            "request.secondRequest.providerList[0]",
            "column 40",
        ),
        (b"{\"PersonName\":\"A\"}{}", "request", "column 19"),
        (b"{\"PersonName\":NaN}", "request.PersonName", "column 15"),
        (b"{\"PersonName\":undefined}", "request.PersonName", "column 15"),
    ] {
        assert_invalid(&echo_json(body), key, place);
    }
}

#[test]
fn references_are_refused() {
    assert_invalid(&echo_json(br#"{"$id":"1","PersonName":"A"}"#), "request.$id", "References");
    assert_invalid(
        &echo_json(br#"{"secondRequest":{"$ref":"1"}}"#),
        "request.secondRequest.$ref",
        "References",
    );
    let z = "xmlns:z=\"http://schemas.microsoft.com/2003/10/Serialization/\"";
    let open =
        "<ResultVideoConferenceParticipant xmlns=\"http://schemas.datacontract.org/2004/07/API.Models\"";
    let close = "</ResultVideoConferenceParticipant>";
    assert_invalid(&echo_xml(&format!("{open} {z} z:Id=\"i1\">{close}")), "request", "line 1");
    assert_invalid(
        &echo_xml(&format!("{open} {z}><secondRequest z:Ref=\"i1\"/>{close}")),
        "request",
        "line 1",
    );
}

#[test]
fn sizes_are_limited() {
    let deep = format!("request.Extra{}", "[0]".repeat(63));
    assert_invalid(&replay("json-deep-300"), &deep, "64 deep");
    assert_invalid(&replay("xml-deep-300"), "request", "line 1");
    let nested = |depth: usize| format!("{{\"Extra\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(echo_json(nested(63).as_bytes()).status, 200);
    assert_refused(&echo_json(nested(64).as_bytes()), 400, "invalid_body");

    let many = |count: usize| format!("{{\"Extra\":[{}1]}}", "1,".repeat(count - 3));
    assert_eq!(echo_json(many(10_000).as_bytes()).status, 200);
    assert_refused(&echo_json(many(10_001).as_bytes()), 400, "invalid_body");

    let long = |length: usize| format!("{{\"PersonName\":\"{}\"}}", "a".repeat(length - 17));
    assert_eq!(echo_json(long(1024 * 1024).as_bytes()).status, 200);
}

#[test]
fn only_text_that_xml_can_carry() {
    for name in ["json-text-output", "json-text-output-xml-out"] {
        assert_invalid(&replay(name), "request.PersonName", "Control characters");
    }
    for body in [
        &b"{\"PersonName\":\"\\u0001\"}"[..],
        b"{\"PersonName\":\"\x01\"}",
        b"{\"PersonName\":\"\\u0000\"}",
        b"{\"PersonName\":\"\\b\"}",
        b"{\"PersonName\":\"\\f\"}",
        b"{\"PersonName\":\"\\uffff\"}",
        b"{\"PersonName\":\"\xEF\xBF\xBE\"}",
    ] {
        assert_invalid(&echo_json(body), "request.PersonName", "Control characters");
    }
    assert_invalid(&echo_json(b"{\"PersonName\":\n\"\xFF\"}"), "request", "UTF-8 (line 2, column 2)");
    let rest = echo_json(b"{\"PersonName\":\"\\t\\n\\r\t\n\r \\u0085\\u2028\\ud800\"}");
    assert_eq!(rest.status, 200);
    assert!(rest.text().contains(r#""PersonName":"\t\n\r\t\n\r \u0085\u2028"#), "{}", rest.text());
    assert!(rest.text().contains('\u{FFFD}'));
}

#[test]
fn utf_8_only() {
    let answer = replay("accept-charset-utf16-json");
    assert_eq!(
        (answer.status, answer.header("Content-Type")),
        (200, Some("application/json; charset=utf-8"))
    );
    assert!(answer.text().contains(r#""PersonName":"A""#));
    assert_refused(&replay("content-type-utf16-json"), 415, "unsupported_media_type");
    for charset in ["utf-16", "UTF-16LE", "\"utf-16be\""] {
        let content_type = format!("Content-Type: application/json; charset={charset}");
        assert_refused(&request("POST", ECHO, &[&content_type], b"{}"), 415, "unsupported_media_type");
    }
    assert_eq!(request("POST", ECHO, &["Content-Type: text/xml; charset=latin1"], b"{").status, 400);
    assert_eq!(request("POST", ECHO, &["Content-Type: application/json; charset=latin1"], b"{}").status, 200);
}

#[test]
fn forms_are_not_read() {
    let answer = replay("content-type-form");
    assert_refused(&answer, 415, "unsupported_media_type");
    assert_eq!(
        answer.text(),
        "{\"Message\":\"The request entity's media type 'application/x-www-form-urlencoded' is not supported for this \
         resource.\"}"
    );
}

/// The recorded answer with every `startUtcDate` in UTC.
fn in_utc(name: &str, open: &str, close: &str) -> String {
    let theirs = recorded(name);
    let in_utc = |(index, piece): (usize, &str)| match piece.split_once(close) {
        Some((date, rest)) if index > 0 => {
            let date = date.trim_end_matches("+00:00").trim_end_matches('Z');
            [date, "Z", close, rest].concat()
        }
        _ => piece.to_owned(),
    };
    theirs.text().split(open).enumerate().map(in_utc).collect::<Vec<_>>().join(open)
}

#[test]
fn dates_are_written_in_utc() {
    let json = replay("dates-json-accepted");
    assert_eq!(json.text(), in_utc("dates-json-accepted", "\"startUtcDate\":\"", "\""));
    let xml = replay("dates-xml-accepted");
    assert_eq!(xml.text(), in_utc("dates-xml-accepted", "<startUtcDate>", "</startUtcDate>"));
}

#[test]
fn a_404_names_the_path_only() {
    let json = replay("route-unknown-json");
    assert_refused(&json, 404, "not_found");
    assert_eq!(
        json.text(),
        r#"{"Message":"No HTTP resource was found that matches the request URI '/API/Nothing/Here'."}"#
    );
    let xml = replay("route-unknown-xml");
    assert_refused(&xml, 404, "not_found");
    assert_eq!(
        xml.text(),
        "<Error><Message>No HTTP resource was found that matches the request URI '/API/Nothing/Here'.</Message></Error>"
    );
    assert!(!request("GET", "/API/Nothing?secret=1", &[], b"").text().contains("secret"));
}

#[test]
fn errors_have_no_detail() {
    let answer = echo_json(br#"{"RequestConferenceSessionId":"4711abc"}"#);
    for leak in ["4711", "Exception", "StackTrace", "at "] {
        assert!(!answer.text().replace("format", "").contains(leak), "{}", answer.text());
    }
}
