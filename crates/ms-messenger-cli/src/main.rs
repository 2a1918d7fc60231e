#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod args;
mod batch;
mod change;
mod choose;
mod claims;
mod completions;
mod compose;
mod config;
mod configuration;
mod connect;
mod counts;
mod defect;
mod demo;
mod doctor;
mod dry_run;
mod emulator;
mod environment;
mod exit;
mod explain;
mod failures;
mod files;
mod graph;
mod habits;
mod help;
mod interrupt;
mod interrupted;
mod kept_files;
mod keys;
mod lazy_session;
mod list;
mod listen;
mod lock;
mod log;
mod login;
mod logout;
mod mentions;
mod names;
mod notes;
mod outbox;
mod outbox_store;
mod outcome;
mod place;
mod platform;
mod print;
mod profile;
mod progress;
mod read;
mod report;
mod routes;
mod schema;
mod send;
mod settle;
mod show;
mod sign_in;
mod state;
mod stored;
mod support;
mod targets;
mod terminal;
mod text;
mod token;
mod transport;
mod typo;
mod unread;
mod unsettled;
mod usage;
mod whoami;
mod work;

use std::{ffi::OsString, process::ExitCode};

use clap::FromArgMatches as _;

use crate::{
    args::{Cli, Command},
    exit::Exit,
};

fn main() -> ExitCode {
    let words: Vec<OsString> = args::joined(std::env::args_os().collect());
    let json = usage::wants_json(&words);
    defect::end_with(Exit::Other, json);
    if let Err(error) = targets::prepare(&words) {
        return report::failed(error, json).into();
    }
    let parsed = args::command().try_get_matches_from(&words);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return usage::report(&error, &words).into(),
    };
    if reads_variables(&cli.command)
        && let Err(error) = environment::check()
    {
        return report::failed(error, json).into();
    }
    defect::end_with(defect::exit_of(&cli.command), json);
    interrupted::prepare(&cli.command, json);
    print::set_quiet(cli.output.quiet);
    log::install(cli.output);
    // One message needs one thread; more would only make the start slower.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let exit = match runtime {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => print::failure(
            &text::process::no_start(&files::reason(&error)),
            Exit::Other,
        ),
    };
    exit.into()
}

/// Whether a command reads settings.
fn reads_variables(command: &Command) -> bool {
    !matches!(
        command,
        Command::Demo(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Schema(_)
            | Command::ExitCodes(_)
    )
}

/// Runs a command.
async fn run(command: Command) -> Exit {
    match command {
        Command::Demo(args) => demo::run(&args).await,
        Command::Send(args) => send::run(&args).await,
        Command::Batch(args) => Box::pin(batch::run(&args)).await,
        Command::Outbox(args) => Box::pin(outbox::run(&args)).await,
        Command::Settle(args) => settle::run(&args).await,
        Command::Read(args) => Box::pin(read::run(&args)).await,
        Command::Show(args) => Box::pin(show::run(&args)).await,
        Command::Reply(args) => Box::pin(change::reply(*args)).await,
        Command::Edit(args) => Box::pin(change::edit(&args)).await,
        Command::Delete(args) => Box::pin(change::delete(&args)).await,
        Command::React(args) => Box::pin(change::react(&args)).await,
        Command::List(args) => Box::pin(list::run(&args)).await,
        Command::Api(args) => Box::pin(api::run(&args)).await,
        Command::Listen(args) => Box::pin(listen::run(&args)).await,
        Command::Login(args) => login::run(&args).await,
        Command::Logout(args) => logout::run(&args).await,
        Command::Whoami(args) => whoami::run(&args),
        Command::Doctor(args) => doctor::run(&args).await,
        Command::Config(args) => configuration::run(&args.command),
        Command::Emulator(args) => emulator::run(&args).await,
        Command::Report(args) => support::run(&args).await,
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => habits::man(&args),
        Command::Schema(args) => schema::run(&args),
        Command::ExitCodes(args) => {
            let text = if args.json {
                exit::lines()
            } else {
                exit::table()
            };
            print::last(text.trim_end(), Exit::Success)
        }
    }
}
