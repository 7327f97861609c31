//! `trialogue interpreter`: the directory of interpreters.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Arg, ArgMatches, Command, value_parser};
use trialogue_app::{ImportError, Imported, Progress, Users};

use crate::output::{complain, print_line};

pub(crate) fn commands() -> [Command; 1] {
    [Command::new("import")
        .about("Add interpreters from a CSV file, or replace what is known of those with the same e-mail address")
        .arg(
            Arg::new("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("The file; its columns are described in docs/directory.md"),
        )]
}

/// Does what the command line says.
pub(crate) async fn run(users: &Users, name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    match name {
        "import" => import(users, arguments).await,
        other => bail!("there is no command `interpreter {other}`"),
    }
}

async fn import(users: &Users, arguments: &ArgMatches) -> anyhow::Result<()> {
    let path = arguments.get_one::<PathBuf>("FILE").context("name a file")?;
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let told = |progress| match progress {
        Progress::Read(lines) => complain(format_args!("{lines} lines are read")),
        Progress::Saving(count) => complain(format_args!("saving {count} interpreters")),
    };
    match users.import_interpreters(file, told).await {
        Ok(Imported { added, replaced }) => {
            Ok(print_line(format_args!("added {added}, replaced {replaced}"))?)
        }
        Err(ImportError::Lines(errors)) => {
            for error in &errors {
                complain(format_args!("{}:{}: {}", path.display(), error.line, error.message));
            }
            bail!("nothing was imported: {} errors in {}", errors.len(), path.display())
        }
        Err(error) => Err(error).with_context(|| format!("importing {}", path.display())),
    }
}
