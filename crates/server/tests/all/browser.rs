//! The call pages in a real Chromium. The tests are those of `tests/browser`; here they are given the program and what they need.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Where Chromium is looked for, unless `TRIALOGUE_CHROMIUM` names it.
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

#[test]
fn the_pages_in_a_real_browser() {
    let tests = directory();
    let mut run = Command::new(require("node", "nodejs"));
    pass(
        &mut run,
        &tests,
        &["texts", "pages", "stage", "trouble", "call", "second", "handover", "desk"],
        "the server dies in between",
    );
}

/// In a network of its own, where Janus has an address to offer.
#[test]
fn a_call_through_janus_in_a_real_browser() {
    require("janus", "janus");
    require("ip", "iproute2");
    let tests = directory();
    let mut run = Command::new(tests.join("in-namespace.sh"));
    run.arg(require("node", "nodejs"));
    pass(&mut run, &tests, &["janus"], "a hostile guest is kicked");
}

fn directory() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    root.join("tests/browser")
}

/// Runs test files, one of whose tests has this in its name: a run that finds no test is no run.
fn pass(run: &mut Command, tests: &Path, files: &[&str], name: &str) {
    install(tests);
    let chromium = std::env::var_os("TRIALOGUE_CHROMIUM").map_or_else(
        || CHROMIUM.iter().find_map(|name| found(name)).unwrap_or_else(|| missing("chromium", "chromium")),
        PathBuf::from,
    );
    run.args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(files.iter().map(|name| format!("{name}.test.mjs")))
        .current_dir(tests)
        .stdin(Stdio::null())
        .env("TRIALOGUE_PROGRAM", env!("CARGO_BIN_EXE_trialogue"))
        .env("TRIALOGUE_CHROMIUM", chromium)
        .env("TRIALOGUE_SCREENSHOTS", tests.join("../../target/screenshots"));
    let run = run.output().unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{told}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(told.contains(name), "{told}");
}

/// Puts the packages of the lock file in their place, once.
fn install(tests: &Path) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let lock = tests.join("node_modules/.package-lock.json");
    let is_new = |file: &Path| std::fs::metadata(file).and_then(|file| file.modified()).ok();
    if is_new(&lock).is_some_and(|made| Some(made) >= is_new(&tests.join("package-lock.json"))) {
        return;
    }
    let mut ci = Command::new(require("npm", "npm"));
    ci.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(tests).stdin(Stdio::null());
    let ci = ci.output().unwrap();
    assert!(
        ci.status.success(),
        "npm ci failed in {}: {}",
        tests.display(),
        String::from_utf8_lossy(&ci.stderr)
    );
}

fn require(program: &str, package: &str) -> PathBuf {
    found(program).unwrap_or_else(|| missing(program, package))
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

fn missing(program: &str, package: &str) -> ! {
    panic!("{program} is not in PATH; on Debian: apt-get install {package}")
}
