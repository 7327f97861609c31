//! Each rule of writing JSON.

use trialogue_contract::json;
use trialogue_contract::models::{
    ArrayOfResultTaskOffer, ArrayOfString, DateTime, Decimal, ParaCallInfoList, ParaVideoEngineAccountPair,
    ResultRequest, ResultTaskOffer,
};

fn write<T: serde::Serialize>(value: &T) -> String {
    json::write(value).expect("it can be written")
}

#[test]
fn escapes() {
    for (text, expected) in [
        ("\"\\/'<>&", "\"\\\"\\\\/'<>&\""),
        ("\u{8}\t\n\u{c}\r", "\"\\b\\t\\n\\f\\r\""),
        ("\u{1}\u{1f}\u{7f}", "\"\\u0001\\u001f\u{7f}\""),
        ("\u{85}\u{2028}\u{2029}\u{a0}", "\"\\u0085\\u2028\\u2029\u{a0}\""),
        ("é😀", "\"é😀\""),
        ("", "\"\""),
    ] {
        assert_eq!(write(&text), expected);
    }
}

#[test]
fn decimals_have_a_point() {
    for (text, expected) in [("3", "3.0"), ("3.50", "3.50"), ("-0.10", "-0.10"), ("100", "100.0")] {
        assert_eq!(write(&Decimal::parse(text).expect(text)), expected);
    }
}

#[test]
fn lists_are_plain_arrays() {
    assert_eq!(write(&ArrayOfString(Some(vec![Some("a".to_owned()), None]))), r#"["a",null]"#);
    assert_eq!(write(&ArrayOfString(None)), "null");
    assert_eq!(write(&ArrayOfResultTaskOffer(Some(Vec::new()))), "[]");
}

#[test]
fn models_write_every_member_in_order() {
    assert_eq!(
        write(&ParaVideoEngineAccountPair::default()),
        r#"{"Caller":null,"Listener":null,"IsCallerOffline":false,"IsListenerOffline":false,"Killed":false,"Disconnected":false}"#
    );
    assert_eq!(
        write(&ResultRequest::default()),
        "{\"RequestId\":0,\"RequestStatusCodeId\":0,\"RequestStatus\":null,\"waitingMsg\":null,\"ElapsedSeconds\":0,\
         \"ToLanguageId\":0,\"ToLanguage\":null,\"RequestConferenceSessionId\":null,\
         \"RequestConferenceSessionVideoParticipantId\":null,\"ProviderName\":null,\
         \"providerList\":null,\"participantList\":null,\"WaitingCode\":null,\"WaitingSinceUtcDate\":null,\"RungCount\":null,\"DeclinedCount\":null,\
         \"QueuePosition\":null,\"WaitMedianSeconds\":null,\"WaitNinetiethPercentileSeconds\":null,\"Purpose\":null,\"SuccessorParticipantId\":null,\
         \"WorkingParticipantId\":null,\"PlaceSeconds\":null,\"VideoOptionCodeId\":null}"
    );
    let offer = ResultTaskOffer {
        offered_utc_date: DateTime::parse("2025-04-25T15:31:18.5Z").expect("a time"),
        ..Default::default()
    };
    assert_eq!(
        write(&offer),
        "{\"RequestId\":0,\"OfferStatusCodeId\":0,\"ClientName\":null,\"FromLanguage\":null,\"ToLanguageId\":0,\
         \"ToLanguage\":null,\"RequestSituationCodeId\":0,\"AdditionalInfo\":null,\
         \"OfferedUtcDate\":\"2025-04-25T15:31:18.5Z\",\"ExpirationSeconds\":0,\"Purpose\":null,\"SpecialtyOptionCodeId\":0,\"VideoOptionCodeId\":0}"
    );
    assert_eq!(
        write(&ParaCallInfoList::default()),
        r#"{"NeedSurvey":null,"TotalTime":0.0,"IsSuccessful":false,"Calls":null}"#
    );
}

#[test]
fn what_the_wire_has_no_form_for_is_refused() {
    assert!(json::write(&1.5_f64).is_err());
    assert!(json::write(&1_u64).is_err());
    assert!(json::write(&('a', 1)).is_err());
}
