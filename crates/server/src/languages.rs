//! `trialogue language`: the languages that can be asked for.

use anyhow::bail;
use clap::{Arg, ArgMatches, Command};
use trialogue_app::Users;

use crate::output::print_line;

pub(crate) fn commands() -> [Command; 2] {
    [
        Command::new("add")
            .about("Add a language or a dialect; it can be asked for at once")
            .arg(
                Arg::new("CODE")
                    .required(true)
                    .help("ISO 639, with a hyphen before a dialect: `qu`, `es-MX`"),
            )
            .arg(Arg::new("NAME").required(true).help("Its name in English")),
        Command::new("list").about("List the languages: number, code and name"),
    ]
}

/// Does what the command line says.
pub(crate) async fn run(users: &Users, name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    let text = |name: &str| arguments.get_one::<String>(name).map_or("", String::as_str);
    match name {
        "add" => {
            let id = users.add_language(text("CODE"), text("NAME")).await?;
            Ok(print_line(format_args!("added language {id}"))?)
        }
        "list" => {
            for language in users.languages().await? {
                print_line(format_args!("{}\t{}\t{}", language.id, language.code, language.name))?;
            }
            Ok(())
        }
        other => bail!("there is no command `language {other}`"),
    }
}
