//! `SQLite` databases for tests.

use tempfile::TempDir;

/// The URL of a database file in a temporary directory; the file itself is made by whoever opens it.
#[must_use]
pub fn sqlite_url(dir: &TempDir) -> String {
    format!("sqlite://{}", dir.path().join("trialogue.db").display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_has_an_absolute_path() {
        let dir = TempDir::new().unwrap();
        let url = sqlite_url(&dir);
        assert!(url.starts_with("sqlite:///") && url.ends_with("/trialogue.db"), "{url}");
    }
}
