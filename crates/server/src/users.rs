//! `trialogue user add`.

use std::io::BufRead as _;

use anyhow::{Context as _, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use trialogue_domain::LanguageId;
use trialogue_http::{Clock as _, hash_password};
use trialogue_storage::{NewUser, Store, UserRole};

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::output::print_line;

/// Fewer characters are too easily guessed.
const SHORTEST_PASSWORD: usize = 8;

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
    ensure!(email.contains('@'), "{email:?} is not an e-mail address");

    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).context("reading the password from standard input")?;
    let password = password.trim_end_matches(['\r', '\n']);
    ensure!(
        password.chars().count() >= SHORTEST_PASSWORD,
        "the password (a line on standard input) needs at least {SHORTEST_PASSWORD} characters"
    );
    let password_hash = hash_password(password, &SystemEntropy).map_err(anyhow::Error::msg)?;
    let new = NewUser { role, email, name: text("name"), password_hash, languages };
    let id = store.add_user(new, SystemClock.now()).await?;
    Ok(print_line(format_args!("added user {id}"))?)
}
