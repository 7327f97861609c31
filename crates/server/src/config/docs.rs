//! `docs/settings.md`, printed from the settings.

use std::fmt::Write as _;

use super::values::Setting;

const INTRODUCTION: &str = "\
# Settings

Printed from the code by `trialogue config list`. A flag wins over the environment, the environment over the file, the file \
over the default. The file is TOML with the names of the first column as keys; `--config FILE` or `TRIALOGUE_CONFIG` names it. \
An empty value counts as not set. A variable's name with `_FILE` behind it, such as `TRIALOGUE_TURN_SECRET_FILE`, names a file \
that holds the value; a line end behind it is left out. `trialogue config check` shows what is in force and where it came from.
";

const HEAD: &str = "| Setting | Flag | Environment | Default | Meaning |\n|---|---|---|---|---|\n";

/// The whole page: a table for each section.
pub(crate) fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    let settings = Setting::all();
    for section in settings.chunk_by(|before, after| before.section() == after.section()) {
        let heading = section.first().map(Setting::section).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = write!(page, "\n## {heading}\n\n{HEAD}");
        for setting in section {
            let default = setting.default();
            let default = if default.is_empty() { default } else { format!("`{default}`") };
            let _ = writeln!(
                page,
                "| `{}` | `{}` | `{}` | {default} | {} |",
                setting.name(),
                setting.flag(),
                setting.variable(),
                setting.help()
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_printed_from_the_list() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, markdown(), "docs/settings.md is stale; run the tests with UPDATE_DOCS=1");
    }
}
