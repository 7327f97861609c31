//! The walk that the documentation and `serve --demo` hand out works as it stands.

use std::process::Command;

use serde_json::Value;

use crate::call::{FINISHED, number};
use crate::database::{Database, on_both};
use crate::http::Api;
use crate::process::{Finished, Process, trialogue};
use crate::server::Server;
use crate::wait::eventually;

on_both!(the_script_runs_through);

fn the_script_runs_through(database: &Database) {
    database.migrate();
    let server = Server::start(database);
    let demo: Value =
        serde_json::from_str(&trialogue(&database.with(&["demo", "--json"])).printed()).unwrap();
    let mut walk = shell();
    walk.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/walkthrough.sh"));
    walk.env("BASE", format!("http://{}/API", server.api.0));
    walk.env("CLIENT_PASSWORD", demo["client"]["password"].as_str().unwrap());
    walk.env("SPANISH_PASSWORD", demo["providers"][0]["password"].as_str().unwrap());
    walk.env("FRENCH_PASSWORD", demo["providers"][1]["password"].as_str().unwrap());
    check(&Process::start(walk, "").finish(), server.api);
}

#[test]
fn what_the_demo_prints_can_be_pasted() {
    let database = Database::sqlite();
    let server = Server::with(&database, &["--demo"]);
    let last = "call Client/Request/Status \"$NURSE\"; echo\n";
    let printed =
        eventually("the walk is printed", || Some(server.process.stdout()).filter(|t| t.contains(last)));
    let from = printed.find("\nBASE=").unwrap();
    let mut walk = shell();
    walk.args(["-euc", &printed[from..]]);
    check(&Process::start(walk, "").finish(), server.api);
}

/// A shell that has curl.
fn shell() -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join("curl").exists());
    assert!(found, "curl is not in PATH; on Debian: apt-get install curl");
    let mut shell = Command::new("sh");
    // A proxy is not meant for our own machine.
    shell.env("NO_PROXY", "*");
    shell
}

fn check(walk: &Finished, api: Api) {
    assert!(walk.status.success(), "{walk:?}");
    let (before, after) =
        walk.stdout.split_once("  <- the guest is out\n").unwrap_or_else(|| panic!("{walk:?}"));
    let answers: Vec<Value> = before.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [
        staff,
        freelancers,
        nobody,
        rung,
        offers,
        early,
        caller,
        listener,
        invited,
        guest,
        participants,
        refusal,
    ] = &answers[..]
    else {
        panic!("other answers: {walk:?}");
    };
    let figures = [staff, freelancers].map(|told| {
        let list = told["providerList"].as_array().unwrap();
        let names: Vec<&str> = list.iter().map(|provider| provider["Name"].as_str().unwrap()).collect();
        (names.join(", "), number(told, "DeclinedCount"))
    });
    assert_eq!(figures, [("Sofia Spanish".to_owned(), 0), ("Felix French".to_owned(), 1)], "the wait widens");
    let rung = [nobody, rung].map(|told| number(told, "RungCount"));
    assert_eq!(rung, [0, 1], "she is rung once she takes calls");
    assert_eq!(offers[0]["AdditionalInfo"], "Ward 7");
    assert_eq!(
        (&early["Caller"], &early["Listener"]),
        (&Value::Null, &Value::Null),
        "before the confirmation"
    );
    for pair in [caller, listener] {
        assert!(pair["Caller"].is_object() && pair["Listener"].is_object(), "after the confirmation: {pair}");
    }
    assert_eq!(invited["PersonName"], "Rosa Relative");
    assert!(
        walk.stdout.contains(&format!("location: http://{}/join#", api.0)),
        "the link leads elsewhere: {walk:?}"
    );
    assert!(guest["Listener"].is_object(), "{guest}");
    let rosa = participants.as_array().unwrap().iter().find(|p| p["PersonName"] == "Rosa Relative").unwrap();
    assert_eq!(number(rosa, "RequestConferenceSessionVideoStatusCodeId"), FINISHED);
    assert!(refusal["Message"].as_str().unwrap().contains("invitation is not valid"), "{refusal}");
    assert!(walk.stderr.contains("error: 401"), "{walk:?}");
    let answers: Vec<Value> = after.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [second, account, status] = &answers[..] else { panic!("other answers: {walk:?}") };
    assert_eq!(second["secondRequest"]["ToLanguage"], "French");
    assert!(account["Listener"].is_object() && account["Caller"].is_null(), "{account}");
    assert_eq!(status["RequestStatus"], "Serviced");
}
