//! The goals, and whether they are reached.

use crate::measure::{Driver, Key, Results};
use crate::place::Place::{self, PostgresDisk, PostgresMemory, SqliteDisk, SqliteMemory};

/// What a goal compares.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    /// The first rate is at least so many times the second.
    Rates(Key, Key, f64),
    /// p99 is at most so many times p50.
    Tail(Key, f64),
    /// No answer with 5xx.
    NoErrors(&'static [Key]),
    /// Measured by a command of its own.
    Elsewhere(&'static str),
}

/// A goal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    /// The name for `--only`; several goals may share it.
    pub(crate) name: &'static str,
    /// In words.
    pub(crate) text: &'static str,
    /// How it is judged.
    pub(crate) test: Test,
}

const fn goal(name: &'static str, meaning: &'static str, test: Test) -> Goal {
    Goal { name, text: meaning, test }
}

const fn rates(place: Place, measured: Driver, baseline: Driver, at_least: f64) -> Test {
    Test::Rates((place, measured), (place, baseline), at_least)
}

use Driver::{Baseline, Calls, Crowd, Fastify, FastifyCalls, Half, Past, Quiet, Server, Xml};

/// All of them.
pub(crate) const GOALS: &[Goal] = &[
    goal(
        "postgres-disk",
        "PostgreSQL on disk, fsync: kicks against pgbench",
        rates(PostgresDisk, Server, Baseline, 1.3),
    ),
    goal(
        "postgres",
        "PostgreSQL in memory: kicks against pgbench",
        rates(PostgresMemory, Server, Baseline, 1.3),
    ),
    goal(
        "sqlite-disk",
        "SQLite on disk, fsync: kicks against the raw loop",
        rates(SqliteDisk, Server, Baseline, 0.5),
    ),
    goal(
        "sqlite",
        "SQLite in memory: kicks against the raw loop",
        rates(SqliteMemory, Server, Baseline, 0.5),
    ),
    goal("xml", "XML against JSON, PostgreSQL in memory", rates(PostgresMemory, Xml, Server, 0.6)),
    goal("xml", "XML against JSON, SQLite in memory", rates(SqliteMemory, Xml, Server, 0.6)),
    goal(
        "p99",
        "p99 against p50 at half of the top rate, PostgreSQL on disk",
        Test::Tail((PostgresDisk, Half), 5.0),
    ),
    goal(
        "p99",
        "p99 against p50 at half of the top rate, SQLite on disk",
        Test::Tail((SqliteDisk, Half), 5.0),
    ),
    goal(
        "errors",
        "5xx answers with 32 and 128 connections",
        Test::NoErrors(&[
            (PostgresMemory, Server),
            (PostgresMemory, Crowd),
            (SqliteMemory, Server),
            (SqliteMemory, Crowd),
        ]),
    ),
    goal(
        "past",
        "1,000,000 past conferences against 1,000, PostgreSQL",
        rates(PostgresMemory, Past, Server, 0.85),
    ),
    goal("past", "1,000,000 past conferences against 1,000, SQLite", rates(SqliteMemory, Past, Server, 0.85)),
    goal("fastify", "against Fastify and pg, in memory", rates(PostgresMemory, Server, Fastify, 5.0)),
    goal(
        "fastify",
        "against Fastify and better-sqlite3, in memory",
        rates(SqliteMemory, Server, Fastify, 3.0),
    ),
    goal(
        "calls",
        "whole calls against Fastify and pg, in memory",
        rates(PostgresMemory, Calls, FastifyCalls, 1.0),
    ),
    goal(
        "calls",
        "whole calls against Fastify and better-sqlite3, in memory",
        rates(SqliteMemory, Calls, FastifyCalls, 1.0),
    ),
    goal(
        "log",
        "request log on against off, PostgreSQL in memory",
        rates(PostgresMemory, Server, Quiet, 0.85),
    ),
    goal("log", "request log on against off, SQLite in memory", rates(SqliteMemory, Server, Quiet, 0.85)),
    goal("build", "clean release build in 240 s", Test::Elsewhere("only with `--only build`")),
    goal("instructions", "instructions a request", Test::Elsewhere("`instructions --check`")),
    goal("capacity", "1,000 concurrent calls", Test::Elsewhere("only with `--only capacity`")),
    goal(
        "search",
        "from a request to the first offers, of 100,000 interpreters",
        Test::Elsewhere("only with `--only search`"),
    ),
    goal("streams", "15,000 idle event streams", Test::Elsewhere("only with `--only streams`")),
];

impl Goal {
    /// What must be measured for it.
    pub(crate) fn needs(&self) -> Vec<Key> {
        match self.test {
            Test::Rates(a, b, _) => vec![a, b],
            // Half of the top rate needs the top rate.
            Test::Tail((place, driver), _) => vec![(place, Server), (place, driver)],
            Test::NoErrors(keys) => keys.to_vec(),
            Test::Elsewhere(_) => Vec::new(),
        }
    }

    /// Its line of the table.
    pub(crate) fn line(&self, results: &Results) -> String {
        let cells = self.cells(results).unwrap_or_else(|| {
            let why = match self.test {
                Test::Elsewhere(why) => why,
                _ => "not measured",
            };
            [String::new(), String::new(), String::new(), String::new(), why.to_owned()]
        });
        format!("| {} | {} |", self.text, cells.join(" | "))
    }

    fn cells(&self, results: &Results) -> Option<[String; 5]> {
        let verdict = |reached: bool| if reached { "reached".to_owned() } else { "missed".to_owned() };
        Some(match self.test {
            Test::Rates(measured, baseline, at_least) => {
                let (measured, baseline) = (results.rate(measured)?, results.rate(baseline)?);
                let ratio = measured / baseline;
                [
                    format!("{measured:.0}/s"),
                    format!("{baseline:.0}/s"),
                    format!("{ratio:.2}"),
                    format!(">= {at_least}"),
                    verdict(ratio >= at_least),
                ]
            }
            Test::Tail(key, at_most) => {
                let (p50, p99) = (results.median(key, |s| s.p50_ms)?, results.median(key, |s| s.p99_ms)?);
                let ratio = p99 / p50;
                [
                    format!("{p99:.2} ms"),
                    format!("{p50:.2} ms"),
                    format!("{ratio:.1}"),
                    format!("<= {at_most}"),
                    verdict(ratio <= at_most),
                ]
            }
            Test::NoErrors(keys) => {
                if keys.iter().any(|key| results.samples(*key).is_empty()) {
                    return None;
                }
                let errors: u64 =
                    keys.iter().flat_map(|key| results.samples(*key)).map(|s| s.server_errors).sum();
                [errors.to_string(), String::new(), String::new(), "0".to_owned(), verdict(errors == 0)]
            }
            Test::Elsewhere(_) => return None,
        })
    }
}

/// The head of the table.
pub(crate) const HEAD: &str = "| Goal | Measured | Baseline | Ratio | Wanted | |\n|---|---|---|---|---|---|";
