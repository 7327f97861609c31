//! Properties of all documents and all values.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::models::{
    DateTime, Decimal, ParaRequestProvider, ProfileImage, Providers, ResultVideoConferenceParticipant,
    ResultVideoConferenceSecondRequest, ScheduledRequest, Strings,
};
use crate::{CONTRACT, document};

const SEED: &[u8] = include_bytes!("../golden/seed-xml.in.xml");

/// Any text that XML can hold and give back: a carriage return becomes a line feed.
fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        '<',
        '>',
        '&',
        ']',
        '"',
        '\'',
        ' ',
        '\t',
        '\n',
        '\u{85}',
        '\u{FFFD}',
        '\u{1F600}',
        '-',
        '!',
        '[',
    ]);
    vec(prop_oneof![odd, any::<char>()], 0..12).prop_map(|chars| {
        chars.into_iter().filter(|&c| matches!(c, '\t' | '\n' | ' '..='\u{FFFD}' | '\u{10000}'..)).collect()
    })
}

fn texts() -> impl Strategy<Value = Strings> {
    option::of(vec(option::of(text()), 0..3)).prop_map(Strings)
}

fn schedule() -> impl Strategy<Value = ScheduledRequest> {
    (option::of(any::<i32>()), option::of(text()), option::of(any::<bool>()), option::of("[0-9T:Z-]{0,20}"))
        .prop_map(|(person_id, pin, join_available, date)| ScheduledRequest {
            person_id,
            pin,
            join_available,
            start_utc_date: date.map(DateTime),
            ..ScheduledRequest::default()
        })
}

fn provider() -> impl Strategy<Value = ParaRequestProvider> {
    let image = text().prop_map(|text| ProfileImage { image_data: Some(text), ..ProfileImage::default() });
    (texts(), texts(), "[0-9]{1,5}(\\.[0-9]{1,3})?", any::<bool>(), option::of(image), option::of(schedule()))
        .prop_map(|(native_language, other_language, rate, support_call, profile_image, is_schedule)| {
            ParaRequestProvider {
                native_language,
                other_language,
                provider_rate: Decimal(rate),
                support_call,
                profile_image,
                is_schedule,
                ..ParaRequestProvider::default()
            }
        })
}

fn participant() -> impl Strategy<Value = ResultVideoConferenceParticipant> {
    let providers = option::of(vec(option::of(provider()), 0..3)).prop_map(Providers);
    let second = (option::of(any::<i32>()), providers, option::of(text())).prop_map(
        |(to_language_id, provider_list, waiting_msg)| ResultVideoConferenceSecondRequest {
            provider_list,
            waiting_msg,
            to_language_id,
            ..ResultVideoConferenceSecondRequest::default()
        },
    );
    (any::<i32>(), option::of(text()), option::of(second)).prop_map(
        |(request_conference_session_id, person_name, second_request)| ResultVideoConferenceParticipant {
            request_conference_session_id,
            person_name,
            second_request,
            ..ResultVideoConferenceParticipant::default()
        },
    )
}

/// Pieces that mean something to the reader, so that random documents get somewhere.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<",
        ">",
        "/",
        "/>",
        "</",
        "a",
        "PersonName",
        "secondRequest",
        "providerList",
        "ParaRequestProvider",
        " ",
        "\r",
        "\n",
        "=",
        "\"",
        "'",
        "&",
        ";",
        "&amp;",
        "&#65;",
        "&#0;",
        "xmlns",
        "xmlns:x",
        ":",
        "x",
        "i:nil",
        "true",
        "i:type",
        "<!--",
        "-->",
        "--",
        "<![CDATA[",
        "]]>",
        "]",
        "<!DOCTYPE",
        "<?",
        "?>",
        "<PersonName>",
        "</PersonName>",
        "<a>",
        "</a>",
        "<secondRequest>",
        "</secondRequest>",
        "é",
        "\u{FFFE}",
        "1",
        "<x:a xmlns:x='urn:x'/>",
    ]);
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn read(bytes: &[u8]) -> Option<ResultVideoConferenceParticipant> {
    match CONTRACT.read::<ResultVideoConferenceParticipant>(bytes) {
        Ok(participant) => Some(participant),
        Err(error) => {
            assert!(error.line() >= 1 && error.column() >= 1 && !error.to_string().is_empty());
            None
        }
    }
}

/// What was read can be written, and is the same when read again.
fn check(bytes: &[u8]) {
    if let Some(participant) = read(bytes) {
        // A carriage return by reference is read, and becomes a line feed when written: as .NET does.
        let written = CONTRACT.write(&participant).unwrap();
        let again = read(written.as_bytes()).unwrap();
        assert_eq!(CONTRACT.write(&again).unwrap(), written);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_come_back(participant in participant()) {
        let written = CONTRACT.write(&participant).unwrap();
        prop_assert_eq!(read(written.as_bytes()), Some(participant));
    }

    #[test]
    fn every_text_is_written_so_that_it_comes_back_or_not_at_all(text in any::<String>()) {
        let participant =
            ResultVideoConferenceParticipant { person_name: Some(text.clone()), ..Default::default() };
        let legal = text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..));
        match CONTRACT.write(&participant) {
            Ok(written) => {
                prop_assert!(legal);
                let expected = text.replace("\r\n", "\n").replace('\r', "\n");
                prop_assert_eq!(read(written.as_bytes()).unwrap().person_name, Some(expected));
            }
            Err(_) => prop_assert!(!legal),
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn any_mixture_is_answered(content in fragments()) {
        check(content.as_bytes());
        check(document("ResultVideoConferenceParticipant", &content).as_bytes());
    }

    #[test]
    fn a_damaged_document_is_answered(
        changes in vec((0..SEED.len(), prop_oneof![any::<u8>(), prop::sample::select(b"<>&/\"'=!-]x: ".to_vec())]), 1..4),
        cut in 0..=SEED.len(),
    ) {
        let mut bytes = SEED.to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        check(&bytes);
        prop_assert_eq!(read(&bytes[..cut.min(SEED.len() - 2)]), None);
    }

    #[test]
    fn order_and_unknown_members_do_not_matter(order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(), depth in 1..60_usize) {
        let unknown = format!("{}text{}", "<PersonName xmlns=''>".repeat(depth), "</PersonName>".repeat(depth));
        let members = [
            "<PersonName>a</PersonName>",
            "<RequestConferenceSessionId>7</RequestConferenceSessionId>",
            "<secondRequest><waitingMsg>w</waitingMsg><ToLanguage>t</ToLanguage></secondRequest>",
            "<AppClientName/>",
            &unknown,
        ];
        let content: String = order.into_iter().map(|index: usize| members[index]).collect();
        let read = read(document("ResultVideoConferenceParticipant", &content).as_bytes()).unwrap();
        let second = ResultVideoConferenceSecondRequest {
            waiting_msg: Some("w".to_owned()),
            to_language: Some("t".to_owned()),
            ..Default::default()
        };
        prop_assert_eq!(read, ResultVideoConferenceParticipant {
            person_name: Some("a".to_owned()),
            request_conference_session_id: 7,
            second_request: Some(second),
            app_client_name: Some(String::new()),
            ..Default::default()
        });
    }
}
