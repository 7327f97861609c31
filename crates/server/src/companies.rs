//! `trialogue company`: the customers, and the secrets of their own systems.

use anyhow::bail;
use clap::{Arg, ArgMatches, Command};
use trialogue_app::Users;

use crate::output::print_line;

pub(crate) fn commands() -> [Command; 4] {
    let code = || Arg::new("CODE").required(true).help("Its short name; letter case does not count");
    [
        Command::new("add")
            .about("Add a company")
            .arg(code())
            .arg(Arg::new("NAME").required(true).help("Its name")),
        Command::new("list").about("List the companies: number, code and name"),
        Command::new("secret")
            .about("Make a new secret for a company's own systems, and print it; those before it stay valid until revoked")
            .arg(code()),
        Command::new("revoke").about("Revoke all secrets of a company but the newest").arg(code()),
    ]
}

/// Does what the command line says.
pub(crate) async fn run(users: &Users, name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    let text = |name: &str| arguments.get_one::<String>(name).map_or("", String::as_str);
    match name {
        "add" => {
            let id = users.add_company(text("CODE"), text("NAME")).await?;
            Ok(print_line(format_args!("added company {}", id.0))?)
        }
        "list" => {
            for company in users.companies().await? {
                print_line(format_args!("{}\t{}\t{}", company.id.0, company.code, company.name))?;
            }
            Ok(())
        }
        "secret" => {
            let secret = users.new_company_secret(text("CODE")).await?;
            print_line("It is shown once, and kept nowhere:")?;
            Ok(print_line(secret.reveal())?)
        }
        "revoke" => {
            let revoked = users.revoke_company_secrets(text("CODE")).await?;
            Ok(print_line(format_args!("revoked {revoked}"))?)
        }
        other => bail!("there is no command `company {other}`"),
    }
}
