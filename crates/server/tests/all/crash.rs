//! A server, or its database, that goes down in the middle of its work, hard or softly: whatever was acknowledged is there,
//! and nothing is half done.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde_json::json;
use trialogue_testkit::{Fsync, PostgresCluster, StopMode};

use crate::call::{FINISHED, GUEST_ACCOUNT, Guest, INVITE, Pair, number};
use crate::database::{Database, on_both};
use crate::http::Answer;
use crate::server::Server;
use crate::wait::{PATIENCE, eventually};

on_both!(
    a_killed_server_keeps_its_word,
    a_stopped_server_keeps_its_word,
    a_timeline_of_a_running_call_adds_up
);

const PAIRS: usize = 4;

/// So many answers are awaited before the end: some calls of each pair, and some guests of each call.
const ANSWERS: usize = 200;

/// How many results the pairs may be ahead of their reader: on a fast machine they would come to the limit of requests.
const AHEAD: usize = 50;

/// Every fifth guest or so stays, so that there is somebody to find.
const GUESTS: usize = 5;

/// What the server said yes to.
enum Acknowledged {
    Requested(i64),
    Invited(Guest),
    /// A guest's account: from now on there is something to remove at the engine.
    Issued(i64),
    Kicked(i64),
    Ended(i64),
}

fn a_killed_server_keeps_its_word(database: &Database) {
    scenario(database, |server| drop(server.process.kill()));
}

fn a_stopped_server_keeps_its_word(database: &Database) {
    scenario(database, |server| {
        let stopped = server.stop();
        assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    });
}

/// The standby has every commit that was answered, and the server finds it by itself.
#[test]
fn a_failover_to_a_synchronous_standby_loses_nothing() {
    let mut primary = PostgresCluster::new(Fsync::Off);
    let url = primary.create_database();
    let standby = primary.synchronous_standby();
    let database = &Database::at(primary.url_with_standby(&url, &standby));
    let (server, pairs) = busy_server(database);
    let acknowledged = calls_around(&pairs, ANSWERS, || {
        primary.stop(StopMode::Immediate);
        standby.promote();
    });
    eventually("the server has found the standby", || {
        (server.api.get("/readyz").status == 200 && finish(&pairs[0]).ok()?.status == 200).then_some(())
    });
    check(&acknowledged, &server, database, &pairs);
}

fn scenario(database: &Database, end: impl FnOnce(Server)) {
    let (server, pairs) = busy_server(database);
    let acknowledged = calls_around(&pairs, usize::MAX, || end(server));
    let server = Server::start(database);
    let pairs: Vec<Pair> = pairs.iter().map(|pair| pair.at(server.api)).collect();
    check(&acknowledged, &server, database, &pairs);
}

/// What the server acknowledges to pairs that call without a pause, while something happens in the middle. After it, that
/// number of answers is waited for, or until no pair goes on.
fn calls_around(pairs: &[Pair], afterwards: usize, middle: impl FnOnce()) -> Vec<Acknowledged> {
    let (sender, receiver) = sync_channel(AHEAD);
    std::thread::scope(|threads| {
        for pair in pairs {
            let sender = sender.clone();
            threads.spawn(move || keep_calling(pair, &sender).unwrap_err());
        }
        drop(sender);
        let mut acknowledged = take(&receiver, ANSWERS);
        middle();
        acknowledged.extend(receiver.into_iter().take(afterwards));
        acknowledged
    })
}

fn check(acknowledged: &[Acknowledged], server: &Server, database: &Database, pairs: &[Pair]) {
    Ledger::of(acknowledged, server).check(database, pairs);
    for pair in pairs {
        // Whatever the end came in between, the next call is as good as any.
        let status = finish(pair).unwrap().status;
        assert!(status == 200, "the request that was cut off can't be finished: {status}");
        pair.call();
    }
}

fn a_timeline_of_a_running_call_adds_up(database: &Database) {
    let (server, pairs) = busy_server(database);
    let (sender, receiver) = sync_channel(AHEAD);
    std::thread::scope(|threads| {
        let pair = &pairs[0];
        threads.spawn(move || keep_calling(pair, &sender).unwrap_err());
        for _ in 0..10 {
            // Whatever is on at the moment: it changes while the tool looks at it.
            let conference = eventually("a request", || match receiver.recv_timeout(PATIENCE).unwrap() {
                Acknowledged::Requested(conference) => Some(conference),
                _ => None,
            });
            database.timeline(conference);
        }
        drop((receiver, server.process.kill()));
    });
}

fn busy_server(database: &Database) -> (Server, Vec<Pair>) {
    database.migrate();
    for n in 0..PAIRS {
        Pair::add(database, n);
    }
    let server = Server::with(database, &["--request-log", "false"]);
    let pairs = (0..PAIRS).map(|n| Pair::login(server.api, n)).collect();
    (server, pairs)
}

/// So many, and on to a kick: the end follows its answer at once, when a promise that was not kept yet would be found out.
fn take(receiver: &Receiver<Acknowledged>, count: usize) -> Vec<Acknowledged> {
    let mut taken = Vec::new();
    while taken.len() < count || !matches!(taken.last(), Some(Acknowledged::Kicked(_))) {
        taken.push(receiver.recv_timeout(PATIENCE).unwrap());
    }
    taken
}

/// Calls with guests that come and are kicked, one after the other. It ends when the results are no longer received,
/// with an answer that does not come whole, or with one that tells that the database is gone; any other that is no yes is
/// a bug.
fn keep_calling(pair: &Pair, sender: &SyncSender<Acknowledged>) -> io::Result<Infallible> {
    let Pair { client, provider, .. } = pair;
    let say = |acknowledged| sender.send(acknowledged).map_err(io::Error::other);
    let yes = |answer: io::Result<Answer>| match answer? {
        gone if gone.status == 503 => Err(io::Error::other(gone.refused(503, "database_unavailable").body)),
        answer => Ok(answer.with(200)),
    };
    let nothing = &json!(null);
    loop {
        let request = yes(client.try_post("Client/Request/New", &pair.wish()))?.json();
        let request = number(&request, "RequestId");
        say(Acknowledged::Requested(request))?;
        yes(provider.try_post("Provider/Task/Accept", &json!({"RequestId": request})))?;
        yes(client.try_post("Client/Request/StartVideoProcess", nothing))?;
        yes(provider.try_post("Provider/Task/ConfirmVideo", nothing))?;
        yes(client.try_post("Client/Request/VideoEngineAccounts", nothing))?;
        for n in 0..GUESTS {
            let invited = yes(client.try_post(INVITE, &json!({"Name": format!("Guest {n}")})))?;
            let guest = Guest::of(&invited, client.api);
            say(Acknowledged::Invited(guest.clone()))?;
            // Those who are only invited can be kicked, too.
            if n % 3 != 0 {
                yes(guest.party.try_post("Guest/Confirm", nothing))?;
                yes(guest.party.try_post(GUEST_ACCOUNT, nothing))?;
                say(Acknowledged::Issued(guest.participant))?;
            }
            if n + 1 != GUESTS {
                yes(client.try_post("Client/Request/KickThirdPartyVideoParticipant", &guest.reference()))?;
                say(Acknowledged::Kicked(guest.participant))?;
            }
        }
        yes(finish(pair))?;
        say(Acknowledged::Ended(request))?;
    }
}

fn finish(pair: &Pair) -> io::Result<Answer> {
    pair.client.try_post("Client/Request/CallFinishedNew", &json!({"IsSuccessful": true, "Calls": []}))
}

/// The server's word, sorted.
#[derive(Default)]
struct Ledger {
    requested: BTreeSet<i64>,
    ended: BTreeSet<i64>,
    /// By the participant's number.
    invited: BTreeMap<i64, Guest>,
    issued: BTreeSet<i64>,
    kicked: BTreeSet<i64>,
}

impl Ledger {
    /// Tokens are tried at this server.
    fn of(acknowledged: &[Acknowledged], server: &Server) -> Self {
        let mut ledger = Self::default();
        for one in acknowledged {
            match one {
                Acknowledged::Requested(id) => drop(ledger.requested.insert(*id)),
                Acknowledged::Ended(id) => drop(ledger.ended.insert(*id)),
                Acknowledged::Issued(id) => drop(ledger.issued.insert(*id)),
                Acknowledged::Kicked(id) => drop(ledger.kicked.insert(*id)),
                Acknowledged::Invited(guest) => {
                    let guest = Guest { party: guest.party.at(server.api), ..guest.clone() };
                    drop(ledger.invited.insert(guest.participant, guest));
                }
            }
        }
        ledger
    }

    fn check(&self, database: &Database, pairs: &[Pair]) {
        assert!(
            !self.ended.is_empty() && !self.kicked.is_empty() && !self.issued.is_empty(),
            "no load at all"
        );
        let latest: BTreeMap<i64, &Pair> = pairs.iter().map(|pair| (latest_request(pair), pair)).collect();
        let known: BTreeSet<i64> = self.requested.iter().chain(latest.keys()).copied().collect();
        // Each is replayed from its log and compared with its rows.
        let timelines: BTreeMap<i64, String> = known.iter().map(|id| (*id, database.timeline(*id))).collect();
        for ended in &self.ended {
            assert!(timelines[ended].contains("Ended { outcome: Serviced }"), "{}", timelines[ended]);
        }
        for guest in self.invited.values() {
            self.check_guest(guest, &timelines[&guest.session], latest.get(&guest.session).copied());
        }
        let removed = self.kicked.intersection(&self.issued).map(|id| &self.invited[id]);
        for guest in removed {
            // What the server had claimed when it was killed is claimed again after its lease.
            let (removed, verified) = (event("Removed", guest), event("RemovalVerified", guest));
            eventually("a kicked guest is removed from the engine, and that is verified", || {
                let timeline = database.timeline(guest.session);
                (timeline.contains(&removed) && timeline.contains(&verified)).then_some(())
            });
        }
    }

    /// `pair` is in the conference, if it is the pair's latest.
    fn check_guest(&self, guest: &Guest, timeline: &str, pair: Option<&Pair>) {
        assert!(timeline.contains(&event("Invited", guest)), "{timeline}");
        if self.issued.contains(&guest.participant) {
            assert!(timeline.contains(&event("AccountIssued(AccountIssued", guest)), "{timeline}");
        }
        let is_out = guest.is_out();
        if self.kicked.contains(&guest.participant) {
            let kicked = format!("{}, reason: Kicked(Client)", event("Finished", guest));
            assert_eq!(timeline.matches(&kicked).count(), 1, "{timeline}");
            assert!(is_out, "a kicked guest's token is good again");
        }
        if let Some(pair) = pair {
            // Acknowledged or not, a kick is done as a whole or not at all.
            let status = guest.status_in(&pair.participants()).unwrap();
            assert_eq!(status == FINISHED, is_out, "state {status}, and out of the call: {is_out}");
        }
    }
}

/// How an event about a guest begins in a timeline.
fn event(kind: &str, guest: &Guest) -> String {
    format!("{kind} {{ participant: ParticipantId({})", guest.participant)
}

fn latest_request(pair: &Pair) -> i64 {
    number(&pair.client.ask("Client/Request/Status").with(200).json(), "RequestId")
}
