//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use trialogue_storage::{Store, backup, migrate};

use crate::config::{CONFIG_VARIABLE, Settings, Values, Variables, flags, markdown};
use crate::output::{complain, print, print_line};
use crate::{companies, demo, interpreters, languages, plans, serve, telemetry, timeline, users};

/// How long the longest import may take.
const IMPORT: Duration = Duration::from_mins(30);

/// Reads the command line and does what it says.
pub(crate) fn run() -> anyhow::Result<()> {
    let matches = command().get_matches();
    let (name, arguments) = matches.subcommand().unwrap_or(("serve", &matches));
    if let ("config", Some(("list", _))) = (name, arguments.subcommand()) {
        return Ok(print(markdown())?);
    }
    let values = gather(&matches)?;
    for warning in &values.warnings {
        complain(format_args!("warning: {warning}"));
    }
    let mut settings = values.settings()?;
    match (name, arguments) {
        ("serve", arguments) => {
            let with_demo = arguments.get_flag("demo");
            settings.http.conformance_echo |= with_demo;
            let _logs = telemetry::start(&settings)?;
            serve::run(settings, with_demo)
        }
        ("migrate", _) => {
            for version in migrate(&settings.database)? {
                print_line(format_args!("migrated to {version}"))?;
            }
            Ok(print_line(format_args!("{} is up to date", settings.database))?)
        }
        ("backup", arguments) => {
            let file = arguments.get_one::<PathBuf>("FILE").context("name a file")?;
            backup(&settings.database, file)?;
            Ok(print_line(format_args!("{} is backed up in {}", settings.database, file.display()))?)
        }
        ("user" | "company" | "interpreter" | "language" | "plan", arguments) => {
            let (command, arguments) = arguments.subcommand().context("say what to do: `--help` lists it")?;
            if name == "interpreter" {
                // A long file is one transaction; nobody is served by this store.
                settings.store.answer_within = settings.store.answer_within.max(IMPORT);
            }
            with_store(&settings, async |store| {
                let users = users::of(store, &settings);
                match name {
                    "user" => users::run(&users, command, arguments).await,
                    "company" => companies::run(&users, command, arguments).await,
                    "interpreter" => interpreters::run(&users, command, arguments).await,
                    "language" => languages::run(&users, command, arguments).await,
                    _ => plans::run(&users, command, arguments).await,
                }
            })
        }
        ("demo", arguments) => {
            migrate(&settings.database)?;
            with_store(&settings, async |store| {
                let demo = demo::prepare(&users::of(store, &settings)).await?;
                if arguments.get_flag("json") {
                    print_line(demo.json(&settings))?;
                } else {
                    print(demo.text(&settings))?;
                }
                Ok(())
            })
        }
        ("timeline", arguments) => {
            let conference = arguments.get_one::<i32>("CONFERENCE").copied().unwrap_or_default();
            with_store(&settings, async |store| timeline::print(store, conference).await)
        }
        ("config", _) => {
            for (name, value, from) in values.shown() {
                print_line(format_args!("{name} = {value:?}  ({from})"))?;
            }
            Ok(())
        }
        (other, _) => anyhow::bail!("there is no command {other}"),
    }
}

fn command() -> Command {
    let settings = || {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .global(true)
            .help("A TOML file with settings [environment: TRIALOGUE_CONFIG]");
        std::iter::once(config).chain(flags())
    };
    let demo_flag = Arg::new("demo").long("demo").action(ArgAction::SetTrue);
    Command::new("trialogue")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The self-hosted session server for interpreted video calls")
        .args(settings())
        .arg(demo_flag.clone().hide(true))
        .subcommand(
            Command::new("serve").about("Run the server (what happens without a command, too)").arg(
                demo_flag.help("Add demo users, switch the echo route on, and print a walk through a call"),
            ),
        )
        .subcommand(Command::new("migrate").about("Bring the database schema up to date"))
        .subcommand(
            Command::new("backup")
                .about("Copy the SQLite database into a new file; a server may be running")
                .arg(
                    Arg::new("FILE")
                        .required(true)
                        .value_parser(clap::value_parser!(PathBuf))
                        .help("The new file"),
                ),
        )
        .subcommand(
            Command::new("user")
                .about("Manage users")
                .subcommand_required(true)
                .subcommands(users::commands()),
        )
        .subcommand(
            Command::new("company")
                .about("Manage companies, whose clients ask for interpreters")
                .subcommand_required(true)
                .subcommands(companies::commands()),
        )
        .subcommand(
            Command::new("interpreter")
                .about("Manage the directory of interpreters")
                .subcommand_required(true)
                .subcommands(interpreters::commands()),
        )
        .subcommand(
            Command::new("language")
                .about("Manage the languages that can be asked for")
                .subcommand_required(true)
                .subcommands(languages::commands()),
        )
        .subcommand(
            Command::new("plan")
                .about("Manage ring plans: whom requests are offered to, and in which order")
                .subcommand_required(true)
                .subcommands(plans::commands()),
        )
        .subcommand(
            Command::new("demo")
                .about("Add a client and three providers with new passwords, and print how to log in")
                .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print it for scripts")),
        )
        .subcommand(Command::new("timeline").about("Print what happened in a conference").arg(
            Arg::new("CONFERENCE").required(true).value_parser(clap::value_parser!(i32)).help("Its number"),
        ))
        .subcommand(
            Command::new("config")
                .about("Look at the settings")
                .subcommand_required(true)
                .subcommand(Command::new("check").about("Check the settings; show each with its source"))
                .subcommand(Command::new("list").about("List all settings, as in docs/settings.md")),
        )
}

fn gather(matches: &ArgMatches) -> anyhow::Result<Values> {
    // Settings may stand before or after the command: clap hands global arguments down to the innermost one.
    let mut innermost = matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    let flag = |name: &str| {
        let given = innermost.value_source(name) == Some(ValueSource::CommandLine);
        innermost.get_one::<String>(name).filter(|_| given).cloned()
    };
    let variables = Variables::of(std::env::vars_os());
    let file = match flag("config").filter(|file| !file.is_empty()) {
        Some(file) => Some(file),
        None => variables.get(CONFIG_VARIABLE)?.map(str::to_owned),
    };
    Ok(Values::gather(flag, &variables, file.as_deref())?)
}

/// Opens the store for a tool. A server may be running on the same database.
fn with_store<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let store = Store::open(&settings.database, settings.store).context("opening the database")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(work(&store));
    store.close();
    outcome
}
