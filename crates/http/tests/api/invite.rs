//! Inviting a third party: whom, how, and what it may not be; and the same for a new request.

use std::time::Duration;

use serde_json::{Value, json};
use trialogue_app::{DeliverySettings, LinkKey};
use trialogue_storage::{Channel, DeliveryWork, JobKind, NodeId};

use crate::answer::Answer;
use crate::world::{SPANISH, World, guest_of, post};

const SIDES: [&str; 2] = ["Client/Request", "Provider/Task"];

const NO_NUMBER: &str = "This is not a telephone number: digits, with + before the country's.";

async fn invite(world: &World, side: &str, token: &str, body: Value) -> Answer {
    world.post(&format!("{side}/InviteThirdPartyVideoConference"), token, body).await
}

#[actix_web::test]
async fn a_guest_needs_a_name_or_an_address() {
    let world = World::new().await;
    let call = world.issued("").await;
    for body in [
        json!({"Name": "Rosa"}),
        json!({"Email": "rosa@example.org"}),
        json!({"PhoneNumber": "+1 555 0100"}),
        json!({"Name": "  Rosa  ", "Email": "", "DTMF": "1#", "RegionId": 1}),
    ] {
        let guest = guest_of(&invite(&world, SIDES[0], &call.client, body).await.ok());
        world.post("Guest/Confirm", &guest.token, Value::Null).await.empty();
        world.kick(SIDES[0], &call.client, call.session, guest.participant).await.empty();
    }
    for body in [
        json!({}),
        json!({"Name": " ", "Email": "", "PhoneNumber": "\t"}),
        json!({"DTMF": "1", "RegionId": 1}),
    ] {
        for (side, token) in [(SIDES[0], &call.client), (SIDES[1], &call.provider)] {
            let answer = invite(&world, side, token, body.clone()).await;
            assert_eq!(answer.fails(400, "bad_value"), "The request is invalid.");
            let (member, message) = answer.model_error();
            assert_eq!(member, "request.Name");
            assert_eq!(message, "Say whom to invite: a Name, an Email or a PhoneNumber is needed.");
            assert_eq!(answer.header("Location"), None);
        }
    }
}

#[actix_web::test]
async fn nobody_is_dialled() {
    let world = World::new().await;
    let call = world.issued("").await;
    let participants = world.participants(&call).await.len();
    let dial = json!({"PhoneNumber": "+1 555 0100", "isPSTN": true});
    for (side, token) in [(SIDES[0], &call.client), (SIDES[1], &call.provider)] {
        invite(&world, side, token, dial.clone()).await.fails(400, "cannot_dial");
    }
    for (bool_form, text_form, dials) in [
        (json!(true), json!("false"), true),
        (json!(true), json!("nonsense"), true),
        (json!(null), json!("true"), true),
        (json!(null), json!(" TRUE "), true),
        (json!(null), json!("1"), true),
        (json!(false), json!("true"), false),
        (json!(false), json!("nonsense"), false),
        (json!(null), json!("false"), false),
        (json!(null), json!("0"), false),
        (json!(null), json!(""), false),
        (json!(null), json!(null), false),
    ] {
        let body = json!({"Name": "Rosa", "isPSTN": bool_form, "isPSTNStr": text_form});
        let answer = invite(&world, SIDES[0], &call.client, body.clone()).await;
        if dials {
            answer.fails(400, "cannot_dial");
        } else {
            assert_eq!(answer.status, 200, "{body}");
            let guest = guest_of(&answer);
            world.kick(SIDES[0], &call.client, call.session, guest.participant).await.empty();
        }
    }
    let answer =
        invite(&world, SIDES[0], &call.client, json!({"Name": "Rosa", "isPSTNStr": "perhaps"})).await;
    answer.fails(400, "bad_value");
    assert_eq!(answer.model_error(), ("request.isPSTNStr".to_owned(), "Write true or false.".to_owned()));
    assert_eq!(world.participants(&call).await.len(), participants + 6, "who was refused is not there");
}

#[actix_web::test]
async fn what_is_wrong_is_told_by_member() {
    let world = World::new().await;
    let call = world.issued("").await;
    let long = |n: usize| "x".repeat(n);
    for (body, member, message) in [
        (json!({"Email": "rosa"}), "Email", "This is not an e-mail address."),
        (json!({"Email": "rosa@"}), "Email", "This is not an e-mail address."),
        (json!({"Email": "rosa@example.org, rita@example.org"}), "Email", "This is not an e-mail address."),
        (
            json!({"Email": "rosa@example.org\r\nBcc: x@example.org"}),
            "Email",
            "This is not an e-mail address.",
        ),
        (json!({"Name": long(201)}), "Name", "At most 200 characters are allowed."),
        (json!({"Email": "rosa..r@example.org"}), "Email", "This is not an e-mail address."),
        (json!({"Email": ".rosa@example.org"}), "Email", "This is not an e-mail address."),
        (json!({"PhoneNumber": "12"}), "PhoneNumber", NO_NUMBER),
        (json!({"PhoneNumber": "call 555 0100"}), "PhoneNumber", NO_NUMBER),
        (json!({"PhoneNumber": "+1 555 0100\r\n+1 555 0199"}), "PhoneNumber", NO_NUMBER),
        (json!({"PhoneNumber": "555+0100"}), "PhoneNumber", NO_NUMBER),
        (
            json!({"PhoneNumber": format!("555{}", " ".repeat(38))}),
            "PhoneNumber",
            "At most 40 characters are allowed.",
        ),
        (json!({"Name": "Rosa", "DTMF": long(41)}), "DTMF", "At most 40 characters are allowed."),
        (json!({"Name": "Rosa", "RegionId": -1}), "RegionId", "This must not be negative."),
        (json!({"Name": "Rosa", "isPSTNStr": long(11)}), "isPSTNStr", "At most 10 characters are allowed."),
    ] {
        let answer = invite(&world, SIDES[0], &call.client, body).await;
        assert_eq!(answer.fails(400, "invalid_body"), "The request is invalid.");
        assert_eq!(answer.model_error(), (format!("request.{member}"), message.to_owned()));
    }
    guest_of(&invite(&world, SIDES[0], &call.client, json!({"Name": long(200)})).await.ok());
}

#[actix_web::test]
async fn a_request_names_a_language_that_there_is() {
    let world = World::new().await;
    let client = world.client("nora").await;
    let new = async |body: Value| world.post("Client/Request/New", &client, body).await;
    for (language, code, message) in [
        (json!(9999), "unknown_language", "This server knows no language of this number."),
        (json!(0), "invalid_body", "A language is required."),
        (json!(-44), "invalid_body", "A language is required."),
    ] {
        let answer = new(json!({"NeedHelpLanguageId": language})).await;
        assert_eq!(answer.fails(400, code), "The request is invalid.");
        assert_eq!(answer.model_error(), ("request.NeedHelpLanguageId".to_owned(), message.to_owned()));
        assert!(!answer.text().contains("9999"), "values of the body are not repeated");
    }
    for (member, value) in [
        ("RequestSituationCodeId", json!(-1)),
        ("FromLanguage", json!(0)),
        ("AdditionalInfo", json!("x".repeat(2001))),
        ("RequestLocation", json!("x".repeat(501))),
        ("BJCVRIEntityNumber", json!("x".repeat(101))),
        ("BJCVRIDepartmentPinNumber", json!("x".repeat(101))),
    ] {
        let answer = new(json!({"NeedHelpLanguageId": SPANISH, member: value})).await;
        answer.fails(400, "invalid_body");
        assert_eq!(answer.model_error().0, format!("request.{member}"));
    }
    new(json!({})).await.fails(400, "invalid_body");
    world.post("Client/Request/Status", &client, Value::Null).await.fails(409, "no_request");
    new(json!({"NeedHelpLanguageId": SPANISH, "FromLanguage": 9999})).await.ok();
}

fn delivery(channels: &[Channel]) -> DeliverySettings {
    let key = LinkKey::new("0123456789abcdef0123456789abcdef").unwrap();
    DeliverySettings { key, channels: channels.to_vec() }
}

#[test]
fn a_link_key_is_long_and_never_shown() {
    assert!(LinkKey::new("0123456789abcdef0123456789abcde").is_none());
    assert_eq!(format!("{:?}", delivery(&[]).key), "LinkKey(..)");
}

/// By e-mail if there is an address and a mail server, else by text message, else by hand; and the link is told anyway.
#[actix_web::test]
async fn an_invitation_goes_the_way_there_is() {
    let (email, phone) = (json!({"Email": "rosa@example.org"}), json!({"PhoneNumber": "+1 555 0100"}));
    let both = json!({"Email": "rosa@example.org", "PhoneNumber": "+1 555 0100"});
    let name = json!({"Name": "Rosa"});
    let (by_email, by_text) = (Some(Channel::Email), Some(Channel::Text));
    for (channels, ways) in [
        (&[Channel::Text, Channel::Email][..], [by_email, by_text, by_email, None]),
        (&[Channel::Email], [by_email, None, by_email, None]),
        (&[Channel::Text], [None, by_text, by_text, None]),
        (&[], [None, None, None, None]),
    ] {
        let settings = delivery(channels);
        let world = World::with_delivery(settings.clone()).await;
        let call = world.issued("").await;
        for (body, way) in [&email, &phone, &both, &name].into_iter().zip(ways) {
            let answer = invite(&world, SIDES[0], &call.client, body.clone()).await.ok();
            let guest = guest_of(&answer);
            let mut found = None;
            for channel in Channel::ALL {
                let (kind, lease) = (JobKind::Delivery(channel), Duration::from_secs(30));
                let claim =
                    world.store.claim_jobs::<DeliveryWork>(kind, NodeId(1), lease, 9, world.clock.now());
                for job in claim.await.unwrap() {
                    let live = world.store.live_invitation(&job, channel, world.clock.now()).await.unwrap();
                    assert_eq!(found.replace(channel), None);
                    let link = settings.key.link(
                        "https://trialogue.example",
                        job.work.participant,
                        job.work.invited_at,
                    );
                    assert_eq!(
                        Some(link.as_str()),
                        answer.header("Location"),
                        "both open the same invitation"
                    );
                    assert_eq!(live.unwrap().inviter, "client");
                }
            }
            assert_eq!(found, way, "{channels:?} {body}");
            world.post("Guest/Confirm", &guest.token, Value::Null).await.empty();
        }
    }
}

/// Every invitation has its own secret; under a key it is the same for whoever asks again, after another login as well.
#[actix_web::test]
async fn a_link_of_the_servers_key_comes_back() {
    let world = World::with_delivery(delivery(&[Channel::Email])).await;
    let call = world.issued("").await;
    let ask = async |token: &str, key: &str| {
        let request =
            post(&format!("{}/InviteThirdPartyVideoConference", SIDES[0]), token, "application/json");
        let request = request.insert_header(("Idempotency-Key", key));
        world.send(request.set_payload(json!({"Email": "rosa@example.org"}).to_string())).await.ok()
    };
    let first = ask(&call.client, "k").await;
    world.clock.advance(Duration::from_secs(5));
    let again = world.login("Client", "client").await;
    let second = ask(&again, "k").await;
    assert_eq!((second.text(), second.header("Location")), (first.text(), first.header("Location")));
    assert!(first.header("Location").is_some());
    assert_ne!(ask(&again, "another").await.header("Location"), first.header("Location"));
    assert_eq!(
        world.store.jobs_waiting(JobKind::Delivery(Channel::Email)).await.unwrap(),
        2,
        "nobody is sent a second e-mail"
    );
}

#[actix_web::test]
async fn what_is_typed_of_a_guest_gets_its_normal_form() {
    let world = World::new().await;
    let call = world.issued("").await;
    let body = json!({
        "Name": " Rosa \u{202e}seR\u{202c}\r\n",
        "Email": " Rosa@Müller.Example\u{200b}",
        "PhoneNumber": "\u{202a}+1\u{a0}555 0100\u{202c}",
    });
    let invited = invite(&world, SIDES[0], &call.client, body).await.ok().json();
    assert_eq!(invited["PersonName"], "Rosa seR");
    assert_eq!(invited["AppClientEmail"], "rosa@xn--mller-kva.example");
    assert_eq!(invited["AppClientPhoneNumber"], "+1 555 0100");
    for name in ["\u{200b}", "\u{202e}\u{202c}", "\u{3164}", "\u{2800}"] {
        let answer = invite(&world, SIDES[0], &call.client, json!({"Name": name})).await;
        answer.fails(400, "invalid_body");
        let (member, message) = answer.model_error();
        assert_eq!(
            (&*member, &*message),
            ("request.Name", "This name has no visible character."),
            "{name:?}"
        );
    }
}

/// By every route that tells of participants, during the call and after it.
#[actix_web::test]
async fn only_the_inviter_sees_the_addresses_of_a_guest() {
    let world = World::new().await;
    let call = world.issued("").await;
    let rosa = json!({"Name": "Rosa", "Email": "rosa@example.org", "PhoneNumber": "+1 555 0100"});
    let raul = json!({"Name": "Raúl", "Email": "raul@example.org", "PhoneNumber": "+1 555 0200"});
    let sides = [(SIDES[0], &call.client, rosa), (SIDES[1], &call.provider, raul)];
    for (side, token, guest) in &sides {
        let told = invite(&world, side, token, guest.clone()).await.ok().json();
        assert_eq!(told["AppClientEmail"], guest["Email"]);
    }
    let check = async || {
        for (own, foreign) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
            for route in ["VideoConferenceParticipants", "Status"] {
                let told = world
                    .post(&format!("{}/{route}", own.0), own.1, Value::Null)
                    .await
                    .ok()
                    .text()
                    .to_owned();
                for (guest, shown) in [(&own.2, true), (&foreign.2, false)] {
                    for member in ["Email", "PhoneNumber"] {
                        let address = guest[member].as_str().unwrap();
                        assert_eq!(told.contains(address), shown, "{}/{route}: {address}", own.0);
                    }
                    assert!(told.contains(guest["Name"].as_str().unwrap()));
                }
            }
        }
    };
    check().await;
    world.post("Client/Request/CallFinishedNew", &call.client, json!({"IsSuccessful": true})).await.empty();
    check().await;
}
