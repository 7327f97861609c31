//! Runs of the program.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::wait::eventually;

/// The program, free of the settings of whoever runs the tests.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trialogue"));
    for (name, _) in std::env::vars_os() {
        // libpq reads variables of its own.
        if name.to_str().is_some_and(|name| name.starts_with("TRIALOGUE_") || name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// Runs the program to its end.
pub(crate) fn trialogue(arguments: &[&str]) -> Finished {
    Process::start(program(arguments), "").finish()
}

/// A running process, killed when dropped.
pub(crate) struct Process {
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    pub(crate) fn start(mut command: Command, input: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // A process may end without having read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let stdout = Stream::collect(child.stdout.take().unwrap());
        let stderr = Stream::collect(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// What it has written so far to standard output.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.so_far()
    }

    /// And to standard error: its log.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.so_far()
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends a signal by name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("sh");
        kill.args(["-c", r#"kill -s "$1" "$2""#, "sh", name, &self.id().to_string()]);
        assert!(kill.status().unwrap().success(), "SIG{name} could not be sent");
    }

    /// Number of its open files.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Its memory in KiB, without the mapped program.
    pub(crate) fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Finished {
        let status = eventually("the process ends", || self.child.try_wait().unwrap());
        Finished { status, stdout: self.stdout.all(), stderr: self.stderr.all() }
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(mut self) -> Finished {
        self.child.kill().unwrap();
        self.finish()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let all = self.stderr.all();
            let last: Vec<&str> = all.lines().rev().take(50).collect();
            let last: String = last.iter().rev().flat_map(|line| [line, "\n"]).collect();
            eprintln!("--- the last words of process {}:\n{last}---", self.child.id());
        }
    }
}

impl Finished {
    /// It went well; what it printed.
    pub(crate) fn printed(self) -> String {
        assert!(self.status.success(), "{self:?}");
        self.stdout
    }

    /// It failed, with one line that says why.
    pub(crate) fn explained(self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        let [line] = lines[..] else { panic!("not one line: {self:?}") };
        let why = line
            .strip_prefix("trialogue: ")
            .unwrap_or_else(|| panic!("it does not say who speaks: {self:?}"));
        why.to_owned()
    }
}

/// What a process writes, read at once so that it never waits for us.
struct Stream {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn collect(from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).unwrap() > 0 {
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Everything; the process has ended.
    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }
}
