//! The signalling sockets of a running server, spoken to as `docs/signalling.md` says.

use serde_json::{Value, json};
use tungstenite::Message;

use crate::call::{Guest, Pair};
use crate::database::Database;
use crate::http::Api;
use crate::server::Server;
use crate::socket::{Account, Ended, Socket};
use crate::wait::eventually;

/// A server with a call: both sides have their accounts.
struct Call {
    server: Server,
    pair: Pair,
    conference: i64,
    client: Account,
    provider: Account,
    database: Database,
}

impl Call {
    fn start() -> Self {
        Self::with(&[])
    }

    fn with(more: &[&str]) -> Self {
        let database = Database::sqlite();
        database.migrate();
        Pair::add(&database, 0);
        let server = Server::with(&database, more);
        let pair = Pair::login(server.api, 0);
        let conference = pair.call();
        let (client, provider) =
            (Account::of_client(&pair, conference), Account::of_provider(&pair, conference));
        Self { server, pair, conference, client, provider, database }
    }

    fn api(&self) -> Api {
        self.server.api
    }

    /// Client and provider are in, and know of each other.
    fn together(&self) -> (Socket, Socket) {
        let (mut client, _) = self.client.come(self.api());
        let (mut provider, _) = self.provider.come(self.api());
        provider.hear_of("open");
        // What comes next may depend on the provider's coming being stored.
        let is_here =
            |m: &Value| m["party"]["identity"] == self.provider.identity && m["party"]["here"] == true;
        client.hear_until(|heard| has(heard, "open") && heard.iter().any(is_here));
        (client, provider)
    }

    /// An invited guest with its account.
    fn guest(&self, name: &str) -> (Guest, Account) {
        let guest = self.pair.invite(name);
        let account = Account::of_guest(&guest);
        (guest, account)
    }

    fn state_of(&self, identity: &str) -> i64 {
        let is_it = |p: &&Value| p["VideoAccountIdentity"] == identity;
        let participants = self.pair.participants();
        participants
            .iter()
            .find(is_it)
            .map_or(0, |p| p["RequestConferenceSessionVideoStatusCodeId"].as_i64().unwrap())
    }
}

fn ended(reason: &str, reconnect: bool, code: u16) -> Ended {
    (reason.to_owned(), reconnect, code)
}

fn description(link: &Value, kind: &str, sdp: &str) -> Value {
    json!({"type": "description", "link": link, "description": {"type": kind, "sdp": sdp}})
}

fn candidate(link: &Value, candidate: &Value) -> Value {
    json!({"type": "candidate", "link": link, "candidate": candidate})
}

fn has(heard: &[Value], kind: &str) -> bool {
    heard.iter().any(|message| message["type"] == kind)
}

fn of<'h>(heard: &'h [Value], kind: &str) -> &'h Value {
    heard.iter().find(|message| message["type"] == kind).unwrap()
}

const CONNECTED: i64 = 4;
const DISCONNECTED: i64 = 5;

#[test]
fn two_parties_are_introduced_and_understand_each_other() {
    let call = Call::start();
    let (mut client, welcome) = call.client.come(call.api());
    assert_eq!((&welcome["version"], &welcome["engine"]), (&json!(1), &json!("mesh")), "{welcome}");
    assert_eq!(welcome["resumed"], false);
    assert!(welcome["heartbeat"].as_u64().unwrap() > 0 && welcome["grace"].as_u64().unwrap() > 0);
    assert_eq!(welcome["ice_servers"], json!([]));
    let parties = welcome["parties"].as_array().unwrap();
    let party = |identity: &str| parties.iter().find(|p| p["identity"] == identity).unwrap();
    assert_eq!(parties.len(), 2, "{welcome}");
    assert_eq!(party(&call.client.identity)["kind"], "client");
    assert_eq!(party(&call.provider.identity)["kind"], "provider");
    assert_eq!(party(&call.provider.identity)["here"], false);
    assert!(party(&call.provider.identity)["name"].is_string());

    let (mut provider, _) = call.provider.come(call.api());
    let (here, there) = (provider.hear_of("open"), client.hear_of("open"));
    assert_eq!((&here["party"], &here["sends"]), (&json!(call.client.identity), &json!(true)));
    assert_eq!((&there["party"], &there["sends"]), (&json!(call.provider.identity), &json!(true)));
    assert_eq!((&here["offers"], &there["offers"]), (&json!(true), &json!(false)), "the newcomer offers");

    provider.say(&description(&here["link"], "offer", "v=0 of the provider"));
    assert_eq!(client.hear_of("description"), description(&there["link"], "offer", "v=0 of the provider"));
    client.say(&description(&there["link"], "answer", "v=0 of the client"));
    assert_eq!(provider.hear_of("description"), description(&here["link"], "answer", "v=0 of the client"));
    for one in [json!({"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0}), Value::Null] {
        provider.say(&candidate(&here["link"], &one));
        assert_eq!(client.hear_of("candidate"), candidate(&there["link"], &one));
    }

    client.say(&json!({"type": "devices", "microphone": true, "camera": false}));
    let party = provider.hear_party(&call.client.identity, |p| p["camera"] == false);
    assert_eq!((&party["microphone"], &party["here"]), (&json!(true), &json!(true)));
    eventually("both are connected", || {
        let both = [&call.client, &call.provider].map(|account| call.state_of(&account.identity));
        (both == [CONNECTED; 2]).then_some(())
    });
}

#[test]
fn a_third_party_gets_a_link_to_each_of_the_others() {
    let call = Call::start();
    let (mut client, mut provider) = call.together();
    let (_, account) = call.guest("Rosa");
    for other in [&mut client, &mut provider] {
        let party = other.hear_party(&account.identity, |_| true);
        assert_eq!((&party["kind"], &party["name"]), (&json!("guest"), &json!("Rosa")));
    }
    let (mut guest, _) = account.come(call.api());
    let opened = [guest.hear_of("open"), guest.hear_of("open")];
    let mut parties: Vec<&str> = opened.iter().map(|open| open["party"].as_str().unwrap()).collect();
    parties.sort_unstable();
    let mut both = [call.client.identity.as_str(), &call.provider.identity];
    both.sort_unstable();
    assert_eq!(parties, both);

    // What is said to one is heard by that one only.
    for open in &opened {
        guest.say(&description(&open["link"], "offer", open["party"].as_str().unwrap()));
    }
    for (socket, account) in [(&mut client, &call.client), (&mut provider, &call.provider)] {
        let heard = socket.hear_of("description");
        assert_eq!(heard["description"]["sdp"], account.identity);
        socket.say(&description(&heard["link"], "answer", &account.identity));
    }
    for _ in 0..2 {
        let heard = guest.hear_of("description");
        let open = opened.iter().find(|open| open["link"] == heard["link"]).unwrap();
        assert_eq!(heard["description"]["sdp"], open["party"]);
    }
}

#[test]
fn who_is_not_known_is_turned_away() {
    let call = Call::start();
    let (api, good) = (call.api(), &call.client);
    let (identity, secret) = good.number.split_once('.').unwrap();
    let refused = ended("refused", false, 4005);
    let with = |number: String| Account { number, ..good.clone() };
    let wrong = [
        with(format!("{identity}.{}", "0".repeat(secret.len()))),
        with(format!("{identity}.{}", &secret[1..])),
        with(format!("{identity}.")),
        with(identity.to_owned()),
        with(format!("p999.{secret}")),
        with(format!("{}.{secret}", call.provider.identity)),
        with(format!("p0{}.{secret}", &identity[1..])),
        with(String::new()),
        Account { conference: call.conference + 1, ..good.clone() },
    ];
    for account in wrong {
        assert_eq!(account.is_turned_away(api), refused, "{account:?}");
    }
    let (_, stranger) = call.guest("Rosa");
    let with_another = Account { number: format!("{identity}.{}", &stranger.number), ..good.clone() };
    assert_eq!(with_another.is_turned_away(api), refused);
    good.come(api);
}

#[test]
fn a_kick_closes_the_socket_at_once_and_for_good() {
    let call = Call::start();
    let (mut client, mut provider) = call.together();
    let (guest, account) = call.guest("Rosa");
    let (mut kicked, welcome) = account.come(call.api());
    let links = [&mut client, &mut provider].map(|other| other.hear_of("open")["link"].clone());

    call.pair.kick(&guest).with(200);
    assert_eq!(kicked.ended(), ended("kicked", false, 4001));
    for (other, link) in [&mut client, &mut provider].into_iter().zip(links) {
        let heard = other.hear_until(|heard| has(heard, "close") && has(heard, "gone"));
        assert_eq!(of(&heard, "close")["link"], link);
        assert_eq!(of(&heard, "gone")["identity"], account.identity);
    }
    for _ in 0..2 {
        let (_, reconnect, code) = account.is_turned_away(call.api());
        assert!(!reconnect && [4001, 4005].contains(&code), "{code}");
    }
    let mut again = Socket::open(call.api(), call.conference, None);
    let mut hello = account.hello();
    hello["resume"] = welcome["resume"].clone();
    again.say(&hello);
    assert!([4001, 4005].contains(&again.ended().2));

    // A new invitation of the same person works.
    let (_, account) = call.guest("Rosa");
    account.come(call.api()).0.hear_of("open");
}

#[test]
fn who_ignores_the_end_is_cut_off() {
    let call = Call::start();
    let (guest, account) = call.guest("Rosa");
    let (socket, _) = account.come(call.api());
    call.pair.kick(&guest).with(200);
    // The close frame (opcode 8) is never answered, and still the connection ends.
    let received = socket.ignore_everything();
    assert!(received.windows(2).any(|two| two[0] == 0x88), "no close frame");
}

#[test]
fn a_call_that_is_finished_ends_all_sockets() {
    let call = Call::start();
    let (mut client, mut provider) = call.together();
    let (_, account) = call.guest("Rosa");
    let (mut guest, _) = account.come(call.api());
    call.pair.client.post("Client/Request/CallFinishedNew", &json!({})).with(200);
    for socket in [&mut client, &mut provider, &mut guest] {
        assert_eq!(socket.ended(), ended("finished", false, 4002));
    }
    for account in [&call.client, &call.provider, &account] {
        let (_, reconnect, code) = account.is_turned_away(call.api());
        assert!(!reconnect && [4002, 4005].contains(&code), "{code}");
    }
}

#[test]
fn who_comes_by_another_socket_replaces_the_first() {
    let call = Call::start();
    let (mut client, mut first) = call.together();
    let (mut second, welcome) = call.provider.come(call.api());
    assert_eq!(welcome["resumed"], false);
    assert_eq!(first.ended(), ended("replaced", false, 4004));
    assert_eq!(second.hear_of("open")["party"], call.client.identity);
    let heard = client.hear_until(|heard| has(heard, "open") && has(heard, "close"));
    let (open, close) = (of(&heard, "open"), of(&heard, "close"));
    assert_eq!((&open["party"], &open["offers"]), (&json!(call.provider.identity), &json!(false)));
    // The link to the first is closed, that to the second is not.
    assert_ne!(close["link"], open["link"]);
    second.say(&json!({"type": "devices", "microphone": false, "camera": true}));
    client.hear_party(&call.provider.identity, |p| p["microphone"] == false && p["here"] == true);
}

#[test]
fn a_lost_socket_comes_back_to_its_links() {
    let call = Call::start();
    let (mut client, _) = call.client.come(call.api());
    let (mut provider, welcome) = call.provider.come(call.api());
    let (here, there) = (provider.hear_of("open")["link"].clone(), client.hear_of("open")["link"].clone());
    provider.say(&description(&here, "offer", "v=0"));
    client.hear_of("description");
    provider.gives_receipt();
    provider.say(&json!({"type": "devices", "microphone": true, "camera": false}));
    client.hear_party(&call.provider.identity, |p| p["camera"] == false);

    provider.lose();
    client.hear_party(&call.provider.identity, |p| p["here"] == false);
    assert_eq!(call.state_of(&call.provider.identity), DISCONNECTED);
    client.say(&description(&there, "answer", "v=0 meanwhile"));

    let (mut provider, again) = call.provider.come_back(call.api(), &welcome);
    assert_eq!(again["resumed"], true, "{again}");
    client.hear_party(&call.provider.identity, |p| p["here"] == true);
    // The first message about links is what was said meanwhile: no link was opened anew.
    let heard = loop {
        let heard = provider.hear();
        if heard["type"] != "party" {
            break heard;
        }
    };
    assert_eq!(heard, description(&here, "answer", "v=0 meanwhile"));
    provider.say(&candidate(&here, &Value::Null));
    assert_eq!(client.hear_of("candidate"), candidate(&there, &Value::Null));
}

/// What was on its way when the socket broke is lost with it: the links begin anew.
#[test]
fn a_socket_that_is_lost_with_a_message_has_no_links_to_come_back_to() {
    let call = Call::start();
    let (mut client, _) = call.client.come(call.api());
    let (mut provider, welcome) = call.provider.come(call.api());
    let first = client.hear_of("open")["link"].clone();
    // It was heard, but the receipt never came.
    provider.hear_of("open");
    provider.lose();
    client.hear_party(&call.provider.identity, |p| p["here"] == false);
    let (mut provider, again) = call.provider.come_back(call.api(), &welcome);
    assert_eq!(again["resumed"], false, "{again}");
    assert_eq!(provider.hear_of("open")["party"], call.client.identity);
    assert_eq!(client.hear_of("close")["link"], first);
    client.hear_of("open");
}

#[test]
fn a_number_that_is_not_the_last_one_resumes_nothing() {
    let call = Call::start();
    let (_client, provider) = call.together();
    provider.lose();
    for number in [0_u64, u64::MAX] {
        let (mut socket, welcome) = call.provider.come_back(call.api(), &json!({"resume": number}));
        assert_eq!(welcome["resumed"], false);
        socket.hear_of("open");
    }
}

#[test]
fn who_stays_away_longer_than_the_grace_is_out() {
    let call = Call::with(&["--reconnect-seconds", "1"]);
    let (mut client, _) = call.client.come(call.api());
    let (_, account) = call.guest("Rosa");
    let (guest, _) = account.come(call.api());
    guest.lose();
    assert_eq!(client.hear_of("gone")["identity"], account.identity);
    let (_, reconnect, code) = account.is_turned_away(call.api());
    assert!(!reconnect && [4009, 4005].contains(&code), "{code}");
}

#[test]
fn who_says_bye_may_come_again() {
    let call = Call::start();
    let (mut client, mut provider) = call.together();
    provider.say(&json!({"type": "bye"}));
    let is_away = |m: &Value| m["party"]["identity"] == call.provider.identity && m["party"]["here"] == false;
    client.hear_until(|heard| has(heard, "close") && heard.iter().any(is_away));
    let (mut provider, welcome) = call.provider.come(call.api());
    assert_eq!(welcome["resumed"], false);
    provider.hear_of("open");
    client.hear_party(&call.provider.identity, |p| p["here"] == true);
}

#[test]
fn a_server_that_dies_in_the_middle_of_a_call_comes_back_and_a_kick_still_holds() {
    let call = Call::start();
    let (_client, _provider) = call.together();
    let (guest, account) = call.guest("Rosa");
    let (_socket, welcome) = account.come(call.api());

    drop(call.server.process.kill());
    let server = Server::start(&call.database);
    let pair = call.pair.at(server.api);
    let (mut client, _) = call.client.come(server.api);
    let (mut kicked, again) = account.come_back(server.api, &welcome);
    assert_eq!(again["resumed"], false, "{again}");
    assert_eq!(kicked.hear_of("open")["party"], call.client.identity);
    let link = client.hear_of("open")["link"].clone();

    pair.kick(&guest).with(200);
    assert_eq!(kicked.ended(), ended("kicked", false, 4001));
    assert_eq!(client.hear_of("close")["link"], link);
    assert!([4001, 4005].contains(&account.is_turned_away(server.api).2));
}

/// Who was kicked while the server was down, or before its engine knew of the call again, never gets in.
#[test]
fn a_kick_that_no_engine_has_heard_of_holds_as_well() {
    let call = Call::start();
    let (guest, account) = call.guest("Rosa");
    account.come(call.api());
    call.pair.kick(&guest).with(200);
    drop(call.server.process.kill());
    let server = Server::start(&call.database);
    assert!([4001, 4005].contains(&account.is_turned_away(server.api).2));
    call.client.come(server.api);
    assert!([4001, 4005].contains(&account.is_turned_away(server.api).2));
}

#[test]
fn a_kick_at_one_node_closes_a_socket_at_the_other() {
    let database = Database::postgres();
    database.migrate();
    Pair::add(&database, 0);
    let (a, b) = (Server::start(&database), Server::start(&database));
    let pair = Pair::login(a.api, 0);
    let conference = pair.call();
    let client = Account::of_client(&pair, conference);
    let guest = pair.invite("Rosa");
    let account = Account::of_guest(&guest);
    let (mut client, _) = client.come(b.api);
    let (mut kicked, _) = account.come(b.api);
    client.hear_of("open");
    pair.kick(&guest).with(200);
    assert_eq!(kicked.ended(), ended("kicked", false, 4001));
    assert_eq!(client.hear_of("gone")["identity"], account.identity);
    assert!([4001, 4005].contains(&account.is_turned_away(b.api).2));
    assert!([4001, 4005].contains(&account.is_turned_away(a.api).2));
}

#[test]
fn what_is_not_understood_ends_the_socket() {
    let call = Call::start();
    let hello = call.client.hello();
    let mut newer = hello.clone();
    newer["version"] = json!(2);
    let protocol = ended("protocol", false, 4006);
    for first in [
        newer.to_string(),
        json!({"type": "pong"}).to_string(),
        json!({"type": "hello"}).to_string(),
        json!({"type": "shout"}).to_string(),
        "[]".to_owned(),
        "hello".to_owned(),
        String::new(),
    ] {
        let mut socket = Socket::open(call.api(), call.conference, None);
        socket.say_text(&first);
        assert_eq!(socket.ended(), protocol, "{first:?}");
    }
    for later in [
        Message::text(hello.to_string()),
        Message::text(r#"{"type":"shout"}"#),
        Message::text(r#"{"type":"description","link":"a","description":{"type":"rollback","sdp":""}}"#),
        Message::binary(br#"{"type":"pong"}"#.to_vec()),
    ] {
        let (mut socket, _) = call.client.come(call.api());
        socket.send(later.clone());
        assert_eq!(socket.ended(), protocol, "{later:?}");
    }
    // Members that are not known may be there.
    let (mut socket, _) = call.client.come(call.api());
    socket.say(&json!({"type": "pong", "later": true}));
    socket.say(&json!({"type": "devices", "microphone": true, "camera": true, "later": {}}));
    let (mut provider, _) = call.provider.come(call.api());
    socket.hear_of("open");
    // A link that is not there is nobody's fault: it may just have been closed.
    socket.say(&candidate(&json!("p1.1"), &Value::Null));
    provider.say(&json!({"type": "devices", "microphone": false, "camera": true}));
    socket.hear_party(&call.provider.identity, |p| p["microphone"] == false);
}

#[test]
fn who_says_too_much_is_stopped_and_may_come_again() {
    let call = Call::start();
    let too_much = ended("too_much", true, 4007);
    let (mut provider, _) = call.provider.come(call.api());

    let (mut socket, _) = call.client.come(call.api());
    let link = socket.hear_of("open")["link"].clone();
    let sdp = "a".repeat(60 * 1024);
    socket.say(&description(&link, "offer", &sdp));
    assert_eq!(provider.hear_of("description")["description"]["sdp"], sdp, "as large as may be");
    socket.say(&description(&link, "offer", &"a".repeat(64 * 1024)));
    assert_eq!(socket.ended(), too_much);

    let (mut socket, _) = call.client.come(call.api());
    socket.flood(&json!({"type": "devices", "microphone": true, "camera": true}));
    // A server that cuts somebody off while he still talks may take its last word with it.
    drop(socket);
    call.client.come(call.api());
}

/// The secret is what counts, and no page has that of another.
#[test]
fn it_matters_not_from_which_page_it_comes() {
    let call = Call::start();
    for origin in ["https://elsewhere.example", "null"] {
        let mut socket = Socket::open(call.api(), call.conference, Some(origin));
        socket.say(&call.client.hello());
        assert_eq!(socket.hear()["type"], "welcome");
    }
}

#[test]
fn who_gives_no_sign_of_life_is_lost() {
    let call = Call::with(&["--heartbeat-seconds", "1", "--presence-seconds", "2"]);
    let is_offline = || {
        let pair = call.pair.client.ask("Client/Request/VideoEngineAccounts").with(200).json();
        pair["IsListenerOffline"].as_bool().unwrap()
    };
    let (mut provider, welcome) = call.provider.come(call.api());
    assert_eq!(welcome["heartbeat"], 1);
    // Longer than the presence window: what keeps it online is the socket.
    provider.lives_for(4);
    assert!(!is_offline());
    let (mut client, _) = call.client.come(call.api());
    client.hear_of("open");
    // It is there, and says nothing any more.
    client.hear_party(&call.provider.identity, |p| p["here"] == false);
    eventually("it is offline", || is_offline().then_some(()));
    assert!(provider.ignore_everything().windows(2).any(|two| two[0] == 0x81), "it was asked");
}

#[test]
fn who_does_not_say_who_it_is_has_ten_seconds() {
    let call = Call::start();
    assert_eq!(Socket::open(call.api(), call.conference, None).ended(), ended("protocol", false, 4006));
}

#[test]
fn silent_sockets_keep_nobody_out() {
    let call = Call::start();
    let (mut inside, _) = call.client.come(call.api());
    let open = || Socket::open(call.api(), call.conference, None);
    let mut oldest = open();
    let silent: Vec<Socket> = (0..300).map(|_| open()).collect();
    assert_eq!(oldest.ended(), ended("too_much", true, 4007));
    call.provider.come(call.api());
    // A party that is in is not concerned.
    inside.say(&json!({"type": "devices", "microphone": false, "camera": true}));
    inside.hear_party(&call.client.identity, |p| p["microphone"] == false);
    drop(silent);
}

#[test]
fn a_server_that_stops_says_so() {
    let call = Call::start();
    let (mut client, mut provider) = call.together();
    // One that has not said who it is does not hold it up either.
    let _silent = Socket::open(call.api(), call.conference, None);
    call.server.process.signal("TERM");
    for socket in [&mut client, &mut provider] {
        assert_eq!(socket.ended(), ended("stopping", true, 4008));
    }
    let stopped = call.server.process.finish();
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
}

#[test]
fn relays_are_given_with_credentials_that_end() {
    let call = Call::with(&[
        "--ice-servers",
        "stun:stun.example:3478,turn:turn.example:3478",
        "--turn-secret",
        "a secret shared with coturn",
    ]);
    let (_, welcome) = call.client.come(call.api());
    let servers = welcome["ice_servers"].as_array().unwrap();
    let urls = |n: usize| servers[n]["urls"].clone();
    assert_eq!((urls(0), urls(1)), (json!(["stun:stun.example:3478"]), json!(["turn:turn.example:3478"])));
    assert_eq!(servers[0]["username"], Value::Null);
    let (expires, identity) = servers[1]["username"].as_str().unwrap().split_once(':').unwrap();
    assert_eq!(identity, call.client.identity);
    assert!(expires.parse::<i64>().unwrap() > 1_700_000_000);
    // HMAC-SHA1 in base64.
    assert_eq!(servers[1]["credential"].as_str().unwrap().len(), 28);
    assert!(!welcome.to_string().contains("a secret shared"));
}
