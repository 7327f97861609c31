//! `trialogue user add`.

use std::io::{BufRead as _, Read as _};

use anyhow::{Context as _, bail, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use trialogue_domain::LanguageId;
use trialogue_http::{Clock as _, EmailAddress, PersonName, check_new_password, hash_password};
use trialogue_storage::{NewUser, Store, StoreError, UserRole};

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::output::print_line;

/// Longest line that is read as a password, in bytes.
const LONGEST_LINE: u64 = 4096;

pub(crate) fn command() -> Command {
    let languages = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("LANGUAGE")
            .action(ArgAction::Append)
            .value_parser(value_parser!(i32))
            .help(help)
    };
    Command::new("add")
        .about("Add a client or a provider; the password is read from standard input")
        .arg(Arg::new("role").required(true).value_parser(["client", "provider"]))
        .arg(Arg::new("email").required(true))
        .arg(Arg::new("name").required(true).help("The name to show"))
        .arg(languages("native", "A provider's native language (number; 44 is Spanish); may be repeated"))
        .arg(languages("language", "Another language of a provider (number); may be repeated"))
}

pub(crate) async fn add(store: &Store, arguments: &ArgMatches) -> anyhow::Result<()> {
    let text = |name: &str| arguments.get_one::<String>(name).cloned().unwrap_or_default();
    let numbers = |name: &str, native: bool| {
        let given = arguments.get_many::<i32>(name).unwrap_or_default();
        given.map(|id| (LanguageId(*id), native)).collect::<Vec<_>>()
    };
    let role = if text("role") == "client" { UserRole::Client } else { UserRole::Provider };
    let languages = [numbers("native", true), numbers("language", false)].concat();
    ensure!(role == UserRole::Provider || languages.is_empty(), "only providers have languages");
    ensure!(role == UserRole::Client || !languages.is_empty(), "a provider needs a language: --language 44");
    let email = text("email");
    let Ok(email) = EmailAddress::parse(&email) else { bail!("{email:?} is not an e-mail address") };
    let name = PersonName::parse(&text("name"))?;
    let password = read_password()?;
    for form in email.stored_forms() {
        ensure!(store.credentials(role, form).await?.is_none(), StoreError::EmailTaken);
    }
    let password_hash = hash_password(&password, &SystemEntropy).map_err(anyhow::Error::msg)?;
    let (email, name) = (email.as_str().to_owned(), name.as_str().to_owned());
    let new = NewUser { role, email, name, password_hash, languages };
    let id = store.add_user(new, SystemClock.now()).await?;
    Ok(print_line(format_args!("added user {id}"))?)
}

/// A new password: the first line of standard input, without its end.
fn read_password() -> anyhow::Result<String> {
    let mut line = String::new();
    let mut input = std::io::stdin().lock().take(LONGEST_LINE);
    input.read_line(&mut line).context("reading the password from standard input")?;
    let line = line.strip_suffix('\n').map_or(&*line, |line| line.strip_suffix('\r').unwrap_or(line));
    check_new_password(line).context("reading the password from a line of standard input")?;
    Ok(line.to_owned())
}
