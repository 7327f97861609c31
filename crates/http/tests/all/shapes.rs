//! The shape of request models, told in the wire's names.

use crate::client::{BASE, request};
use trialogue_contract::models::{
    Decimal, ParaCallInfoList, ParaProviderOnlineStatus, ParaRequest, ParaTaskReference,
    ParaThirdPartyVideoParticipant, check,
};

fn names<E>(outcome: Result<(), Vec<(String, E)>>) -> Vec<String> {
    outcome.err().unwrap_or_default().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn members_are_named_as_clients_name_them() {
    let long = Some("x".repeat(3_000));
    let wish = ParaRequest {
        additional_info: long.clone(),
        bjcvri_entity_number: long.clone(),
        request_location: long.clone(),
        ..ParaRequest::default()
    };
    assert_eq!(
        names(check(&wish)),
        ["NeedHelpLanguageId", "AdditionalInfo", "BJCVRIEntityNumber", "RequestLocation"]
    );
    let guest = ParaThirdPartyVideoParticipant {
        email: Some("nobody".to_owned()),
        region_id: -1,
        dtmf: long.clone(),
        is_pstn_str: long,
        ..Default::default()
    };
    assert_eq!(names(check(&guest)), ["Email", "RegionId", "DTMF", "isPSTNStr"]);
    let report = ParaCallInfoList { total_time: Decimal::from(-1), ..Default::default() };
    assert_eq!(names(check(&report)), ["TotalTime"]);
    assert_eq!(names(check(&ParaTaskReference::default())), ["RequestId"]);
    assert_eq!(names(check(&ParaProviderOnlineStatus::default())), [""; 0]);
}

#[test]
fn an_empty_address_is_none() {
    let guest =
        |email: &str| ParaThirdPartyVideoParticipant { email: Some(email.to_owned()), ..Default::default() };
    assert!(check(&guest("")).is_ok());
    assert!(check(&guest("a@example.org")).is_ok());
}

#[test]
fn a_bad_shape_is_a_binding_error() {
    let path = format!("{BASE}/Client/Login/44");
    let answer = request(
        "POST",
        &path,
        &["Content-Type: application/json"],
        br#"{"Email":"secret-name","Password":""}"#,
    );
    assert_eq!((answer.status, answer.header("X-Error-Code")), (400, Some("invalid_body")));
    assert_eq!(
        answer.text(),
        "{\"Message\":\"The request is invalid.\",\"ModelState\":{\
         \"request.Email\":[\"This is not an e-mail address.\"],\
         \"request.Password\":[\"1 to 256 characters are allowed.\"]}}"
    );
}
