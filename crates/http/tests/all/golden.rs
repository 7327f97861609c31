//! The recorded answers of the reference framework, replayed one by one.

use crate::client::{Answer, BASE, ECHO, send};
use crate::differences;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const REPLAYED: [&str; 7] = ["seed-", "accept-", "content-type-", "json-", "dates-", "xml-", "route-"];
/// Forms of answers, not of requests.
const NOT_REPLAYED: &str = "result-";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contract/tests/golden")
}

fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the recorded cases").map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> =
        folders.map(|entry| entry.file_name().into_string().expect("a plain name")).collect();
    names.sort();
    names
}

/// What our server answers to the recorded request `name`.
pub(crate) fn replay(name: &str) -> Answer {
    let request = fs::read(folder().join(name).join("request.http")).expect("a request");
    let end_of_line = request.iter().position(|&byte| byte == b'\r').expect("a request line");
    let line = str::from_utf8(&request[..end_of_line]).expect("a request line");
    let [method, path, version] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{name}: {line}") };
    let path = if name.starts_with("route-") { format!("{BASE}{path}") } else { ECHO.to_owned() };
    send(&[format!("{method} {path} {version}").as_bytes(), &request[end_of_line..]].concat())
}

/// What the framework answered, refusing binding errors.
pub(crate) fn recorded(name: &str) -> Answer {
    let folder = folder().join(name);
    let guarded = fs::read(folder.join("response-guarded.http"));
    Answer::parse(&guarded.or_else(|_| fs::read(folder.join("response.http"))).expect("a response"))
}

/// The keys of a `ModelState`, in either form; `None` where the answer has none.
pub(crate) fn model_state_keys(answer: &Answer) -> Option<BTreeSet<String>> {
    let text = answer.text();
    if let Some((_, state)) = text.split_once("<ModelState>") {
        let tags = state.split("</ModelState>").next()?.split('<').filter(|tag| !tag.starts_with('/'));
        return Some(tags.skip(1).filter_map(|tag| tag.split('>').next()).map(str::to_owned).collect());
    }
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(value.get("ModelState")?.as_object()?.keys().cloned().collect())
}

fn message(answer: &Answer) -> &str {
    let text = answer.text();
    text.split("ModelState").next().unwrap_or(text)
}

fn difference(ours: &Answer, theirs: &Answer) -> Option<String> {
    for header in ["Content-Type", "Allow"] {
        if ours.header(header) != theirs.header(header) {
            return Some(format!(
                "{header}: {:?} instead of {:?}",
                ours.header(header),
                theirs.header(header)
            ));
        }
    }
    let same_body = match model_state_keys(theirs) {
        Some(keys) => model_state_keys(ours) == Some(keys) && message(ours) == message(theirs),
        None => ours.body == theirs.body,
    };
    if ours.status == theirs.status && same_body {
        return None;
    }
    Some(format!(
        "{} {}\n  instead of\n{} {}",
        ours.status,
        String::from_utf8_lossy(&ours.body),
        theirs.status,
        String::from_utf8_lossy(&theirs.body)
    ))
}

#[test]
fn every_recorded_case_is_answered_alike_or_differs_on_purpose() {
    let mut wrong = Vec::new();
    let mut replayed = 0;
    for name in names() {
        if name.starts_with(NOT_REPLAYED) || differences::ON_PURPOSE.contains(&&*name) {
            continue;
        }
        assert!(REPLAYED.iter().any(|prefix| name.starts_with(prefix)), "{name} is of no known kind");
        replayed += 1;
        if let Some(difference) = difference(&replay(&name), &recorded(&name)) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {replayed} differ:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(replayed >= 50, "only {replayed} cases were found");
}

#[test]
fn what_differs_on_purpose_is_recorded_and_does_differ() {
    let names = names();
    for name in differences::ON_PURPOSE {
        assert!(names.iter().any(|known| known == name), "{name} is not recorded");
        assert!(difference(&replay(name), &recorded(name)).is_some(), "{name} does not differ");
    }
}
