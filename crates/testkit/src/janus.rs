//! A Janus server of the tests' own.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;
use trialogue_media::JanusSettings;

/// Ports may be snatched between our choosing one and the server's taking it.
const PORT_ATTEMPTS: usize = 5;
const START: Duration = Duration::from_secs(20);
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
        let mut server = Self { dir, ports: [0; 2], running: None };
        let mut log = String::new();
        for _ in 0..PORT_ATTEMPTS {
            server.ports = [free_port(), free_port()];
            server.configure(sink);
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
        command.args(["-c", GUARD, "guard", "janus", "-F"]).arg(self.dir.path());
        command.arg("-C").arg(self.dir.path().join("janus.jcfg"));
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
        assert!(!log.is_empty(), "the program `janus` is not there; on Debian: apt-get install janus");
        Err(log)
    }

    fn configure(&self, sink: Option<&EventSink>) {
        let [api, admin] = self.ports;
        let file = |name: &str, text: &str| write(&self.dir.path().join(name), text);
        file("janus.jcfg", &core(self.dir.path(), sink.is_some()));
        file("janus.plugin.videoroom.jcfg", &videoroom());
        file("janus.transport.websockets.jcfg", &websockets(api, admin));
        if let Some(sink) = sink {
            file("janus.eventhandler.sampleevh.jcfg", &events(sink));
        }
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

fn core(dir: &Path, events: bool) -> String {
    format!(
        r#"general: {{
	configs_folder = "{}"
	debug_level = 4
	debug_colors = false
	interface = "127.0.0.1"
	server_name = "test"
	session_timeout = 60
	reclaim_session_timeout = 30
	api_secret = "{API_SECRET}"
	admin_secret = "{ADMIN_SECRET}"
}}
media: {{
	rtp_port_range = "20000-29999"
}}
nat: {{
	ice_lite = true
	full_trickle = false
	ignore_mdns = true
	ice_enforce_list = "127."
}}
plugins: {{
	disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so"
}}
transports: {{
	disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so"
}}
loggers: {{
	disable = "libjanus_jsonlog.so"
}}
events: {{
	broadcast = {events}
	disable = "libjanus_gelfevh.so,libjanus_mqttevh.so,libjanus_nanomsgevh.so,libjanus_rabbitmqevh.so,libjanus_wsevh.so"
}}
"#,
        dir.display()
    )
}

fn videoroom() -> String {
    format!("general: {{\n\tadmin_key = \"{ROOM_KEY}\"\n\tlock_rtp_forward = true\n\tstring_ids = true\n}}\n")
}

fn websockets(api: u16, admin: u16) -> String {
    format!(
        r#"general: {{
	json = "compact"
	ws = true
	ws_port = {api}
	ws_ip = "127.0.0.1"
}}
admin: {{
	admin_ws = true
	admin_ws_port = {admin}
	admin_ws_ip = "127.0.0.1"
}}
"#
    )
}

fn events(sink: &EventSink) -> String {
    let EventSink { url, user, password } = sink;
    format!(
        r#"general: {{
	enabled = true
	events = "plugins,core"
	grouping = true
	json = "compact"
	backend = "{url}"
	backend_user = "{user}"
	backend_pwd = "{password}"
	max_retransmissions = 5
	retransmissions_backoff = 100
}}
"#
    )
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("our own directory");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
