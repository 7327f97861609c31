//! `ARCHITECTURE.md` and the decisions say what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A crate's name without what is common to all.
fn short(name: &str) -> String {
    name.strip_prefix("trialogue-").unwrap_or(name).to_owned()
}

fn crates_in_metadata() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |package: &serde_json::Value| package["name"].as_str().unwrap().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let normal = |package: &serde_json::Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null()).map(name);
        normal.filter(|name| ours.contains(name)).map(|name| short(&name)).collect()
    };
    packages.iter().map(|package| (short(&name(package)), normal(package))).collect()
}

/// The nth list of the text.
fn list(nth: usize) -> String {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let list = text.split("```text\n").nth(nth + 1).unwrap();
    list.split_once("```").unwrap().0.to_owned()
}

fn crates_in_the_text() -> BTreeMap<String, BTreeSet<String>> {
    let line = |line: &str| {
        let (name, uses) = line.split_once("->").unwrap();
        (name.trim().to_owned(), uses.split_whitespace().map(str::to_owned).collect())
    };
    list(0).lines().map(line).collect()
}

#[test]
fn the_crates_use_what_the_text_says() {
    assert_eq!(crates_in_the_text(), crates_in_metadata());
}

/// Source files of a folder and its folders.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The first name of a path in Rust or in the file system, without its extension.
fn first_name(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[test]
fn the_modules_of_storage_use_only_those_above_them() {
    let text = list(1);
    let line_of: BTreeMap<&str, usize> = (0..)
        .zip(text.lines())
        .flat_map(|(line, modules)| modules.split_whitespace().map(move |module| (module, line)))
        .collect();
    let folder = root().join("crates/storage/src");
    let (mut listed, mut uses) = (BTreeSet::new(), 0);
    for file in sources(&folder) {
        let path = file.strip_prefix(&folder).unwrap().to_str().unwrap();
        let module = first_name(path);
        if module == "lib" {
            continue;
        }
        let line = line_of.get(module).unwrap_or_else(|| panic!("{module} is not in the list"));
        listed.insert(module.to_owned());
        let code = fs::read_to_string(&file).unwrap();
        for used in code.split("crate::").skip(1).map(first_name).filter(|used| *used != module) {
            // What else stands at the root is an item of the public face, named in documents and tests.
            let Some(used_line) = line_of.get(used) else { continue };
            assert!(used_line < line, "{path} uses {used}");
            uses += 1;
        }
    }
    assert!(listed.iter().eq(line_of.keys()), "{listed:?}");
    assert!(uses > 100, "{uses} uses were found");
}

/// Paths of the project in backticks: those that begin with one of its folders, or are inside a crate.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let folders = ["crates/", "migrations", "benches", "docs/", "tests/", "scripts/"];
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(move |path| {
        folders.iter().any(|folder| path.starts_with(folder))
            || path.contains("/src/")
            || path.contains("/tests/")
    })
}

/// `a/{b,c}.rs` as two paths.
fn expanded(path: &str) -> Vec<String> {
    match path.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?))) {
        Some((head, (names, tail))) => names.split(',').map(|name| format!("{head}{name}{tail}")).collect(),
        None => vec![path.to_owned()],
    }
}

#[test]
fn every_path_that_is_named_exists() {
    let root = root();
    let decisions = fs::read_dir(root.join("docs/adr")).unwrap().map(|entry| entry.unwrap().path());
    let documents = ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/invariants.md"].map(|name| root.join(name));
    let mut missing = Vec::new();
    for document in documents.into_iter().chain(decisions) {
        let text = fs::read_to_string(&document).unwrap();
        for path in paths(&text).flat_map(expanded) {
            if !root.join(&path).exists() {
                missing.push(format!("{}: {path}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
