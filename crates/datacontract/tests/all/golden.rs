//! Byte for byte what .NET's `DataContractSerializer` answered to the same documents.

use datacontract::ErrorKind;

use crate::CONTRACT;
use crate::models::ResultVideoConferenceParticipant as Participant;

macro_rules! golden {
    ($($part:literal),+) => {
        include_bytes!(concat!("../golden/", $($part),+))
    };
}

fn check(name: &str, read: Result<Participant, String>, expected: &[u8]) {
    let participant = read.unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = CONTRACT.write(&participant).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(written, std::str::from_utf8(expected).unwrap(), "{name}");
    let again: Participant = CONTRACT.read(written.as_bytes()).unwrap();
    assert_eq!(again, participant, "{name}");
}

macro_rules! echoed {
    ($($name:literal)*) => {
        $(check(
            $name,
            CONTRACT.read(golden!($name, ".in.xml")).map_err(|error| error.to_string()),
            golden!($name, ".out.xml"),
        );)*
    };
}

#[test]
fn documents_come_back_as_the_framework_writes_them() {
    echoed! {
        "seed-xml" "xml-bom" "xml-declaration-comments-cdata" "xml-empty-elements" "xml-extra-elements"
        "xml-list-items" "xml-minimal-missing" "xml-nil" "xml-prefixed"
    }
}

#[test]
fn values_that_come_from_json_are_written_as_the_framework_writes_them() {
    for (name, json, xml) in [
        ("seed", &golden!("seed-json-in-xml-out.in.json")[..], &golden!("seed-json-in-xml-out.out.xml")[..]),
        (
            "empty and null items",
            golden!("json-empty-and-null-items-xml-out.in.json"),
            golden!("json-empty-and-null-items-xml-out.out.xml"),
        ),
    ] {
        check(name, serde_json::from_slice(json).map_err(|error| error.to_string()), xml);
    }
}

/// The recorded answer is not well-formed XML 1.0, for it has `&#x1;`; ours is refused. All else in it
/// agrees.
#[test]
fn text_is_escaped_as_the_framework_does_but_never_ill_formed() {
    let json = std::str::from_utf8(golden!("json-text-output-xml-out.in.json")).unwrap();
    let expected = std::str::from_utf8(golden!("json-text-output-xml-out.out.xml")).unwrap();
    let participant: Participant = serde_json::from_str(json).unwrap();
    let error = CONTRACT.write(&participant).unwrap_err();
    assert_eq!(error.path(), "PersonName");

    let participant: Participant = serde_json::from_str(&json.replace("\\u0001", "")).unwrap();
    assert_eq!(CONTRACT.write(&participant).unwrap(), expected.replace("&#x1;", ""));
}

#[test]
fn null_is_written_as_the_framework_writes_it() {
    let written = CONTRACT.write_nil("ResultVideoConferenceParticipant").unwrap();
    assert_eq!(written.as_bytes(), golden!("null.out.xml"));
    assert_eq!(CONTRACT.read::<Option<Participant>>(written.as_bytes()).unwrap(), None);
}

/// .NET skips what is out of order and writes the defaults; here nothing is lost.
#[test]
fn any_order_is_read() {
    let participant: Participant = CONTRACT.read(golden!("xml-order-source-declaration.in.xml")).unwrap();
    assert_eq!(participant.request_conference_session_video_status_code_id, 4);
    assert_eq!(participant.app_client_email.as_deref(), Some("a7"));
    assert_eq!(participant.person_name.as_deref(), Some("p5"));

    let participant: Participant = CONTRACT.read(golden!("xml-order-wrong.in.xml")).unwrap();
    assert_eq!(participant.person_name.as_deref(), Some("A"));
    assert_eq!(participant.video_account_identity.as_deref(), Some("v"));
    assert_eq!(participant.second_request.unwrap().request_status_code_id, Some(3));
}

#[test]
fn dates_are_handed_over_trimmed_and_texts_as_they_are() {
    let participant: Participant = CONTRACT.read(golden!("dates-xml-accepted.in.xml")).unwrap();
    let providers = participant.second_request.unwrap().provider_list.0.unwrap();
    assert_eq!(providers.len(), 11);
    for provider in providers {
        let schedule = provider.unwrap().is_schedule.unwrap();
        let text = schedule.start_utc_date_str.unwrap();
        assert_eq!(schedule.start_utc_date.unwrap().0, text.trim());
    }
}

#[test]
fn what_the_framework_refuses_is_refused_and_placed() {
    let refused = |document: &[u8]| CONTRACT.read::<Participant>(document).unwrap_err();

    let error = refused(golden!("xml-dtd.in.xml"));
    assert_eq!((error.kind(), error.line(), error.column()), (&ErrorKind::DtdRefused, 1, 1));
    assert_eq!(refused(golden!("xml-entity-internal.in.xml")).kind(), &ErrorKind::DtdRefused);
    assert_eq!(refused(golden!("xml-entity-external.in.xml")).kind(), &ErrorKind::DtdRefused);

    assert_eq!(
        refused(golden!("xml-int-text.in.xml")).to_string(),
        "the value must be an integer from -2147483648 to 2147483647 \
         (line 1, column 172, path RequestConferenceSessionId)"
    );
    assert_eq!(
        refused(golden!("xml-nil-int.in.xml")).to_string(),
        "the value must not be null (line 1, column 172, path RequestConferenceSessionId)"
    );
    assert_eq!(
        refused(golden!("xml-malformed.in.xml")).to_string(),
        "the document is not well-formed: an end tag does not match its start tag \
         (line 1, column 159, path PersonName)"
    );
    assert_eq!(
        refused(golden!("xml-namespace-other.in.xml")).to_string(),
        "the root element must be ResultVideoConferenceParticipant in the namespace \
         http://schemas.datacontract.org/2004/07/API.Models, not ResultVideoConferenceParticipant in the namespace \
         urn:other (line 1, column 1, path /)"
    );
    assert!(refused(golden!("xml-namespace-none.in.xml")).to_string().contains("in no namespace"));
    assert!(
        refused(golden!("xml-deep-300.in.xml")).to_string().starts_with("the document is nested too deeply")
    );
}

/// .NET takes the first of two.
#[test]
fn a_member_given_twice_is_refused() {
    let error = CONTRACT.read::<Participant>(golden!("xml-duplicate-elements.in.xml")).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::DuplicateMember("PersonName".to_owned()));
    assert_eq!(error.path(), "PersonName");
}
