//! Which type an answer has.

use crate::client::{ECHO, request};

const JSON: &str = "application/json; charset=utf-8";
const TEXT_JSON: &str = "text/json; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";
const TEXT_XML: &str = "text/xml; charset=utf-8";

fn answered(headers: &[&str], body: &str) -> String {
    let answer = request("POST", ECHO, headers, body.as_bytes());
    answer.header("Content-Type").expect("a type").to_owned()
}

#[test]
fn accept() {
    for (accept, expected) in [
        ("application/json", JSON),
        ("APPLICATION/XML", XML),
        ("text/xml", TEXT_XML),
        ("application / xml", XML),
        ("text/*", TEXT_JSON),
        ("application/*", JSON),
        ("*/*", JSON),
        ("application/xml, application/json", JSON),
        ("application/xml, */*", XML),
        ("application/xml;q=0.5, */*;q=0.9", JSON),
        ("application/xml, application/json;q=0.9", XML),
        ("text/xml, application/xml", TEXT_XML),
        ("text/xml;q=0.5, application/xml", XML),
        ("text/*, application/xml;q=0.9", TEXT_JSON),
        ("application/xml;q=0.5, text/*;q=0.5", XML),
        ("application/json;q=0, application/xml;q=0.1", XML),
        ("application/json;q=0, */*", JSON),
        ("application/xml;q=abc, application/json;q=0.9", XML),
        ("application/xml;q=1.5, application/json", XML),
        ("application/xml; charset=\"a,b\"; q=1", XML),
        (",, application/xml ,", XML),
        ("image/png, application/xml;q=0.1", XML),
        ("*/xml", JSON),
        ("image/png", JSON),
        ("application/json;q=0", JSON),
        // A part that cannot be read takes the line with it.
        ("application/xml, garbage", JSON),
        ("application/xml;", JSON),
        ("", JSON),
    ] {
        assert_eq!(
            answered(&["Content-Type: application/json", &format!("Accept: {accept}")], "{}"),
            expected,
            "{accept}"
        );
    }
}

#[test]
fn several_lines() {
    let lines = ["Content-Type: application/json", "Accept: garbage", "Accept: application/xml"];
    assert_eq!(answered(&lines, "{}"), XML);
}

#[test]
fn without_accept_the_request_decides() {
    for (content_type, expected) in [
        ("text/json", TEXT_JSON),
        ("text/xml; charset=utf-8", TEXT_XML),
        ("Application/XML", XML),
        ("text/plain", JSON),
        ("garbage", JSON),
    ] {
        assert_eq!(answered(&[&format!("Content-Type: {content_type}")], "x"), expected, "{content_type}");
    }
    assert_eq!(answered(&["Content-Type: text/xml", "Accept: image/png"], "x"), TEXT_XML);
}

#[test]
fn script_requests() {
    let xml = "Content-Type: text/xml";
    let script = "X-Requested-With: XmlHttpRequest";
    assert_eq!(answered(&[xml, script], "x"), JSON);
    assert_eq!(answered(&[xml, script, "Accept: */*"], "x"), JSON);
    assert_eq!(answered(&[xml, script, "Accept: text/xml"], "x"), TEXT_XML);
    assert_eq!(answered(&[xml, script, "Accept: */*, text/xml"], "x"), TEXT_XML);
    assert_eq!(answered(&[xml, "X-Requested-With: Other"], "x"), TEXT_XML);
}
