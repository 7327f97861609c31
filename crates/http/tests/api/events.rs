//! Live events: who is told of what, in which form, from where on, and until when.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use tokio::time::timeout;
use trialogue_domain::{ConferenceId, Observation, ParticipantId};
use trialogue_storage::{StoreOptions, UserRole};

use crate::answer::Answer;
use crate::world::{Call, Guest, PRESENCE, TOKEN_LIFE, World};

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open stream, as a client reads it.
struct Stream {
    headers: HeaderMap,
    body: Pin<Box<BoxBody>>,
    unread: String,
}

/// What came between two empty lines.
#[derive(Debug, Clone, PartialEq)]
struct Frame {
    id: Option<String>,
    event: String,
    data: Value,
}

impl Frame {
    fn of(&self, conference: i32) -> bool {
        self.data["conference"] == conference
    }
}

fn request(token: &str, last_event_id: &str) -> TestRequest {
    let request = TestRequest::get().uri("/API/Events").insert_header(("Accept", "text/event-stream"));
    let request = if token.is_empty() { request } else { request.insert_header(("WEYIToken", token)) };
    if last_event_id.is_empty() { request } else { request.insert_header(("Last-Event-ID", last_event_id)) }
}

impl Stream {
    async fn open(world: &World, token: &str) -> Self {
        Self::resumed(world, token, "").await
    }

    async fn resumed(world: &World, token: &str, last_event_id: &str) -> Self {
        let answer = world.open(request(token, last_event_id)).await;
        assert_eq!(answer.status().as_u16(), 200);
        let headers = answer.headers().clone();
        Self { headers, body: Box::pin(answer.into_body()), unread: String::new() }
    }

    /// The next frame as it is written; none at the end.
    async fn text(&mut self) -> Option<String> {
        loop {
            if let Some((frame, rest)) = self.unread.split_once("\n\n") {
                let frame = frame.to_owned();
                self.unread = rest.to_owned();
                return Some(frame);
            }
            let piece = poll_fn(|context| self.body.as_mut().poll_next(context));
            let piece = piece.await?.unwrap();
            self.unread.push_str(str::from_utf8(&piece).unwrap());
        }
    }

    /// The next event; none at the end.
    async fn next(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.next_event()).await.expect("an event")
    }

    async fn next_event(&mut self) -> Option<Frame> {
        loop {
            let text = self.text().await?;
            if text.starts_with(':') || text.starts_with("retry: ") {
                continue;
            }
            let field = |name: &str| {
                text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
            };
            let data = serde_json::from_str(&field("data").expect("data")).unwrap();
            return Some(Frame { id: field("id"), event: field("event").expect("a name"), data });
        }
    }

    /// The events up to one of this name.
    async fn until(&mut self, name: &str) -> Vec<Frame> {
        let mut told = vec![];
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("no {name} after {told:#?}"));
            told.push(frame);
            if told.last().is_some_and(|frame| frame.event == name) {
                return told;
            }
        }
    }

    /// Nothing more comes.
    async fn ends_here(mut self) {
        assert_eq!(self.text().await, None);
    }
}

fn names(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.event.as_str()).collect()
}

async fn finish(world: &World, call: &Call) {
    world.post("Client/Request/CallFinishedNew", &call.client, json!({})).await.empty();
}

#[actix_web::test]
async fn a_stream_has_the_form_that_browsers_and_proxies_know() {
    let world = World::new().await;
    let call = world.requested("").await;
    let mut stream = Stream::open(&world, &call.client).await;
    let header = |name: &str| stream.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("Content-Type"), Some("text/event-stream"));
    assert_eq!(header("Cache-Control"), Some("no-store, no-transform"));
    assert_eq!(header("X-Accel-Buffering"), Some("no"));
    assert!(header("X-Request-Id").is_some());
    assert_eq!((header("Content-Encoding"), header("Content-Length")), (None, None));

    let retry = stream.text().await.unwrap();
    let retry: u64 = retry.strip_prefix("retry: ").unwrap().parse().unwrap();
    assert!((1000..4000).contains(&retry));
    let first = loop {
        let text = stream.text().await.unwrap();
        if text != ":" {
            break text;
        }
    };
    let [id, event, data] = first.lines().collect::<Vec<_>>()[..] else { panic!("three lines: {first}") };
    assert_eq!(id, format!("id: {}-1", call.session));
    assert_eq!(event, "event: requested");
    let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(
        (&data["conference"], &data["seq"], &data["by"]),
        (&json!(call.session), &json!(1), &json!("client"))
    );
    // A comment keeps the line alive.
    while stream.text().await.unwrap() != ":" {}
}

#[actix_web::test]
async fn only_who_has_a_good_token_is_told() {
    let world = World::new().await;
    let call = world.issued("").await;
    let guest = world.joined(&call, "Rosa").await;
    world.send(request("", "")).await.fails(401, "missing_token");
    world.send(request("nonsense", "")).await.fails(401, "invalid_token");
    world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
    world.send(request(&guest.token, "")).await.fails(401, "invalid_token");
    let query = TestRequest::get().uri(&format!("/API/Events?WEYIToken={}", call.client));
    world.send(query).await.fails(401, "missing_token");
    let not_allowed: Answer = world.send(TestRequest::post().uri("/API/Events")).await;
    assert_eq!((not_allowed.status, not_allowed.header("Allow")), (405, Some("GET")));
    let client = world.client("nora").await;
    world.clock.advance(TOKEN_LIFE);
    world.send(request(&client, "")).await.fails(401, "token_expired");
}

#[actix_web::test]
async fn a_whole_call_is_told_to_both_sides_as_it_is_in_the_log() {
    let world = World::new().await;
    let call = world.requested("").await;
    let mut client = Stream::open(&world, &call.client).await;
    let mut provider = Stream::open(&world, &call.provider).await;
    let offer = provider.until("offer_open").await;
    assert_eq!((offer.len(), offer[0].of(call.session), &offer[0].id), (1, true, &None));
    let mut to_client = client.until("requested").await;

    world.post("Provider/Task/Accept", &call.provider, json!({"RequestId": call.session})).await.empty();
    world.post("Client/Request/StartVideoProcess", &call.client, Value::Null).await.empty();
    world.post("Provider/Task/ConfirmVideo", &call.provider, Value::Null).await.empty();
    world.client_pair(&call).await;
    let guest = world.joined(&call, "Rosa").await;
    world.seen(&call, Observation::Joined, guest.participant).await;
    world.kick("Provider/Task", &call.provider, call.session, guest.participant).await.empty();
    finish(&world, &call).await;

    // Neither has read a word since.
    to_client.extend(client.until("ended").await);
    let to_provider = provider.until("ended").await;
    let closed =
        to_provider.iter().position(|frame| frame.event == "offer_closed").expect("the offer is taken");
    assert!(to_provider[closed].of(call.session));
    let of_log = |frames: &[Frame]| frames.iter().filter(|f| f.id.is_some()).cloned().collect::<Vec<_>>();
    assert_eq!(of_log(&to_client), of_log(&to_provider));
    assert_eq!(to_client.len() + 1, to_provider.len());

    let log = world.store.timeline(ConferenceId(call.session)).await.unwrap();
    let ids: Vec<String> = to_client.iter().map(|frame| frame.id.clone().unwrap()).collect();
    let places: Vec<String> = log.iter().map(|entry| format!("{}-{}", call.session, entry.seq)).collect();
    assert_eq!(ids, places[..ids.len()], "in order, no gap, none twice");
    let expected = [
        "requested",
        "offered",
        "accepted",
        "call_started",
        "confirmed",
        "account_issued",
        "account_issued",
        "invited",
        "confirmed",
        "account_issued",
        "joined",
        "finished",
        "finished",
        "finished",
        "ended",
    ];
    assert_eq!(names(&to_client), expected);
    let kick = &to_client[11].data;
    assert_eq!((&kick["participant"], &kick["status"]), (&json!(guest.participant), &json!(6)));
    assert_eq!((&kick["reason"], &kick["by"]), (&json!("kicked_by_provider"), &json!("provider")));
    // The status that a poll shows after the event.
    assert_eq!(to_client[10].data["status"], 4);
    for personal in ["Rosa", "example.org", "clientname", "providername"] {
        assert!(!format!("{to_provider:?}").contains(personal), "{personal}");
    }
}

#[actix_web::test]
async fn a_lost_stream_goes_on_where_it_was() {
    let world = World::new().await;
    let call = world.issued("").await;
    let log = world.store.timeline(ConferenceId(call.session)).await.unwrap();
    let mut whole = Stream::open(&world, &call.client).await;
    let mut all = vec![];
    for _ in &log {
        all.push(whole.next().await.unwrap());
    }
    for seen in 1..=all.len() {
        let mut stream = Stream::resumed(&world, &call.client, all[seen - 1].id.as_ref().unwrap()).await;
        for expected in &all[seen..] {
            assert_eq!(stream.next().await.as_ref(), Some(expected));
        }
        let guest = world.invited(&call, "Rosa").await;
        let invited = stream.next().await.unwrap();
        assert_eq!(
            (invited.event.as_str(), &invited.data["participant"]),
            ("invited", &json!(guest.participant))
        );
        // The same to whoever has never lost it.
        assert_eq!(whole.next().await.as_ref(), Some(&invited));
        all.push(invited);
        world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
        all.push(whole.next().await.unwrap());
        if seen > 5 {
            break;
        }
    }
}

#[actix_web::test]
async fn whoever_was_away_at_the_end_is_told_of_it_and_then_of_the_next() {
    let world = World::new().await;
    let call = world.accepted("").await;
    finish(&world, &call).await;
    let body = json!({"NeedHelpLanguageId": crate::world::SPANISH});
    let next = world.post("Client/Request/New", &call.client, body).await.ok().number("RequestId");
    let mut stream = Stream::resumed(&world, &call.client, &format!("{}-2", call.session)).await;
    let told = stream.until("ended").await;
    assert_eq!(names(&told), ["accepted", "ended"]);
    let requested = stream.next().await.unwrap();
    assert_eq!((requested.event.as_str(), requested.of(next)), ("requested", true));
    // Nor is it told of the end again.
    let end = told[1].id.as_ref().unwrap();
    let mut stream = Stream::resumed(&world, &call.client, end).await;
    assert_eq!(stream.next().await.unwrap(), requested);
}

#[actix_web::test]
async fn an_id_that_is_not_ones_own_is_ignored() {
    let world = World::new().await;
    let call = world.issued("1").await;
    let other = world.issued("2").await;
    let guest = world.invited(&call, "Rosa").await;
    let strange =
        ["x", "-", "1-", "-1", "1--1", "99999999999-1", "1-99999999999", "0-0", "7"].map(str::to_owned);
    let foreign = [format!("{}-3", other.session), format!("{}-3", other.session + 1000)];
    let zero = [format!("{}-0", call.session), format!("{}--3", call.session)];
    for id in strange.iter().chain(&foreign).chain(&zero) {
        for token in [&call.client, &call.provider] {
            let first = Stream::resumed(&world, token, id).await.next().await.unwrap();
            assert_eq!(first.id, Some(format!("{}-1", call.session)), "{id}");
        }
        let first = Stream::resumed(&world, &guest.token, id).await.next().await.unwrap();
        assert_eq!(first.data["participant"], guest.participant, "{id}");
    }
}

#[actix_web::test]
async fn a_stream_waits_for_the_next_request_of_its_user() {
    let world = World::new().await;
    let provider = world.provider("p").await;
    let client = world.client("c").await;
    let mut to_client = Stream::open(&world, &client).await;
    let mut to_provider = Stream::open(&world, &provider).await;
    let mut last = 0;
    for _ in 0..3 {
        let body = json!({"NeedHelpLanguageId": crate::world::SPANISH});
        let id = world.post("Client/Request/New", &client, body).await.ok().number("RequestId");
        assert_ne!(id, last);
        let mut told = to_client.until("offered").await;
        assert!(to_provider.until("offer_open").await[0].of(id));
        world.post("Provider/Task/Accept", &provider, json!({"RequestId": id})).await.empty();
        let mut told_to_provider = to_provider.until("accepted").await;
        world.post("Client/Request/CallFinishedNew", &client, json!({})).await.empty();
        told.extend(to_client.until("ended").await);
        assert_eq!(names(&told), ["requested", "offered", "accepted", "ended"]);
        assert!(told.iter().all(|frame| frame.of(id)));
        told_to_provider.extend(to_provider.until("ended").await);
        assert!(told_to_provider.iter().all(|frame| frame.of(id)));
        last = id;
    }
}

#[actix_web::test]
async fn offers_open_and_close_for_each_provider() {
    let world = World::new().await;
    let call = world.requested("").await;
    let other = world.provider("other").await;
    let late = world.provider("late").await;
    let mut streams = vec![];
    for token in [&call.provider, &other, &late] {
        let mut stream = Stream::open(&world, token).await;
        assert!(stream.next().await.is_some_and(|told| told.event == "offer_open" && told.of(call.session)));
        streams.push(stream);
    }
    // One says no, one takes it, from one it is withdrawn.
    let reference = json!({"RequestId": call.session});
    world.post("Provider/Task/Decline", &late, reference.clone()).await.empty();
    assert_eq!(streams[2].next().await.unwrap().event, "offer_closed");
    world.post("Provider/Task/Accept", &other, reference).await.empty();
    assert_eq!(streams[0].next().await.unwrap().event, "offer_closed");
    let told = streams[1].until("accepted").await;
    assert_eq!(
        names(&told),
        ["offer_closed", "requested", "offered", "offered", "offered", "offer_declined", "accepted"]
    );

    // Of the call, the others are not told; the next offer is what they hear of.
    finish(&world, &call).await;
    streams[1].until("ended").await;
    let body = json!({"NeedHelpLanguageId": crate::world::SPANISH});
    let next = world.post("Client/Request/New", &call.client, body).await.ok().number("RequestId");
    for stream in &mut streams {
        let told = stream.next().await.unwrap();
        assert_eq!((told.event.as_str(), told.of(next)), ("offer_open", true));
    }
    finish(&world, &call).await;
    for stream in &mut streams {
        let told = stream.next().await.unwrap();
        assert_eq!((told.event.as_str(), told.of(next)), ("offer_closed", true));
    }
}

#[actix_web::test]
async fn each_is_told_of_its_own_conference_only() {
    let world = World::new().await;
    let (a, b) = (world.issued("1").await, world.issued("2").await);
    let guest = world.joined(&a, "Rosa").await;
    let mut streams = vec![];
    for token in [&a.client, &a.provider, &guest.token] {
        streams.push(Stream::open(&world, token).await);
    }
    let stranger = world.joined(&b, "Stranger").await;
    world.kick("Client/Request", &b.client, b.session, stranger.participant).await.empty();
    finish(&world, &b).await;
    let mark = world.invited(&a, "Mark").await;
    for stream in &mut streams {
        loop {
            let told = stream.next().await.unwrap();
            assert!(told.of(a.session), "{told:?}");
            if told.data["participant"] == mark.participant {
                break;
            }
        }
    }
}

#[actix_web::test]
async fn a_guest_is_told_from_its_invitation_to_its_end() {
    let world = World::new().await;
    let call = world.issued("").await;
    let earlier = world.joined(&call, "Earlier").await;
    let guest = world.joined(&call, "Rosa").await;
    let begins = |seen: &str| {
        let (world, token, seen) = (&world, guest.token.clone(), seen.to_owned());
        async move { Stream::resumed(world, &token, &seen).await }
    };
    let mut stream = begins("").await;
    let first = stream.next().await.unwrap();
    assert_eq!((first.event.as_str(), &first.data["participant"]), ("invited", &json!(guest.participant)));
    // Not even by asking for it.
    assert_eq!(begins(&format!("{}-1", call.session)).await.next().await, Some(first.clone()));
    let confirmed = begins(first.id.as_ref().unwrap()).await.next().await.unwrap();
    assert_eq!(confirmed.event, "confirmed");

    world.kick("Client/Request", &call.client, call.session, earlier.participant).await.empty();
    let told = stream.until("finished").await;
    assert_eq!(told.last().unwrap().data["participant"], earlier.participant, "another's end is not its own");
    world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
    let told = stream.until("end").await;
    assert_eq!(names(&told), ["finished", "end"]);
    assert_eq!(
        (&told[0].data["participant"], &told[0].data["reason"]),
        (&json!(guest.participant), &json!("kicked_by_client"))
    );
    assert_eq!(told[1].data, json!({"reason": "out"}));
    stream.ends_here().await;
}

#[actix_web::test]
async fn a_guests_stream_ends_with_the_call_too() {
    let world = World::new().await;
    let call = world.issued("").await;
    let guest = world.joined(&call, "Rosa").await;
    let leaver = world.joined(&call, "Leaver").await;
    let mut streams = vec![];
    for Guest { token, .. } in [&guest, &leaver] {
        streams.push(Stream::open(&world, token).await);
    }
    world.post("Guest/Leave", &leaver.token, Value::Null).await.empty();
    finish(&world, &call).await;
    for (mut stream, reason) in streams.into_iter().zip(["cancelled", "left"]) {
        let told = stream.until("end").await;
        let [.., finished, _] = &told[..] else { panic!("{told:?}") };
        assert_eq!(finished.data["reason"], reason);
        stream.ends_here().await;
    }
}

#[actix_web::test]
async fn a_stream_ends_with_its_login() {
    let world = World::new().await;
    let client = world.client("nora").await;
    let mut stream = Stream::open(&world, &client).await;
    // An open stream is use: it prolongs the login.
    for _ in 0..3 {
        world.clock.advance(TOKEN_LIFE / 2);
        for _ in 0..5 {
            while stream.text().await.unwrap() != ":" {}
        }
    }
    world.clock.advance(TOKEN_LIFE);
    let told = stream.until("end").await;
    assert_eq!(told.last().unwrap().data, json!({"reason": "expired"}));
    stream.ends_here().await;
}

#[actix_web::test]
async fn a_stream_ends_when_its_login_is_ended() {
    let world = World::new().await;
    let call = world.requested("").await;
    let mut ended = Stream::open(&world, &call.client).await;
    let mut other = Stream::open(&world, &call.provider).await;
    world
        .conferences
        .set_password(UserRole::Client, "client@example.org", "$argon2".to_owned(), world.clock.now())
        .await
        .unwrap();
    let told = ended.until("end").await;
    assert_eq!(told.last().unwrap().data, json!({"reason": "logged_out"}));
    ended.ends_here().await;
    for _ in 0..10 {
        while other.text().await.unwrap() != ":" {}
    }
}

#[actix_web::test]
async fn a_stream_ends_when_its_login_is_logged_out() {
    let world = World::new().await;
    let call = world.requested("").await;
    let kept = world.login("Client", "client").await;
    let (mut ended, mut other) =
        (Stream::open(&world, &call.client).await, Stream::open(&world, &kept).await);
    world.post("Client/Logout", &call.client, Value::Null).await.empty();
    let told = ended.until("end").await;
    assert_eq!(told.last().unwrap().data, json!({"reason": "logged_out"}));
    ended.ends_here().await;
    for _ in 0..10 {
        while other.text().await.unwrap() != ":" {}
    }
}

#[actix_web::test]
async fn an_open_stream_is_a_sign_of_life() {
    let window = Duration::from_millis(30);
    let world = World::with_presence(StoreOptions::default(), window).await;
    let call = world.requested("").await;
    let seen = async || world.view(&call).await.client.last_seen.unwrap();
    let provider = world.view(&call).await.offered[0].person.id;
    let mut stream = Stream::open(&world, &call.client).await;
    for _ in 0..3 {
        let now = world.clock.advance(PRESENCE);
        while seen().await < now {
            stream.text().await.unwrap();
        }
    }
    // Without it there is none.
    drop(stream);
    let before = seen().await;
    let mut other = Stream::open(&world, &call.provider).await;
    let now = world.clock.advance(PRESENCE);
    loop {
        other.text().await.unwrap();
        let known = world.store.presence(provider).await.unwrap().unwrap();
        if known.presence.last_seen == Some(now) {
            break;
        }
    }
    assert_eq!(seen().await, before);
}

#[actix_web::test]
async fn a_stop_of_the_server_ends_streams_and_asks_to_come_again() {
    let world = World::new().await;
    let call = world.issued("").await;
    let guest = world.joined(&call, "Rosa").await;
    let mut streams = vec![];
    for token in [&call.client, &call.provider, &guest.token] {
        streams.push(Stream::open(&world, token).await);
    }
    assert_eq!(world.live.streams(), 3);
    world.live.close();
    for mut stream in streams {
        assert_eq!(stream.until("end").await.last().unwrap().data, json!({"reason": "stopping"}));
        stream.ends_here().await;
    }
    // One that comes while it stops is sent on as well.
    let mut late = Stream::open(&world, &call.client).await;
    assert_eq!(late.next().await.unwrap().data, json!({"reason": "stopping"}));
    drop(late);
    assert_eq!(world.live.streams(), 0);
}

#[actix_web::test]
async fn streams_of_one_conference_share_it_and_leave_nothing_behind() {
    let world = World::new().await;
    let call = world.issued("").await;
    let mut streams = vec![];
    for _ in 0..20 {
        let mut stream = Stream::open(&world, &call.client).await;
        stream.next().await.unwrap();
        streams.push(stream);
    }
    assert_eq!((world.live.followed(), world.live.streams()), (1, 20));
    streams.truncate(1);
    assert_eq!((world.live.followed(), world.live.streams()), (1, 1));
    let guest = world.invited(&call, "Rosa").await;
    assert_eq!(streams[0].until("invited").await.last().unwrap().data["participant"], guest.participant);
    drop(streams);
    assert_eq!((world.live.followed(), world.live.streams()), (0, 0));
}

#[actix_web::test]
async fn a_follower_loses_nothing_however_slow_it_is() {
    let world = World::new().await;
    let call = world.issued("").await;
    let id = ConferenceId(call.session);
    let mut quick = world.live.follow(id, 0);
    let mut slow = world.live.follow(id, 2);
    let mut told = vec![quick.next().await.unwrap().recorded.clone()];
    assert_eq!(told[0].seq, 1);
    // Far more than is kept for it.
    for n in 0..30 {
        let guest = world.invited(&call, &n.to_string()).await;
        world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
        while told.len() < 7 + 2 * (n + 1) {
            told.push(quick.next().await.unwrap().recorded.clone());
        }
    }
    let log = world.store.timeline(id).await.unwrap();
    assert_eq!(told, log);
    for expected in &log[2..] {
        assert_eq!(&slow.next().await.unwrap().recorded, expected);
    }
    // A wait that is given up loses nothing either.
    for _ in 0..3 {
        assert!(timeout(Duration::from_millis(1), slow.next()).await.is_err());
    }
    world.seen(&call, Observation::Removed, 0).await;
    world.conferences.observe(id, [Observation::Joined(ParticipantId(1))], world.clock.now()).await.unwrap();
    assert!(Arc::ptr_eq(&slow.next().await.unwrap(), &quick.next().await.unwrap()), "it is shared");
}

#[actix_web::test]
async fn who_is_released_hears_it_and_nothing_more_of_the_request() {
    let world = World::new().await;
    let other = world.provider("other").await;
    let call = world.ringing("").await;
    let (mut own, mut client) =
        (Stream::open(&world, &call.provider).await, Stream::open(&world, &call.client).await);
    own.until("call_started").await;
    client.until("call_started").await;
    world.post("Provider/Task/RefuseVideo", &call.provider, Value::Null).await.empty();
    let told = own.until("released").await;
    assert_eq!(told.last().unwrap().data["reason"], "refused");
    world.post("Provider/Task/Accept", &other, json!({"RequestId": call.session})).await.empty();
    let told = client.until("released").await;
    assert!(told.iter().any(|frame| frame.event == "finished"), "{told:#?}");
    client.until("accepted").await;
    let another = world.client("another").await;
    world.post("Client/Request/New", &another, json!({"NeedHelpLanguageId": 44})).await.ok();
    let told = own.until("offer_open").await;
    assert!(told.iter().all(|frame| !frame.of(call.session)), "{told:#?}");
}

/// The requests for second interpreters are told with their numbers. A second interpreter who was removed is told nothing of what
/// follows in the call.
#[actix_web::test]
async fn a_second_interpreter_is_told_of_the_call_until_it_is_out() {
    const FRENCH: i32 = 10;
    let world = World::new().await;
    world.add_user(UserRole::Provider, "amelie", &[FRENCH]).await;
    let amelie = world.login("Provider", "amelie").await;
    world.post("Provider/Task/SetOnline", &amelie, json!({})).await.empty();
    let call = world.connected("").await;
    let path = "Client/Request/RequestSecondInterpreter";
    let asked = world.post(path, &call.client, json!({"ToLanguageId": FRENCH})).await.ok();
    let participant = asked.number("RequestConferenceSessionVideoParticipantId");
    let mut stream = Stream::open(&world, &amelie).await;
    let offer = stream.until("offer_open").await.remove(0);
    let request = offer.data["conference"].clone();
    assert_ne!(request, call.session);
    world.post("Provider/Task/Accept", &amelie, json!({"RequestId": request})).await.empty();

    let mut told = stream.until("invited").await;
    let invited = told.pop().unwrap();
    assert_eq!((&invited.data["request"], &invited.data["kind"]), (&request, &json!(4)));
    let accepted = stream.until("accepted").await.pop().unwrap();
    assert_eq!(accepted.data["request"], request);
    let resumed = accepted.id.unwrap();

    world.kick("Client/Request", &call.client, call.session, participant).await.empty();
    let out = stream.until("finished").await.pop().unwrap();
    assert_eq!(
        (&out.data["participant"], &out.data["reason"]),
        (&json!(participant), &json!("kicked_by_client"))
    );
    let mut resumed = Stream::resumed(&world, &amelie, &resumed).await;
    assert_eq!(names(&resumed.until("finished").await), ["finished"]);
    let mut at_the_end = Stream::resumed(&world, &amelie, &out.id.unwrap()).await;

    world.joined(&call, "Rosa").await;
    let late = world.client("late").await;
    let made = world.post("Client/Request/New", &late, json!({"NeedHelpLanguageId": FRENCH})).await.ok();
    for stream in [&mut stream, &mut resumed, &mut at_the_end] {
        let next = stream.next().await.unwrap();
        assert_eq!(
            (next.event.as_str(), &next.data["conference"]),
            ("offer_open", &json!(made.number("RequestId")))
        );
    }

    // In the same call again.
    world
        .post("Provider/Task/Decline", &amelie, json!({"RequestId": made.number("RequestId")}))
        .await
        .empty();
    world.post(path, &call.client, json!({"ToLanguageId": FRENCH})).await.ok();
    for stream in [&mut stream, &mut resumed, &mut at_the_end] {
        assert_eq!(names(&stream.until("offer_open").await), ["offer_closed", "offer_open"]);
    }
    let offers = world.post("Provider/Task/Offers", &amelie, Value::Null).await.ok().json();
    world.post("Provider/Task/Accept", &amelie, json!({"RequestId": offers[0]["RequestId"]})).await.empty();
    for stream in [&mut stream, &mut resumed, &mut at_the_end] {
        let told = stream.until("accepted").await;
        assert!(
            told.iter().all(|frame| matches!(frame.event.as_str(), "offer_closed" | "accepted")),
            "{told:#?}"
        );
    }
}

/// The stream of an interpreter who handed the call over, and takes it over again, tells of the call again.
#[actix_web::test]
async fn who_hands_a_call_over_and_takes_it_back_is_told_of_it_again() {
    let world = World::new().await;
    let call = world.connected("").await;
    let carlos = world.provider("carlos").await;
    let mut first = Stream::open(&world, &call.provider).await;
    first.until("joined").await;
    let mut second = Stream::open(&world, &carlos).await;
    let mut handed_over = String::new();
    for (from, to) in [(&call.provider, &carlos), (&carlos, &call.provider)] {
        world.post("Provider/Task/SetOnline", to, json!({})).await.empty();
        let body = json!({"ToLanguageId": 44, "Purpose": "Successor"});
        let made = world.post("Provider/Task/RequestSecondInterpreter", from, body).await.ok();
        let participant = made.number("RequestConferenceSessionVideoParticipantId");
        let offers = world.post("Provider/Task/Offers", to, Value::Null).await.ok().json();
        world.post("Provider/Task/Accept", to, json!({"RequestId": offers[0]["RequestId"]})).await.empty();
        world.post("Provider/Task/ConfirmVideo", to, Value::Null).await.empty();
        world.post("Provider/Task/VideoEngineAccounts", to, Value::Null).await.ok();
        world.seen(&call, Observation::Joined, participant).await;
        world.post("Provider/Task/Finish", from, Value::Null).await.empty();
        for stream in [&mut first, &mut second] {
            handed_over = stream.until("handed_over").await.pop().unwrap().id.unwrap();
        }
    }
    // Carlos has handed it back, and is told no more. He who has it again is.
    let mut resumed = Stream::resumed(&world, &call.provider, &handed_over).await;
    world.post("Client/Request/VideoAgain", &call.client, Value::Null).await.empty();
    for stream in [&mut first, &mut resumed] {
        stream.until("call_started").await;
    }
    let another = world.client("another").await;
    world.post("Client/Request/New", &another, json!({"NeedHelpLanguageId": 44})).await.ok();
    world.clock.advance(std::time::Duration::from_mins(10));
    world.post("Provider/Task/SetOnline", &carlos, json!({})).await.empty();
    let told = second.until("offer_open").await;
    assert!(told.iter().all(|frame| frame.event != "call_started"), "{told:#?}");
}
