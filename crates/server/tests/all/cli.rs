//! The tools of the command line, beside a running server and without one.

use serde_json::Value;

use crate::call::Pair;
use crate::database::{Database, User, on_both};
use crate::process::{Finished, Process, program, trialogue};
use crate::server::Server;

on_both!(
    users_are_added_and_log_in,
    users_are_disabled_and_removed_beside_a_server,
    demo_users_get_new_passwords_each_time,
    migrating_again_changes_nothing,
    tools_want_a_schema,
    a_timeline_shows_a_call_and_knows_no_other,
);

fn users_are_added_and_log_in(database: &Database) {
    database.migrate();
    // Tools work beside a server.
    let server = Server::start(database);
    let add = |arguments: &[&str], input: &str| -> Finished {
        let arguments = [&["user", "add"], arguments].concat();
        Process::start(program(&database.with(&arguments)), input).finish()
    };
    let ana = ["provider", "Ana@Test.Example", "Ana López", "--native", "44", "--language", "1"];
    let printed = add(&ana, "correct horse\n").printed();
    assert!(printed.starts_with("added user "), "{printed}");
    // The line end is not part of the password, in whatever style; nor is a second line.
    add(&["client", "nurse@test.example", "Nora"], "correct horse\r\nsecond line\n").printed();
    server.api.login("Provider", "ana@test.example", "correct horse");
    server.api.login("Client", "NURSE@test.example", "correct horse");
    server.api.try_login("Client", "nurse@test.example", "Correct horse").refused(401, "wrong_credentials");
    server.api.try_login("Client", "ana@test.example", "correct horse").refused(401, "wrong_credentials");

    let why = add(&ana, "another password\n").explained();
    assert!(why.contains("another user of this role has this e-mail address"), "{why}");
    // One address may be a client and a provider.
    add(&["client", "ana@test.example", "Ana"], "her other password").printed();

    let fresh = ["provider", "new@test.example", "New", "--native"];
    let why = add(&[&fresh[..], &["4711"]].concat(), "long enough\n").explained();
    assert!(why.contains("unknown language 4711"), "{why}");
    let why = add(&fresh[..3], "long enough\n").explained();
    assert!(why.contains("a provider needs a language"), "{why}");
    let why = add(&["client", "c@test.example", "C", "--language", "1"], "long enough\n").explained();
    assert!(why.contains("only providers have languages"), "{why}");
    for short in ["", "\n", "1234567\n", "äöüßäöü\n"] {
        let why = add(&["client", "c@test.example", "C"], short).explained();
        assert!(why.contains("needs at least 8 characters"), "{short:?}: {why}");
    }
    let why = add(&["client", "nobody", "C"], "long enough\n").explained();
    assert!(why.contains("\"nobody\" is not an e-mail address"), "{why}");
    for (email, name, password) in [
        ("C @test.example", "C", "long enough\n".to_owned()),
        ("c@test..example", "C", "long enough\n".to_owned()),
        ("c@test.example", "\u{200b}", "long enough\n".to_owned()),
        ("c@test.example", "C", format!("{}\n", "x".repeat(257))),
        ("c@test.example", "C", "tab\tin the middle\n".to_owned()),
    ] {
        add(&["client", email, name], &password).explained();
    }
    // As PowerShell pipes a line, and as a browser sends the domain.
    add(&["client", "\u{feff} Bo@Müller.Example ", "Bo\u{202e}"], "\u{feff}correct horse\r\n").printed();
    server.api.login("Client", "bo@xn--mller-kva.example", "correct horse");
    let why = add(&["client", "bo@xn--mller-kva.example", "Bo"], "long enough\n").explained();
    assert!(why.contains("another user of this role has this e-mail address"), "{why}");
    // None of the refused ones is half there.
    server.api.try_login("Provider", "new@test.example", "long enough").refused(401, "wrong_credentials");
    add(&["client", "c@test.example", "C"], "long enough\n").printed();
}

fn users_are_disabled_and_removed_beside_a_server(database: &Database) {
    database.migrate();
    let server = Server::start(database);
    let user = |arguments: &[&str], input: &str| -> Finished {
        let arguments = [&["user"], arguments].concat();
        Process::start(program(&database.with(&arguments)), input).finish()
    };
    let nora = ["client", "nora@test.example"];
    let (add, list) = ([&["add"], &nora[..], &["Nora"]].concat(), || user(&["list"], "").printed());
    let does = |what: &str, input: &str| user(&[&[what], &nora[..]].concat(), input).printed();
    let may_log_in = |password| server.api.try_login("Client", nora[1], password).status == 200;
    user(&add, "correct horse\n").printed();
    assert!(list().ends_with("\tclient\tactive\tnora@test.example\tNora\n"), "{}", list());
    server.api.login("Client", nora[1], "correct horse");
    does("disable", "");
    assert!(list().contains("\tdisabled\t") && !may_log_in("correct horse"));
    does("enable", "");
    assert!(may_log_in("correct horse"));
    does("password", "another horse\n");
    assert!(!may_log_in("correct horse") && may_log_in("another horse"));
    does("remove", "");
    assert!(list().is_empty() && !may_log_in("another horse"));
    let why = user(&["disable", nora[0], nora[1]], "").explained();
    assert!(why.contains("there is no client with the e-mail address"), "{why}");
    // The address is free.
    user(&add, "correct horse\n").printed();
}

fn demo_users_get_new_passwords_each_time(database: &Database) {
    database.migrate();
    let server = Server::start(database);
    let url = format!("http://{}", server.api.0);
    let demo = || -> Value {
        let printed = trialogue(&database.with(&["demo", "--json", "--public-url", &url])).printed();
        serde_json::from_str(&printed).unwrap()
    };
    let text = |user: &Value, member: &str| user[member].as_str().unwrap().to_owned();
    let (first, nurse) = (demo(), "nurse@demo.example");
    let client = &first["client"];
    assert_eq!(text(client, "email"), nurse);
    assert_eq!(text(client, "login"), format!("{url}/API/Client/Login/1"));
    assert_eq!(first["providers"].as_array().unwrap().len(), 3);
    for provider in first["providers"].as_array().unwrap() {
        server.api.login("Provider", &text(provider, "email"), &text(provider, "password"));
    }
    let old = server.api.login("Client", nurse, &text(client, "password"));
    old.ask("Client/Request/Status").refused(409, "no_request");

    let second = demo();
    assert_ne!(first["client"]["password"], second["client"]["password"]);
    old.ask("Client/Request/Status").refused(401, "invalid_token");
    server.api.try_login("Client", nurse, &text(client, "password")).refused(401, "wrong_credentials");
    let new = server.api.login("Client", nurse, &text(&second["client"], "password"));
    new.ask("Client/Request/Status").refused(409, "no_request");
}

fn migrating_again_changes_nothing(database: &Database) {
    let first = database.migrate();
    assert!(first.contains("migrated to ") && first.contains("is up to date"), "{first}");
    let again = database.migrate();
    assert!(!again.contains("migrated to ") && again.contains("is up to date"), "{again}");
    let server = Server::start(database);
    assert_eq!(database.migrate(), again);
    server.api.get("/readyz").with(200);
}

fn tools_want_a_schema(database: &Database) {
    for tool in [&["timeline", "1"][..], &["user", "add", "client", "c@test.example", "C"]] {
        let arguments = database.with(tool);
        let why = Process::start(program(&arguments), "long enough\n").finish().explained();
        assert!(why.contains("run `trialogue migrate`"), "{why}");
    }
}

fn a_timeline_shows_a_call_and_knows_no_other(database: &Database) {
    database.migrate();
    Pair::add(database, 0);
    let server = Server::start(database);
    let pair = Pair::login(server.api, 0);
    let conference = pair.call();
    let guest = pair.invite("Rosa Relative");
    pair.kick(&guest).with(200);
    let timeline = database.timeline(conference);
    for event in
        ["Requested", "Offered", "Accepted", "CallStarted", "Confirmed", "AccountIssued", "Invited", "Kicked"]
    {
        assert!(timeline.contains(event), "no {event}: {timeline}");
    }
    let last = timeline.lines().last().unwrap();
    assert!(
        last.starts_with("replayed: ") && last.ends_with("lead to the stored state, In Service"),
        "{last}"
    );
    assert!(!timeline.contains("Rosa"), "a name is in the log of events: {timeline}");

    let why = trialogue(&database.with(&["timeline", "4711"])).explained();
    assert!(why.contains("there is no conference 4711"), "{why}");
}

#[test]
fn a_demo_password_is_not_that_of_another_user_of_the_same_name() {
    // The demo gives its own users new passwords; it must not touch others.
    let database = Database::sqlite();
    database.migrate();
    let user = User { email: "other@demo.example".to_owned(), ..User::client(0) };
    database.add_user(&user);
    trialogue(&database.with(&["demo"])).printed();
    let server = Server::start(&database);
    server.api.login("Client", &user.email, &user.password);
}
