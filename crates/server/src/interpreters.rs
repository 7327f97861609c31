//! `trialogue interpreter`: the directory of interpreters.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use trialogue_app::{ImportError, Imported, MAX_IMAGE_BYTES, Progress, Users};

use crate::output::{complain, print_line};

pub(crate) fn commands() -> [Command; 2] {
    let import = Command::new("import")
        .about("Add interpreters from a CSV file, or replace what is known of those with the same e-mail address")
        .arg(
            Arg::new("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("The file; its columns are described in docs/directory.md"),
        );
    let image = Command::new("image")
        .about("Give an interpreter a picture, or take it away")
        .arg(Arg::new("EMAIL").required(true).help("The interpreter"))
        .arg(
            Arg::new("FILE")
                .required_unless_present("remove")
                .value_parser(value_parser!(PathBuf))
                .help("The picture: PNG, JPEG or WebP, 16 KiB at most"),
        )
        .arg(
            Arg::new("remove")
                .long("remove")
                .action(ArgAction::SetTrue)
                .conflicts_with("FILE")
                .help("Take the picture away"),
        );
    [import, image]
}

/// Does what the command line says.
pub(crate) async fn run(users: &Users, name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    match name {
        "import" => import(users, arguments).await,
        "image" => image(users, arguments).await,
        other => bail!("there is no command `interpreter {other}`"),
    }
}

async fn image(users: &Users, arguments: &ArgMatches) -> anyhow::Result<()> {
    let email = arguments.get_one::<String>("EMAIL").context("name an interpreter")?;
    let image = match arguments.get_one::<PathBuf>("FILE") {
        None => None,
        Some(path) => {
            let reading = || format!("reading {}", path.display());
            let file = File::open(path).with_context(reading)?;
            let mut bytes = Vec::new();
            // One byte more than is allowed tells that it is too long.
            let limit = u64::try_from(MAX_IMAGE_BYTES)?.saturating_add(1);
            file.take(limit).read_to_end(&mut bytes).with_context(reading)?;
            Some(bytes)
        }
    };
    Ok(users.set_image(email, image).await?)
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
