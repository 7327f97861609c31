//! A pgbouncer of the tests' own.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::account::Account;

/// Runs pgbouncer until its input ends, which happens when we drop it or die.
const SCRIPT: &str = r#"command -v pgbouncer >/dev/null || { echo "apt-get install pgbouncer" >&2; exit 1; }
pgbouncer "$1" & cat; kill $!; wait; rm -rf "$(dirname "$1")""#;

/// A running pgbouncer in transaction mode, stopped when dropped.
#[derive(Debug)]
pub struct Pooler {
    child: Child,
    input: Option<ChildStdin>,
    ports: (u16, u16),
}

impl Pooler {
    pub(super) fn start(server: u16, own: u16, user: &str, account: Option<Account>) -> Self {
        let dir = tempfile::Builder::new().prefix("trialogue-pool-").tempdir().expect("a directory").keep();
        let file = dir.join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={server} user={user}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {own}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
        );
        std::fs::write(&file, settings).expect("our own directory");
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "pooler"]).arg(&file);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        if let Some(account) = account {
            account.give(&dir);
            account.give(&file);
            account.run(&mut shell);
        }
        let mut child = shell.spawn().expect("a shell");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut seen = Vec::new();
        let is_up = log.by_ref().map_while(Result::ok).any(|line| {
            let up = line.contains("process up");
            seen.push(line);
            up
        });
        assert!(is_up, "pgbouncer did not start: {seen:#?}");
        // It must not stop because nobody reads its log.
        std::thread::spawn(move || log.for_each(drop));
        let input = child.stdin.take();
        Self { child, input, ports: (server, own) }
    }

    /// The URL of one of the server's databases, reached through this pooler.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        url.replace(&format!(":{}/", self.ports.0), &format!(":{}/", self.ports.1))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.input.take());
        // Nothing can be done about a failure, and a panic while dropping would hide the test's own.
        let _ = self.child.wait();
    }
}
