//! A request that is sent again under its key is done once, and answered as the first time.

use std::sync::Barrier;

use serde_json::json;

use crate::call::{Guest, INVITE, Pair};
use crate::database::{Database, on_both};
use crate::http::Answer;
use crate::server::Server;

on_both!(the_first_answer_comes_again, at_the_same_time_it_is_done_once);

/// The port changes with a restart, and links must not.
const PUBLIC: [&str; 2] = ["--public-url", "https://calls.test.example"];

fn the_first_answer_comes_again(database: &Database) {
    database.migrate();
    Pair::add(database, 0);
    let server = Server::with(database, &PUBLIC);
    let pair = Pair::login(server.api, 0);
    let new = "Client/Request/New";
    let first = pair.client.post_keyed(new, &pair.wish(), "key-1").with(200);
    same(&first, &pair.client.post_keyed(new, &pair.wish(), "key-1"));
    let other_wish = json!({"NeedHelpLanguageId": 44});
    pair.client.post_keyed(new, &other_wish, "key-1").refused(422, "idempotency_mismatch");
    pair.client.post(new, &pair.wish()).refused(409, "live_request");
    pair.provider.post("Provider/Task/Accept", &json!({"RequestId": first.json()["RequestId"]})).with(200);
    pair.client.ask("Client/Request/StartVideoProcess").with(200);

    let rosa = json!({"Name": "Rosa"});
    let invited = pair.client.post_keyed(INVITE, &rosa, "key-2").with(200);
    assert!(
        invited.header("location").unwrap().starts_with("https://calls.test.example/join#"),
        "{invited:?}"
    );
    drop(server.process.kill());

    let server = Server::with(database, &PUBLIC);
    let pair = pair.at(server.api);
    same(&first, &pair.client.post_keyed(new, &pair.wish(), "key-1"));
    same(&invited, &pair.client.post_keyed(INVITE, &rosa, "key-2"));
    pair.client.post_keyed(INVITE, &json!({"Name": "Ruth"}), "key-2").refused(422, "idempotency_mismatch");
    // The key of one route is not good for another.
    pair.client.post_keyed(INVITE, &rosa, "key-1").refused(422, "idempotency_mismatch");
    // Keys are each user's own.
    let of_provider = "Provider/Task/InviteThirdPartyVideoConference";
    let other = pair.provider.post_keyed(of_provider, &rosa, "key-2").with(200);
    assert_ne!(other.header("location"), invited.header("location"));
    assert_eq!(pair.participants().len(), 4);

    // The link that came again is the one that works.
    let guest = Guest::of(&invited, server.api);
    guest.party.ask("Guest/Confirm").with(200);
    pair.kick(&guest).with(200);
    let late = pair.client.post_keyed(INVITE, &rosa, "key-2").with(200);
    assert_eq!(late.body, invited.body);
    assert_eq!(late.header("location"), None, "a dead link is handed out");
}

fn at_the_same_time_it_is_done_once(database: &Database) {
    const TIMES: usize = 8;
    database.migrate();
    Pair::add(database, 0);
    let server = Server::start(database);
    let pair = Pair::login(server.api, 0);
    pair.call();
    let (start, body) = (Barrier::new(TIMES), json!({"Name": "Rosa"}));
    let answers: Vec<Answer> = std::thread::scope(|threads| {
        let ask = || {
            start.wait();
            pair.client.post_keyed(INVITE, &body, "key")
        };
        let asking: Vec<_> = (0..TIMES).map(|_| threads.spawn(ask)).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for answer in &answers {
        same(&answers[0], &answer.clone().with(200));
    }
    assert_eq!(pair.participants().len(), 3);
}

/// Byte for byte, link and all.
#[track_caller]
fn same(first: &Answer, again: &Answer) {
    let seen = |answer: &Answer| {
        let header = |name| answer.header(name).map(str::to_owned);
        (answer.status, answer.body.clone(), header("location"), header("content-type"))
    };
    assert_eq!(seen(first), seen(again));
}
