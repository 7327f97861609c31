//! The number of files that the process may have open. Each connection takes two.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Number of files that are kept for the database, the engine, deliveries and logs.
const RESERVED: u64 = 128;

/// Raises the soft limit on open files to the hard one, and returns the number of connections that fit.
pub(crate) fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit on open files was not raised");
    }
    connections(getrlimit(Resource::Nofile).current)
}

/// At least half of the files are for connections.
fn connections(files: Option<u64>) -> usize {
    files.map_or(usize::MAX, |files| {
        let for_connections = files.saturating_sub(RESERVED).max(files / 2);
        // Two for each connection, and an eighth more for those that are being closed.
        usize::try_from(for_connections / 9 * 4).unwrap_or(usize::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_kept_for_other_uses() {
        for (files, fit) in [(Some(64), 12), (Some(1024), 396), (None, usize::MAX)] {
            assert_eq!(connections(files), fit, "{files:?}");
        }
    }
}
