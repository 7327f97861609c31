//! The program with a real Janus. A party's browser is played by an engine with the same secrets, as another server
//! would have it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use trialogue_domain::{ConferenceId, ParticipantId};
use trialogue_media::{
    Browser, Failure, Identity, Janus, JoinRefused, Seat, ToBrowser, VideoEngine, notifications,
};
use trialogue_testkit::{EventSink, JanusServer};

use crate::call::{GUEST_ACCOUNT, Guest, Pair};
use crate::database::{Database, on_both};
use crate::http::Api;
use crate::server::Server;
use crate::socket::Account;
use crate::wait::eventually;

on_both!(a_kicked_guest_is_out_of_janus_and_the_timeline_says_so);

/// A server with a Janus that reports to it.
struct World<'a> {
    database: &'a Database,
    janus: JanusServer,
    runtime: Runtime,
    engine: Janus,
    address: SocketAddr,
}

impl<'a> World<'a> {
    fn new(database: &'a Database) -> Self {
        // Janus must know the server's port before the server runs.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let janus = JanusServer::reporting_to(Some(&EventSink {
            url: format!("http://{address}/API/Engine/Janus/Events"),
            user: "janus".to_owned(),
            password: "its-password".to_owned(),
        }));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let engine = Janus::new(janus.settings(), notifications().0);
        Self { database, janus, runtime: runtime.unwrap(), engine, address }
    }

    fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    fn serve_with(&self, more: &[&str]) -> Server {
        let settings = self.janus.settings();
        Server::at(
            &self.address.to_string(),
            self.database,
            &[
                more,
                &[
                    "--engine",
                    "janus",
                    "--janus-url",
                    &settings.url,
                    "--janus-admin-url",
                    &settings.admin_url,
                    "--janus-api-secret",
                    &settings.api_secret,
                    "--janus-admin-secret",
                    &settings.admin_secret,
                    "--janus-room-key",
                    &settings.room_key,
                    "--janus-events-password",
                    "its-password",
                ],
            ]
            .concat(),
        )
    }

    fn join(
        &self,
        room: ConferenceId,
        who: Identity,
    ) -> Result<(Box<dyn Seat>, mpsc::Receiver<ToBrowser>), JoinRefused> {
        let (browser, told) = Browser::new();
        Ok((self.runtime.block_on(self.engine.join(room, who, browser))?, told))
    }

    /// Waits until the worker has admitted it.
    fn join_soon(&self, room: ConferenceId, who: Identity) -> (Box<dyn Seat>, mpsc::Receiver<ToBrowser>) {
        eventually("the participant is admitted", || self.join(room, who).ok())
    }

    fn inside(&self, room: ConferenceId) -> Result<Vec<Identity>, Failure> {
        let occupants = self.runtime.block_on(self.engine.list(room)).map_err(|error| error.failure)?;
        Ok(occupants.into_iter().map(|occupant| occupant.identity).collect())
    }

    fn until_the_timeline_has(&self, room: ConferenceId, event: &str) {
        eventually(event, || self.database.timeline(room.0.into()).contains(event).then_some(()));
    }
}

/// A call with a guest that has its account.
fn call(pair: &Pair) -> (ConferenceId, Guest, Identity) {
    let room = ConferenceId(i32::try_from(pair.call()).unwrap());
    let (guest, identity) = invite(pair, "Rosa");
    (room, guest, identity)
}

/// A guest that has its account.
fn invite(pair: &Pair, name: &str) -> (Guest, Identity) {
    let guest = pair.invite(name);
    guest.party.ask("Guest/Confirm").with(200);
    guest.party.ask(GUEST_ACCOUNT).with(200);
    let identity = Identity::from(ParticipantId(i32::try_from(guest.participant).unwrap()));
    (guest, identity)
}

fn a_kicked_guest_is_out_of_janus_and_the_timeline_says_so(database: &Database) {
    database.migrate();
    Pair::add(database, 1);
    let world = World::new(database);
    let server = world.serve();
    let pair = Pair::login(server.api, 1);
    let (room, guest, rosa) = call(&pair);
    let (_seat, mut told) = world.join_soon(room, rosa);
    let participant = rosa.participant();
    world.until_the_timeline_has(room, &format!("Joined {{ participant: {participant:?} }}"));

    pair.kick(&guest).with(200);
    world.until_the_timeline_has(room, &format!("RemovalVerified {{ participant: {participant:?} }}"));
    while world.runtime.block_on(told.recv()).is_some() {}
    assert_eq!(world.inside(room), Ok(vec![]));
    assert_eq!(world.join(room, rosa).err(), Some(JoinRefused::Removed));

    // A new invitation of the same person is another participant, and works.
    let (_, again) = invite(&pair, "Rosa");
    let seat = world.join_soon(room, again);
    assert_eq!(world.inside(room), Ok(vec![again]));
    drop(seat);
}

/// Who is kicked while no server is there to tell Janus of it is thrown out by the next one.
#[test]
fn a_server_that_is_killed_in_the_middle_leaves_nobody_in() {
    let database = Database::sqlite();
    database.migrate();
    Pair::add(&database, 1);
    let mut world = World::new(&database);
    let server = world.serve();
    let pair = Pair::login(server.api, 1);
    let (room, guest, rosa) = call(&pair);
    let (_seat, mut told) = world.join_soon(room, rosa);

    // Janus hangs: the kick is done and owed to it.
    world.janus.suspend();
    pair.kick(&guest).with(200);
    server.process.kill();
    world.janus.resume();
    assert_eq!(world.inside(room), Ok(vec![rosa]), "Janus was not told");

    let server = world.serve();
    world.until_the_timeline_has(room, "RemovalVerified");
    while world.runtime.block_on(told.recv()).is_some() {}
    assert_eq!(world.inside(room), Ok(vec![]));

    // A Janus that dies loses its rooms; no request is slower for it, and the call goes on in a new one.
    world.janus.kill();
    let pair = pair.at(server.api);
    assert_eq!(pair.participants().len(), 3);
    let (_, carlos) = invite(&pair, "Carlos");
    world.janus.start();
    let seat = world.join_soon(room, carlos);
    assert_eq!(
        world.join(room, rosa).err(),
        Some(JoinRefused::NotAdmitted),
        "the new room does not know her"
    );
    drop(seat);
}

#[test]
fn a_room_that_was_left_over_is_closed_by_the_next_server() {
    let database = Database::sqlite();
    database.migrate();
    let world = World::new(&database);
    let over = ConferenceId(4711);
    world.runtime.block_on(world.engine.open_room(over)).unwrap();
    let server = world.serve();
    eventually("the room is closed", || (world.inside(over) == Err(Failure::UnknownRoom)).then_some(()));
    drop(server);
}

#[test]
fn only_janus_may_report() {
    let database = Database::sqlite();
    let world = World::new(&database);
    let server = world.serve();
    let report = |api: Api, headers: &[(&str, &str)], body: &str| {
        api.post("Engine/Janus/Events", headers, body).unwrap().status
    };
    // janus:its-password, janus:guessed
    let (right, wrong) = ("Basic amFudXM6aXRzLXBhc3N3b3Jk", "Basic amFudXM6Z3Vlc3NlZA==");
    assert_eq!(report(server.api, &[("Authorization", right)], "[]"), 200);
    assert_eq!(report(server.api, &[("Authorization", right)], "?"), 400);
    assert_eq!(report(server.api, &[("Authorization", wrong)], "[]"), 401);
    assert_eq!(report(server.api, &[], "[]"), 401);

    let mesh = Server::start(&Database::sqlite());
    assert_eq!(report(mesh.api, &[("Authorization", right)], "[]"), 404);
}

#[test]
fn the_loudest_log_has_no_secret_and_no_session_description() {
    let database = Database::sqlite();
    database.migrate();
    Pair::add(&database, 1);
    let world = World::new(&database);
    let server = world.serve_with(&["--log", "trace,tungstenite=trace,tokio_tungstenite=trace,hyper=trace"]);
    let pair = Pair::login(server.api, 1);
    let (room, guest, _) = call(&pair);
    let account = Account::of_client(&pair, room.0.into());
    // It is let in as soon as the worker has admitted it.
    let (mut socket, _) = account.come(server.api);
    let link = socket.hear_of("open")["link"].clone();
    let offer = json!({"type": "offer", "sdp": OFFER});
    socket.say(&json!({"type": "description", "link": link, "description": offer}));
    let answer = socket.hear_of("description")["description"]["sdp"].to_string();
    assert!(answer.contains("a=ice-ufrag:"), "{answer}");
    pair.kick(&guest).with(200);
    world.until_the_timeline_has(room, "RemovalVerified");

    let log = server.stop().stderr;
    assert!(log.contains("/kickthirdpartyvideoparticipant"), "{log}");
    let settings = world.janus.settings();
    let (_, account) = account.number.split_once('.').unwrap();
    for secret in [
        settings.api_secret.as_str(),
        &settings.admin_secret,
        &settings.room_key,
        "its-password",
        &pair.client.token,
        &pair.provider.token,
        &guest.party.token,
        account,
        "192.0.2.77",
        "ice-ufrag",
        "a=group",
    ] {
        let leak = log.lines().find(|line| line.contains(secret));
        assert_eq!(leak, None, "{secret} is logged");
    }
}

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:\
    FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\na=rtcp-mux\r\n\
    a=rtpmap:96 VP8/90000\r\n";
