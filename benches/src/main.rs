//! Measures Trialogue against its goals. See `README.md` beside this package's `Cargo.toml`.

mod calls;
mod capacity;
mod clock;
mod connection;
mod day;
mod goals;
mod instructions;
mod load;
mod measure;
mod place;
mod programs;
mod request;
mod search;
mod seed;
mod sqlite;
mod stats;
mod streams;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command as Process, ExitCode};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::goals::{GOALS, Goal, HEAD};
use crate::load::{CONNECTIONS, Load, Work, closed_loop};
use crate::measure::{Driver, Effort, Key};
use crate::request::Form;
use crate::seed::Amount;

fn main() -> ExitCode {
    match run(&arguments().get_matches()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Command {
    let names: BTreeSet<&str> = GOALS.iter().map(|goal| goal.name).collect();
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("trialogue-benches")
        .about("Measures Trialogue against its goals")
        .arg(flag("quick", "One short round: is it alive, and roughly how fast?"))
        .arg(
            Arg::new("only")
                .long("only")
                .value_name("GOAL")
                .action(ArgAction::Append)
                .value_parser(names.into_iter().collect::<Vec<_>>())
                .help("Only this goal; may be given more than once"),
        )
        .arg(
            Arg::new("program")
                .long("program")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Measure this trialogue instead of building one: to compare two builds"),
        )
        .arg(
            Arg::new("streams")
                .long("streams")
                .value_name("COUNT")
                .default_value("15000")
                .value_parser(clap::value_parser!(u32))
                .help("Number of event streams; 15,000 need about 34,000 open files (`ulimit -n`)"),
        )
        .arg(
            Arg::new("calls")
                .long("calls")
                .value_name("COUNT")
                .default_value("1000")
                .value_parser(clap::value_parser!(u32))
                .help("Number of concurrent calls of `--only capacity`; each has 8 connections"),
        )
        .subcommand(
            Command::new("instructions")
                .about("Counts the instructions of a request under valgrind")
                .arg(flag("check", "Fail if there are 5 % more than benches/instructions.toml says"))
                .arg(flag("update", "Write benches/instructions.toml").conflicts_with("check")),
        )
        .subcommand(
            Command::new("load")
                .about("Only the load, on a server whose database was seeded with data/seed-*.sql: for profilers")
                .arg(Arg::new("server").required(true).value_name("ADDRESS:PORT").value_parser(clap::value_parser!(SocketAddr)))
                .arg(Arg::new("guests").required(true).value_parser(clap::value_parser!(u32)))
                .arg(Arg::new("seconds").default_value("10").value_parser(clap::value_parser!(u64)))
                .arg(flag("xml", "In XML")),
        )
        .subcommand(Command::new("day").about("Simulates a day of requests by the real rules, and prints how long clients wait"))
        .subcommand(
            Command::new("work")
                .about("What is counted: so many of one kind of work")
                .hide(true)
                .arg(Arg::new("kind").required(true).value_parser(instructions::KINDS.map(|(kind, ..)| kind)))
                .arg(Arg::new("count").required(true).value_parser(clap::value_parser!(u32))),
        )
}

fn run(arguments: &ArgMatches) -> anyhow::Result<()> {
    match arguments.subcommand() {
        Some(("instructions", how)) => {
            return instructions::count(how.get_flag("check"), how.get_flag("update"));
        }
        Some(("day", _)) => return day::simulate(),
        Some(("load", what)) => return only_load(what),
        Some(("work", what)) => {
            let kind = what.get_one::<String>("kind").map_or("", String::as_str);
            return instructions::work(kind, what.get_one("count").copied().unwrap_or(1));
        }
        _ => {}
    }
    let only: Option<BTreeSet<&str>> =
        arguments.get_many::<String>("only").map(|names| names.map(String::as_str).collect());
    let wanted = |goal: &&Goal| only.as_ref().is_none_or(|only| only.contains(goal.name));
    let goals: Vec<&Goal> = GOALS.iter().filter(wanted).collect();

    let effort = if arguments.get_flag("quick") {
        Effort { rounds: 1, warm_up: Duration::from_secs(1), measured: Duration::from_secs(2), past: 100_000 }
    } else {
        Effort {
            rounds: 3,
            warm_up: Duration::from_secs(1),
            measured: Duration::from_secs(5),
            past: 1_000_000,
        }
    };
    let mut keys: BTreeSet<Key> = goals.iter().flat_map(|goal| goal.needs()).collect();
    if arguments.get_flag("quick") && only.is_none() {
        // Seeding many past conferences is not quick.
        keys.retain(|key| key.1 != Driver::Past);
    }
    let program = match arguments.get_one::<PathBuf>("program") {
        Some(program) => program.clone(),
        None => programs::trialogue()?,
    };
    let (before, results, after) = (load_average(), measure::run(&program, &keys, effort)?, load_average());
    println!("Load average before {before}, after {after}.\n\n{HEAD}");
    for goal in &goals {
        println!("{}", goal.line(&results));
    }
    if only.as_ref().is_some_and(|only| only.contains("build")) {
        build()?;
    }
    if only.as_ref().is_some_and(|only| only.contains("capacity")) {
        capacity::measure(&program, arguments.get_one("calls").copied().unwrap_or(1_000))?;
    }
    if only.as_ref().is_some_and(|only| only.contains("search")) {
        search::measure(&program)?;
    }
    if only.is_some_and(|only| only.contains("streams")) {
        streams::measure(&program, arguments.get_one("streams").copied().unwrap_or(15_000))?;
    }
    Ok(())
}

/// How busy the machine is, ourselves included: with other work on it, even ratios mean little.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

fn only_load(what: &ArgMatches) -> anyhow::Result<()> {
    let load = Load {
        server: what.get_one("server").copied().context("a server")?,
        work: Work::Kicks(if what.get_flag("xml") { Form::Xml } else { Form::Json }),
        connections: CONNECTIONS,
        amount: Amount { guests: what.get_one("guests").copied().unwrap_or(1), past: 0, pairs: 0 },
        warm_up: Duration::ZERO,
        measured: Duration::from_secs(what.get_one("seconds").copied().unwrap_or(10)),
    };
    let seen = closed_loop(load)?;
    println!("{} kicks: {:?}", seen.kicked, seen.sample);
    Ok(())
}

/// A clean release build into a directory of its own.
fn build() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let begin = clock::now();
    let mut cargo = Process::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(programs::HERE).env("CARGO_TARGET_DIR", dir.path());
    programs::succeed(cargo.args(["build", "--release", "--quiet", "-p", "trialogue-server"]))?;
    println!(
        "\na clean release build took {:.0} s (wanted: 240 s on two quiet cores)",
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}
