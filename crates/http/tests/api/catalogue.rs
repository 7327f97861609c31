//! Prints `docs/errors.md` from the code, and compares. `UPDATE_DOCS=1` writes the file.

use std::path::PathBuf;

use trialogue_contract::errors::WireErrorCode;
use trialogue_domain::Refusal;
use trialogue_http::error_catalogue;

#[test]
fn the_document_is_what_the_code_does() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let printed = error_catalogue();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &printed).expect("docs can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first_difference = kept.lines().zip(printed.lines()).find(|(kept, printed)| kept != printed);
    assert!(
        kept == printed,
        "docs/errors.md is not what the code does; if the code is right, write it anew with\n\
         UPDATE_DOCS=1 cargo test -p trialogue-http catalogue\nfirst difference: {first_difference:#?}"
    );
}

#[test]
fn every_code_has_one_row() {
    let printed = error_catalogue();
    let codes = WireErrorCode::ALL.iter().map(|c| c.code()).chain(Refusal::SAMPLES.iter().map(Refusal::code));
    for code in codes {
        assert_eq!(printed.matches(&format!("| `{code}` |")).count(), 1, "{code}");
    }
}
