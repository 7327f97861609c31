//! `trialogue plan`: whom requests are offered to, and what was decided for one.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use chrono::{DateTime, SecondsFormat};
use clap::{Arg, ArgMatches, Command, value_parser};
use trialogue_app::{Explained, PlanError, Users, interpreter_of};
use trialogue_domain::{Event, Lapse, RequestId, Timestamp, UserId};

use crate::output::{complain, print, print_line};

pub(crate) fn commands() -> [Command; 5] {
    let file = || {
        Arg::new("FILE")
            .required(true)
            .value_parser(value_parser!(PathBuf))
            .help("The plan; docs/ring-plans.md describes it")
    };
    let company = || {
        Arg::new("company")
            .long("company")
            .value_name("CODE")
            .help("Of this company; without it, the system's own")
    };
    [
        Command::new("check").about("Check a plan; each error is told with its line").arg(file()),
        Command::new("set").about("Keep a plan; it holds at once").arg(file()).arg(company()),
        Command::new("reset")
            .about("Forget the plan of a company, or the system's own: it is the system's, or the built-in one, again")
            .arg(company()),
        Command::new("show").about("Print the plan that holds").arg(company()),
        Command::new("explain").about("Print what was decided in the search of a request, and why").arg(
            Arg::new("REQUEST").required(true).value_parser(value_parser!(i32)).help("Its number"),
        ),
    ]
}

/// Does what the command line says.
pub(crate) async fn run(users: &Users, name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    let company = || arguments.try_get_one::<String>("company").ok().flatten().map(String::as_str);
    match name {
        "check" => {
            let (path, text) = file(arguments)?;
            let plan = told(&path, users.check_plan(&text).await)?;
            Ok(print_line(format_args!("{} is a plan of {} steps", path.display(), plan.steps.len()))?)
        }
        "set" => {
            let (path, text) = file(arguments)?;
            told(&path, users.set_plan(company(), &text).await)?;
            Ok(print_line("the plan is kept")?)
        }
        "reset" => {
            users.reset_plan(company()).await?;
            Ok(print_line("the plan is forgotten")?)
        }
        "show" => Ok(print(users.shown_plan(company()).await?)?),
        "explain" => {
            let request = arguments.get_one::<i32>("REQUEST").copied().unwrap_or_default();
            explain(&users.explain(RequestId(request)).await?)
        }
        other => bail!("there is no command `plan {other}`"),
    }
}

fn file(arguments: &ArgMatches) -> anyhow::Result<(PathBuf, String)> {
    let path = arguments.get_one::<PathBuf>("FILE").context("name a file")?;
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Ok((path.clone(), text))
}

/// Tells each error with its line.
fn told<T>(path: &std::path::Path, outcome: Result<T, PlanError>) -> anyhow::Result<T> {
    match outcome {
        Ok(value) => Ok(value),
        Err(PlanError::Lines(errors)) => {
            for error in &errors {
                complain(format_args!("{}:{}: {}", path.display(), error.line, error.message));
            }
            bail!("{} has {} errors; nothing has changed", path.display(), errors.len())
        }
        Err(error) => Err(error.into()),
    }
}

fn explain(explained: &Explained) -> anyhow::Result<()> {
    let name = |user: UserId| {
        let name = explained.people.get(&user).map_or("", |person| person.name.as_str());
        format!("interpreter {user} {name}").trim_end().to_owned()
    };
    print_line(format_args!("conference {}", explained.conference))?;
    for decision in &explained.decisions {
        let who = interpreter_of(&decision.event).map(name).unwrap_or_default();
        let what = match &decision.event {
            Event::Requested { language, .. } => format!("asked for, language {language}"),
            Event::Offered { step, until, .. } => {
                format!("step {}: {who} is rung until {}", u32::from(*step) + 1, instant(*until))
            }
            Event::OfferLapsed { lapse: Lapse::NoAnswer, .. } => format!("{who} did not answer"),
            Event::OfferLapsed { lapse: Lapse::Unavailable, .. } => {
                format!("{who} can take no call any more")
            }
            Event::OfferDeclined { .. } => format!("{who} said no"),
            Event::Accepted { .. } => format!("{who} accepted"),
            Event::Released { reason, .. } => format!("{who} is out of it ({reason:?}); searched for again"),
            Event::Ended { outcome } => format!("ended: {outcome:?}"),
            _ => continue,
        };
        print_line(format_args!("{}  {what}", instant(decision.at)))?;
        for (user, reason) in &decision.not_rung {
            print_line(format_args!("    not rung: {}: {}", name(*user), reason.code()))?;
        }
        if decision.more > 0 {
            print_line(format_args!("    not rung: {} more", decision.more))?;
        }
    }
    Ok(())
}

fn instant(at: Timestamp) -> String {
    DateTime::from_timestamp_micros(at.0).map_or_else(
        || "the end of the search".to_owned(),
        |t| t.to_rfc3339_opts(SecondsFormat::Millis, true),
    )
}
