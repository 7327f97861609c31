//! Instructions of a request, counted by valgrind: a number that does not depend on what else the machine does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use datacontract::Contract;
use tokio::task::JoinSet;
use trialogue_app::Conferences;
use trialogue_contract::json;
use trialogue_contract::models::ResultVideoConferenceParticipant;
use trialogue_domain::{
    self as domain, Actor, ConferenceId, Effect, Observation, ParticipantId, Timestamp, Timings, UserId,
};
use trialogue_storage::{
    ConferenceLookup, DatabaseUrl, JobKind, LeasedJob, NodeId, SecretHash, Store, StoreOptions, hash_secret,
};

use crate::clock::micros;
use crate::programs::HERE;
use crate::request::{Form, Template};
use crate::seed::{Amount, guest, token};
use crate::sqlite;

/// The kinds of work, and how often each is done under valgrind: `few` are taken off, with all that happens only once.
pub(crate) const KINDS: [(&str, u32, u32); 7] = [
    ("json", 20, 220),
    ("xml", 20, 120),
    ("sqlite", 64, 320),
    ("removal", 64, 320),
    ("kick_batch", 64, 320),
    ("removal_batch", 64, 320),
    ("poll", 100, 1100),
];

/// Number of calls, each with one guest.
const GUESTS: u32 = 400;

/// How many kicks, and how many removals, come at the same time.
const BATCH: u32 = 32;

/// The lowest of so many counts is taken: a thread that finds another one asleep costs some instructions more, and whether it
/// does is chance.
const COUNTS: u32 = 3;

/// Factor over the kept number at which the check fails.
const TOLERANCE: f64 = 1.05;

/// Counts, prints, and compares or writes.
pub(crate) fn count(check: bool, update: bool) -> anyhow::Result<()> {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!(
            "valgrind is not installed: instructions are not counted (Debian: apt-get install valgrind)"
        );
        return Ok(());
    }
    ensure!(!cfg!(debug_assertions), "run it with --release: the kept numbers are those of a release build");
    let file = Path::new(HERE).join("instructions.toml");
    let kept: BTreeMap<String, f64> = toml::from_str(&std::fs::read_to_string(&file).unwrap_or_default())?;
    let mut counted = String::from(
        "# Instructions a request, by valgrind --tool=callgrind; see README.md. The check fails at 5 % more.\n",
    );
    let mut worse = Vec::new();
    for (kind, few, many) in KINDS {
        let mut each = f64::INFINITY;
        for _ in 0..COUNTS {
            let more = under_valgrind(kind, many)? - under_valgrind(kind, few)?;
            each = each.min(more / f64::from(many - few));
        }
        counted += &[kind, " = ", &format!("{each:.0}"), "\n"].concat();
        let before = kept.get(kind).copied();
        let against =
            before.map_or_else(String::new, |b| format!(", kept {b:.0}: {:+.1} %", (each / b - 1.0) * 100.0));
        println!("{kind}: {each:.0} instructions{against}");
        if check && before.is_none_or(|before| each > before * TOLERANCE) {
            worse.push(kind);
        }
    }
    if update {
        std::fs::write(&file, counted)?;
    }
    if !worse.is_empty() {
        bail!(
            "more instructions than benches/instructions.toml allows: {}. If it is meant: `instructions --update`",
            worse.join(", ")
        );
    }
    Ok(())
}

fn under_valgrind(kind: &str, count: u32) -> anyhow::Result<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(std::env::current_exe()?).args(["work", kind, &count.to_string()]);
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    let collected =
        text.lines().find_map(|line| line.split_once("Collected :")).context("no count of valgrind's")?;
    Ok(collected.1.trim().parse()?)
}

/// The work itself.
pub(crate) fn work(kind: &str, count: u32) -> anyhow::Result<()> {
    match kind {
        "json" => {
            let body = Template::new(Form::Json)?.body(1).into_bytes();
            for _ in 0..count {
                let read: ResultVideoConferenceParticipant =
                    json::read(std::hint::black_box(&body)).map_err(|e| anyhow::anyhow!("{e:?}"))?;
                std::hint::black_box(json::write(&read)?);
            }
        }
        "xml" => {
            let contract = Contract::new("http://schemas.datacontract.org/2004/07/API.Models");
            let body = Template::new(Form::Xml)?.body(1).into_bytes();
            for _ in 0..count {
                let read: ResultVideoConferenceParticipant = contract.read(std::hint::black_box(&body))?;
                std::hint::black_box(contract.write(&read)?);
            }
        }
        "sqlite" => kicks(count, 1, false)?,
        "removal" => kicks(count, 1, true)?,
        "kick_batch" => kicks(count, BATCH, false)?,
        "removal_batch" => kicks(count, BATCH, true)?,
        _ => polls(count)?,
    }
    Ok(())
}

/// Does the work on a store with [`GUESTS`] calls: what seeding costs is taken off.
fn on_seeded<F: Future<Output = anyhow::Result<()>>>(
    work: impl FnOnce(Store, Timestamp) -> F,
) -> anyhow::Result<(tempfile::TempDir, PathBuf)> {
    let dir = tempfile::tempdir()?;
    let file: PathBuf = dir.path().join("kicks.db");
    let url = DatabaseUrl::parse(&format!("sqlite://{}", file.display()))?;
    trialogue_storage::migrate(&url)?;
    let now = micros();
    sqlite::fill(&file, Amount { guests: GUESTS, past: 0, pairs: 0 }, now)?;
    let store = Store::open(&url, StoreOptions { readers: 1, ..StoreOptions::default() })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work(store.clone(), Timestamp(now)))?;
    store.close();
    Ok((dir, file))
}

/// Whole kicks through the store, so many at the same time; with what follows in the background: the removal of each guest.
fn kicks(count: u32, at_once: u32, with_removal: bool) -> anyhow::Result<()> {
    // Outside of what is counted: a processor hashes by instructions of its own, which valgrind does not have.
    let tokens: Vec<SecretHash> = (1..=GUESTS).map(|call| hash_secret(&token(call))).collect();
    let (_dir, file) = on_seeded(async |store: Store, now| {
        let mut inbox = with_removal.then(|| {
            let (lease, capacity) = (Duration::from_secs(30), usize::try_from(at_once).unwrap_or(1));
            store.receive_jobs::<Effect>(JobKind::Engine, NodeId(1), lease, capacity)
        });
        let conferences = Conferences::new(store.clone(), Timings::default());
        let calls: Vec<u32> = (1..=count).collect();
        for group in calls.chunks(usize::try_from(at_once)?) {
            for (call, token) in group.iter().zip(&tokens[usize::try_from(group[0] - 1)?..]) {
                let login = store.login(*token, now).await?.context("a login")?;
                ensure!(login.user == UserId(i32::try_from(*call)?), "the token is another's");
            }
            all(group.iter().map(|call| {
                let (conferences, call) = (conferences.clone(), *call);
                async move { kick(&conferences, call, now).await }
            }))
            .await?;
            if let Some(inbox) = &mut inbox {
                let mut removals = Vec::new();
                for _ in group {
                    removals.push(inbox.next().await.context("a worker")?);
                }
                all(removals.into_iter().map(|jobs| {
                    let conferences = conferences.clone();
                    async move { remove(&conferences, &jobs, now).await }
                }))
                .await?;
            }
        }
        if with_removal {
            ensure!(store.jobs_waiting(JobKind::Engine).await? == 0, "not every guest was removed");
        }
        Ok(())
    })?;
    ensure!(sqlite::kicked(&file)? == i64::from(count), "not every guest was kicked");
    Ok(())
}

async fn kick(conferences: &Conferences, call: u32, now: Timestamp) -> anyhow::Result<()> {
    let number = i32::try_from(call)?;
    let target = ParticipantId(i32::try_from(guest(call))?);
    let (lookup, client) = (ConferenceLookup::Id(ConferenceId(number)), Actor::Client(UserId(number)));
    conferences.command(lookup, client, domain::Command::Kick(target), now).await?;
    Ok(())
}

/// As the worker does it, with an engine that costs nothing.
async fn remove(conferences: &Conferences, jobs: &[LeasedJob<Effect>], now: Timestamp) -> anyhow::Result<()> {
    for job in jobs {
        let Effect::Remove(participant) = job.work else { bail!("not a removal") };
        let seen = [Observation::Removed(participant), Observation::RemovalVerified(participant)];
        let conference = job.conference.context("a conference")?;
        conferences.job_done_seeing(job, conference, seen, now).await?;
    }
    Ok(())
}

/// A client asks again and again how its request stands, and nothing changes.
fn polls(count: u32) -> anyhow::Result<()> {
    on_seeded(async |store: Store, _| {
        for _ in 0..count {
            let view = store.polled(ConferenceLookup::Client(UserId(1))).await?.context("a call")?;
            ensure!(view.conference.id == ConferenceId(1), "the call is another's");
        }
        Ok(())
    })?;
    Ok(())
}

/// Does all at the same time.
async fn all<F>(work: impl IntoIterator<Item = F>) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut tasks: JoinSet<_> = work.into_iter().collect();
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
