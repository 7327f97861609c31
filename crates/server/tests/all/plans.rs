//! Ring plans: checked, kept, followed, and explained.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::call::{Party, number};
use crate::database::{Database, User, on_both};
use crate::process::{Finished, Process, program};
use crate::server::Server;
use crate::wait::eventually;

on_both!(
    the_plan_of_the_documentation_is_kept_and_shown,
    each_error_of_a_plan_is_told_with_its_line,
    a_search_widens_by_its_plan_and_is_explained,
    who_misses_two_rings_is_away_and_its_desk_says_so,
);

fn run(database: &Database, arguments: &[&str], input: &str) -> Finished {
    Process::start(program(&database.with(arguments)), input).finish()
}

/// Runs `plan COMMAND FILE` with this text.
fn plan(database: &Database, command: &[&str], text: &str) -> Finished {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("plan.toml");
    fs::write(&path, text).unwrap();
    let arguments = [&["plan", command[0], path.to_str().unwrap()], &command[1..]].concat();
    run(database, &arguments, "")
}

/// Interpreters of Spanish: e-mail name, employment, number.
fn import(database: &Database, interpreters: &[(&str, &str, &str)]) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("interpreters.csv");
    let rows = interpreters
        .iter()
        .map(|(name, employment, number)| format!("{name}@example.org,{name},{employment},{number},es\n"));
    fs::write(&path, format!("email,name,employment,number,native\n{}", rows.collect::<String>())).unwrap();
    run(database, &["interpreter", "import", path.to_str().unwrap()], "").printed();
}

fn logged_in(database: &Database, server: &Server, name: &str) -> Party {
    let email = format!("{name}@example.org");
    run(database, &["user", "password", "provider", &email], "correct horse\n").printed();
    let party = server.api.login("Provider", &email, "correct horse");
    party.ask("Provider/Task/SetOnline").with(200);
    party
}

fn offers(party: &Party) -> Vec<Value> {
    party.ask("Provider/Task/Offers").with(200).json().as_array().unwrap().clone()
}

fn status(party: &Party) -> Value {
    party.ask("Provider/Task/Availability").with(200).json()
}

const DOCUMENTATION: &str = include_str!("../../../../docs/ring-plans.md");

fn the_plan_of_the_documentation_is_kept_and_shown(database: &Database) {
    database.migrate();
    import(database, &[("ana", "staff", "N1"), ("pia", "staff", "N17"), ("felix", "staff", "N2")]);
    let (_, rest) = DOCUMENTATION.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    assert!(plan(database, &["check"], text).printed().ends_with("is a plan of 5 steps\n"));
    let built_in = run(database, &["plan", "show"], "").printed();
    assert!(
        plan(database, &["check"], &built_in).printed().ends_with("is a plan of 4 steps\n"),
        "{built_in}"
    );

    run(database, &["company", "add", "court", "County Court"], "").printed();
    plan(database, &["set", "--company", "Court"], text).printed();
    let shown = run(database, &["plan", "show", "--company", "court"], "").printed();
    assert!(shown.contains("prefer = [\"ana@example.org\", \"pia@example.org\"]"), "{shown}");
    assert!(shown.contains("who = \"freelance\"\nring = \"rotating\"\nring_seconds = 20"), "{shown}");
    assert_eq!(run(database, &["plan", "show"], "").printed(), built_in, "only the company's has changed");
    plan(database, &["set", "--company", "court"], &shown).printed();
    assert_eq!(run(database, &["plan", "show", "--company", "court"], "").printed(), shown);

    plan(database, &["set"], text).printed();
    assert_eq!(run(database, &["plan", "show"], "").printed(), shown);
    run(database, &["plan", "reset"], "").printed();
    run(database, &["plan", "reset", "--company", "court"], "").printed();
    assert_eq!(run(database, &["plan", "show", "--company", "court"], "").printed(), built_in);

    let why = run(database, &["plan", "show", "--company", "prison"], "").explained();
    assert!(why.contains("there is no company \"prison\""), "{why}");
    let why = run(database, &["plan", "explain", "4711"], "").explained();
    assert!(why.contains("there is no request 4711"), "{why}");
}

fn each_error_of_a_plan_is_told_with_its_line(database: &Database) {
    database.migrate();
    import(database, &[("ana", "staff", "N1")]);
    let step = |who: &str, more: &str| {
        format!("[[step]]\nwho = \"{who}\"\n{more}\nring_seconds = 30\nseconds = 20\n")
    };
    let star = "ring = \"star\"\nwidth = 3";
    let everyone = step("everyone", star);
    let built_in = run(database, &["plan", "show"], "").printed();
    for (text, line, error) in [
        (String::new(), 1, "a plan has 1 to 20 of [[step]]"),
        ("[[step]\n".to_owned(), 1, "unclosed"),
        (format!("colour = 1\n{everyone}"), 1, "unknown field `colour`"),
        (format!("{everyone}[[step]]\nwho = \"dogs\"\n"), 8, "unknown variant `dogs`"),
        (format!("prefer = [\n\"nobody@example.org\"]\n{everyone}"), 2, "there is no interpreter"),
        (format!("prefer = [\"n1\"]\n{everyone}"), 1, "there is no interpreter"),
        (format!("only = [\"N1\"]\nnever = [\"ana@example.org\"]\n{everyone}"), 1, "nobody is ever rung"),
        (format!("{everyone}{}", step("staff", star)), 7, "relaxes nothing"),
        (format!("\n{}", step("preferred", star)), 2, "rings nobody"),
        (format!("{everyone}{}", step("named", "ring = \"rotating\"")), 7, "rings nobody"),
        (
            format!("required = [\"video\"]\n{everyone}relaxes = [\"gender\", \"video\"]\n"),
            2,
            "not relaxed by a step",
        ),
        (step("named", "ring = \"rotating\""), 1, "add another step"),
        (format!("required = [\"beauty\"]\n{everyone}"), 1, "unknown variant `beauty`"),
        (step("everyone", "ring = \"star\""), 1, "a star has a `width` of 1 to 100"),
        (step("everyone", "ring = \"star\"\nwidth = 101"), 1, "a star has a `width` of 1 to 100"),
        (step("everyone", "ring = \"rotating\"\nwidth = 2"), 1, "has no `width`"),
        (everyone.replace("= 20", "= 0"), 1, "`seconds` is 1 to 3600"),
        (everyone.replace("= 30", "= 3601"), 1, "`ring_seconds` is 1 to 3600"),
    ] {
        for command in ["check", "set"] {
            let told = plan(database, &[command], &text);
            let expected = format!("plan.toml:{line}: ");
            let is_told = told.stderr.lines().any(|l| l.contains(&expected) && l.contains(error));
            assert!(!told.status.success() && is_told, "{expected}{error}: {told:?}");
        }
    }
    assert_eq!(run(database, &["plan", "show"], "").printed(), built_in, "nothing has changed");
}

/// Staff for a second, then freelancers.
const WIDENING: &str = "never = [\"felix@example.org\"]
[[step]]
who = \"staff\"
ring = \"star\"
width = 1
ring_seconds = 60
seconds = 1
[[step]]
who = \"freelance\"
ring = \"rotating\"
ring_seconds = 60
seconds = 60
";

fn a_search_widens_by_its_plan_and_is_explained(database: &Database) {
    database.migrate();
    let names = [
        ("sara", "staff", "N1"),
        ("stan", "staff", "N2"),
        ("fred", "freelance", "N3"),
        ("felix", "staff", "N4"),
        ("tom", "freelance", "N5"),
        ("vera", "vendor", "N6"),
    ];
    import(database, &names);
    run(database, &["company", "add", "court", "County Court"], "").printed();
    let client = ["user", "add", "client", "clerk@example.org", "Carl", "--company", "court"];
    run(database, &client, "correct horse\n").printed();
    plan(database, &["set", "--company", "court"], WIDENING).printed();
    let server = Server::start(database);
    let [sara, stan, fred, felix, tom, _vera] = names.map(|(name, ..)| logged_in(database, &server, name));
    let meal = json!({"Status": "Break", "BreakReason": "Meal"});
    tom.post("Provider/Task/SetAvailability", &meal).with(200);
    assert_eq!((&status(&tom)["Status"], &status(&tom)["BreakReason"]), (&json!("Break"), &json!("Meal")));

    let clerk = server.api.login("Client", "clerk@example.org", "correct horse");
    let asked = clerk.post("Client/Request/New", &json!({"NeedHelpLanguageId": 44})).with(200).json();
    let request = number(&asked, "RequestId");
    let shown: Vec<&Value> = asked["providerList"].as_array().unwrap().iter().map(|p| &p["Name"]).collect();
    assert_eq!(shown, ["sara"], "one of the staff");
    assert_eq!(status(&sara)["Status"], "Ringing");
    let [offer] = &eventually("the search widens", || {
        let offers = offers(&fred);
        (!offers.is_empty()).then_some(offers)
    })[..] else {
        panic!("one offer")
    };
    assert_eq!((offers(&stan).len(), offers(&felix).len()), (0, 0));
    // A no makes room at once.
    sara.post("Provider/Task/Decline", &json!({"RequestId": request})).with(200);
    assert_eq!(offers(&stan).len(), 1);
    // Who takes another call is not rung any more, and who is on a break neither.
    stan.post("Provider/Task/SetAvailability", &json!({"Status": "LastCall"})).with(200);
    assert_eq!(offers(&stan).len(), 0);
    fred.post("Provider/Task/Accept", &json!({"RequestId": offer["RequestId"]})).with(200);
    assert_eq!(status(&fred)["Status"], "Busy");

    let explained = run(database, &["plan", "explain", &request.to_string()], "").printed();
    for told in [
        "step 1: interpreter",
        "step 2: interpreter",
        "sara said no",
        "stan can take no call any more",
        "fred accepted",
        "felix: never",
        "stan: next",
        "fred: later_step",
        "tom: break_meal",
        "vera: no_step",
    ] {
        assert!(explained.contains(told), "no {told:?}: {explained}");
    }
    let timeline = database.timeline(request);
    assert!(timeline.contains("not rung for request") && timeline.contains("never"), "{timeline}");
}

fn who_misses_two_rings_is_away_and_its_desk_says_so(database: &Database) {
    database.migrate();
    import(database, &[("sara", "staff", "N1")]);
    let client = User::client(1);
    database.add_user(&client);
    let short = "[[step]]\nwho = \"everyone\"\nring = \"rotating\"\nring_seconds = 1\nseconds = 1\n";
    plan(database, &["set"], short).printed();
    let server = Server::start(database);
    let sara = logged_in(database, &server, "sara");
    let client = server.api.login("Client", &client.email, &client.password);
    client.post("Client/Request/New", &json!({"NeedHelpLanguageId": 44})).with(200);
    // She is rung again, because nobody else is there.
    eventually("away after two rings", || (status(&sara)["Status"] == "Away").then_some(()));
    assert_eq!(status(&sara)["MissedRings"], 2);
    assert_eq!(offers(&sara).len(), 0);
    sara.ask("Provider/Task/SetOnline").with(200);
    assert_eq!(
        (status(&sara)["MissedRings"].clone(), offers(&sara).len()),
        (json!(0), 1),
        "she is rung at once"
    );
}
