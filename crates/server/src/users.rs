//! `trialogue user`: add, list, disable, enable and remove users, and give them new passwords.

use std::io::{BufRead as _, Read as _};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use trialogue_app::{Conferences, NewAccount, UserChange, Users, check_new_password};
use trialogue_domain::LanguageId;
use trialogue_person::{EmailAddress, PersonName};
use trialogue_storage::{Store, UserRole, UserStatus};

use crate::clock::SystemClock;
use crate::config::Settings;
use crate::entropy::SystemEntropy;
use crate::output::print_line;

/// Longest line that is read as a password, in bytes.
const LONGEST_LINE: u64 = 4096;

pub(crate) fn commands() -> [Command; 6] {
    let of_user = |name: &'static str, about: &'static str| {
        Command::new(name)
            .about(about)
            .arg(Arg::new("role").required(true).value_parser(["client", "provider"]))
            .arg(Arg::new("email").required(true))
    };
    [
        add_command(),
        Command::new("list").about("List the users: number, role, status, e-mail address and name"),
        of_user("disable", "Keep a user from logging in, and end its logins and its part in a live call"),
        of_user("enable", "Let a disabled user log in again"),
        of_user(
            "password",
            "Give a user a new password, read from standard input; ends its logins and its part in a live call",
        ),
        of_user("remove", "Remove a user and its personal data for good; the history of its calls stays"),
    ]
}

/// The users, as an operator manages them.
pub(crate) fn of(store: &Store, settings: &Settings) -> Users {
    let conferences = Conferences::new(store.clone(), settings.app.timings);
    Users::new(store.clone(), conferences, Arc::new(SystemClock), Arc::new(SystemEntropy))
}

/// Does what the command line says.
pub(crate) async fn run(users: &Users, name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    match name {
        "add" => add(users, arguments).await,
        "list" => list(users).await,
        _ => change(users, name, arguments).await,
    }
}

async fn change(users: &Users, name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    let (role, email) = (role(arguments), email(arguments)?);
    let (change, done) = match name {
        "disable" => (UserChange::Disable, "is disabled"),
        "enable" => (UserChange::Enable, "is enabled"),
        "password" => (UserChange::Password(read_password()?), "has a new password"),
        "remove" => (UserChange::Remove, "is removed"),
        _ => bail!("there is no command `user {name}`"),
    };
    if users.change(role, &email, change).await? {
        return Ok(print_line(format_args!("{} {done}", email.as_str()))?);
    }
    bail!("there is no {} with the e-mail address {:?}", text(arguments, "role"), email.as_str())
}

async fn list(users: &Users) -> anyhow::Result<()> {
    for user in users.list().await? {
        let role = match user.role {
            UserRole::Client => "client",
            UserRole::Provider => "provider",
        };
        let status = match user.status {
            UserStatus::Active => "active",
            UserStatus::Disabled => "disabled",
            UserStatus::Removed => "removed",
        };
        print_line(format_args!("{}\t{role}\t{status}\t{}\t{}", user.id, user.email, user.name))?;
    }
    Ok(())
}

fn text(arguments: &ArgMatches, name: &str) -> String {
    arguments.get_one::<String>(name).cloned().unwrap_or_default()
}

fn role(arguments: &ArgMatches) -> UserRole {
    if text(arguments, "role") == "client" { UserRole::Client } else { UserRole::Provider }
}

fn email(arguments: &ArgMatches) -> anyhow::Result<EmailAddress> {
    let email = text(arguments, "email");
    let Ok(email) = EmailAddress::parse(&email) else { bail!("{email:?} is not an e-mail address") };
    Ok(email)
}

fn add_command() -> Command {
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
        .arg(Arg::new("company").long("company").value_name("CODE").help("The company of a client"))
        .arg(languages("native", "A provider's native language (number; 44 is Spanish); may be repeated"))
        .arg(languages("language", "Another language of a provider (number); may be repeated"))
}

async fn add(users: &Users, arguments: &ArgMatches) -> anyhow::Result<()> {
    let numbers = |name: &str, native: bool| {
        let given = arguments.get_many::<i32>(name).unwrap_or_default();
        given.map(|id| (LanguageId(*id), native)).collect::<Vec<_>>()
    };
    let role = role(arguments);
    let languages = [numbers("native", true), numbers("language", false)].concat();
    ensure!(role == UserRole::Provider || languages.is_empty(), "only providers have languages");
    ensure!(role == UserRole::Client || !languages.is_empty(), "a provider needs a language: --language 44");
    let email = email(arguments)?;
    let name = PersonName::parse(&text(arguments, "name"))?;
    let password = read_password()?;
    let company = arguments.get_one::<String>("company").cloned();
    let id = users.add(NewAccount { role, email, name, password, company, languages }).await?;
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
