//! Each rule of reading JSON, as a table.

use trialogue_contract::json;
use trialogue_contract::models::{ParaCallInfoList, ResultVideoConferenceParticipant};

fn read(text: &str) -> Result<ResultVideoConferenceParticipant, Vec<json::JsonError>> {
    json::read(text.as_bytes())
}

/// Paths of what is wrong.
fn paths(text: &str) -> Vec<String> {
    let errors = read(text).err().unwrap_or_else(|| panic!("{text} was read"));
    errors.into_iter().map(|error| error.path).collect()
}

/// What is written after reading `{"<member>":<value>}`.
fn echoed(member: &str, value: &str) -> String {
    let text = format!("{{\"{member}\":{value}}}");
    let participant = read(&text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let out = json::write(&participant).expect("it can be written");
    let (_, rest) = out.split_once(&format!("\"{member}\":")).expect("every member is written");
    rest.split([',', '}']).next().expect("a value").to_owned()
}

const INT: &str = "RequestConferenceSessionId";

#[test]
fn integers() {
    for (value, expected) in [
        ("1", "1"),
        ("-4", "-4"),
        ("-0", "0"),
        ("2147483647", "2147483647"),
        ("-2147483648", "-2147483648"),
        ("\"1\"", "1"),
        ("\" 2 \"", "2"),
        ("\"+3\"", "3"),
        ("\"\\t007\\n\"", "7"),
    ] {
        assert_eq!(echoed(INT, value), expected, "{value}");
    }
    for value in [
        "1.5",
        "1.0",
        "1e2",
        "2147483648",
        "-2147483649",
        "\"abc\"",
        "\"1.0\"",
        "\"1 2\"",
        "\" \"",
        "null",
        "\"\"",
        "\"--1\"",
    ] {
        // Reading goes on: the second bad member is reported as well.
        let both = format!("{{\"{INT}\":{value},\"RequestConferenceSessionVideoTypeCodeId\":\"x\"}}");
        assert_eq!(paths(&both), [INT, "RequestConferenceSessionVideoTypeCodeId"], "{value}");
    }
    for value in ["true", "false", "{}", "{\"a\":1}", "[1,2]"] {
        let both = format!("{{\"{INT}\":{value},\"RequestConferenceSessionVideoTypeCodeId\":\"x\"}}");
        assert_eq!(paths(&both), [INT], "{value}");
    }
}

#[test]
fn a_list_in_the_place_of_a_scalar_is_reported_twice() {
    assert_eq!(paths(r#"{"PersonName":[1]}"#), ["PersonName", ""]);
    assert_eq!(paths(r#"{"PersonName":[]}"#), ["PersonName", ""]);
    assert_eq!(
        paths(r#"{"secondRequest":{"ToLanguageId":["9"]}}"#),
        ["secondRequest.ToLanguageId", "secondRequest"]
    );
    assert_eq!(paths(r#"{"PersonName":["a","b"]}"#), ["PersonName"]);
}

fn provider(member: &str, value: &str) -> String {
    format!("{{\"secondRequest\":{{\"providerList\":[{{\"{member}\":{value}}}]}}}}")
}

#[test]
fn booleans() {
    let flag = |value: &str| {
        let participant =
            read(&provider("SupportCall", value)).unwrap_or_else(|errors| panic!("{value}: {errors:?}"));
        participant
            .second_request
            .and_then(|second| second.provider_list.items().next().map(|p| p.support_call))
    };
    for value in ["true", "1", "-1", "2.5", "0.1", "1e5", "\"true\"", "\" TRUE \"", "\"True\""] {
        assert_eq!(flag(value), Some(true), "{value}");
    }
    for value in ["false", "0", "0.0", "-0", "0e9", "\"False\"", "\"false\""] {
        assert_eq!(flag(value), Some(false), "{value}");
    }
    for value in ["null", "\"\"", "\"1\"", "\"yes\"", "\" \"", "{}", "{\"a\":true}"] {
        assert_eq!(
            paths(&provider("SupportCall", value)),
            ["secondRequest.providerList[0].SupportCall"],
            "{value}"
        );
    }
}

#[test]
fn texts() {
    for (value, expected) in [
        ("\"a\"", "\"a\""),
        ("5", "\"5\""),
        ("1.50", "\"1.50\""),
        ("-1E+3", "\"-1E+3\""),
        ("true", "\"true\""),
        ("false", "\"false\""),
        ("null", "null"),
        ("\"\"", "\"\""),
        ("\"\\u00e9\\ud83d\\ude00\"", "\"é😀\""),
        ("\"\\ud800x\"", "\"\u{FFFD}x\""),
        ("\"\\ude00\"", "\"\u{FFFD}\""),
        ("\"\\ud800\\ud83d\\ude00\"", "\"\u{FFFD}😀\""),
        ("\"\\/\\\"\"", "\"/\\\"\""),
    ] {
        assert_eq!(echoed("PersonName", value), expected, "{value}");
    }
    for value in ["{}", "{\"a\":1}", "\"\\q\"", "\"\\u12g4\"", "\"\\'\"", "nul", "nullx", "truefalse"] {
        assert_eq!(paths(&format!("{{\"PersonName\":{value},\"{INT}\":\"x\"}}")), ["PersonName"], "{value}");
    }
}

fn total_time(value: &str) -> Result<String, Vec<json::JsonError>> {
    let text = format!("{{\"TotalTime\":{value}}}");
    json::read::<ParaCallInfoList>(text.as_bytes()).map(|list| list.total_time.to_string())
}

#[test]
fn decimals() {
    for (value, expected) in [
        ("3", "3"),
        ("3.0", "3.0"),
        ("3.50", "3.50"),
        ("-0.10", "-0.10"),
        ("0", "0"),
        ("-0", "0"),
        ("0.00", "0.00"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e2", "100"),
        ("1.50e1", "15.0"),
        ("1.5e1", "15"),
        ("12E-1", "1.2"),
        ("1E-5", "0.00001"),
        ("0e99", "0"),
        ("79228162514264337593543950335", "79228162514264337593543950335"),
        ("-79228162514264337593543950335", "-79228162514264337593543950335"),
        ("0.1234567890123456789012345678", "0.1234567890123456789012345678"),
        ("\"3.50\"", "3.50"),
        ("\" 1,234.5 \"", "1234.5"),
        ("\"5-\"", "-5"),
        ("\"+5\"", "5"),
        ("\"1e2\"", "100"),
    ] {
        assert_eq!(total_time(value).expect(value), expected, "{value}");
    }
    for value in [
        "79228162514264337593543950336",
        "1e29",
        "1e999999999999",
        "\"abc\"",
        "\"-5-\"",
        "\"- 5\"",
        "\"1_0\"",
        "null",
        "\"\"",
        "true",
    ] {
        let errors = total_time(value).expect_err(value);
        assert_eq!(errors[0].path, "TotalTime", "{value}");
    }
}

#[test]
fn names() {
    let participant = read(r#"{"personname":"a","secondrequest":{"TOLANGUAGE":"es"}}"#).unwrap_or_default();
    assert_eq!(participant.person_name.as_deref(), Some("a"));
    assert_eq!(participant.second_request.and_then(|second| second.to_language).as_deref(), Some("es"));
    let escaped = read(r#"{"Person\u004eame":"a"}"#).unwrap_or_default();
    assert_eq!(escaped.person_name.as_deref(), Some("a"));
    assert_eq!(paths(r#"{"personname":{}}"#), ["personname"]);
    assert_eq!(paths(r#"{"a b":[{"it's":nope}]}"#), [r"['a b'][0]['it\'s']"]);
    assert!(read(r#"{"Extra":{"$ref":"1","a":1,"a":2}}"#).is_ok(), "nobody reads what is skipped");
}

#[test]
fn empty_text_is_null() {
    let null = read(r#"{"secondRequest":""}"#).unwrap_or_default();
    assert!(null.second_request.is_none());
    let text = r#"{"secondRequest":{"providerList":["",{"NativeLanguage":"","ProfileImage":"","isSchedule":
        {"startUtcDate":"","JoinAvailable":"","PersonId":""}}],"ToLanguageId":"","ToLanguage":""}}"#;
    let second = read(text).unwrap_or_else(|errors| panic!("{errors:?}")).second_request.expect("an object");
    assert_eq!((second.to_language_id, second.to_language.as_deref()), (None, Some("")));
    let providers = second.provider_list.0.expect("a list");
    assert!(providers[0].is_none());
    let provider = providers[1].as_ref().expect("a provider");
    assert!(provider.native_language.0.is_none() && provider.profile_image.is_none());
    let schedule = provider.is_schedule.as_ref().expect("a schedule");
    assert!(
        schedule.start_utc_date.is_none()
            && schedule.join_available.is_none()
            && schedule.person_id.is_none()
    );
}

#[test]
fn containers_of_the_wrong_kind() {
    for (text, expected) in [
        (r#"{"secondRequest":5,"RequestConferenceSessionId":"x"}"#, &["secondRequest", INT][..]),
        (r#"{"secondRequest":"abc","RequestConferenceSessionId":"x"}"#, &["secondRequest", INT]),
        (r#"{"secondRequest":[1,[2]],"RequestConferenceSessionId":"x"}"#, &["secondRequest", INT]),
        (
            r#"{"secondRequest":{"providerList":{}},"RequestConferenceSessionId":"x"}"#,
            &["secondRequest.providerList", INT],
        ),
        (
            r#"{"secondRequest":{"providerList":{"a":[1],"b":2}},"RequestConferenceSessionId":"x"}"#,
            &["secondRequest.providerList.a", INT],
        ),
        (
            r#"{"secondRequest":{"providerList":[1,"x",[],true]}}"#,
            &[
                "secondRequest.providerList[0]",
                "secondRequest.providerList[1]",
                "secondRequest.providerList[2]",
                "secondRequest.providerList[3]",
            ],
        ),
        (
            r#"{"secondRequest":{"providerList":[{"NativeLanguage":true}]}}"#,
            &["secondRequest.providerList[0].NativeLanguage"],
        ),
        ("[]", &[""]),
        ("5", &[""]),
        ("\"abc\"", &[""]),
        ("true", &[""]),
    ] {
        assert_eq!(paths(text), expected, "{text}");
    }
}

#[test]
fn broken_syntax_ends_reading_at_the_last_place() {
    for (text, expected) in [
        ("{", ""),
        ("{\"PersonName\"", ""),
        ("{\"PersonName\":", "PersonName"),
        ("{\"PersonName\":\"A\"", "PersonName"),
        ("{\"PersonName\":\"A\",", "PersonName"),
        ("{\"PersonName\":\"A\",\"ProviderName\":\"B", "ProviderName"),
        ("{\"PersonName\" \"A\"}", ""),
        ("{\"PersonName\":\"A\" \"B\"}", "PersonName"),
        ("{\"secondRequest\":{", "secondRequest"),
        ("{\"secondRequest\":{\"providerList\":[", "secondRequest.providerList"),
        ("{\"secondRequest\":{\"providerList\":[{\"Name\":\"x\"},", "secondRequest.providerList[0]"),
        (
            "{\"secondRequest\":{\"providerList\":[{\"NativeLanguage\":[\"a\"",
            "secondRequest.providerList[0].NativeLanguage[0]",
        ),
        ("{\"Extra\":[1,{\"a\":", "Extra[1].a"),
        ("{\"PersonName\":}", "PersonName"),
        ("{,}", ""),
        ("]", ""),
    ] {
        assert_eq!(paths(text), [expected], "{text}");
    }
}

#[test]
fn places_are_lines_and_characters() {
    let errors = read("{\n  \"PersonName\":\"é\",\n\"é\":x}").err().expect("an error");
    assert_eq!((errors[0].line, errors[0].column), (3, 5));
    assert_eq!(errors[0].to_string(), "A JSON value is expected here (line 3, column 5).");
}

#[test]
fn errors_are_limited() {
    let items = vec!["1"; 500].join(",");
    assert_eq!(
        paths(&format!("{{\"secondRequest\":{{\"providerList\":[{items}]}}}}")).len(),
        json::MAX_ERRORS
    );
    let name = "n".repeat(5_000);
    assert!(paths(&format!("{{\"{name}\":x}}"))[0].len() <= 1_000);
}
