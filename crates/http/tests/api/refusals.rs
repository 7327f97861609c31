//! Every refusal of the rules that a client can come upon, with the words it is told in.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use trialogue_domain::{Observation, Refusal};
use trialogue_storage::UserRole;

use crate::answer::Answer;
use crate::world::{Call, SPANISH, World};

const START: &str = "Client/Request/StartVideoProcess";

/// What the wire never shows: a role's routes ask for nothing that the role may not do, and who polls too early for an
/// account is told to wait by the pair itself.
const HIDDEN: [&str; 2] = ["not_permitted", "not_confirmed"];

struct Refused {
    code: &'static str,
    status: u16,
    message: &'static str,
    answer: Answer,
}

const fn refused(code: &'static str, status: u16, message: &'static str, answer: Answer) -> Refused {
    Refused { code, status, message, answer }
}

async fn client(world: &World, call: &Call, command: &str) -> Answer {
    world.post(&format!("Client/Request/{command}"), &call.client, Value::Null).await
}

async fn provider(world: &World, call: &Call, command: &str) -> Answer {
    world.post(&format!("Provider/Task/{command}"), &call.provider, Value::Null).await
}

async fn accept(world: &World, token: &str, call: &Call) -> Answer {
    world.post("Provider/Task/Accept", token, json!({"RequestId": call.session})).await
}

async fn invite(world: &World, call: &Call) -> Answer {
    let path = "Client/Request/InviteThirdPartyVideoConference";
    world.post(path, &call.client, json!({"Name": "Rosa"})).await
}

async fn before_the_call() -> Vec<Refused> {
    let world = World::new().await;
    let idle = world.client("idle").await;
    let call = world.requested("").await;
    let nothing = world.post("Client/Request/Status", &idle, Value::Null).await;
    let ended = "The request has ended (Cancelled).";
    let mut list = vec![
        refused(
            "no_request",
            409,
            "There is no request yet; a client makes one with Request/New, an interpreter accepts one.",
            nothing,
        ),
        refused(
            "live_request",
            409,
            "This client has a live request already; finish it first.",
            world.post("Client/Request/New", &call.client, json!({"NeedHelpLanguageId": SPANISH})).await,
        ),
    ];
    let searching = "No interpreter has accepted the request yet; it is still being offered.";
    for command in ["StartVideoProcess", "VideoAgain", "StartRoomVideoCallWithRegion"] {
        list.push(refused("still_searching", 409, searching, client(&world, &call, command).await));
    }
    list.push(refused("still_searching", 409, searching, invite(&world, &call).await));
    accept(&world, &call.provider, &call).await.empty();
    list.push(refused(
        "no_call_yet",
        409,
        "There was no call yet; start one with StartVideoProcess.",
        client(&world, &call, "VideoAgain").await,
    ));
    let no_call = "No call is on; the client must start one.";
    list.push(refused("no_call", 409, no_call, invite(&world, &call).await));
    list.push(refused("no_call", 409, no_call, provider(&world, &call, "ConfirmVideo").await));
    let body = json!({"IsSuccessful": false, "Calls": []});
    world.post("Client/Request/CallFinishedNew", &call.client, body).await.empty();
    for command in ["StartVideoProcess", "VideoAgain", "StartRoomVideoCallWithRegion"] {
        list.push(refused("request_ended", 409, ended, client(&world, &call, command).await));
    }
    list.push(refused("request_ended", 409, ended, invite(&world, &call).await));
    list.push(refused("request_ended", 409, ended, provider(&world, &call, "ConfirmVideo").await));
    list
}

async fn about_offers() -> Vec<Refused> {
    let world = World::new().await;
    let late = world.provider("late").await;
    let unwilling = world.provider("unwilling").await;
    let (first, second) = (world.requested("first").await, world.requested("second").await);
    world.post("Provider/Task/Decline", &unwilling, json!({"RequestId": first.session})).await.empty();
    let mut list = vec![refused(
        "offer_declined",
        409,
        "This interpreter declined the offer before.",
        accept(&world, &unwilling, &first).await,
    )];
    let refusing = world.provider("refusing").await;
    accept(&world, &refusing, &first).await.empty();
    for command in ["RefuseVideo", "RefuseVideo", "Finish"] {
        world.post(&format!("Provider/Task/{command}"), &refusing, Value::Null).await.empty();
    }
    let released = "This interpreter is out of the request; another one is searched for.";
    list.push(refused("released", 409, released, accept(&world, &refusing, &first).await));
    let confirm = world.post("Provider/Task/ConfirmVideo", &refusing, Value::Null).await;
    list.push(refused("released", 409, released, confirm));
    accept(&world, &first.provider, &first).await.empty();
    list.push(refused(
        "provider_busy",
        409,
        "This interpreter is in another live request; finish it first.",
        accept(&world, &first.provider, &second).await,
    ));
    let taken = "The request is no longer on offer: an interpreter has accepted it.";
    list.push(refused("offer_taken", 409, taken, accept(&world, &late, &first).await));
    let decline =
        world.post("Provider/Task/Decline", &first.provider, json!({"RequestId": first.session})).await;
    list.push(refused("offer_taken", 409, taken, decline));
    // Accepting twice is accepting; a no that comes too late is nobody's fault.
    accept(&world, &first.provider, &first).await.empty();
    world.post("Provider/Task/Decline", &late, json!({"RequestId": first.session})).await.empty();

    world.add_user(UserRole::Provider, "stranger", &[SPANISH]).await;
    let stranger = world.login("Provider", "stranger").await;
    let unknown = "No such session or participant.";
    for session in [first.session, i32::MAX] {
        for command in ["Accept", "Decline"] {
            let body = json!({"RequestId": session});
            let answer = world.post(&format!("Provider/Task/{command}"), &stranger, body).await;
            list.push(refused("not_found", 404, unknown, answer));
        }
    }
    list
}

async fn during_the_call() -> Vec<Refused> {
    let world = World::new().await;
    let call = world.issued("").await;
    let routed = "A call is on already (the interpreter is in state ConferenceRouted).";
    let too_late = "Too late to refuse in state ConferenceRouted; finish the call instead.";
    let mut list = vec![
        refused("call_running", 409, routed, client(&world, &call, "StartVideoProcess").await),
        refused("call_running", 409, routed, client(&world, &call, "StartRoomVideoCallWithRegion").await),
        refused("already_answered", 409, too_late, provider(&world, &call, "RefuseVideo").await),
    ];
    let principal = world.principal(&call, 1).await;
    list.push(refused(
        "principal_kick",
        403,
        "The client and the interpreter of a call cannot be removed; finish the call instead.",
        world.kick("Client/Request", &call.client, call.session, principal).await,
    ));
    let guest = world.joined(&call, "Rosa").await;
    list.push(refused(
        "already_answered",
        409,
        too_late,
        world.post("Guest/Decline", &guest.token, Value::Null).await,
    ));
    for _ in 1..8 {
        invite(&world, &call).await.ok();
    }
    list.push(refused(
        "too_many_invited",
        409,
        "No more than 8 invited parties can be in one call; remove one first.",
        invite(&world, &call).await,
    ));
    world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
    invite(&world, &call).await.ok();

    let listener = world.principal(&call, 2).await;
    world.seen(&call, Observation::Joined, principal).await;
    world.seen(&call, Observation::Joined, listener).await;
    let connected = "A call is on already (the interpreter is in state ConferenceConnected).";
    list.push(refused("call_running", 409, connected, client(&world, &call, "StartVideoProcess").await));
    let too_late = "Too late to refuse in state ConferenceConnected; finish the call instead.";
    list.push(refused("already_answered", 409, too_late, provider(&world, &call, "RefuseVideo").await));
    world.seen(&call, Observation::Disconnected, listener).await;
    let link_lost = "A call is on already (the interpreter is in state ConferenceDisconnected).";
    list.push(refused("call_running", 409, link_lost, client(&world, &call, "StartVideoProcess").await));
    world.clock.advance(Duration::from_secs(30));
    let out = "This participant is out of the call (state Finished).";
    for command in ["ConfirmVideo", "RefuseVideo"] {
        list.push(refused("participant_finished", 409, out, provider(&world, &call, command).await));
    }
    let body = json!({"IsSuccessful": true, "Calls": []});
    world.post("Client/Request/CallFinishedNew", &call.client, body).await.empty();
    list.push(refused(
        "request_ended",
        409,
        "The request has ended (Serviced).",
        client(&world, &call, "VideoAgain").await,
    ));
    list
}

async fn about_second_interpreters() -> Vec<Refused> {
    let world = World::new().await;
    let call = world.connected("").await;
    let ask = async |purpose: &str, language: i32| {
        let body = json!({"ToLanguageId": language, "Purpose": purpose});
        world.post("Client/Request/RequestSecondInterpreter", &call.client, body).await
    };
    let client = world.principal(&call, 1).await;
    let turn = json!({"RequestConferenceSessionVideoParticipantId": client});
    let mut list = vec![
        refused(
            "other_language",
            409,
            "For this purpose the second interpreter must speak the language of the request.",
            ask("Team", 10).await,
        ),
        refused(
            "other_language",
            409,
            "For this purpose the second interpreter must speak another language than that of the request.",
            ask("Relay", SPANISH).await,
        ),
        refused(
            "no_team",
            409,
            "These are not two interpreters who take turns; ask for one with the purpose Team first.",
            world.post("Provider/Task/TakeTurn", &call.provider, turn).await,
        ),
    ];
    ask("Successor", SPANISH).await.ok();
    list.push(refused(
        "successor_asked",
        409,
        "Another interpreter is to take this place already; wait for it, or remove it first.",
        ask("Successor", SPANISH).await,
    ));
    list.push(refused(
        "successor_not_present",
        409,
        "The successor is not in the call yet; stay until it is, or remove it and finish the call.",
        provider(&world, &call, "Finish").await,
    ));
    list
}

async fn when_time_has_passed() -> Vec<Refused> {
    let world = World::new().await;
    let call = world.requested("nobody").await;
    world.clock.advance(Duration::from_mins(5));
    let ended = "The request has ended (No Interpreter Available).";
    let mut list = vec![
        refused("request_ended", 409, ended, world.post(START, &call.client, Value::Null).await),
        // Too late to accept is the request's end, not another's acceptance.
        refused("request_ended", 409, ended, accept(&world, &call.provider, &call).await),
    ];

    let call = world.issued("guest").await;
    let guest = world.invited(&call, "Rosa").await;
    world.clock.advance(Duration::from_mins(15));
    let out = "This participant is out of the call (state Finished).";
    for command in ["Guest/Confirm", "Guest/Decline"] {
        let answer = world.post(command, &guest.token, Value::Null).await;
        list.push(refused("participant_finished", 409, out, answer));
    }
    list
}

#[actix_web::test]
async fn every_refusal_is_told_in_its_words() {
    let mut met = BTreeSet::new();
    let lists = [
        before_the_call().await,
        about_offers().await,
        during_the_call().await,
        about_second_interpreters().await,
        when_time_has_passed().await,
    ];
    for Refused { code, status, message, answer } in lists.into_iter().flatten() {
        assert_eq!(answer.fails(status, code), message);
        met.insert(code);
    }
    // Those that take a hundred calls or invitations are seen in `limits.rs` and in the domain's tests, a credential that
    // ended in the server's (`directory.rs`).
    let far_off = ["invitations_used_up", "calls_used_up", "credential_not_in_force"];
    let all: BTreeSet<_> = Refusal::SAMPLES
        .iter()
        .map(Refusal::code)
        .filter(|code| !HIDDEN.contains(code) && !far_off.contains(code))
        .collect();
    assert_eq!(met, all);
}
