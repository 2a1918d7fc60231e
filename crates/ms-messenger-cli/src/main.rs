#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod args;
mod claims;
mod compose;
mod config;
mod demo;
mod doctor;
mod doubt;
mod emulator;
mod exit;
mod explain;
mod files;
mod interrupt;
mod keys;
mod login;
mod outcome;
mod platform;
mod print;
mod profile;
mod send;
mod settle;
mod token;
mod usage;

use std::{ffi::OsString, process::ExitCode, time::Duration};

use clap::FromArgMatches as _;
use ms_messenger::http::HttpOptions;

use crate::{
    args::{Cli, Command},
    exit::Exit,
};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let parsed = args::command().try_get_matches_from(&words);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return usage::refused(&error, &words).into(),
    };
    // One thread is enough for one message; threads would only cost time at the start.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let exit = match runtime {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => print::failure(&format!("cannot start: {error}"), Exit::Other),
    };
    exit.into()
}

async fn run(command: Command) -> Exit {
    match command {
        Command::Demo(args) => demo::run(&args).await,
        Command::Send(args) => send::run(&args).await,
        Command::Settle(args) => settle::run(&args).await,
        Command::Login(args) => login::login(&args).await,
        Command::Logout(args) => login::logout(&args).await,
        Command::Whoami(args) => login::whoami(&args),
        Command::Doctor(args) => doctor::run(&args).await,
        Command::Emulator(args) => emulator::run(&args).await,
        Command::ExitCodes => {
            print::result(exit::table().trim_end()).map_or(Exit::Other, |()| Exit::Sent)
        }
    }
}

/// How this program's calls travel.
fn http_options(timeout: Option<Duration>) -> HttpOptions {
    let options =
        HttpOptions::default().with_application_id(concat!("msm/", env!("CARGO_PKG_VERSION")));
    match timeout {
        Some(timeout) => options.with_timeout(timeout),
        None => options,
    }
}
