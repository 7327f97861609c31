//! Where `PostgreSQL`'s programs are.

use std::path::{Path, PathBuf};

const INSTALLED: &str = "/usr/lib/postgresql";
const MISSING: &str = "PostgreSQL's server programs (initdb, pg_ctl) are neither in PATH nor in \
                       /usr/lib/postgresql/*/bin; on Debian: apt-get install postgresql";

/// The directory that holds all of `PostgreSQL`'s programs: that of the `initdb` in PATH, else the newest that Debian
/// has installed.
pub(super) fn directory() -> PathBuf {
    in_path().or_else(|| newest(Path::new(INSTALLED))).unwrap_or_else(|| panic!("{MISSING}"))
}

fn in_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find_map(|dir| complete(dir.join("initdb").canonicalize().ok()?.parent()?))
}

fn newest(root: &Path) -> Option<PathBuf> {
    std::fs::read_dir(root)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, complete(&entry.path().join("bin"))?))
        })
        .max()
        .map(|(_, dir)| dir)
}

fn complete(dir: &Path) -> Option<PathBuf> {
    ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|name| dir.join(name).exists()).then(|| dir.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(root: &Path, version: &str, programs: &[&str]) {
        let bin = root.join(version).join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        for program in programs {
            std::fs::write(bin.join(program), "").unwrap();
        }
    }

    #[test]
    fn the_newest_complete_version_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let all = ["initdb", "pg_ctl", "postgres", "psql"];
        install(root.path(), "9", &all);
        install(root.path(), "15", &all);
        install(root.path(), "17", &["psql"]);
        install(root.path(), "old", &all);
        assert_eq!(newest(root.path()), Some(root.path().join("15/bin")));
    }

    #[test]
    fn nothing_installed_is_nothing_found() {
        assert_eq!(newest(Path::new("/nonexistent")), None);
    }
}
