//! A server that is there and does not answer.

use std::fs::read_to_string;
use std::process::Command;

/// A server whose processes stand still until this is dropped: connections to it are accepted by the system, and nothing
/// answers.
#[derive(Debug)]
pub struct Frozen {
    processes: Vec<String>,
}

impl Frozen {
    pub(super) fn new(postmaster: &str) -> Self {
        let mut processes = vec![postmaster.to_owned()];
        // First the one that starts others.
        signal("STOP", &processes);
        let children = read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"));
        let children = children.expect("Linux lists the children of a process");
        processes.extend(children.split_whitespace().map(ToOwned::to_owned));
        signal("STOP", &processes);
        Self { processes }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("CONT", &self.processes);
    }
}

fn signal(name: &str, processes: &[String]) {
    let mut kill = Command::new("sh");
    kill.args(["-c", r#"name=$1; shift; kill -s "$name" "$@""#, "sh", name]).args(processes);
    // A child may have ended in the meantime.
    let _ = kill.stderr(std::process::Stdio::null()).status();
}
