//! The measurements, in interleaved rounds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::clock::micros;
use crate::load::{CONNECTIONS, Load, Seen, Work, closed_loop, fixed_rate};
use crate::place::{Copy, Ground, Place, Seeded, file_of, move_to_memory};
use crate::programs::{Server, node, pgbench, serve};
use crate::request::Form;
use crate::seed::Amount;
use crate::sqlite::raw_loop;
use crate::stats::{Sample, median};

/// What drives a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Driver {
    /// The server, 32 connections, kicks in JSON.
    Server,
    /// The same with the request log off.
    Quiet,
    /// The same with 128 connections.
    Crowd,
    /// The same in XML.
    Xml,
    /// The same with a million past conferences.
    Past,
    /// pgbench or the raw loop.
    Baseline,
    /// Fastify.
    Fastify,
    /// The server, 32 connections, whole calls in JSON.
    Calls,
    /// The same of Fastify.
    FastifyCalls,
    /// The server at half of its top rate; comes last.
    Half,
}

/// What is measured.
pub(crate) type Key = (Place, Driver);

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results(BTreeMap<Key, Vec<Sample>>);

impl Results {
    pub(crate) fn samples(&self, key: Key) -> &[Sample] {
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The median over the rounds.
    pub(crate) fn median(&self, key: Key, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        let values: Vec<f64> = self.samples(key).iter().map(of).collect();
        (!values.is_empty()).then(|| median(values))
    }

    pub(crate) fn rate(&self, key: Key) -> Option<f64> {
        self.median(key, |s| s.rate)
    }
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: u32,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    pub(crate) past: u32,
}

impl Effort {
    /// What a driver needs, enough for the fastest that may be.
    fn amount(self, driver: Driver) -> Amount {
        let seconds = u32::try_from((self.warm_up + self.measured).as_secs()).unwrap_or(u32::MAX);
        match driver {
            Driver::Calls | Driver::FastifyCalls => {
                Amount { guests: 1_000, past: 1_000, pairs: 2_500 * seconds }
            }
            Driver::Past => Amount { guests: 22_000 * seconds, past: self.past, pairs: 0 },
            _ => Amount { guests: 22_000 * seconds, past: 1_000, pairs: 0 },
        }
    }
}

/// Measures all keys, place after place.
pub(crate) fn run(program: &Path, keys: &BTreeSet<Key>, effort: Effort) -> anyhow::Result<Results> {
    let mut results = Results::default();
    for place in [Place::PostgresDisk, Place::SqliteDisk, Place::PostgresMemory, Place::SqliteMemory] {
        let drivers: Vec<Driver> = keys.iter().filter(|key| key.0 == place).map(|key| key.1).collect();
        if drivers.is_empty() {
            continue;
        }
        if place == Place::PostgresMemory || place == Place::SqliteMemory {
            move_to_memory()?;
        }
        eprintln!("{place:?}: preparing");
        let mut field = Field::prepare(program, place, &drivers, effort)?;
        for round in 1..=effort.rounds {
            for driver in &drivers {
                let top = results.rate((place, Driver::Server));
                let Some(sample) = field.measure(*driver, top)? else { continue };
                eprintln!(
                    "{place:?} {driver:?}, round {round}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {} errors, {:.0} us of the server's CPU",
                    sample.rate, sample.p50_ms, sample.p99_ms, sample.server_errors, sample.cpu_us
                );
                results.0.entry((place, *driver)).or_default().push(sample);
            }
        }
    }
    Ok(results)
}

struct Field<'a> {
    program: &'a Path,
    place: Place,
    ground: Ground,
    seeded: BTreeMap<Amount, Seeded>,
    effort: Effort,
}

impl<'a> Field<'a> {
    fn prepare(program: &'a Path, place: Place, drivers: &[Driver], effort: Effort) -> anyhow::Result<Self> {
        let ground = Ground::new(place)?;
        let amounts: BTreeSet<Amount> = drivers.iter().map(|driver| effort.amount(*driver)).collect();
        let seeded = amounts.into_iter().map(|amount| anyhow::Ok((amount, ground.seed(amount)?)));
        let seeded = seeded.collect::<anyhow::Result<_>>()?;
        Ok(Self { program, place, ground, seeded, effort })
    }

    /// One measurement on a fresh copy; none if what it needs is not installed.
    fn measure(&mut self, driver: Driver, top: Option<f64>) -> anyhow::Result<Option<Sample>> {
        let amount = self.effort.amount(driver);
        let seeded = self.seeded.get(&amount).context("a seeded database")?;
        let copy = self.ground.copy(seeded)?;
        let seen = self.drive(driver, &copy, amount, top)?;
        let in_the_table = self.ground.kicked(&copy)?;
        self.ground.discard(&copy)?;
        let Some(Seen { sample, kicked }) = seen else { return Ok(None) };
        // A baseline that stops in time has answers that nobody counted.
        let is_counted = driver != Driver::Baseline;
        ensure!(
            !is_counted || in_the_table == kicked,
            "{kicked} kicks were answered with 200, but {in_the_table} guests are kicked"
        );
        Ok(Some(sample))
    }

    fn drive(
        &self,
        driver: Driver,
        copy: &Copy,
        amount: Amount,
        top: Option<f64>,
    ) -> anyhow::Result<Option<Seen>> {
        let Effort { warm_up, measured, .. } = self.effort;
        let log = self.ground.dir.path().join("log");
        let mut command = match driver {
            Driver::Baseline => return self.baseline(copy, amount.guests).map(Some),
            Driver::Fastify | Driver::FastifyCalls => {
                let (script, database) = if self.place.is_postgres() {
                    ("pg.js", copy.url.clone())
                } else {
                    ("sqlite.js", file_of(&copy.url).display().to_string())
                };
                let Some(command) = node(script, &database) else { return Ok(None) };
                command
            }
            Driver::Quiet => serve(self.program, &copy.url, false),
            Driver::Server | Driver::Crowd | Driver::Xml | Driver::Past | Driver::Half | Driver::Calls => {
                serve(self.program, &copy.url, true)
            }
        };
        let server = Server::start(&mut command, &log)?;
        let work = match driver {
            Driver::Calls | Driver::FastifyCalls => Work::Calls,
            Driver::Xml => Work::Kicks(Form::Xml),
            _ => Work::Kicks(Form::Json),
        };
        let connections = if driver == Driver::Crowd { 128 } else { CONNECTIONS };
        let load = Load { server: server.address, work, connections, amount, warm_up, measured };
        let started = server.cpu()?;
        let mut seen = match (driver, top) {
            (Driver::Half, Some(top)) => fixed_rate(load, top / 2.0)?,
            (Driver::Half, None) => return Ok(None),
            _ => closed_loop(load)?,
        };
        seen.sample.cpu_us =
            server.cpu()?.saturating_sub(started).as_secs_f64() * 1e6 / f64::from(seen.kicked.max(1));
        Ok(Some(seen))
    }

    fn baseline(&self, copy: &Copy, guests: u32) -> anyhow::Result<Seen> {
        let Effort { warm_up, measured, .. } = self.effort;
        let now = micros();
        if self.place.is_postgres() {
            let seconds = (warm_up + measured).as_secs();
            let sample = pgbench(&copy.url, seconds, now)?;
            let kicked = self.ground.kicked(copy)?;
            ensure!(kicked < guests, "pgbench was faster than there are guests");
            return Ok(Seen { sample, kicked });
        }
        let (sample, kicked) = raw_loop(&file_of(&copy.url), guests, warm_up, measured, now)?;
        Ok(Seen { sample, kicked })
    }
}
