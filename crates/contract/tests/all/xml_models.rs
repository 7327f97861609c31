//! Every model is written as XML and read again: no one has a shape that the format does not know.

use datacontract::Contract;
use serde::Serialize;
use serde::de::DeserializeOwned;
use trialogue_contract::json;
use trialogue_contract::models::{
    ArrayOfResultTaskOffer, ArrayOfResultVideoConferenceParticipant, ParaCallInfoList, ParaLoginInfo,
    ParaProviderAvailability, ParaProviderOnlineStatus, ParaRequest, ParaSecurityToken, ParaTaskReference,
    ParaThirdPartyVideoParticipant, ParaVideoEngineAccountPair, ResultConferenceCall,
    ResultProviderAvailability, ResultRequest, ResultTaskOffer, ResultVideoConferenceParticipant,
};

const CONTRACT: Contract = Contract::new("http://schemas.datacontract.org/2004/07/API.Models");

/// From JSON, through XML, to JSON again.
fn survives<T: Serialize + DeserializeOwned>(text: &str, piece: &str) {
    let value: T = json::read(text.as_bytes()).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let xml = CONTRACT.write(&value).expect("it can be written");
    assert!(xml.contains(piece), "{piece} in {xml}");
    let read: T = CONTRACT.read(xml.as_bytes()).unwrap_or_else(|error| panic!("{xml}: {error}"));
    assert_eq!(json::write(&read).ok(), json::write(&value).ok(), "{xml}");
}

#[test]
fn every_model_survives_both_formats() {
    survives::<ParaLoginInfo>(r#"{"Email":"a","Password":"b","SupportNewUrl":true}"#, "<SupportNewUrl>true<");
    survives::<ParaSecurityToken>(
        r#"{"NewURL":"u","WebPageLoginInfo":{"URL":"x","WebKey":"k"}}"#,
        "<URL>x</URL>",
    );
    survives::<ParaRequest>(r#"{"BJCVRIEntityNumber":"7","FromLanguage":1}"#, "<BJCVRIEntityNumber>7<");
    survives::<ParaVideoEngineAccountPair>(
        r#"{"Caller":{"AccountNumber":"a","ExpirationSeconds":60},"Killed":true}"#,
        "</Caller><Disconnected>false</Disconnected><IsCallerOffline>false</IsCallerOffline>\
         <IsListenerOffline>false</IsListenerOffline><Killed>true</Killed><Listener i:nil=\"true\" />",
    );
    survives::<ResultConferenceCall>(
        r#"{"EnableInvitaion":true,"EnablePSTNInvitation":false}"#,
        "<EnableInvitaion>true<",
    );
    survives::<ParaThirdPartyVideoParticipant>(
        r#"{"isPSTN":true,"isPSTNStr":"y","DTMF":"1"}"#,
        "<isPSTN>true<",
    );
    survives::<ParaCallInfoList>(
        r#"{"TotalTime":1.50,"Calls":[{"StartTime_Utc":"2025-04-25","CallTime":3},null]}"#,
        "<StartTime_Utc>2025-04-25T00:00:00Z</StartTime_Utc>",
    );
    survives::<ParaTaskReference>(r#"{"RequestId":7}"#, "<RequestId>7</RequestId>");
    survives::<ParaProviderOnlineStatus>(r#"{"DeviceTypeCodeId":5}"#, "<SupportVideo i:nil=\"true\" />");
    survives::<ParaProviderAvailability>(r#"{"Status":"Break"}"#, "<Status>Break</Status>");
    survives::<ResultProviderAvailability>(r#"{"Status":"WrapUp","WrapUpSeconds":9}"#, "<WrapUpSeconds>9<");
    survives::<ResultTaskOffer>(r#"{"OfferedUtcDate":"2025-04-25T15:31:18.5Z"}"#, ">2025-04-25T15:31:18.5Z<");
    survives::<ArrayOfResultTaskOffer>(r#"[{"RequestId":7},null]"#, "<ArrayOfResultTaskOffer ");
    survives::<ResultRequest>(
        r#"{"providerList":[{"Name":"n","NativeLanguage":["en"]}],"participantList":[{"PersonName":"p"}]}"#,
        "<participantList><ResultVideoConferenceParticipant>",
    );
    survives::<ResultVideoConferenceParticipant>(
        r#"{"PersonName":"<&>"}"#,
        "<PersonName>&lt;&amp;&gt;</PersonName>",
    );
    survives::<ArrayOfResultVideoConferenceParticipant>("[]", "<ArrayOfResultVideoConferenceParticipant ");
}
