//! `trialogue user`: add, list, disable, enable and remove users, and give them new passwords.

use std::io::{BufRead as _, Write as _};

use anyhow::{Context as _, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use trialogue_domain::LanguageId;
use trialogue_http::{Clock as _, hash_password};
use trialogue_storage::{NewUser, Store, UserRole, UserStatus};

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::output::print_line;

/// Fewer characters are too easily guessed.
const SHORTEST_PASSWORD: usize = 8;

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

/// Does what the command line says.
pub(crate) async fn run(store: &Store, name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    match name {
        "add" => return add(store, arguments).await,
        "list" => return list(store).await,
        _ => {}
    }
    let (role, email, now) = (role(arguments), text(arguments, "email"), SystemClock.now());
    let (known, done) = match name {
        "disable" => (store.disable_user(role, &email, now).await?, "disabled"),
        "enable" => (store.enable_user(role, &email).await?, "enabled"),
        "password" => {
            let password_hash = read_password()?;
            (store.set_password(role, &email, password_hash, now).await?, "has a new password")
        }
        "remove" => (store.remove_user(role, &email, now).await?, "removed"),
        _ => anyhow::bail!("there is no command user {name}"),
    };
    ensure!(known, "there is no {} with the e-mail address {email:?}", text(arguments, "role"));
    println!("{email}: {done}");
    Ok(())
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for user in store.users().await? {
        let role = match user.role {
            UserRole::Client => "client",
            UserRole::Provider => "provider",
        };
        let status = match user.status {
            UserStatus::Active => "active",
            UserStatus::Disabled => "disabled",
            UserStatus::Removed => "removed",
        };
        writeln!(out, "{}\t{role}\t{status}\t{}\t{}", user.id, user.email, user.name)?;
    }
    Ok(())
}

fn text(arguments: &ArgMatches, name: &str) -> String {
    arguments.get_one::<String>(name).cloned().unwrap_or_default()
}

fn role(arguments: &ArgMatches) -> UserRole {
    if text(arguments, "role") == "client" { UserRole::Client } else { UserRole::Provider }
}

/// The hash of the password on the first line of standard input.
fn read_password() -> anyhow::Result<String> {
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).context("reading the password from standard input")?;
    let password = password.trim_end_matches(['\r', '\n']);
    ensure!(
        password.chars().count() >= SHORTEST_PASSWORD,
        "the password (a line on standard input) needs at least {SHORTEST_PASSWORD} characters"
    );
    hash_password(password, &SystemEntropy).map_err(anyhow::Error::msg)
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
        .arg(languages("native", "A provider's native language (number; 44 is Spanish); may be repeated"))
        .arg(languages("language", "Another language of a provider (number); may be repeated"))
}

async fn add(store: &Store, arguments: &ArgMatches) -> anyhow::Result<()> {
    let numbers = |name: &str, native: bool| {
        let given = arguments.get_many::<i32>(name).unwrap_or_default();
        given.map(|id| (LanguageId(*id), native)).collect::<Vec<_>>()
    };
    let role = role(arguments);
    let languages = [numbers("native", true), numbers("language", false)].concat();
    ensure!(role == UserRole::Provider || languages.is_empty(), "only providers have languages");
    ensure!(role == UserRole::Client || !languages.is_empty(), "a provider needs a language: --language 44");
    let email = text(arguments, "email");
    ensure!(email.contains('@'), "{email:?} is not an e-mail address");

    let password_hash = read_password()?;
    let new = NewUser { role, email, name: text(arguments, "name"), password_hash, languages };
    let id = store.add_user(new, SystemClock.now()).await?;
    Ok(print_line(format_args!("added user {id}"))?)
}
