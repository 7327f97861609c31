//! The gate in front of `LiveKit` and its webhook: a token that `LiveKit` would accept is refused from the kick on.

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use serde_json::Value;
use trialogue_domain::{ConferenceId, Observation, ParticipantId, Removal, State, Timings};
use trialogue_media::LiveKitKey;
use trialogue_storage::JobKind;
use trialogue_testkit::{LiveKitStandIn, Webhook};

use crate::answer::Answer;
use crate::world::{Call, INSTANT, World};

const GATE: &str = "/API/Engine/LiveKit/Admission";
const KEY: &str = "key";
const SECRET: &str = "a secret of thirty-two characters";

fn key() -> LiveKitKey {
    LiveKitKey::new(KEY, SECRET)
}

async fn world() -> World {
    World::with_livekit(key()).await
}

/// Signed with the right key, now: ours, or one that `LiveKit` has made of it.
fn token(world: &World, call: &Call, participant: i32) -> String {
    key().join_token(ConferenceId(call.session), ParticipantId(participant).into(), world.clock.now())
}

/// Asks as nginx does.
async fn at_the_gate(world: &World, token: &str) -> Answer {
    let uri = format!("/rtc?access_token={token}&auto_subscribe=1");
    world.send(TestRequest::get().uri(GATE).insert_header(("X-Original-URI", uri))).await
}

#[actix_web::test]
async fn who_is_in_the_call_passes_by_every_proxy() {
    let world = world().await;
    let call = world.issued("").await;
    let client = world.principal(&call, 1).await;
    let token = token(&world, &call, client);
    let uri = format!("/rtc/v1?join_request=x&access_token={token}");
    let bearer = format!("Bearer {token}");
    for request in [
        TestRequest::get().uri(GATE).insert_header(("X-Original-URI", uri.clone())),
        TestRequest::get().uri(GATE).insert_header(("X-Forwarded-Uri", uri.clone())),
        TestRequest::get().uri(&format!("{GATE}{uri}")),
        TestRequest::get().uri(&format!("{GATE}/rtc")).insert_header((AUTHORIZATION, bearer)),
        TestRequest::get()
            .uri("/api/engine/livekit/admission/")
            .insert_header(("X-Original-URI", uri.clone())),
    ] {
        world.send(request).await.empty();
    }
}

#[actix_web::test]
async fn a_valid_token_is_refused_from_the_kick_on() {
    let world = world().await;
    let call = world.connected("").await;
    let client = world.principal(&call, 1).await;
    let guest = world.joined(&call, "Rosa").await;
    let first = token(&world, &call, guest.participant);
    at_the_gate(&world, &first).await.empty();

    world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
    at_the_gate(&world, &first).await.fails(403, "not_in_call");
    // LiveKit goes on making fresh ones for a client that is still connected.
    world.clock.advance(Duration::from_secs(5));
    at_the_gate(&world, &token(&world, &call, guest.participant)).await.fails(403, "not_in_call");
    at_the_gate(&world, &token(&world, &call, client)).await.empty();

    // A new invitation of the same person is a new party, which its old token does not help.
    let again = world.joined(&call, "Rosa").await;
    at_the_gate(&world, &token(&world, &call, again.participant)).await.empty();
    at_the_gate(&world, &first).await.fails(403, "not_in_call");
}

#[actix_web::test]
async fn who_has_no_account_yet_or_any_more_is_refused() {
    let world = world().await;
    let call = world.connected("").await;
    let invited = world.invited(&call, "Rosa").await;
    at_the_gate(&world, &token(&world, &call, invited.participant)).await.fails(403, "not_in_call");
    let client = world.principal(&call, 1).await;
    let mut elsewhere = Call { session: call.session, ..call };
    elsewhere.session += 1000;
    at_the_gate(&world, &token(&world, &elsewhere, client)).await.fails(403, "not_in_call");
    at_the_gate(&world, &token(&world, &elsewhere, 1_000_000)).await.fails(403, "not_in_call");
}

/// Nothing waits for the background work to come round.
#[actix_web::test]
async fn who_is_overdue_is_refused() {
    let world = world().await;
    let call = world.connected("").await;
    let client = world.principal(&call, 1).await;
    world.seen(&call, Observation::Disconnected, client).await;
    world.clock.advance(Timings::default().reconnect.saturating_sub(INSTANT));
    at_the_gate(&world, &token(&world, &call, client)).await.empty();
    world.clock.advance(INSTANT);
    at_the_gate(&world, &token(&world, &call, client)).await.fails(403, "not_in_call");
}

#[actix_web::test]
async fn without_one_good_token_nobody_passes() {
    let world = world().await;
    let call = world.connected("").await;
    let client = world.principal(&call, 1).await;
    let good = token(&world, &call, client);
    let refused = async |request: TestRequest| world.send(request).await.fails(401, "bad_join_token");
    refused(TestRequest::get().uri(GATE)).await;
    refused(TestRequest::get().uri(GATE).insert_header(("X-Original-URI", "/rtc"))).await;
    let strange = LiveKitKey::new(KEY, "another secret");
    let strange =
        strange.join_token(ConferenceId(call.session), ParticipantId(client).into(), world.clock.now());
    at_the_gate(&world, &strange).await.fails(401, "bad_join_token");
    at_the_gate(&world, "nonsense").await.fails(401, "bad_join_token");
    at_the_gate(&world, &format!("{good}&publish=camera")).await.fails(401, "bad_join_token");
    at_the_gate(&world, &format!("{good}&access_token={strange}")).await.fails(401, "bad_join_token");
    // What the client adds by itself can't stand in for what LiveKit will read.
    let smuggled = TestRequest::get()
        .uri(GATE)
        .insert_header(("X-Original-URI", format!("/rtc?access_token={strange}")))
        .insert_header(("X-Forwarded-Uri", format!("/rtc?access_token={good}")));
    refused(smuggled).await;
    world.clock.advance(Duration::from_mins(3));
    let answer = at_the_gate(&world, &good).await;
    let message = answer.fails(401, "bad_join_token");
    assert!(message.contains("expired"), "{message}");
    assert!(!answer.text().contains(&good), "a token is not repeated");
}

#[actix_web::test]
async fn both_are_there_only_with_livekit() {
    let world = World::new().await;
    world.send(TestRequest::get().uri(GATE)).await.fails(404, "not_found");
    world.send(TestRequest::post().uri("/API/Engine/LiveKit/Webhook")).await.fails(404, "not_found");
}

async fn tell(world: &World, webhook: &Webhook) -> Answer {
    let request = TestRequest::post()
        .uri("/API/Engine/LiveKit/Webhook")
        .insert_header(("Content-Type", "application/webhook+json"))
        .insert_header((AUTHORIZATION, webhook.authorization.clone()))
        .set_payload(webhook.body.clone());
    world.send(request).await
}

struct LiveKit {
    server: LiveKitStandIn,
    room: String,
}

impl LiveKit {
    fn of(call: &Call) -> Self {
        Self { server: LiveKitStandIn::start(KEY, SECRET), room: format!("conference-{}", call.session) }
    }

    fn webhook(&self, world: &World, event: &str, participant: i32) -> Webhook {
        let now = world.clock.now().0 / 1_000_000;
        self.server.webhook(event, &self.room, &format!("p{participant}"), now)
    }
}

async fn state(world: &World, call: &Call, participant: i32) -> State {
    let conference = world.view(call).await.conference;
    conference.participant(ParticipantId(participant)).unwrap().state.clone()
}

#[actix_web::test]
async fn webhooks_tell_who_comes_and_goes() {
    let world = world().await;
    let call = world.issued("").await;
    let livekit = LiveKit::of(&call);
    let client = world.principal(&call, 1).await;
    for (event, now) in [
        ("participant_joined", 4),
        ("participant_joined", 4),
        ("track_published", 4),
        ("participant_left", 5),
        ("participant_joined", 4),
        ("room_finished", 4),
        ("participant_connection_aborted", 5),
    ] {
        tell(&world, &livekit.webhook(&world, event, client)).await.empty();
        assert_eq!(state(&world, &call, client).await.name().code(), now, "{event}");
    }
    let nobody = livekit.webhook(&world, "participant_joined", 1_000_000);
    tell(&world, &nobody).await.empty();
    let foreign =
        livekit.server.webhook("participant_joined", "lobby", "p1", world.clock.now().0 / 1_000_000);
    tell(&world, &foreign).await.empty();
}

#[actix_web::test]
async fn a_webhook_that_is_not_livekits_is_not_believed() {
    let world = world().await;
    let call = world.issued("").await;
    let livekit = LiveKit::of(&call);
    let client = world.principal(&call, 1).await;
    let good = livekit.webhook(&world, "participant_joined", client);
    let refused = async |webhook: Webhook| tell(&world, &webhook).await.fails(401, "bad_webhook");
    refused(Webhook { body: format!("{} ", good.body), ..good.clone() }).await;
    refused(Webhook { authorization: String::new(), ..good.clone() }).await;
    // Its token is looked at before its body.
    let long = || " ".repeat(64 * 1024 + 1);
    refused(Webhook { authorization: String::new(), body: long() }).await;
    tell(&world, &Webhook { body: long(), ..good.clone() }).await.fails(413, "body_too_large");
    let stranger = LiveKitStandIn::start(KEY, "another secret");
    let now = world.clock.now().0 / 1_000_000;
    refused(stranger.webhook("participant_joined", &livekit.room, &format!("p{client}"), now)).await;
    world.clock.advance(Duration::from_mins(7));
    refused(good).await;
    assert_eq!(state(&world, &call, client).await.name().code(), 3);
}

/// It was on its way in when it was kicked, so that `LiveKit` had nobody to remove.
#[actix_web::test]
async fn a_join_after_the_removal_begins_it_again() {
    let world = world().await;
    let call = world.connected("").await;
    let livekit = LiveKit::of(&call);
    let guest = world.joined(&call, "Rosa").await;
    world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
    world.seen(&call, Observation::Removed, guest.participant).await;
    world.seen(&call, Observation::RemovalVerified, guest.participant).await;
    let waiting = world.store.jobs_waiting(JobKind::Engine).await.unwrap();
    for _ in 0..2 {
        tell(&world, &livekit.webhook(&world, "participant_joined", guest.participant)).await.empty();
        let State::Finished { removal, .. } = state(&world, &call, guest.participant).await else {
            panic!("it is out")
        };
        assert_eq!(removal, Removal::Pending);
        assert_eq!(
            world.store.jobs_waiting(JobKind::Engine).await.unwrap(),
            waiting + 1,
            "the engine is told again, once"
        );
    }
    world.post("Client/Request/Status", &call.client, Value::Null).await.ok();
}
