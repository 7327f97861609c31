//! Programs that are started and ended: the servers, pgbench, cargo.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::stats::Sample;

/// The package's directory.
pub(crate) const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Builds the release program, and says where it is.
pub(crate) fn trialogue() -> anyhow::Result<PathBuf> {
    ensure!(!cfg!(debug_assertions), "run it with --release: nothing else is worth measuring");
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    succeed(build.current_dir(HERE).args(["build", "--release", "--quiet", "-p", "trialogue-server"]))?;
    let path = std::env::current_exe()?.with_file_name("trialogue");
    ensure!(path.exists(), "{} was not built", path.display());
    Ok(path)
}

/// Runs a program to its end; its output.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A server that listens; dropping it ends it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a program that prints `listening on http://ADDRESS/API`. What it logs goes to the file `log`, as in a real
    /// installation, and not to nowhere.
    pub(crate) fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let log = File::create(log)?;
        let mut child =
            command.stdout(Stdio::piped()).stderr(log).spawn().with_context(|| format!("{command:?}"))?;
        let stdout = child.stdout.take().context("the output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let Some(line) = lines.next() else {
                let _ = child.kill();
                bail!("{command:?} ended before it listened: {}", child.wait()?);
            };
            if let Some(url) = line?.strip_prefix("listening on http://") {
                break url.split('/').next().unwrap_or_default().parse()?;
            }
        };
        // It may go on to print: nobody reads it, nothing waits.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }
}

impl Server {
    /// Memory that is not paged out, in kilobytes.
    pub(crate) fn resident_kb(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a process's memory")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Processor time used so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name in brackets; user and system time are fields 14 and 15, in hundredths of a second.
        let fields = stat.rsplit_once(") ").context("a process's numbers")?.1.split(' ');
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program on a database.
pub(crate) fn serve(program: &Path, database: &str, request_log: bool) -> Command {
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", database]);
    command.args(["--request-log", if request_log { "true" } else { "false" }]);
    command
}

/// One of the baselines in Node; none if they are not installed.
pub(crate) fn node(script: &str, database: &str) -> Option<Command> {
    let baselines = Path::new(HERE).join("baselines");
    baselines.join("node_modules/fastify").exists().then(|| {
        let mut command = Command::new("node");
        command.current_dir(baselines).env("NODE_ENV", "production").args([script, database]);
        command
    })
}

/// pgbench with 8 clients on the statements of a kick.
pub(crate) fn pgbench(url: &str, seconds: u64, now: i64) -> anyhow::Result<Sample> {
    let script = Path::new(HERE).join("data/kick.pgbench.sql");
    let mut command = Command::new("pgbench");
    command.args(["-n", "-M", "prepared", "-c", "8", "-j", "1", "-D", "n=-1"]);
    command.args(["-D", &format!("now={now}"), "-T", &seconds.to_string(), "-f"]).arg(script).arg(url);
    let output = succeed(&mut command)?;
    let number = |before: &str| {
        let rest = &output[output.find(before)? + before.len()..];
        rest.split_whitespace().next()?.parse::<f64>().ok()
    };
    let rate = number("tps = ").with_context(|| format!("no rate in: {output}"))?;
    Ok(Sample { rate, p50_ms: number("latency average = ").unwrap_or(0.0), ..Sample::default() })
}
