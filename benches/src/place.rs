//! Where the data is: each measurement gets a fresh copy of a seeded database there.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use trialogue_storage::DatabaseUrl;
use trialogue_testkit::{Fsync, PostgresCluster, StopMode};

use crate::clock::micros;
use crate::seed::{self, Amount};
use crate::sqlite;

/// The four places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    /// PostgreSQL with fsync, in the directory for temporary files.
    PostgresDisk,
    /// SQLite with `synchronous=FULL`, in the directory for temporary files.
    SqliteDisk,
    /// PostgreSQL without fsync, in memory.
    PostgresMemory,
    /// SQLite in memory.
    SqliteMemory,
}

impl Place {
    pub(crate) const fn is_postgres(self) -> bool {
        matches!(self, Self::PostgresDisk | Self::PostgresMemory)
    }

    const fn is_memory(self) -> bool {
        matches!(self, Self::PostgresMemory | Self::SqliteMemory)
    }
}

const MEMORY: &str = "/dev/shm";

/// From now on temporary files are in memory; so the places on disk are measured first.
pub(crate) fn move_to_memory() -> anyhow::Result<()> {
    anyhow::ensure!(Path::new(MEMORY).is_dir(), "there is no {MEMORY} to keep data in memory");
    match tempfile::env::override_temp_dir(Path::new(MEMORY)) {
        Err(other) if other != Path::new(MEMORY) => bail!("temporary files are in {}", other.display()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A place, ready.
pub(crate) struct Ground {
    kind: Kind,
    /// For files beside the data.
    pub(crate) dir: TempDir,
    copies: u32,
}

enum Kind {
    Postgres(PostgresCluster),
    Sqlite,
}

/// A seeded database that is only copied.
pub(crate) struct Seeded {
    url: String,
    pub(crate) amount: Amount,
}

/// A copy, to be used up by one measurement.
pub(crate) struct Copy {
    pub(crate) url: String,
}

impl Ground {
    pub(crate) fn new(place: Place) -> anyhow::Result<Self> {
        let kind = if place.is_postgres() {
            let mut cluster = PostgresCluster::new(if place.is_memory() { Fsync::Off } else { Fsync::On });
            let any = cluster.create_database();
            // What any installation of this size would set; the rest is PostgreSQL's own choice, synchronous_commit too.
            cluster.query(&any, "ALTER SYSTEM SET shared_buffers = '1GB'");
            cluster.query(&any, "ALTER SYSTEM SET max_wal_size = '4GB'");
            cluster.restart(StopMode::Fast);
            Kind::Postgres(cluster)
        } else {
            Kind::Sqlite
        };
        Ok(Self { kind, dir: tempfile::Builder::new().prefix("trialogue-bench-").tempdir()?, copies: 0 })
    }

    pub(crate) fn seed(&self, amount: Amount) -> anyhow::Result<Seeded> {
        let now = micros();
        let url = match &self.kind {
            Kind::Postgres(cluster) => {
                let url = cluster.create_database();
                trialogue_storage::migrate(&DatabaseUrl::parse(&url)?)?;
                cluster.query(&url, &amount.fill(include_str!("../data/seed-postgres.sql"), now));
                cluster.query(&url, "VACUUM (ANALYZE, FREEZE)");
                url
            }
            Kind::Sqlite => {
                let file = self.dir.path().join(format!("seeded-{}-{}.db", amount.past, amount.pairs));
                let url = format!("sqlite://{}", file.display());
                trialogue_storage::migrate(&DatabaseUrl::parse(&url)?)?;
                sqlite::fill(&file, amount, now)?;
                url
            }
        };
        Ok(Seeded { url, amount })
    }

    /// Adds guests to call 1 of a seeded database.
    pub(crate) fn add_listeners(&self, seeded: &Seeded, count: u32) -> anyhow::Result<()> {
        let now = micros();
        match &self.kind {
            Kind::Postgres(cluster) => {
                let bytes = |hex: &str| format!("decode('{hex}', 'hex')");
                cluster.query(&seeded.url, &seed::listeners(count, now, bytes));
                Ok(())
            }
            Kind::Sqlite => {
                let bytes = |hex: &str| format!("x'{hex}'");
                sqlite::execute(&file_of(&seeded.url), &seed::listeners(count, now, bytes))
            }
        }
    }

    /// Runs statements, which both databases know, on a seeded database.
    pub(crate) fn execute(&self, seeded: &Seeded, sql: &str) -> anyhow::Result<()> {
        match &self.kind {
            Kind::Postgres(cluster) => {
                cluster.query(&seeded.url, sql);
                cluster.query(&seeded.url, "VACUUM (ANALYZE, FREEZE)");
                Ok(())
            }
            Kind::Sqlite => sqlite::execute(&file_of(&seeded.url), sql),
        }
    }

    pub(crate) fn copy(&mut self, seeded: &Seeded) -> anyhow::Result<Copy> {
        self.copies += 1;
        let url = match &self.kind {
            Kind::Postgres(cluster) => {
                let (server, name) = seeded.url.rsplit_once('/').context("a database's URL")?;
                let copy = format!("copy_{}", self.copies);
                let sql = format!("CREATE DATABASE {copy} TEMPLATE {name} STRATEGY file_copy");
                cluster.query(&format!("{server}/postgres"), &sql);
                let url = format!("{server}/{copy}");
                cluster.query(&url, "CHECKPOINT");
                url
            }
            Kind::Sqlite => {
                let file = self.dir.path().join(format!("copy-{}.db", self.copies));
                std::fs::copy(file_of(&seeded.url), &file)?;
                std::fs::File::open(&file)?.sync_all()?;
                format!("sqlite://{}", file.display())
            }
        };
        Ok(Copy { url })
    }

    /// How many guests of a copy were kicked.
    pub(crate) fn kicked(&self, copy: &Copy) -> anyhow::Result<u32> {
        let count = match &self.kind {
            Kind::Postgres(cluster) => {
                cluster.query(&copy.url, "SELECT count(*) FROM participants WHERE reason = 6").parse()?
            }
            Kind::Sqlite => sqlite::kicked(&file_of(&copy.url))?,
        };
        Ok(u32::try_from(count)?)
    }

    pub(crate) fn discard(&self, copy: &Copy) -> anyhow::Result<()> {
        match &self.kind {
            Kind::Postgres(cluster) => {
                let (server, name) = copy.url.rsplit_once('/').context("a database's URL")?;
                cluster.query(&format!("{server}/postgres"), &format!("DROP DATABASE {name} (FORCE)"));
            }
            Kind::Sqlite => {
                let file = file_of(&copy.url);
                for suffix in ["", "-wal", "-shm", ".lock"] {
                    let mut name = file.clone().into_os_string();
                    name.push(suffix);
                    let _ = std::fs::remove_file(name);
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn file_of(url: &str) -> PathBuf {
    PathBuf::from(url.trim_start_matches("sqlite://"))
}
