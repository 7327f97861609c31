//! Settings, seen from outside: where they come from, and what is said of wrong ones.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

use crate::process::{Finished, Process, program, trialogue};

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    let mut command = program(arguments);
    command.envs(variables.iter().copied());
    Process::start(command, "").finish()
}

/// The line that `config check` has for a setting.
fn line<'a>(checked: &'a str, setting: &str) -> &'a str {
    let begin = format!("{setting} = ");
    checked.lines().find(|line| line.starts_with(&begin)).unwrap_or_else(|| panic!("no {setting}: {checked}"))
}

#[test]
fn the_documentation_is_what_the_program_lists() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
    let written = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(
        trialogue(&["config", "list"]).printed(),
        written,
        "run: trialogue config list >docs/settings.md"
    );
}

#[test]
fn each_value_is_shown_with_its_source() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trialogue.toml");
    let file = file.to_str().unwrap();
    std::fs::write(file, "ring_seconds = 5\nreaders = 3\nqueue = 7\n").unwrap();
    let variables = [("TRIALOGUE_READERS", "4"), ("TRIALOGUE_QUEUE", "8"), ("TRIALOGUE_CONFIG", file)];
    // A flag stands before or after the command.
    for arguments in [["--queue", "9", "config", "check"], ["config", "check", "--queue", "9"]] {
        let checked = run(&arguments, &variables).printed();
        assert_eq!(line(&checked, "queue"), "queue = \"9\"  (flag --queue)");
        assert_eq!(line(&checked, "readers"), "readers = \"4\"  (environment variable TRIALOGUE_READERS)");
        assert_eq!(line(&checked, "ring_seconds"), format!("ring_seconds = \"5\"  (file {file})"));
        assert_eq!(line(&checked, "engine"), "engine = \"mesh\"  (default)");
    }
}

#[test]
fn a_database_password_is_never_shown() {
    let url = "postgres://me:hunter2@127.0.0.1:1/db?password=hunter3";
    let runs =
        [["config", "check"], ["timeline", "1"], ["serve", "--auto-migrate=false"], ["serve", "--writers=1"]]
            .map(|arguments| run(&[&arguments[..], &["--database", url]].concat(), &[]));
    assert!(line(&runs[0].stdout, "database").contains("127.0.0.1:1/db"), "{:?}", runs[0]);
    for run in runs {
        assert!(!format!("{run:?}").contains("hunter"), "{run:?}");
    }
}

#[test]
fn wrong_values_are_explained_by_name_and_source() {
    for (setting, value, why) in [
        ("listen", "nowhere", "\"nowhere\""),
        ("base_path", "API/", "/API"),
        ("database", "mysql://x", "\"mysql\""),
        ("database", "sqlite://:memory:", "needs a path"),
        ("auto_migrate", "perhaps", "\"perhaps\""),
        ("writers", "-1", "\"-1\""),
        ("ring_seconds", "0", "at least 1"),
        ("token_seconds", "1h", "\"1h\""),
        ("engine", "zoom", "`mesh`"),
        ("log", "trialogue=loud", "\"trialogue=loud\""),
        ("log_format", "xml", "`json`"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("trialogue.toml");
        let file = file.to_str().unwrap();
        std::fs::write(file, format!("{setting} = \"{value}\"\n")).unwrap();
        let flag = format!("--{}", setting.replace('_', "-"));
        let variable = format!("TRIALOGUE_{}", setting.to_uppercase());
        for (told, source) in [
            (run(&["config", "check", &format!("{flag}={value}")], &[]), format!("flag {flag}")),
            (run(&["config", "check"], &[(&variable, value)]), format!("environment variable {variable}")),
            (run(&["config", "check", "--config", file], &[]), format!("file {file}")),
            (run(&["serve", "--config", file], &[]), format!("file {file}")),
        ] {
            let told = told.explained();
            assert!(told.contains(&format!("setting `{setting}` (from {source})")), "{told}");
            assert!(told.contains(why), "{told}");
        }
    }
}

#[test]
fn misspelt_names_are_told_wherever_they_stand() {
    let told = run(&["config", "check"], &[("TRIALOGUE_LISTTEN", "127.0.0.1:1")]);
    assert!(told.status.success(), "{told:?}");
    let warning = "trialogue: warning: environment variable TRIALOGUE_LISTTEN is no setting";
    assert!(told.stderr.starts_with(warning) && told.stderr.contains("TRIALOGUE_LISTEN?"), "{told:?}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trialogue.toml");
    let file = file.to_str().unwrap();
    std::fs::write(file, "lissten = \"127.0.0.1:1\"\n").unwrap();
    let told = run(&["config", "check", "--config", file], &[]).explained();
    assert!(told.contains(file) && told.contains("`lissten`"), "{told}");
    let flag = run(&["serve", "--lissten", "127.0.0.1:1"], &[]);
    assert_eq!(flag.status.code(), Some(2), "{flag:?}");
    assert!(flag.stderr.contains("--lissten"), "{flag:?}");
}

#[test]
fn a_file_that_is_none_is_refused() {
    let told = run(&["serve", "--config", "/nonexistent/trialogue.toml"], &[]).explained();
    assert!(told.contains("/nonexistent/trialogue.toml"), "{told}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trialogue.toml");
    std::fs::write(&file, "listen = \n").unwrap();
    let told = run(&["serve", "--config", file.to_str().unwrap()], &[]);
    assert_eq!(told.status.code(), Some(1), "{told:?}");
    assert!(told.stderr.contains("trialogue.toml"), "{told:?}");
}

#[test]
fn variables_of_a_cluster_and_empty_ones_are_not_settings() {
    let told = run(
        &["config", "check"],
        &[
            ("TRIALOGUE_PORT", "tcp://10.0.0.1:8080"),
            ("TRIALOGUE_SERVICE_HOST", "10.0.0.1"),
            ("TRIALOGUE_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("TRIALOGUE_LISTEN", ""),
            ("TRIALOGUE_WRITERS", ""),
            ("TRIALOGUE_CONFIG", ""),
        ],
    );
    assert_eq!(told.stderr, "");
    let checked = told.printed();
    assert_eq!(line(&checked, "listen"), "listen = \"127.0.0.1:8080\"  (default)");
    assert_eq!(line(&checked, "writers"), "writers = \"2\"  (default)");
    // An empty variable lets the file speak.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trialogue.toml");
    std::fs::write(&file, "queue = 7\nreaders = \"\"\n").unwrap();
    let arguments = ["config", "check", "--writers=", "--config", file.to_str().unwrap()];
    let checked = run(&arguments, &[("TRIALOGUE_QUEUE", "")]).printed();
    assert!(line(&checked, "queue").starts_with("queue = \"7\""), "{checked}");
    assert!(line(&checked, "readers").ends_with("(default)"), "{checked}");
}

#[test]
fn what_is_not_utf_8_is_told() {
    let bytes = || OsString::from_vec(b"caf\xe9".to_vec());
    let mut foreign = program(&["config", "check"]);
    foreign.env("SOMETHING", bytes()).env(bytes(), "x");
    Process::start(foreign, "").finish().printed();
    for variable in ["TRIALOGUE_LISTEN", "TRIALOGUE_CONFIG", "TRIALOGUE_TURN_SECRET_FILE"] {
        let mut ours = program(&["config", "check"]);
        ours.env(variable, bytes());
        let told = Process::start(ours, "").finish().explained();
        assert!(told.contains(variable) && told.contains("UTF-8"), "{told}");
    }
    for argument in [OsStr::new("--listen").to_owned(), OsStr::new("--config").to_owned()] {
        let mut command = program(&["config", "check"]);
        command.arg(argument).arg(bytes());
        let told = Process::start(command, "").finish();
        assert_eq!(told.status.code(), Some(2), "{told:?}");
        assert!(told.stderr.contains("UTF-8") && !told.stderr.contains("panicked"), "{told:?}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let written = |name: &str, text: &[u8]| {
        std::fs::write(path(name), text).unwrap();
        path(name)
    };
    let turn = ("TRIALOGUE_ICE_SERVERS", "turn:turn.example");
    for text in [&b"hunter2"[..], b"hunter2\n", b"hunter2\r\n", b"\xef\xbb\xbfhunter2\n"] {
        let secret = written("secret", text);
        let told = run(&["config", "check"], &[turn, ("TRIALOGUE_TURN_SECRET_FILE", &secret)]).printed();
        let expected = format!(
            "turn_secret = \"(not shown)\"  (environment variable TRIALOGUE_TURN_SECRET_FILE, file {secret})"
        );
        assert_eq!(line(&told, "turn_secret"), expected);
    }
    // The whole of a file that is not one line is the secret: it shows in what is said of it.
    let database = written("database", b"sqlite://in-a-file.db\n");
    let told = run(&["config", "check"], &[("TRIALOGUE_DATABASE_FILE", &database)]).printed();
    assert!(line(&told, "database").contains("in-a-file.db\""), "{told}");

    let secret = written("secret", b"hunter2\n");
    let both = [("TRIALOGUE_TURN_SECRET", "hunter3"), ("TRIALOGUE_TURN_SECRET_FILE", &secret)];
    let told = run(&["config", "check"], &both).explained();
    assert!(told.contains("TRIALOGUE_TURN_SECRET_FILE") && told.contains("set one"), "{told}");
    assert!(!told.contains("hunter"), "{told}");
    for (file, why) in [
        (path("nowhere"), "No such file"),
        (dir.path().to_str().unwrap().to_owned(), "directory"),
        (written("empty", b"\n"), "empty"),
        (written("latin", b"caf\xe9"), "UTF-8"),
        ("/dev/zero".to_owned(), "64 KiB"),
    ] {
        let told = run(&["config", "check"], &[("TRIALOGUE_LINK_KEY_FILE", &file)]).explained();
        assert!(told.contains("`link_key`") && told.contains(&file) && told.contains(why), "{told}");
    }
}

#[test]
fn addresses_are_read_where_they_are_set() {
    for (setting, value) in [
        ("ice_servers", "turn:turn.example"),
        ("trusted_proxies", "10.0.0.0/33"),
        ("trusted_proxies", "proxy.example"),
        ("trusted_proxies", "10.0.0.1 10.0.0.2"),
        ("client_address_header", "X-Real-IP"),
        ("ice_servers", "stun://stun.example"),
        ("ice_servers", "stun:a.example stun:b.example"),
        ("public_url", "call.example"),
        ("public_url", "https://call.example/?room=1"),
        ("public_url", "http://0.0.0.0:8080"),
        ("metrics_listen", "9090"),
        ("janus_url", "http://janus:8188"),
        ("janus_admin_url", "ws://"),
        ("livekit_url", "wss://live kit"),
        ("livekit_api_url", "127.0.0.1:7880"),
        ("smtp_url", "smtp://"),
        ("sms_webhook", "https:/sms.example"),
    ] {
        let flag = format!("--{}={value}", setting.replace('_', "-"));
        let more = ["--smtp-from=a@b.example", "--sms-secret=s", &format!("--link-key={}", "k".repeat(32))];
        let told = run(&[&["config", "check", &flag], &more[..]].concat(), &[]).explained();
        let named = if value == "turn:turn.example" { "turn_secret" } else { setting };
        assert!(told.contains(&format!("setting `{named}` (from ")), "{value}: {told}");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    for arguments in [&["config", "list"][..], &["config", "check"], &["--help"], &["--version"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = program(arguments);
        let ended = command.stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap();
        assert!(ended.status.success(), "{arguments:?}: {ended:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{arguments:?}");
    }
    // Nor is one of the error messages.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = program(&["config", "check", "--listen=x"]).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(1));
}
