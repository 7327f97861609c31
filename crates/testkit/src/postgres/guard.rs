//! The one who cleans up, however the tests end.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Reads until its input ends, which happens when we drop it or die, even by SIGKILL; then stops the server and
/// removes its directory. More than one round is needed if we died while `initdb` was still writing.
const SCRIPT: &str = r#"cat; cd /
for round in 1 2 3 4 5; do
    "$1/pg_ctl" -D "$2/data" -m immediate -w stop
    rm -rf "$2" && break
    sleep 1
done"#;

/// A process that outlives us and takes a server away when it is dropped or we are gone.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Over the server in `dir/data`; `as_account` makes a command run as the server does.
    pub(super) fn over(dir: &Path, binaries: &Path, as_account: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new("sh");
        // In a process group of its own, so that Ctrl-C reaches us and not the guard.
        command.args(["-c", SCRIPT, "guard"]).arg(binaries).arg(dir).current_dir(dir).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        as_account(&mut command);
        Self(command.spawn().expect("a shell"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Nothing can be done about a failure, and a panic while dropping would hide the test's own.
        let _ = self.0.wait();
    }
}
