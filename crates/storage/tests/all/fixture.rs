//! Makes the databases of `tests/fixtures`: a rich history, by the store's public face, and dumped as SQL.
//!
//! To be run on the release whose database is wanted:
//! `cargo test -p trialogue-storage --test all fixture -- --ignored`.

use std::process::Command;
use std::time::Duration;

use trialogue_domain::{Actor, Departure, Kind, Observation, ParticipantId, Timestamp, UserId};
use trialogue_storage::{
    Ask, CallLeg, Channel, ConferenceView, DatabaseUrl, NewGuest, NodeId, Render, Whose, hash_secret,
};

use crate::idempotency::key;
use crate::scene::{Call, log_in, number_in, request};
use crate::world::{Database, World};

const LEASE: Duration = Duration::from_secs(30);

#[tokio::test]
#[ignore = "writes the fixtures; they are kept as the release made them"]
async fn make_the_fixtures() {
    for (database, file) in [(Database::Sqlite, "sqlite"), (Database::Postgres, "postgres")] {
        let world = database.world_of_one_lane();
        history(&world).await;
        let World { store, place, .. } = world;
        store.close();
        let mut dump = match place.url() {
            DatabaseUrl::Sqlite(path) => {
                let mut dump = Command::new("sqlite3");
                dump.arg(path).arg(".dump");
                dump
            }
            DatabaseUrl::Postgres(url) => {
                let mut dump = Command::new("pg_dump");
                dump.args([
                    "--inserts",
                    "--rows-per-insert=100",
                    "--no-owner",
                    "--no-privileges",
                    "--no-comments",
                ])
                .arg(url);
                dump
            }
        };
        let dumped = dump.output().unwrap();
        assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
        let dumped = String::from_utf8(dumped.stdout).unwrap();
        let is_kept = |line: &&str| !(line.is_empty() || line.starts_with("--") || line.starts_with('\\'));
        let text: String = dumped.lines().filter(is_kept).map(|line| format!("{line}\n")).collect();
        let path = format!("{}/tests/fixtures/{file}.sql", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, text).unwrap();
    }
}

impl World {
    /// A second passes, and the providers show a sign of life.
    async fn second(&self, providers: &[UserId]) {
        self.clock.advance(Duration::from_secs(1));
        for provider in providers {
            self.store.touch(*provider, self.now()).await.unwrap();
        }
    }
}

async fn by_email(call: &Call<'_>, name: &str) -> ParticipantId {
    let hash = hash_secret(name);
    let guest = NewGuest {
        name: Some(name.to_owned()),
        email: Some(format!("{name}@example.org")),
        phone: None,
        invitation: Box::new(move |_| hash),
        channel: Some(Channel::Email),
    };
    let render: Render<(ConferenceView, ParticipantId)> =
        Box::new(|(_, participant)| participant.to_string().into_bytes());
    let (actor, now) = (Actor::Client(call.client), call.world.now());
    let invited = call.world.store.invite(Whose::Id(call.id), actor, guest, now, None, render).await;
    ParticipantId(number_in(&invited.unwrap()))
}

/// No route of this release asks for a second interpreter, though its rules, its tables and its wire have one: so the
/// rows are written as the event would write them.
async fn second_interpreter(call: &Call<'_>, id: i32) -> ParticipantId {
    let Call { world, id: conference, client, .. } = call;
    let position = world.view(*conference).await.conference.participants.len();
    let deadline = world.now().after(world.store.timings().invitation);
    let (now, seq) = (world.now(), world.view(*conference).await.conference.last_seq + 1);
    world.place.sql(&format!(
        "INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, participant_id, code, deadline) \
         VALUES ({conference}, {seq}, {}, 6, 1, {client}, {id}, 11, {});
         INSERT INTO participants (conference_id, id, position, kind, language_id, state, deadline, inviter_id) \
         VALUES ({conference}, {id}, {position}, 4, 11, 1, {}, {client});
         UPDATE conferences SET last_seq = {seq} WHERE id = {conference};",
        now.0, deadline.0, deadline.0
    ));
    let next = world.view(*conference).await.conference.next_deadline().unwrap();
    world.place.sql(&format!("UPDATE conferences SET next_deadline = {} WHERE id = {conference}", next.0));
    ParticipantId(id)
}

async fn both_join(call: &Call<'_>) {
    for kind in [Kind::Client, Kind::Provider] {
        call.observe(Observation::Joined(call.participant_of(kind).await)).await;
    }
}

/// Nine requests, from one that is searched for to one with everything behind it.
async fn history(world: &World) {
    let providers = [
        world.provider("anna@example.org").await,
        world.provider("boris@example.org").await,
        world.provider("carla@example.org").await,
        world.provider("dario@example.org").await,
        world.provider("emma@example.org").await,
    ];
    let [anna, boris, carla, dario, emma] = providers;
    let in_a_day = Timestamp(world.now().0).after(Duration::from_hours(24));
    log_in(world, anna, hash_secret("token of anna"), in_a_day).await;
    world.store.heartbeat(NodeId(77), world.now()).await.unwrap();

    // 1: declined, accepted, refused, accepted by another; two calls, three guests; serviced.
    let client = world.client("first@example.org").await;
    log_in(world, client, hash_secret("token of first"), in_a_day).await;
    let kept = key("first", "request", 7);
    let id = request(&world.store, world, client, Some(kept)).await.unwrap();
    let mut call = Call { world, id, client, provider: anna };
    call.by_provider(Ask::DeclineOffer).await.unwrap();
    world.second(&providers).await;
    call.provider = boris;
    call.by_provider(Ask::AcceptOffer).await.unwrap();
    call.by_client(Ask::StartVideo).await.unwrap();
    call.by_provider(Ask::RefuseVideo).await.unwrap();
    world.second(&providers).await;
    world.store.offer_waiting(world.now()).await.unwrap();
    call.provider = carla;
    call.by_provider(Ask::AcceptOffer).await.unwrap();
    call.by_client(Ask::StartVideo).await.unwrap();
    call.by_provider(Ask::ConfirmVideo).await.unwrap();
    call.issue(Actor::Client(client)).await.unwrap();
    both_join(&call).await;
    let (kicked, left) = (call.guest("kicked").await, call.guest("left").await);
    let uninvited = by_email(&call, "uninvited").await;
    world.second(&providers).await;
    call.by_client(Ask::Kick(kicked)).await.unwrap();
    call.by(Actor::Guest(left), Ask::Leave).await.unwrap();
    call.by_provider(Ask::Kick(uninvited)).await.unwrap();
    call.observe(Observation::Removed(kicked)).await;
    call.observe(Observation::RemovalVerified(kicked)).await;
    let lost = call.participant_of(Kind::Client).await;
    call.observe(Observation::Disconnected(lost)).await;
    call.by_client(Ask::VideoAgain).await.unwrap();
    call.by_provider(Ask::ConfirmVideo).await.unwrap();
    call.issue(Actor::Provider(carla)).await.unwrap();
    both_join(&call).await;
    world.second(&providers).await;
    let leg = CallLeg {
        started: Some(Timestamp(world.now().0 - 3_000_000)),
        ended: Some(world.now()),
        call_time: "0.05".to_owned(),
        successful: true,
        additional_info: Some("leg".to_owned()),
        third_party_call_id: None,
    };
    let actor = Actor::Client(client);
    world.store.finish(Whose::Id(id), actor, true, vec![leg], world.now()).await.unwrap();
    for work in world.store.claim_effects(1, LEASE, 100, world.now()).await.unwrap() {
        world.store.effect_done(work, [], world.now()).await.unwrap();
    }

    // 2: a running call with guests and second interpreters in several states, and work that is leased or due.
    let client = world.client("second@example.org").await;
    let id = world.request(client).await.unwrap();
    let call = Call { world, id, client, provider: carla };
    call.by_provider(Ask::AcceptOffer).await.unwrap();
    call.by_client(Ask::StartVideo).await.unwrap();
    call.by_provider(Ask::ConfirmVideo).await.unwrap();
    call.issue(Actor::Client(client)).await.unwrap();
    call.issue(Actor::Provider(carla)).await.unwrap();
    both_join(&call).await;
    assert!(world.store.hold_room(id, NodeId(77), world.now()).await.unwrap());
    let kicked = call.guest("out").await;
    call.guest("inside").await;
    let leased = world.store.claim_effects_at(Some(NodeId(77)), 2, LEASE, 3, world.now()).await.unwrap();
    assert_eq!(leased.len(), 3);
    call.by_client(Ask::Kick(kicked)).await.unwrap();
    call.observe(Observation::Removed(kicked)).await;
    by_email(&call, "invited").await;
    // The dead one is dropped.
    let leased = world.store.claim_deliveries(Channel::Email, 3, LEASE, 2, world.now()).await.unwrap();
    assert_eq!(leased.len(), 1);
    by_email(&call, "waiting").await;
    let interpreters = [
        second_interpreter(&call, 1001).await,
        second_interpreter(&call, 1002).await,
        second_interpreter(&call, 1003).await,
    ];
    call.by_client(Ask::Kick(interpreters[1])).await.unwrap();
    let own = Actor::SecondInterpreter(interpreters[2]);
    call.by(own, Ask::ConfirmInvitation).await.unwrap();
    call.issue(own).await.unwrap();
    call.observe(Observation::Joined(interpreters[2])).await;

    // 3: cancelled; 4: nobody accepted in time.
    let client = world.client("third@example.org").await;
    let id = world.request(client).await.unwrap();
    let call = Call { world, id, client, provider: anna };
    call.observe(Observation::UserGone(client, Departure::LoggedOut)).await;
    let client = world.client("fourth@example.org").await;
    let id = world.request(client).await.unwrap();
    world.clock.advance(world.store.timings().search);
    Call { world, id, client, provider: anna }.observe(Observation::DeadlinePassed).await;
    world.second(&providers).await;

    // 5: a call is over, another may follow.
    let client = world.client("fifth@example.org").await;
    let id = world.request(client).await.unwrap();
    let call = Call { world, id, client, provider: dario };
    call.by_provider(Ask::AcceptOffer).await.unwrap();
    call.by_client(Ask::StartVideo).await.unwrap();
    call.by_provider(Ask::ConfirmVideo).await.unwrap();
    call.issue(Actor::Client(client)).await.unwrap();
    both_join(&call).await;
    for kind in [Kind::Client, Kind::Provider] {
        call.observe(Observation::Disconnected(call.participant_of(kind).await)).await;
    }
    world.clock.advance(world.store.timings().reconnect);
    call.observe(Observation::DeadlinePassed).await;
    world.second(&providers).await;

    // 6: it rings; 7: accepted, after a release; 8: searched for, one declined.
    let client = world.client("sixth@example.org").await;
    let id = world.request(client).await.unwrap();
    let call = Call { world, id, client, provider: emma };
    call.by_provider(Ask::AcceptOffer).await.unwrap();
    call.by_client(Ask::StartVideo).await.unwrap();
    let client = world.client("seventh@example.org").await;
    let id = world.request(client).await.unwrap();
    let mut call = Call { world, id, client, provider: anna };
    call.by_provider(Ask::AcceptOffer).await.unwrap();
    call.by_client(Ask::FindAnother).await.unwrap();
    call.provider = boris;
    call.by_provider(Ask::AcceptOffer).await.unwrap();
    world.provider("fritz@example.org").await;
    let client = world.client("eighth@example.org").await;
    let id = world.request(client).await.unwrap();
    let call = Call { world, id, client, provider: anna };
    call.by_provider(Ask::DeclineOffer).await.unwrap();

    // 9: released, and searched for again.
    let client = world.client("ninth@example.org").await;
    let id = world.request(client).await.unwrap();
    let call = Call { world, id, client, provider: anna };
    call.by_provider(Ask::AcceptOffer).await.unwrap();
    call.by_client(Ask::StartVideo).await.unwrap();
    call.by_provider(Ask::RefuseVideo).await.unwrap();

    for id in 1..=9 {
        let conference = world.conference(trialogue_domain::ConferenceId(id)).await;
        println!("{id} {:?} {:?}", conference.status(), conference.stage);
        for p in &conference.participants {
            println!("    {} {:?} {:?}", p.id, p.kind(), p.state.name());
        }
    }
}
