//! What holds for every input.

use proptest::prelude::*;
use std::fs;
use std::path::Path;
use trialogue_contract::json;
use trialogue_contract::models::{
    ArrayOfParaRequestProvider, ArrayOfString, DateTime, Decimal, ParaRequestProvider,
    ResultVideoConferenceParticipant, ResultVideoConferenceSecondRequest, ScheduledRequest,
};

type Body = ResultVideoConferenceParticipant;

fn seed() -> Vec<u8> {
    let request = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/seed-json/request.http"));
    let request = request.expect("the seed");
    let body = request.windows(4).position(|four| four == b"\r\n\r\n").expect("a body") + 4;
    request[body..].to_vec()
}

/// Any text that the wire can carry.
fn text() -> impl Strategy<Value = Option<String>> {
    let carried =
        |c: &char| !matches!(c, '\0'..'\u{20}' | '\u{FFFE}' | '\u{FFFF}') || matches!(c, '\t' | '\n' | '\r');
    let chars = proptest::collection::vec(any::<char>().prop_filter("not XML", carried), 0..20);
    proptest::option::of(chars.prop_map(String::from_iter))
}

/// What a provider is made of; the wire types themselves cannot be shown.
type Provider = (i32, Option<String>, Option<Vec<Option<String>>>, Decimal, bool, Option<DateTime>);

fn provider() -> impl Strategy<Value = Provider> {
    let languages = proptest::option::of(proptest::collection::vec(text(), 0..3));
    let decimal = (any::<i64>(), 0..20_usize).prop_map(|(digits, scale)| {
        let text = format!("{:0>21}", digits.unsigned_abs());
        let (whole, fraction) = text.split_at(text.len() - scale);
        Decimal::parse(&format!("{}{whole}.{fraction}", if digits < 0 { "-" } else { "" }))
            .expect("a decimal")
    });
    let milliseconds = -60_000_000_000_000_i64..250_000_000_000_000;
    let time = proptest::option::of(milliseconds.prop_filter_map("in range", DateTime::from_milliseconds));
    (any::<i32>(), text(), languages, decimal, any::<bool>(), time)
}

fn build((id, name, languages, rate, flag, time): Provider) -> ParaRequestProvider {
    let schedule =
        ScheduledRequest { start_utc_date: time, join_available: Some(flag), ..Default::default() };
    ParaRequestProvider {
        request_provider_id: id,
        name,
        native_language: ArrayOfString(languages),
        provider_rate: rate,
        support_call: flag,
        is_schedule: Some(schedule),
        ..Default::default()
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_as_it_was(
        id in any::<i32>(),
        name in text(),
        providers in proptest::option::of(proptest::collection::vec(proptest::option::of(provider()), 0..3)),
    ) {
        let providers = providers.map(|providers| providers.into_iter().map(|provider| provider.map(build)).collect());
        let body = Body {
            request_conference_session_id: id,
            person_name: name.clone(),
            second_request: Some(ResultVideoConferenceSecondRequest {
                provider_list: ArrayOfParaRequestProvider(providers),
                ..Default::default()
            }),
            ..Default::default()
        };
        let written = json::write(&body).expect("it can be written");
        let read: Body = json::read(written.as_bytes()).map_err(|errors| TestCaseError::fail(format!("{errors:?}")))?;
        prop_assert!(read == body, "{}", written);
        let other: serde_json::Value = serde_json::from_str(&written).expect("any JSON reader takes it");
        prop_assert_eq!(other["PersonName"].as_str(), name.as_deref());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = json::read::<Body>(&bytes);
    }

    #[test]
    fn what_is_no_json_is_refused(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"PersonName\"", "\"secondRequest\"", "\"providerList\"", "\"ProviderRate\"",
                "\"RequestConferenceSessionId\"", "\"\"", "1", "-1.5e300", "true", "null", " ", "\"isSchedule\"",
                "\"startUtcDate\"", "\"/Date(1)/\"", "x",
            ]),
            0..40,
        )
    ) {
        let text = tokens.concat();
        let ours = json::read::<Body>(text.as_bytes());
        if serde_json::from_str::<serde_json::Value>(&text).is_err() {
            prop_assert!(ours.is_err(), "{}", text);
        }
        prop_assert!(ours.err().is_none_or(|errors| !errors.is_empty()));
    }

    #[test]
    fn a_damaged_seed_is_read_or_refused_with_a_place(at in 0..5_210_usize, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = seed();
        let at = at.min(bytes.len() - 1);
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Err(errors) = json::read::<Body>(&bytes) {
            prop_assert!(errors.iter().all(|error| error.line >= 1 && error.column >= 1));
            prop_assert!(!errors.is_empty());
        } else {
            prop_assert!(!cut, "a part of an object is no object");
        }
    }

    #[test]
    fn no_text_makes_the_date_reader_panic(text in "[0-9TZ:/+., -]{0,30}|\\PC{0,20}") {
        let body = serde_json::json!({ "startUtcDate": text }).to_string();
        let _ = json::read::<ScheduledRequest>(body.as_bytes());
    }

    #[test]
    fn no_digits_make_the_decimal_reader_panic(text in "-?[0-9]{0,40}\\.?[0-9]{0,40}([eE][+-]?[0-9]{1,25})?") {
        let body = format!("{{\"secondRequest\":{{\"providerList\":[{{\"ProviderRate\":{text}}},{{\"ProviderRate\":\"{text}\"}}]}}}}");
        let _ = json::read::<Body>(body.as_bytes());
    }
}
