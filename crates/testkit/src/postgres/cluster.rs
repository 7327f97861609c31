//! A `PostgreSQL` server of the tests' own.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::account::Account;
use super::binaries;
use super::frozen::Frozen;
use super::guard::Guard;
use super::pooler::Pooler;

const USER: &str = "trialogue";
/// Ports may be snatched between our choosing one and the server's taking it.
const PORT_ATTEMPTS: usize = 5;
const START_SECONDS: &str = "60";

/// Returns once a standby takes part in each commit; fails after the time that a server has to start.
const UNTIL_SYNCHRONOUS: &str = "SET statement_timeout TO '60s'; DO $$ BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync') LOOP
        PERFORM pg_sleep(0.05), pg_stat_clear_snapshot();
    END LOOP;
END $$";

/// Whether commits reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// No: fast, and safe from everything but a crash of the machine.
    Off,
    /// Yes, as in production.
    On,
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Connections are cut and their transactions rolled back; what is committed is written.
    Fast,
    /// Everything is dropped at once, like a crash; the next start recovers.
    Immediate,
}

/// A throw-away `PostgreSQL` server on a free port of 127.0.0.1, in UTF-8 and with English (not C) collation. It needs
/// no password.
///
/// Dropping it stops it and removes its files. So does the end of the process, whatever its cause.
#[derive(Debug)]
pub struct PostgresCluster {
    binaries: PathBuf,
    dir: PathBuf,
    account: Option<Account>,
    port: u16,
    databases: AtomicU32,
    /// Locales that are not the system's.
    locales: Option<PathBuf>,
    _guard: Guard,
}

impl PostgresCluster {
    /// The one that all tests of this process share, each in a database of its own. It cannot be stopped.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<PostgresCluster> = LazyLock::new(|| PostgresCluster::new(Fsync::Off));
        &SHARED
    }

    /// A server of one's own, started.
    ///
    /// # Panics
    /// If `PostgreSQL` is not installed or does not start: a missing component must be loud.
    #[must_use]
    pub fn new(fsync: Fsync) -> Self {
        let mut cluster = Self::without_data();
        cluster.initialise(fsync);
        cluster.start_on_a_free_port();
        cluster
    }

    /// A server whose messages are in German.
    ///
    /// # Panics
    /// As [`Self::new`]; if the sources of the system's locales are not installed.
    #[must_use]
    pub fn in_german() -> Self {
        let mut cluster = Self::without_data();
        cluster.initialise(Fsync::Off);
        let locales = cluster.dir.join("locales");
        std::fs::create_dir(&locales).expect("our own directory");
        let mut compile = Command::new("localedef");
        compile.args(["--no-archive", "-i", "de_DE", "-f", "UTF-8"]).arg(locales.join("de_DE.UTF-8"));
        run(&mut compile).unwrap_or_else(|failure| panic!("{failure}; on Debian: apt-get install locales"));
        cluster.locales = Some(locales);
        append(&cluster.data().join("postgresql.conf"), "lc_messages = 'de_DE.UTF-8'\n");
        cluster.start_on_a_free_port();
        cluster
    }

    /// Stops all processes of this server where they are.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn freeze(&self) -> Frozen {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("it runs");
        Frozen::new(file.lines().next().expect("the first line is the process"))
    }

    /// A pgbouncer in front of this server that gives a session to another client after each transaction.
    ///
    /// # Panics
    /// If pgbouncer is not installed or does not start.
    #[must_use]
    pub fn transaction_pooler(&self) -> Pooler {
        Pooler::start(self.port, free_port(), USER, self.account)
    }

    /// A hot standby of this server, started. From now on, this server answers a commit only after the standby has
    /// flushed it.
    ///
    /// # Panics
    /// If this server does not run, or the standby does not start.
    #[must_use]
    pub fn synchronous_standby(&self) -> Self {
        let mut standby = Self::without_data();
        let mut copy = standby.program("pg_basebackup");
        copy.arg("-D").arg(standby.data()).args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        succeed(copy.args(["-d", &self.url("postgres")]));
        standby.start_on_a_free_port();
        let here = self.url("postgres");
        self.query(&here, "ALTER SYSTEM SET synchronous_standby_names TO '*'");
        self.query(&here, "SELECT pg_reload_conf()");
        self.query(&here, UNTIL_SYNCHRONOUS);
        standby
    }

    /// Makes a standby the server that takes writes, and waits until it is.
    ///
    /// # Panics
    /// If it is no standby.
    pub fn promote(&self) {
        succeed(self.pg_ctl().args(["-w", "-t", START_SECONDS, "promote"]));
    }

    /// The URL of one of this server's databases, reached at whichever of both servers takes writes.
    #[must_use]
    pub fn url_with_standby(&self, url: &str, standby: &Self) -> String {
        let (here, there) = (self.port, standby.port);
        let hosts = format!("{0}:{here},{0}:{there}", Ipv4Addr::LOCALHOST);
        let url = url.replace(&format!("{}:{here}", Ipv4Addr::LOCALHOST), &hosts);
        format!("{url}?target_session_attrs=read-write")
    }

    fn without_data() -> Self {
        let binaries = binaries::directory();
        let dir = tempfile::Builder::new().prefix("trialogue-pg-").tempdir().expect("a directory").keep();
        let account = Account::needed_by(&dir);
        let guard = Guard::over(&dir, &binaries, |command| {
            if let Some(account) = account {
                account.run(command);
            }
        });
        if let Some(account) = account {
            account.give(&dir);
        }
        Self { binaries, dir, account, port: 0, databases: AtomicU32::new(0), locales: None, _guard: guard }
    }

    /// The URL of a new, empty database.
    ///
    /// # Panics
    /// If the server is stopped.
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1);
        // Nobody can be connected to template0, so that nobody can be in the way of the copy.
        self.query(&self.url("postgres"), &format!("CREATE DATABASE {name} TEMPLATE template0"));
        self.url(&name)
    }

    /// Runs SQL in a database and returns its bare output: for what a test must do behind the store's back.
    ///
    /// # Panics
    /// If the SQL fails.
    pub fn query(&self, url: &str, sql: &str) -> String {
        let mut psql = Command::new(self.binaries.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, url]).env_remove("PGOPTIONS");
        succeed(&mut psql).trim_end().to_owned()
    }

    /// Stops the server; its port and databases stay its own.
    ///
    /// # Panics
    /// If it does not run.
    pub fn stop(&mut self, mode: StopMode) {
        let mode = match mode {
            StopMode::Fast => "fast",
            StopMode::Immediate => "immediate",
        };
        succeed(self.pg_ctl().args(["-m", mode, "-w", "stop"]));
    }

    /// Starts it again after [`Self::stop`], on the same port, and waits until it answers.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn start(&mut self) {
        self.try_start().unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// Stops and starts it.
    ///
    /// # Panics
    /// As [`Self::stop`] and [`Self::start`].
    pub fn restart(&mut self, mode: StopMode) {
        self.stop(mode);
        self.start();
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@{}:{}/{database}", Ipv4Addr::LOCALHOST, self.port)
    }

    fn initialise(&self, fsync: Fsync) {
        let initdb = |collation: &[&str]| {
            let mut initdb = self.program("initdb");
            initdb.arg("-D").arg(self.data());
            initdb.args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]).args(collation);
            run(&mut initdb)
        };
        // A server built without ICU has the C collation only.
        initdb(&["--locale-provider=icu", "--icu-locale=en-US"])
            .or_else(|_| initdb(&[]))
            .unwrap_or_else(|failure| panic!("{failure}"));

        let fsync = match fsync {
            Fsync::Off => "off",
            Fsync::On => "on",
        };
        let settings = format!(
            "listen_addresses = '{}'\nunix_socket_directories = ''\nmax_connections = 200\nfsync = {fsync}\n",
            Ipv4Addr::LOCALHOST
        );
        append(&self.data().join("postgresql.conf"), &settings);
    }

    fn start_on_a_free_port(&mut self) {
        let mut failure = String::new();
        for _ in 0..PORT_ATTEMPTS {
            self.port = free_port();
            match self.try_start() {
                Ok(()) => return,
                Err(error) => failure = error,
            }
        }
        panic!("{failure}");
    }

    fn try_start(&self) -> Result<(), String> {
        let log = self.dir.join("log");
        let mut start = self.pg_ctl();
        start.arg("-l").arg(&log).args(["-o", &format!("-p {}", self.port)]);
        start.args(["-w", "-t", START_SECONDS, "start"]);
        start.envs(self.locales.iter().map(|locales| ("LOCPATH", locales)));
        run(&mut start).map(drop).map_err(|failure| {
            format!("{failure}\nthe server's log:\n{}", std::fs::read_to_string(&log).unwrap_or_default())
        })
    }

    fn pg_ctl(&self) -> Command {
        let mut command = self.program("pg_ctl");
        command.arg("-D").arg(self.data());
        command
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// A program of `PostgreSQL` that must run as the server does.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.current_dir(&self.dir);
        if let Some(account) = self.account {
            account.run(&mut command);
        }
        command
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

fn append(file: &Path, text: &str) {
    let old = std::fs::read_to_string(file).expect("initdb wrote it");
    std::fs::write(file, old + text).expect("it is writable");
}

/// Runs a program to its end; its output, or what went wrong in words.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        Err(format!("{command:?}: {}\n{stdout}{stderr}", output.status))
    }
}

fn succeed(command: &mut Command) -> String {
    run(command).unwrap_or_else(|failure| panic!("{failure}"))
}
