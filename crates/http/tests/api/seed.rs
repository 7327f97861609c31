//! The samples of the reference's help page, word for word but for the two ids, kick a real guest; and nothing else in the
//! body, however wild, writes anything.

use serde_json::{Value, json};
use trialogue_domain::{Event, FinishReason, Kicker, ParticipantId};
use trialogue_storage::ConferenceView;

use crate::world::{Call, Guest, World, post};

const JSON_SAMPLE: &str = include_str!("../../../contract/tests/golden/seed-json/request.http");
const XML_SAMPLE: &str = include_str!("../../../contract/tests/golden/seed-xml/request.http");

/// Who kicks, by which route.
const KICKERS: [(&str, Kicker); 2] =
    [("Client/Request", Kicker::Client), ("Provider/Task", Kicker::Provider)];

/// The sample's body with live ids in the places of its 1 and 2. `ends` stands between a name and its value.
fn sample(request: &str, ends: &str, call: &Call, guest: &Guest) -> String {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let places = [
        ("RequestConferenceSessionId", 1, call.session),
        ("RequestConferenceSessionVideoParticipantId", 2, guest.participant),
    ];
    places.iter().fold(body.to_owned(), |body, (name, number, id)| {
        let mark = format!("{name}{ends}{number}");
        assert_eq!(body.matches(&mark).count(), 1, "{mark}");
        body.replace(&mark, &format!("{name}{ends}{id}"))
    })
}

fn in_json(call: &Call, guest: &Guest) -> String {
    sample(JSON_SAMPLE, "\": ", call, guest)
}

fn in_xml(call: &Call, guest: &Guest) -> String {
    sample(XML_SAMPLE, ">", call, guest)
}

/// Everything that is kept of a call, but for the conference itself.
fn surroundings(view: &ConferenceView) -> String {
    let person = |p: &trialogue_storage::Person| (p.id, p.name.clone(), p.email.clone(), p.last_seen);
    let invited: Vec<_> = view
        .invited
        .iter()
        .map(|i| (i.participant, i.name.clone(), i.email.clone(), i.phone.clone()))
        .collect();
    let people = (person(&view.client), view.provider.as_ref().map(person));
    format!("{:?}", (view.requested_at, &view.details, &view.language, people, invited, view.offered.len()))
}

/// Sends the body and checks that the kick of `guest`, by this side, is all that came of it.
async fn kicks_and_no_more(
    world: &World,
    call: &Call,
    (route, kicker): (&str, Kicker),
    guest: &Guest,
    (media_type, body): (&str, String),
) {
    let before = world.view(call).await;
    let token = if kicker == Kicker::Client { &call.client } else { &call.provider };
    let path = format!("{route}/KickThirdPartyVideoParticipant");
    world.send(post(&path, token, media_type).set_payload(body)).await.empty();

    let participant = ParticipantId(guest.participant);
    let expected = Event::Finished { participant, reason: FinishReason::Kicked(kicker) };
    let after = world.view(call).await;
    assert_eq!(after.conference, before.conference.clone().apply(&expected, world.clock.now()));
    assert_eq!(surroundings(&after), surroundings(&before));
    let answer = world.post("Guest/VideoEngineAccounts", &guest.token, Value::Null).await;
    answer.fails(401, "invalid_invitation");
}

#[actix_web::test]
async fn the_samples_kick_a_real_guest() {
    let world = World::new().await;
    let call = world.connected("").await;
    let bystander = world.joined(&call, "Bystander").await;
    for kicker in KICKERS {
        for media_type in ["application/json", "text/json", "application/xml", "text/xml"] {
            let guest = world.joined(&call, "Rosa").await;
            let sample = if media_type.ends_with("json") { in_json } else { in_xml };
            let body = (media_type, sample(&call, &guest));
            kicks_and_no_more(&world, &call, kicker, &guest, body).await;
        }
    }
    world.post("Guest/VideoEngineAccounts", &bystander.token, Value::Null).await.ok();
}

#[actix_web::test]
async fn what_else_is_in_the_body_writes_nothing() {
    let world = World::new().await;
    let call = world.connected("").await;
    let bystander = world.joined(&call, "Bystander").await;
    let caller = world.principal(&call, 1).await;
    let wild: Vec<Value> = vec![
        json!({}),
        json!({"RequestConferenceSessionVideoTypeCodeId": 1, "RequestConferenceSessionVideoStatusCodeId": 6}),
        json!({"RequestConferenceSessionVideoTypeCodeId": -1, "RequestConferenceSessionVideoStatusCodeId": i32::MAX}),
        json!({"VideoAccountIdentity": format!("p{caller}"), "PersonName": "'; DROP TABLE participants; --"}),
        json!({"AppClientEmail": "no address", "AppClientName": "\u{1F600}", "ProviderName": "x".repeat(500_000)}),
        json!({"secondRequest": {"RequestConferenceSessionVideoParticipantId": bystander.participant, "RequestStatusCodeId": 4, "ToLanguageId": 10}}),
        json!({"secondRequest": {"providerList": [null, {"RequestProviderId": 1, "isSchedule": {"IsOffered": null}}]}}),
        json!({"Reason": "x", "UserId": 1, "participants": [{"id": bystander.participant}], "id": {"$type": "System.Object"}}),
        json!({"PersonName": null, "secondRequest": null}),
    ];
    for kicker in KICKERS {
        for others in &wild {
            let guest = world.joined(&call, "Rosa").await;
            let mut body = crate::world::ids(call.session, guest.participant);
            body.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
            kicks_and_no_more(&world, &call, kicker, &guest, ("application/json", body.to_string())).await;
        }
    }
    world.post("Guest/VideoEngineAccounts", &bystander.token, Value::Null).await.ok();
}

#[actix_web::test]
async fn the_ids_are_found_as_the_framework_finds_them() {
    let world = World::new().await;
    let call = world.connected("").await;
    for names in [
        ["requestconferencesessionid", "requestconferencesessionvideoparticipantid"],
        ["REQUESTCONFERENCESESSIONID", "RequestConferenceSessionVideoParticipantID"],
    ] {
        let guest = world.joined(&call, "Rosa").await;
        let body = json!({names[1]: guest.participant.to_string(), names[0]: call.session}).to_string();
        kicks_and_no_more(&world, &call, KICKERS[0], &guest, ("application/json", body)).await;
    }
    let guest = world.joined(&call, "Rosa").await;
    let body = format!(
        "<a:ResultVideoConferenceParticipant xmlns:a=\"{}\"><a:Later><b>1</b></a:Later>\
         <a:RequestConferenceSessionVideoParticipantId>{}</a:RequestConferenceSessionVideoParticipantId>\
         <a:RequestConferenceSessionId> {} </a:RequestConferenceSessionId></a:ResultVideoConferenceParticipant>",
        crate::answer::NAMESPACE,
        guest.participant,
        call.session
    );
    kicks_and_no_more(&world, &call, KICKERS[0], &guest, ("application/xml", body)).await;
}
