//! A Janus server of the tests' own.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;
use trialogue_media::JanusSettings;

/// Ports may be snatched between our choosing one and the server's taking it.
const PORT_ATTEMPTS: usize = 5;
const START: Duration = Duration::from_secs(20);
/// As operators run it.
const START_SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/janus/start.sh");
/// What Janus prints when it serves.
const READY: &str = "WebSockets thread started";
const API_SECRET: &str = "test-api-secret";
const ADMIN_SECRET: &str = "test-admin-secret";
const ROOM_KEY: &str = "test-room-key";

/// Says who it is, then lets it run until its input ends, which happens when we drop it or die, even by SIGKILL.
const GUARD: &str = r#""$@" </dev/null & echo "$!"; cat >/dev/null; kill -KILL "$!"; wait"#;

/// Where Janus reports what happens.
#[derive(Debug, Clone)]
pub struct EventSink {
    /// The address that it posts to.
    pub url: String,
    /// Its name there.
    pub user: String,
    /// Its password there.
    pub password: String,
}

/// A throw-away Janus on free ports of 127.0.0.1, with the `VideoRoom` and nothing else.
///
/// Dropping it kills it and removes its files. So does the end of the process, whatever its cause.
#[derive(Debug)]
pub struct JanusServer {
    dir: TempDir,
    ports: [u16; 2],
    sink: Option<EventSink>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    guard: Child,
    pid: String,
}

impl JanusServer {
    /// A server that reports to nobody, started.
    ///
    /// # Panics
    /// If Janus is not installed or does not start: a missing component must be loud.
    #[must_use]
    pub fn new() -> Self {
        Self::reporting_to(None)
    }

    /// A server that reports to `sink`, started.
    ///
    /// # Panics
    /// As [`Self::new`].
    #[must_use]
    pub fn reporting_to(sink: Option<&EventSink>) -> Self {
        let dir = tempfile::Builder::new().prefix("trialogue-janus-").tempdir().expect("a directory");
        let mut server = Self { dir, ports: [0; 2], sink: sink.cloned(), running: None };
        let mut log = String::new();
        for _ in 0..PORT_ATTEMPTS {
            server.ports = [free_port(), free_port()];
            match server.try_start() {
                Ok(()) => return server,
                Err(failure) => log = failure,
            }
        }
        panic!("Janus does not start:\n{log}");
    }

    /// How an engine reaches it.
    #[must_use]
    pub fn settings(&self) -> JanusSettings {
        let [api, admin] = self.ports.map(|port| format!("ws://{}:{port}", Ipv4Addr::LOCALHOST));
        JanusSettings {
            url: api,
            api_secret: API_SECRET.to_owned(),
            admin_url: admin,
            admin_secret: ADMIN_SECRET.to_owned(),
            room_key: ROOM_KEY.to_owned(),
            patience: Duration::from_secs(5),
        }
    }

    /// It dies: all rooms and sessions are lost, and nobody is told.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// It comes back after [`Self::kill`], on the same ports, without a memory.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn start(&mut self) {
        self.try_start().unwrap_or_else(|log| panic!("Janus does not start:\n{log}"));
    }

    /// It hangs: connections are taken, and nothing is ever answered.
    pub fn suspend(&self) {
        self.signal("-STOP");
    }

    /// It goes on after [`Self::suspend`].
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().expect("it runs");
        let status = Command::new("kill").args([signal, &running.pid]).status();
        assert!(status.expect("`kill` is everywhere").success(), "Janus is gone");
    }

    fn try_start(&mut self) -> Result<(), String> {
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard", START_SCRIPT]);
        let [port, admin_port] = self.ports.map(|port| port.to_string());
        command.env("JANUS_CONFIGURATION", self.dir.path());
        command.env("JANUS_API_SECRET", API_SECRET).env("JANUS_ADMIN_SECRET", ADMIN_SECRET);
        command.env("JANUS_ROOM_KEY", ROOM_KEY).env("JANUS_ADDRESSES", "127.");
        command.env("JANUS_PORT", port).env("JANUS_ADMIN_PORT", admin_port);
        if let Some(EventSink { url, user, password }) = &self.sink {
            command.env("JANUS_EVENTS_URL", url);
            command.env("JANUS_EVENTS_USER", user).env("JANUS_EVENTS_PASSWORD", password);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut guard = command.spawn().expect("a shell");
        let mut lines =
            BufReader::new(guard.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        let running = Running { guard, pid: lines.next().expect("the guard says who it guards") };

        let (said, heard) = mpsc::channel();
        // Read to the end, so that Janus never waits for a reader.
        std::thread::spawn(move || {
            for line in lines {
                let _ = said.send(line);
            }
        });
        let mut log = String::new();
        while let Ok(line) = heard.recv_timeout(START) {
            if line.contains(READY) {
                self.running = Some(running);
                return Ok(());
            }
            let _ = writeln!(log, "{line}");
        }
        let is_there = Command::new("sh").args(["-c", "command -v janus"]).stdout(Stdio::null()).status();
        assert!(
            is_there.expect("a shell").success(),
            "the program `janus` is not in PATH; on Debian: apt-get install janus"
        );
        Err(log)
    }
}

impl Default for JanusServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // Nothing can be done about a failure, and a panic while dropping would hide the test's own.
        let _ = self.guard.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
