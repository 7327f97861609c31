//! `LiveKit` as the engine: the program, a real nginx with the gate's configuration as it is delivered, and a stand-in
//! for `LiveKit`.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use trialogue_domain::{ConferenceId, ParticipantId, Timestamp};
use trialogue_media::LiveKitKey;
use trialogue_testkit::{Fsync, LiveKitStandIn, PostgresCluster, StopMode};

use crate::call::{Guest, Pair};
use crate::database::{Database, on_both};
use crate::http::Api;
use crate::process::Process;
use crate::server::Server;
use crate::socket::Account;
use crate::wait::eventually;

const KEY: &str = "trialogue";
const SECRET: &str = "a secret of thirty-two characters";

on_both!(a_valid_token_is_refused_by_the_proxy_from_the_kick_on);

fn a_valid_token_is_refused_by_the_proxy_from_the_kick_on(database: &Database) {
    let scene = Scene::start(database);
    let (guest, account) = scene.guest("Gwendolyn Wanderer");
    let (mut socket, welcome) = account.come(scene.server.api);
    assert_eq!(welcome["engine"], "livekit");
    let direct = socket.hear_of("direct");
    assert_eq!(direct["url"], "wss://livekit.example.org");
    let token = direct["token"].as_str().unwrap().to_owned();
    assert_eq!(scene.through_the_gate(&token), 200);
    scene.livekit.connect(&token).unwrap();
    scene.tell("participant_joined", &guest);

    scene.pair.kick(&guest).with(200);
    assert_eq!(scene.through_the_gate(&token), 403, "at once");
    let kicked = ("kicked".to_owned(), false, 4001);
    assert_eq!(socket.ended(), kicked);
    assert_eq!(account.is_turned_away(scene.server.api), kicked, "it gets no other token from us");
    let refreshed = scene.token(&guest);
    assert_eq!(scene.through_the_gate(&refreshed), 403);
    assert_eq!(scene.past_the_gate(&refreshed), 200, "LiveKit itself goes on accepting it");
    eventually("LiveKit has thrown it out", || scene.inside().is_empty().then_some(()));
    scene.timeline_has("RemovalVerified", 1);

    // It was past the gate before the kick, and appears now.
    scene.livekit.connect(&token).unwrap();
    scene.tell("participant_joined", &guest);
    eventually("LiveKit has thrown it out again", || scene.inside().is_empty().then_some(()));
    scene.timeline_has("RemovalVerified", 2);

    let (again, _) = scene.guest("Gwendolyn Wanderer");
    assert_eq!(scene.through_the_gate(&scene.token(&again)), 200);

    let (server, nginx) = (scene.server.stop(), scene.nginx.process.kill());
    assert!(nginx.stdout.contains("/rtc/validate"), "nginx logs the path: {nginx:?}");
    let logs = [server.stderr, nginx.stdout, nginx.stderr].concat();
    for secret in [&token, &refreshed, SECRET, "access_token", "Gwendolyn"] {
        assert!(!logs.contains(secret), "{secret} is in a log:\n{logs}");
    }
}

#[test]
fn the_proxy_lets_nothing_else_through() {
    let database = Database::sqlite();
    let scene = Scene::start(&database);
    let token = scene.token(&scene.guest("Rosa").0);
    eventually("the room is open", || (scene.through_the_gate(&token) == 200).then_some(()));
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        scene.nginx.api.send(method, path, headers, "").unwrap().status
    };
    assert_eq!(ask("GET", "/rtc/validate", &[]), 401);
    assert_eq!(ask("GET", "/rtc/validate?access_token=nonsense", &[]), 401);
    assert_eq!(ask("POST", &format!("/rtc/validate?access_token={token}"), &[]), 403);
    assert_eq!(ask("GET", &format!("/rtc/validate?access_token={token}&publish=x"), &[]), 401);
    let good = format!("/rtc?access_token={token}");
    for name in ["X-Original-URI", "X-Forwarded-Uri"] {
        assert_eq!(ask("GET", "/rtc/validate?access_token=nonsense", &[(name, &good)]), 401, "{name}");
    }
    for path in ["/", "/twirp/livekit.RoomService/ListRooms", "/rtcx", "/livekit-admission", "/agent"] {
        assert_eq!(ask("GET", &format!("{path}?access_token={token}"), &[]), 404, "{path}");
    }
}

#[test]
fn without_its_database_nobody_gets_in() {
    let mut cluster = PostgresCluster::new(Fsync::Off);
    let database = Database::at(cluster.create_database());
    let scene = Scene::start(&database);
    let token = scene.token(&scene.guest("Rosa").0);
    eventually("the room is open", || (scene.through_the_gate(&token) == 200).then_some(()));
    cluster.stop(StopMode::Immediate);
    let asked = format!("/API/Engine/LiveKit/Admission/rtc?access_token={token}");
    scene.server.api.get(&asked).refused(503, "database_unavailable");
    assert_eq!(scene.through_the_gate(&token), 500, "nginx does not take it for a yes");
    cluster.start();
    eventually("the gate opens again", || (scene.through_the_gate(&token) == 200).then_some(()));
    drop(scene.server);
    assert_eq!(scene.nginx.through(&token), 500, "nor silence");
}

struct Scene<'d> {
    database: &'d Database,
    livekit: LiveKitStandIn,
    server: Server,
    nginx: Nginx,
    pair: Pair,
    conference: i32,
}

impl<'d> Scene<'d> {
    /// A call of two, with their accounts.
    fn start(database: &'d Database) -> Self {
        let livekit = LiveKitStandIn::start(KEY, SECRET);
        database.migrate();
        Pair::add(database, 0);
        let api_url = livekit.url();
        let server = Server::with(
            database,
            &[
                "--engine",
                "livekit",
                "--livekit-url",
                "wss://livekit.example.org",
                "--livekit-api-url",
                &api_url,
                "--livekit-api-key",
                KEY,
                "--livekit-api-secret",
                SECRET,
            ],
        );
        let nginx = Nginx::start(livekit.url().strip_prefix("http://").unwrap(), server.api.0);
        let pair = Pair::login(server.api, 0);
        let conference = i32::try_from(pair.call()).unwrap();
        Self { database, livekit, server, nginx, pair, conference }
    }

    /// Invited, has said yes, and has its account.
    fn guest(&self, name: &str) -> (Guest, Account) {
        let guest = self.pair.invite(name);
        let account = Account::of_guest(&guest);
        (guest, account)
    }

    /// A token that `LiveKit` accepts: as the engine makes them, and `LiveKit` itself.
    fn token(&self, guest: &Guest) -> String {
        let participant = ParticipantId(i32::try_from(guest.participant).unwrap());
        LiveKitKey::new(KEY, SECRET).join_token(ConferenceId(self.conference), participant.into(), now())
    }

    fn through_the_gate(&self, token: &str) -> u16 {
        self.nginx.through(token)
    }

    fn past_the_gate(&self, token: &str) -> u16 {
        let address = self.livekit.url().strip_prefix("http://").unwrap().parse().unwrap();
        Api(address).get(&format!("/rtc/validate?access_token={token}")).status
    }

    fn inside(&self) -> Vec<String> {
        self.livekit.inside(&format!("conference-{}", self.conference))
    }

    /// It comes to hold so many of these events.
    fn timeline_has(&self, event: &str, times: usize) {
        eventually("the timeline has the event", || {
            let timeline = self.database.timeline(self.conference.into());
            (timeline.matches(event).count() == times).then_some(())
        });
    }

    fn tell(&self, event: &str, guest: &Guest) {
        let (room, identity) = (format!("conference-{}", self.conference), format!("p{}", guest.participant));
        let webhook = self.livekit.webhook(event, &room, &identity, now().0 / 1_000_000);
        let headers =
            [("Content-Type", "application/webhook+json"), ("Authorization", &*webhook.authorization)];
        self.server.api.post("Engine/LiveKit/Webhook", &headers, &webhook.body).unwrap().with(200);
    }
}

struct Nginx {
    process: Process,
    api: Api,
    _dir: TempDir,
}

impl Nginx {
    /// One with the delivered configuration.
    fn start(livekit: &str, trialogue: SocketAddr) -> Self {
        let dir = TempDir::new().unwrap();
        let at = dir.path().display();
        // Nobody else takes it in the moment between: ports are given out in turn.
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/livekit/nginx.conf.template");
        let gate = fs::read_to_string(template)
            .unwrap()
            .replace("${GATE_LISTEN}", &listen.to_string())
            .replace("${LIVEKIT}", livekit)
            .replace("${TRIALOGUE}", &trialogue.to_string());
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
            .concat();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {at}/pid;\nevents {{}}\nhttp {{\n{temporary}{gate}\n}}\n"
        );
        let file = dir.path().join("nginx.conf");
        fs::write(&file, config).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.args(["-e", "stderr", "-p"]).arg(dir.path()).arg("-c").arg(&file);
        let mut process = Process::start(nginx, "");
        eventually("nginx listens (package nginx-light)", || {
            assert!(!process.has_ended(), "nginx does not take its configuration");
            std::net::TcpStream::connect(listen).ok()
        });
        Self { process, api: Api(listen), _dir: dir }
    }

    fn through(&self, token: &str) -> u16 {
        self.api.get(&format!("/rtc/validate?access_token={token}")).status
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program takes the time from the system, and so must its tokens"
)]
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since_1970.as_micros()).unwrap())
}
