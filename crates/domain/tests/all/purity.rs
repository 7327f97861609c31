//! The domain stays pure: no clock, no randomness, no IO, and one dependency.

use std::path::Path;

fn manifest_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn thiserror_is_the_only_dependency() {
    let manifest = std::fs::read_to_string(manifest_dir().join("Cargo.toml")).expect("the manifest");
    let mut section = "";
    let mut dependencies = Vec::new();
    for line in manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('[') {
            section = line;
            let other = section.contains("dependencies")
                && !["[dependencies]", "[dev-dependencies]"].contains(&section);
            assert!(!other, "{section} would hide a dependency from this test");
        } else if section == "[dependencies]" {
            dependencies.push(line);
        }
    }
    assert_eq!(dependencies, ["thiserror.workspace = true"]);
}

#[test]
fn sources_know_no_clock_no_randomness_and_no_io() {
    let forbidden = [
        "SystemTime",
        "Instant",
        "std::fs",
        "std::net",
        "std::io",
        "std::env",
        "std::process",
        "std::thread",
        "std::sync",
        "rand",
        "async",
        "await",
        "static mut",
    ];
    let sources = std::fs::read_dir(manifest_dir().join("src")).expect("the sources");
    let mut files = 0;
    for path in sources.map(|entry| entry.expect("an entry").path()) {
        assert!(path.is_file(), "{}: this test reads one directory", path.display());
        let text = std::fs::read_to_string(&path).expect("a source");
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or_default();
            let found = forbidden.iter().find(|word| has_word(code, word));
            assert_eq!(found, None, "{}:{number}: {line}", path.display());
        }
        files += 1;
    }
    assert!(files > 10, "the sources were found");
}

/// `rand` is not in `operand`.
fn has_word(code: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = code[start + word.len()..].chars().next();
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

#[test]
fn the_search_for_words_finds_them() {
    assert!(has_word("use std::fs;", "std::fs"));
    assert!(has_word("async fn f()", "async"));
    assert!(!has_word("let operand = 1;", "rand"));
}
