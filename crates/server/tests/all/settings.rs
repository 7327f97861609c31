//! Settings, seen from outside: where they come from, and what is said of wrong ones.

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
fn misspelt_names_are_refused_wherever_they_stand() {
    let told = run(&["config", "check"], &[("TRIALOGUE_LISTTEN", "127.0.0.1:1")]).explained();
    assert!(told.contains("TRIALOGUE_LISTTEN"), "{told}");
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
