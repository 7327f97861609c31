//! Errors in both forms.

use crate::client::{ECHO, echo_xml, request};
use std::collections::BTreeSet;
use trialogue_contract::errors::{ErrorBody, WireErrorCode};
use trialogue_contract::json;

#[test]
fn both_forms() {
    let error = ErrorBody::new("No <way> & \"why\".")
        .detail("d")
        .at("a[0].b", "one")
        .at("A[0].B", "two")
        .at("", "all");
    assert_eq!(
        json::write(&error).expect("it can be written"),
        "{\"Message\":\"No <way> & \\\"why\\\".\",\"MessageDetail\":\"d\",\
         \"ModelState\":{\"request.a[0].b\":[\"one\",\"two\"],\"request\":[\"all\"]}}"
    );
    assert_eq!(
        error.to_xml(),
        "<Error><Message>No &lt;way&gt; &amp; \"why\".</Message><MessageDetail>d</MessageDetail><ModelState>\
         <request.a_x005B_0_x005D_.b>one two</request.a_x005B_0_x005D_.b><request>all</request></ModelState></Error>"
    );
    assert_eq!(json::write(&ErrorBody::new("m")).expect("it can be written"), "{\"Message\":\"m\"}");
    assert_eq!(ErrorBody::new("").to_xml(), "<Error><Message /></Error>");
}

#[test]
fn names_are_encoded_as_xml_convert_does() {
    for (path, element) in [
        ("['a b']", "request_x005B__x0027_a_x0020_b_x0027__x005D_"),
        ("a_x0020_b", "request.a_x005F_x0020_b"),
        ("a_xyz", "request.a_xyz"),
        ("é-1:2", "request.é-1_x003A_2"),
        ("😀", "request._x0001F600_"),
        ("$id", "request._x0024_id"),
    ] {
        let xml = ErrorBody::invalid().at(path, "m").to_xml();
        assert!(xml.contains(&format!("<ModelState><{element}>m</{element}></ModelState>")), "{xml}");
    }
}

#[test]
fn a_json_body_may_be_refused_in_xml() {
    let headers = ["Content-Type: application/json", "Accept: text/xml"];
    let answer =
        request("POST", ECHO, &headers, br#"{"secondRequest":{"providerList":[{"ProviderRate":"x"}]}}"#);
    assert_eq!((answer.status, answer.header("Content-Type")), (400, Some("text/xml; charset=utf-8")));
    let element = "request.secondRequest.providerList_x005B_0_x005D_.ProviderRate";
    assert_eq!(
        answer.text(),
        format!(
            "<Error><Message>The request is invalid.</Message><ModelState><{element}>A decimal number of at most 28 \
             digits is expected here (line 1, column 54).</{element}></ModelState></Error>"
        )
    );
}

#[test]
fn xml_errors_say_where() {
    let answer = echo_xml(
        "<ResultVideoConferenceParticipant xmlns=\"http://schemas.datacontract.org/2004/07/API.Models\">\n\
         <RequestConferenceSessionId>4711x</RequestConferenceSessionId></ResultVideoConferenceParticipant>",
    );
    assert_eq!((answer.status, answer.header("X-Error-Code")), (400, Some("invalid_body")));
    assert!(answer.text().contains("line 2"), "{}", answer.text());
    assert!(answer.text().contains("RequestConferenceSessionId"), "{}", answer.text());
    assert!(!answer.text().contains("4711"), "{}", answer.text());
}

#[test]
fn codes_are_distinct_and_plain() {
    let codes: BTreeSet<_> = WireErrorCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(codes.len(), WireErrorCode::ALL.len());
    for code in WireErrorCode::ALL {
        assert!(code.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        assert!(code.status().as_u16() >= 400 && code.meaning().ends_with('.'));
    }
}
